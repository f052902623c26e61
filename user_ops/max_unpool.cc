// The TensorFlow operations around the kernels of max_unpool: shapes, checks, and on which device they run.
#include "max_unpool.h"

#include "max_unpool_cpu.h"
#include "op.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace pixelwise {
namespace {

using absl::InvalidArgumentError;
using absl::Status;
using absl::StrCat;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// ---- shapes

// Batch and channels of the pooled and of the unpooled maps are the same.
Status check_shapes(InferenceContext* c, ShapeHandle pooled, ShapeHandle output) {
  DimensionHandle same;
  TF_RETURN_IF_ERROR(c->WithRank(pooled, 4, &pooled));
  TF_RETURN_IF_ERROR(c->WithRank(output, 4, &output));
  TF_RETURN_IF_ERROR(c->Merge(c->Dim(pooled, 0), c->Dim(output, 0), &same));
  return c->Merge(c->Dim(pooled, 3), c->Dim(output, 3), &same);
}

Status unpool_shape(InferenceContext* c) {
  ShapeHandle pooled, output;
  TF_RETURN_IF_ERROR(c->Merge(c->input(0), c->input(1), &pooled));
  TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(2, &output));
  TF_RETURN_IF_ERROR(check_shapes(c, pooled, output));
  TF_RETURN_IF_ERROR(c->WithRank(output, 4, &output));
  c->set_output(0, output);
  return absl::OkStatus();
}

Status unpool_gradient_shape(InferenceContext* c) {
  ShapeHandle pooled;
  TF_RETURN_IF_ERROR(check_shapes(c, c->input(1), c->input(0)));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &pooled));
  c->set_output(0, pooled);
  return absl::OkStatus();
}

REGISTER_OP("PixelwiseMaxUnpool")
    .Input("pooled: T")
    .Input("argmax: int64")
    .Input("output_shape: int64")
    .Output("output: T")
    .Attr("include_batch_in_index: bool")
    .Attr("T: {half, bfloat16, float, double}")
    .SetShapeFn(unpool_shape)
    .Doc("Zeros, plus each pooled value at its index; the inverse of MaxPoolWithArgmax.");

REGISTER_OP("PixelwiseMaxUnpoolGrad")
    .Input("gradient: T")
    .Input("argmax: int64")
    .Output("pooled_gradient: T")
    .Attr("include_batch_in_index: bool")
    .Attr("T: {half, bfloat16, float, double}")
    .SetShapeFn(unpool_gradient_shape)
    .Doc("Gradient of PixelwiseMaxUnpool for its pooled values.");

// ---- checks

// What both operations share: the attribute, and the problem that the shapes make with it.
template <typename T>
class UnpoolKernel : public OpKernel {
 public:
  explicit UnpoolKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("include_batch_in_index", &batch_in_index_));
  }

 protected:
  Status problem(const TensorShape& argmax, const TensorShape& output, PixelwiseMaxUnpool* problem) const {
    if (argmax.dims() != 4 || output.dims() != 4) {
      return InvalidArgumentError(StrCat("max_unpool: expected four dimensions, got argmax of shape ",
                                         argmax.DebugString(), " and output of shape ", output.DebugString()));
    }
    if (argmax.dim_size(0) != output.dim_size(0) || argmax.dim_size(3) != output.dim_size(3)) {
      return InvalidArgumentError(StrCat("max_unpool: expected the same batch and channels, got argmax of shape ",
                                         argmax.DebugString(), " and output of shape ", output.DebugString()));
    }
    const int64_t images = std::max<int64_t>(output.dim_size(0), 1);
    *problem = {output.dim_size(0), argmax.num_elements() / images, output.num_elements() / images, batch_in_index_,
                type_of<T>()};
    return absl::OkStatus();
  }

 private:
  bool batch_in_index_ = false;
};

Status check_indices(int64_t outside, const Tensor& argmax, const TensorShape& output) {
  if (outside < 0) return absl::OkStatus();
  return InvalidArgumentError(StrCat("argmax: expected indices into an image of output shape ", output.DebugString(),
                                     ", got ", argmax.flat<int64_t>()(outside), " as value ", outside));
}

// ---- kernels; a Device runs the two computations

