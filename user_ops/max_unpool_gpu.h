// The CUDA kernels of max_unpool but those that keep an order. Threads: values of an image along x, images along y.
#ifndef PIXELWISE_MAX_UNPOOL_GPU_H_
#define PIXELWISE_MAX_UNPOOL_GPU_H_

#include "cuda_launch.h"
#include "max_unpool.h"

namespace pixelwise {
namespace {

using Problem = PixelwiseMaxUnpool;

constexpr int kThreads = 256;
constexpr int64_t kOutside = -1;

// The place of an index in its image, or kOutside. Unsigned, so that no index can overflow.
__device__ __forceinline__ int64_t place_in_image(const Problem& p, int64_t image, int64_t index) {
  const uint64_t start = p.batch_in_index ? static_cast<uint64_t>(image * p.output_size) : 0;
  const uint64_t place = static_cast<uint64_t>(index) - start;
  return place < static_cast<uint64_t>(p.output_size) ? static_cast<int64_t>(place) : kOutside;
}

// N indices, which take N / 2 loads of 16 bytes.
template <int N>
struct Indices {
  int64_t values[N];

  __device__ __forceinline__ explicit Indices(const int64_t* source) {
    constexpr int kPair = N > 1 ? 2 : 1;
    for (int n = 0; n < N; n += kPair) {
      const Vector<int64_t, kPair> pair = load<kPair>(source + n);
      for (int k = 0; k < kPair; ++k) values[n + k] = pair.values[k];
    }
  }
};

// ---- output += pooled, by atomics

template <typename T, int N>
__global__ void __launch_bounds__(kThreads)
    scatter(Problem p, const T* __restrict__ pooled, const int64_t* __restrict__ argmax, T* __restrict__ output) {
  for (int64_t image = blockIdx.y; image < p.batch; image += gridDim.y) {
    const int64_t start = image * p.pooled_size;
    for (int64_t i = PIXELWISE_FIRST(x) * N; i < p.pooled_size; i += PIXELWISE_STRIDE(x) * N) {
      const Vector<T, N> terms = load<N>(pooled + start + i);
      const Indices<N> indices(argmax + start + i);
      for (int n = 0; n < N; ++n) {
        const int64_t place = place_in_image(p, image, indices.values[n]);
        if (place != kOutside) atomicAdd(output + image * p.output_size + place, terms.values[n]);
      }
    }
  }
}

// ---- result = gradient at each index

template <typename T, int N>
__global__ void __launch_bounds__(kThreads)
    gather(Problem p, const T* __restrict__ gradient, const int64_t* __restrict__ argmax, T* __restrict__ result) {
  for (int64_t image = blockIdx.y; image < p.batch; image += gridDim.y) {
    const int64_t start = image * p.pooled_size;
    for (int64_t i = PIXELWISE_FIRST(x) * N; i < p.pooled_size; i += PIXELWISE_STRIDE(x) * N) {
      const Indices<N> indices(argmax + start + i);
      Vector<T, N> values;
      for (int n = 0; n < N; ++n) {
        const int64_t place = place_in_image(p, image, indices.values[n]);
        values.values[n] = place == kOutside ? static_cast<T>(0.0f) : gradient[image * p.output_size + place];
      }
      store(result + start + i, values);
    }
  }
}

}  // namespace
}  // namespace pixelwise

#endif  // PIXELWISE_MAX_UNPOOL_GPU_H_
