// The TensorFlow operations around the kernels of sparse_extractor: shapes, checks, and on which device they run.
#include "sparse_extractor.h"

#include <cmath>
#include <string>
#include <vector>

#include "op.h"
#include "sparse_extractor_cpu.h"
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

Status centroids_shape(InferenceContext* c, ShapeHandle input, ShapeHandle* centroids) {
  TF_RETURN_IF_ERROR(c->WithRank(input, 3, centroids));
  DimensionHandle pair;
  return c->WithValue(c->Dim(*centroids, 2), 2, &pair);
}

// The shape [B * L, C] of columns.
Status columns_shape(InferenceContext* c, ShapeHandle centroids, ShapeHandle activations, ShapeHandle* columns) {
  std::string data_format;
  TF_RETURN_IF_ERROR(c->GetAttr("data_format", &data_format));
  DimensionHandle batch, rows;
  TF_RETURN_IF_ERROR(c->Merge(c->Dim(centroids, 0), c->Dim(activations, 0), &batch));
  TF_RETURN_IF_ERROR(c->Multiply(batch, c->Dim(centroids, 1), &rows));
  *columns = c->Matrix(rows, c->Dim(activations, data_format == "NCHW" ? 1 : 3));
  return absl::OkStatus();
}

Status extractor_shape(InferenceContext* c) {
  ShapeHandle centroids, activations, columns;
  TF_RETURN_IF_ERROR(centroids_shape(c, c->input(0), &centroids));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &activations));
  TF_RETURN_IF_ERROR(columns_shape(c, centroids, activations, &columns));
  c->set_output(0, columns);
  return absl::OkStatus();
}

Status gradient_shape(InferenceContext* c) {
  ShapeHandle gradient, centroids, activations, columns;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &gradient));
  TF_RETURN_IF_ERROR(centroids_shape(c, c->input(1), &centroids));
  TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(2, &activations));
  TF_RETURN_IF_ERROR(c->WithRank(activations, 4, &activations));
  TF_RETURN_IF_ERROR(columns_shape(c, centroids, activations, &columns));
  TF_RETURN_IF_ERROR(c->Merge(gradient, columns, &columns));
  c->set_output(0, activations);
  return absl::OkStatus();
}

Status centroid_gradient_shape(InferenceContext* c) {
  ShapeHandle gradient, centroids, activations, columns;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &gradient));
  TF_RETURN_IF_ERROR(centroids_shape(c, c->input(1), &centroids));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 4, &activations));
  TF_RETURN_IF_ERROR(columns_shape(c, centroids, activations, &columns));
  TF_RETURN_IF_ERROR(c->Merge(gradient, columns, &columns));
  c->set_output(0, centroids);
  return absl::OkStatus();
}

#define PIXELWISE_EXTRACTOR_ATTRIBUTES                \
  Attr("scale: float")                                \
      .Attr("offset: list(float)")                    \
      .Attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'") \
      .Attr("T: {half, bfloat16, float, double}")

REGISTER_OP("PixelwiseSparseExtractor")
    .Input("centroids: float")
    .Input("activations: T")
    .Output("columns: T")
    .PIXELWISE_EXTRACTOR_ATTRIBUTES.SetShapeFn(extractor_shape)
    .Doc("Bilinear samples of a map at (centroid - offset) / scale, clamped to the map.");

REGISTER_OP("PixelwiseSparseExtractorGrad")
    .Input("gradient: T")
    .Input("centroids: float")
    .Input("shape: int64")
    .Output("activations_gradient: T")
    .PIXELWISE_EXTRACTOR_ATTRIBUTES.SetShapeFn(gradient_shape)
    .Doc("Gradient of PixelwiseSparseExtractor for its activations, which have the given shape.");

REGISTER_OP("PixelwiseSparseExtractorCentroidGrad")
    .Input("gradient: T")
    .Input("centroids: float")
    .Input("activations: T")
    .Output("centroids_gradient: float")
    .PIXELWISE_EXTRACTOR_ATTRIBUTES.SetShapeFn(centroid_gradient_shape)
    .Doc("Gradient of PixelwiseSparseExtractor for its centroids.");

// ---- checks

