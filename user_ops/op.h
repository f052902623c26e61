// What both operations need from TensorFlow.
#ifndef PIXELWISE_OP_H_
#define PIXELWISE_OP_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/util/work_sharder.h"
#include "types.h"

#ifdef PIXELWISE_CUDA
#include "tensorflow/core/platform/stream_executor.h"
#include "tensorflow/core/util/determinism.h"
#endif

namespace pixelwise {

template <typename T>
constexpr PixelwiseType type_of() {
  if (std::is_same_v<T, Eigen::half>) return PIXELWISE_HALF;
  if (std::is_same_v<T, Eigen::bfloat16>) return PIXELWISE_BFLOAT16;
  return std::is_same_v<T, float> ? PIXELWISE_FLOAT : PIXELWISE_DOUBLE;
}

// The `parallel` of the kernels, on TensorFlow's threads.
struct OnThreads {
  tensorflow::OpKernelContext* context;

  template <typename Work>
  void operator()(int64_t total, int64_t cost, const Work& work) const {
    if (total == 0) return;
    const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
    tensorflow::Shard(threads.num_threads, threads.workers, total, cost, work);
  }
};

// The memory of a tensor whose elements are of type T.
template <typename T>
const T* data(const tensorflow::Tensor& tensor) {
  return static_cast<const T*>(static_cast<const void*>(tensor.data()));
}
template <typename T>
T* data(tensorflow::Tensor* tensor) {
  return static_cast<T*>(tensor->data());
}

#ifdef PIXELWISE_CUDA
inline void* stream_of(tensorflow::OpKernelContext* context) {
  return context->op_device_context()->stream()->platform_specific_handle().stream;
}

// Scratch memory for a launcher; TensorFlow frees it after what is in the stream.
inline absl::Status scratch(tensorflow::OpKernelContext* context, int64_t bytes, tensorflow::Tensor* memory) {
  return context->allocate_temp(tensorflow::DT_INT8, tensorflow::TensorShape({bytes}), memory);
}

inline absl::Status launched(int error, const char* kernel) {
  if (error == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(kernel, ": CUDA error ", error));
}
#endif

}  // namespace pixelwise

// Run a macro for each type that the operations know.
#define PIXELWISE_FOR_TYPES(DO) DO(Eigen::half) DO(Eigen::bfloat16) DO(float) DO(double)

#endif  // PIXELWISE_OP_H_