template <typename Device, typename T>
class MaxUnpool : public UnpoolKernel<T> {
 public:
  using UnpoolKernel<T>::UnpoolKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &pooled = context->input(0), &argmax = context->input(1), &sizes = context->input(2);
    OP_REQUIRES(context, pooled.shape() == argmax.shape(),
                InvalidArgumentError(StrCat("argmax: expected the shape of pooled ", pooled.shape().DebugString(),
                                            ", got ", argmax.shape().DebugString())));
    OP_REQUIRES(
        context, sizes.dims() == 1 && sizes.NumElements() == 4,
        InvalidArgumentError(StrCat("output_shape: expected four numbers, got shape ", sizes.shape().DebugString())));
    PixelwiseMaxUnpool problem;
    TensorShape shape;
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape(sizes.vec<int64_t>(), &shape));
    OP_REQUIRES_OK(context, this->problem(argmax.shape(), shape, &problem));
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    OP_REQUIRES_OK(context, Device::unpool(context, problem, data<T>(pooled), argmax, output));
  }
};

template <typename Device, typename T>
class MaxUnpoolGrad : public UnpoolKernel<T> {
 public:
  using UnpoolKernel<T>::UnpoolKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &gradient = context->input(0), &argmax = context->input(1);
    PixelwiseMaxUnpool problem;
    Tensor* result = nullptr;
    OP_REQUIRES_OK(context, this->problem(argmax.shape(), gradient.shape(), &problem));
    OP_REQUIRES_OK(context, context->allocate_output(0, argmax.shape(), &result));
    OP_REQUIRES_OK(context, Device::gradient(context, problem, gradient, argmax, data<T>(result)));
  }
};

struct Cpu {
  template <typename T>
  static Status unpool(OpKernelContext* context, const PixelwiseMaxUnpool& problem, const T* pooled,
                       const Tensor& argmax, Tensor* output) {
    const Extent from{argmax.dim_size(1), argmax.dim_size(2)}, to{output->dim_size(1), output->dim_size(2)};
    const int64_t outside =
        pixelwise::unpool(problem, from, to, OnThreads{context}, pooled, data<int64_t>(argmax), data<T>(output));
    return check_indices(outside, argmax, output->shape());
  }
  template <typename T>
  static Status gradient(OpKernelContext* context, const PixelwiseMaxUnpool& problem, const Tensor& gradient,
                         const Tensor& argmax, T* result) {
    const int64_t outside =
        unpool_gradient(problem, OnThreads{context}, data<T>(gradient), data<int64_t>(argmax), result);
    return check_indices(outside, argmax, gradient.shape());
  }
};

#define PIXELWISE_REGISTER(T)                                                                                   \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseMaxUnpool").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),     \
                          MaxUnpool<Cpu, T>);                                                                   \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseMaxUnpoolGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"), \
                          MaxUnpoolGrad<Cpu, T>);
PIXELWISE_FOR_TYPES(PIXELWISE_REGISTER)
#undef PIXELWISE_REGISTER

#ifdef PIXELWISE_CUDA
struct Gpu {
  template <typename T>
  static Status unpool(OpKernelContext* context, const PixelwiseMaxUnpool& problem, const T* pooled,
                       const Tensor& argmax, Tensor* output) {
    const int32_t deterministic = tensorflow::OpDeterminismRequired();
    Tensor memory;
    TF_RETURN_IF_ERROR(scratch(context, pixelwise_max_unpool_workspace(&problem, deterministic), &memory));
    return launched(pixelwise_max_unpool_gpu(stream_of(context), &problem, deterministic, pooled, data<int64_t>(argmax),
                                             output->data(), memory.data()),
                    "max_unpool");
  }
  template <typename T>
  static Status gradient(OpKernelContext* context, const PixelwiseMaxUnpool& problem, const Tensor& gradient,
                         const Tensor& argmax, T* result) {
    return launched(
        pixelwise_max_unpool_gradient_gpu(stream_of(context), &problem, gradient.data(), data<int64_t>(argmax), result),
        "max_unpool, gradient");
  }
};

#define PIXELWISE_REGISTER(T)                                                                                      \
  REGISTER_KERNEL_BUILDER(                                                                                         \
      Name("PixelwiseMaxUnpool").Device(tensorflow::DEVICE_GPU).HostMemory("output_shape").TypeConstraint<T>("T"), \
      MaxUnpool<Gpu, T>);                                                                                          \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseMaxUnpoolGrad").Device(tensorflow::DEVICE_GPU).TypeConstraint<T>("T"),    \
                          MaxUnpoolGrad<Gpu, T>);
PIXELWISE_FOR_TYPES(PIXELWISE_REGISTER)
#undef PIXELWISE_REGISTER
#endif

}  // namespace
}  // namespace pixelwise