// What the three operations share: the attributes, and the problem that the inputs' shapes make with them.
template <typename T>
class ExtractorKernel : public OpKernel {
 public:
  explicit ExtractorKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    std::vector<float> offset;
    std::string data_format;
    OP_REQUIRES_OK(construction, construction->GetAttr("scale", &attributes_.scale));
    OP_REQUIRES_OK(construction, construction->GetAttr("offset", &offset));
    OP_REQUIRES_OK(construction, construction->GetAttr("data_format", &data_format));
    OP_REQUIRES(construction, std::isfinite(attributes_.scale) && attributes_.scale > 0,
                InvalidArgumentError(StrCat("scale: expected a finite number above 0, got ", attributes_.scale)));
    OP_REQUIRES(construction, offset.size() == 2 && std::isfinite(offset[0]) && std::isfinite(offset[1]),
                InvalidArgumentError(StrCat("offset: expected two finite numbers (y, x), got ", offset.size(),
                                            " numbers, or one that is not finite")));
    attributes_.offset_y = offset[0];
    attributes_.offset_x = offset[1];
    attributes_.channels_first = data_format == "NCHW";
    attributes_.type = type_of<T>();
  }

 protected:
  Status problem(const Tensor& centroids, const TensorShape& map, PixelwiseSparseExtractor* problem) const {
    const TensorShape& locations = centroids.shape();
    if (locations.dims() != 3 || locations.dim_size(2) != 2) {
      return InvalidArgumentError(
          StrCat("centroids: expected shape [batch, locations, 2], got ", locations.DebugString()));
    }
    if (map.dims() != 4) {
      return InvalidArgumentError(StrCat("activations: expected four dimensions, got shape ", map.DebugString()));
    }
    if (map.dim_size(0) != locations.dim_size(0)) {
      return InvalidArgumentError(StrCat("batch: expected as many images as rows of centroids, got ", map.DebugString(),
                                         " and ", locations.DebugString()));
    }
    *problem = attributes_;
    problem->batch = map.dim_size(0);
    problem->locations = locations.dim_size(1);
    problem->channels = map.dim_size(attributes_.channels_first ? 1 : 3);
    problem->height = map.dim_size(attributes_.channels_first ? 2 : 1);
    problem->width = map.dim_size(attributes_.channels_first ? 3 : 2);
    if (problem->batch * problem->locations > 0 && problem->height * problem->width == 0) {
      return InvalidArgumentError(
          StrCat("activations: expected at least one pixel to sample, got shape ", map.DebugString()));
    }
    return absl::OkStatus();
  }

  // The shape of the columns, which may be too large to exist.
  static Status columns(const PixelwiseSparseExtractor& problem, TensorShape* shape) {
    *shape = TensorShape();
    TF_RETURN_IF_ERROR(shape->AddDimWithStatus(problem.batch * problem.locations));
    return shape->AddDimWithStatus(problem.channels);
  }

  static Status check_gradient(const PixelwiseSparseExtractor& problem, const Tensor& gradient) {
    TensorShape expected;
    TF_RETURN_IF_ERROR(columns(problem, &expected));
    if (gradient.shape() == expected) return absl::OkStatus();
    return InvalidArgumentError(
        StrCat("gradient: expected shape ", expected.DebugString(), ", got ", gradient.shape().DebugString()));
  }

 private:
  PixelwiseSparseExtractor attributes_{};
};

// ---- kernels; a Device runs the three computations

template <typename Device, typename T>
class SparseExtractor : public ExtractorKernel<T> {
 public:
  using ExtractorKernel<T>::ExtractorKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &centroids = context->input(0), &activations = context->input(1);
    PixelwiseSparseExtractor problem;
    TensorShape shape;
    Tensor* columns = nullptr;
    OP_REQUIRES_OK(context, this->problem(centroids, activations.shape(), &problem));
    OP_REQUIRES_OK(context, this->columns(problem, &shape));
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &columns));
    Device::extract(context, problem, data<float>(centroids), data<T>(activations), data<T>(columns));
  }
};

template <typename Device, typename T>
class SparseExtractorGrad : public ExtractorKernel<T> {
 public:
  using ExtractorKernel<T>::ExtractorKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &gradient = context->input(0), &centroids = context->input(1), &sizes = context->input(2);
    OP_REQUIRES(context, sizes.dims() == 1 && sizes.NumElements() == 4,
                InvalidArgumentError(StrCat("shape: expected four numbers, got shape ", sizes.shape().DebugString())));
    PixelwiseSparseExtractor problem;
    TensorShape shape;
    Tensor* result = nullptr;
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape(sizes.vec<int64_t>(), &shape));
    OP_REQUIRES_OK(context, this->problem(centroids, shape, &problem));
    OP_REQUIRES_OK(context, this->check_gradient(problem, gradient));
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &result));
    Device::gradient(context, problem, data<float>(centroids), data<T>(gradient), data<T>(result));
  }
};

