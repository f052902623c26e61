// The CUDA kernels of sparse_extractor but one. A map is addressed by strides, so one kernel serves both layouts.
#ifndef PIXELWISE_SPARSE_EXTRACTOR_GPU_H_
#define PIXELWISE_SPARSE_EXTRACTOR_GPU_H_

#include <cmath>

#include "cuda_launch.h"
#include "sampling.h"
#include "sparse_extractor.h"

namespace pixelwise {
namespace {

using Problem = PixelwiseSparseExtractor;

constexpr int kThreads = 256;

// Distances between neighbors in a map, in values.
struct Strides {
  int64_t image, pixel, channel;
};

Strides strides(const Problem& p) {
  const int64_t area = p.height * p.width;
  return {area * p.channels, p.channels_first ? 1 : p.channels, p.channels_first ? area : 1};
}

__device__ __forceinline__ Sample sample_of(const Problem& p, const float* centroid) {
  return sample(centroid, p.offset_y, p.offset_x, p.scale, p.height, p.width);
}

// The four neighbors of a location, in the order of Sample, and their weights.
template <typename T>
struct Corners {
  int64_t offsets[4];  // from the start of the image
  accumulator_t<T> weights[4];

  __device__ __forceinline__ Corners(const Problem& p, const Strides& s, const Sample& at) {
    for (int k = 0; k < 4; ++k) {
      offsets[k] = at.pixel(k, p.width) * s.pixel;
      weights[k] = at.weight<accumulator_t<T>>(k);
    }
  }
};

// ---- columns = samples of activations; threads: channels along x, locations along y

template <typename T, int N>
__global__ void __launch_bounds__(kThreads) extract(Problem p, Strides s, const float* __restrict__ centroids,
                                                    const T* __restrict__ activations, T* __restrict__ columns) {
  using Sum = accumulator_t<T>;
  const int64_t total = p.batch * p.locations, groups = p.channels / N;
  for (int64_t i = PIXELWISE_FIRST(y); i < total; i += PIXELWISE_STRIDE(y)) {
    const bool missing = is_nan(centroids + 2 * i);
    const Corners<T> corners(p, s, sample_of(p, centroids + 2 * i));
    const T* image = activations + i / p.locations * s.image;
    for (int64_t group = PIXELWISE_FIRST(x); group < groups; group += PIXELWISE_STRIDE(x)) {
      Vector<T, N> column;
      if (missing) {
        for (int n = 0; n < N; ++n) column.values[n] = static_cast<T>(NAN);
      } else {
        Vector<T, N> pixels[4];
        for (int k = 0; k < 4; ++k) pixels[k] = load<N>(image + corners.offsets[k] + group * N * s.channel);
        for (int n = 0; n < N; ++n) {
          Sum sum = 0;
          for (int k = 0; k < 4; ++k) sum += weighted(corners.weights[k], static_cast<Sum>(pixels[k].values[n]));
          column.values[n] = static_cast<T>(sum);
        }
      }
      store(columns + i * p.channels + group * N, column);
    }
  }
}

// ---- result += gradient, by atomics; threads as above

template <typename T, int N>
__device__ __forceinline__ void add(T* target, const Vector<T, N>& terms) {
#if __CUDA_ARCH__ >= 900
  if constexpr (sizeof(terms) == sizeof(float4) && sizeof(T) == sizeof(float)) {
    atomicAdd(reinterpret_cast<float4*>(target), reinterpret_cast<const float4&>(terms));
  } else
#endif
  {
    for (int n = 0; n < N; ++n) atomicAdd(target + n, terms.values[n]);
  }
}

template <typename T, int N>
__global__ void __launch_bounds__(kThreads) scatter(Problem p, Strides s, const float* __restrict__ centroids,
                                                    const T* __restrict__ gradient, T* __restrict__ result) {
  const int64_t total = p.batch * p.locations, groups = p.channels / N;
  for (int64_t i = PIXELWISE_FIRST(y); i < total; i += PIXELWISE_STRIDE(y)) {
    if (is_nan(centroids + 2 * i)) continue;
    const Corners<T> corners(p, s, sample_of(p, centroids + 2 * i));
    T* image = result + i / p.locations * s.image;
    for (int64_t group = PIXELWISE_FIRST(x); group < groups; group += PIXELWISE_STRIDE(x)) {
      const Vector<T, N> column = load<N>(gradient + i * p.channels + group * N);
      for (int k = 0; k < 4; ++k) {
        Vector<T, N> terms;
        for (int n = 0; n < N; ++n) terms.values[n] = weighted(corners.weights[k], column.values[n]);
        add(image + corners.offsets[k] + group * N * s.channel, terms);
      }
    }
  }
}

// ---- result = gradient for the centroids; a warp for each location, channels along x

template <typename T, int N>
__global__ void __launch_bounds__(kThreads)
    slopes(Problem p, Strides s, const float* __restrict__ centroids, const T* __restrict__ gradient,
           const T* __restrict__ activations, float* __restrict__ result) {
  using Sum = accumulator_t<T>;
  const int64_t total = p.batch * p.locations, groups = p.channels / N;
  for (int64_t i = PIXELWISE_FIRST(y); i < total; i += PIXELWISE_STRIDE(y)) {
    const bool missing = is_nan(centroids + 2 * i);
    const Sample at = sample_of(p, centroids + 2 * i);
    const Corners<T> corners(p, s, at);
    const Sum fy = at.y.fraction, fx = at.x.fraction;
    const T* image = activations + i / p.locations * s.image;
    Sum dy = 0, dx = 0;
    for (int64_t group = threadIdx.x; group < (missing ? 0 : groups); group += kWarp) {
      const Vector<T, N> column = load<N>(gradient + i * p.channels + group * N);
      Vector<T, N> pixels[4];
      for (int k = 0; k < 4; ++k) pixels[k] = load<N>(image + corners.offsets[k] + group * N * s.channel);
      for (int n = 0; n < N; ++n) {
        Sum f[4];
        for (int k = 0; k < 4; ++k) f[k] = static_cast<Sum>(pixels[k].values[n]);
        const Sum g = static_cast<Sum>(column.values[n]);
        dy += weighted(g, weighted(1 - fx, f[2] - f[0]) + weighted(fx, f[3] - f[1]));
        dx += weighted(g, weighted(1 - fy, f[1] - f[0]) + weighted(fy, f[3] - f[2]));
      }
    }
    for (int step = kWarp / 2; step > 0; step /= 2) {
      dy += __shfl_xor_sync(kEveryLane, dy, step);
      dx += __shfl_xor_sync(kEveryLane, dx, step);
    }
    if (threadIdx.x == 0) {
      result[2 * i] = missing ? NAN : static_cast<float>(at.y.inside ? dy : 0) / p.scale;
      result[2 * i + 1] = missing ? NAN : static_cast<float>(at.x.inside ? dx : 0) / p.scale;
    }
  }
}

}  // namespace
}  // namespace pixelwise

#endif  // PIXELWISE_SPARSE_EXTRACTOR_GPU_H_
