// The TensorFlow operation around the kernel of label_map: shape, checks. It runs on the processor alone.
#include "label_map.h"

#include "label_map_cpu.h"
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

Status label_map_shape(InferenceContext* c) {
  ShapeHandle logits;
  int64_t factor;
  DimensionHandle height, width;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &logits));
  TF_RETURN_IF_ERROR(c->GetAttr("factor", &factor));
  TF_RETURN_IF_ERROR(c->Multiply(c->Dim(logits, 1), factor, &height));
  TF_RETURN_IF_ERROR(c->Multiply(c->Dim(logits, 2), factor, &width));
  c->set_output(0, c->MakeShape({c->Dim(logits, 0), height, width}));
  return absl::OkStatus();
}

REGISTER_OP("PixelwiseLabelMap")
    .Input("logits: T")
    .Output("labels: int64")
    .Attr("factor: int >= 1")
    .Attr("border: {'constant', 'edge'}")
    .Attr("T: {float, double}")
    .SetShapeFn(label_map_shape)
    .Doc("The class of the largest logit at each pixel of a map that is upsampled bilinearly.");

template <typename T>
class LabelMap : public OpKernel {
 public:
  explicit LabelMap(OpKernelConstruction* construction) : OpKernel(construction) {
    std::string border;
    OP_REQUIRES_OK(construction, construction->GetAttr("factor", &factor_));
    OP_REQUIRES_OK(construction, construction->GetAttr("border", &border));
    edge_ = border == "edge";
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& logits = context->input(0);
    const TensorShape& shape = logits.shape();
    OP_REQUIRES(context, shape.dims() == 4,
                InvalidArgumentError(StrCat("logits: expected four dimensions, got shape ", shape.DebugString())));
    OP_REQUIRES(context, shape.dim_size(1) > 0 && shape.dim_size(2) > 0 && shape.dim_size(3) > 0,
                InvalidArgumentError(StrCat("logits: expected maps of 1 x 1 or more and one class or more, got shape ",
                                            shape.DebugString())));
    OP_REQUIRES(context, shape.dim_size(3) <= std::numeric_limits<int32_t>::max(),
                InvalidArgumentError(StrCat("logits: expected less than 2^31 classes, got ", shape.dim_size(3))));
    OP_REQUIRES(context,
                factor_ <= std::numeric_limits<int64_t>::max() / std::max(shape.dim_size(1), shape.dim_size(2)),
                InvalidArgumentError(StrCat("factor: expected one that 64 bits can hold the sizes of, got ", factor_)));
    const PixelwiseLabelMap problem{shape.dim_size(0), shape.dim_size(1), shape.dim_size(2),
                                    shape.dim_size(3), factor_,           edge_};
    TensorShape label_shape;
    Tensor* labels = nullptr;
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape(
                                {problem.batch, problem.height * factor_, problem.width * factor_}, &label_shape));
    OP_REQUIRES_OK(context, context->allocate_output(0, label_shape, &labels));
    label_map(problem, OnThreads{context}, data<T>(logits), data<int64_t>(labels));
  }

 private:
  int64_t factor_ = 1;
  bool edge_ = false;
};

#define PIXELWISE_REGISTER(T) \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseLabelMap").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"), LabelMap<T>);
PIXELWISE_REGISTER(float)
PIXELWISE_REGISTER(double)
#undef PIXELWISE_REGISTER

}  // namespace
}  // namespace pixelwise