template <typename Device, typename T>
class SparseExtractorCentroidGrad : public ExtractorKernel<T> {
 public:
  using ExtractorKernel<T>::ExtractorKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &gradient = context->input(0), &centroids = context->input(1), &activations = context->input(2);
    PixelwiseSparseExtractor problem;
    Tensor* result = nullptr;
    OP_REQUIRES_OK(context, this->problem(centroids, activations.shape(), &problem));
    OP_REQUIRES_OK(context, this->check_gradient(problem, gradient));
    OP_REQUIRES_OK(context, context->allocate_output(0, centroids.shape(), &result));
    Device::centroid_gradient(context, problem, data<float>(centroids), data<T>(gradient), data<T>(activations),
                              data<float>(result));
  }
};

struct Cpu {
  template <typename T>
  static void extract(OpKernelContext* context, const PixelwiseSparseExtractor& problem, const float* centroids,
                      const T* activations, T* columns) {
    pixelwise::extract(problem, OnThreads{context}, centroids, activations, columns);
  }
  template <typename T>
  static void gradient(OpKernelContext* context, const PixelwiseSparseExtractor& problem, const float* centroids,
                       const T* gradient, T* result) {
    extract_gradient(problem, OnThreads{context}, centroids, gradient, result);
  }
  template <typename T>
  static void centroid_gradient(OpKernelContext* context, const PixelwiseSparseExtractor& problem,
                                const float* centroids, const T* gradient, const T* activations, float* result) {
    extract_centroid_gradient(problem, OnThreads{context}, centroids, gradient, activations, result);
  }
};

#define PIXELWISE_REGISTER(T)                                                                                         \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseSparseExtractor").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),     \
                          SparseExtractor<Cpu, T>);                                                                   \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseSparseExtractorGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"), \
                          SparseExtractorGrad<Cpu, T>);                                                               \
  REGISTER_KERNEL_BUILDER(                                                                                            \
      Name("PixelwiseSparseExtractorCentroidGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),             \
      SparseExtractorCentroidGrad<Cpu, T>);
PIXELWISE_FOR_TYPES(PIXELWISE_REGISTER)
#undef PIXELWISE_REGISTER

#ifdef PIXELWISE_CUDA
struct Gpu {
  template <typename T>
  static void extract(OpKernelContext* context, const PixelwiseSparseExtractor& problem, const float* centroids,
                      const T* activations, T* columns) {
    const int error = pixelwise_sparse_extractor_gpu(stream_of(context), &problem, centroids, activations, columns);
    OP_REQUIRES_OK(context, launched(error, "sparse_extractor"));
  }
  template <typename T>
  static void gradient(OpKernelContext* context, const PixelwiseSparseExtractor& problem, const float* centroids,
                       const T* gradient, T* result) {
    const int32_t deterministic = tensorflow::OpDeterminismRequired();
    Tensor memory;
    OP_REQUIRES_OK(context,
                   scratch(context, pixelwise_sparse_extractor_gradient_workspace(&problem, deterministic), &memory));
    const int error = pixelwise_sparse_extractor_gradient_gpu(stream_of(context), &problem, deterministic, centroids,
                                                              gradient, result, memory.data());
    OP_REQUIRES_OK(context, launched(error, "sparse_extractor, gradient"));
  }
  template <typename T>
  static void centroid_gradient(OpKernelContext* context, const PixelwiseSparseExtractor& problem,
                                const float* centroids, const T* gradient, const T* activations, float* result) {
    const int error = pixelwise_sparse_extractor_centroid_gradient_gpu(stream_of(context), &problem, centroids,
                                                                       gradient, activations, result);
    OP_REQUIRES_OK(context, launched(error, "sparse_extractor, centroid gradient"));
  }
};

#define PIXELWISE_REGISTER(T)                                                                                         \
  REGISTER_KERNEL_BUILDER(Name("PixelwiseSparseExtractor").Device(tensorflow::DEVICE_GPU).TypeConstraint<T>("T"),     \
                          SparseExtractor<Gpu, T>);                                                                   \
  REGISTER_KERNEL_BUILDER(                                                                                            \
      Name("PixelwiseSparseExtractorGrad").Device(tensorflow::DEVICE_GPU).HostMemory("shape").TypeConstraint<T>("T"), \
      SparseExtractorGrad<Gpu, T>);                                                                                   \
  REGISTER_KERNEL_BUILDER(                                                                                            \
      Name("PixelwiseSparseExtractorCentroidGrad").Device(tensorflow::DEVICE_GPU).TypeConstraint<T>("T"),             \
      SparseExtractorCentroidGrad<Gpu, T>);
PIXELWISE_FOR_TYPES(PIXELWISE_REGISTER)
#undef PIXELWISE_REGISTER
#endif

}  // namespace
}  // namespace pixelwise
