// The launchers of the CUDA kernels of sparse_extractor.
#include "sparse_extractor_gpu.h"
#include "sparse_extractor_in_order_gpu.h"

namespace pixelwise {
namespace {

bool vectorizes(const Problem& p, int length, std::initializer_list<const void*> pointers) {
  return !p.channels_first && p.channels % length == 0 && aligned(pointers);
}

// A block with just enough threads along the channels, and a grid of such blocks over `groups` by all locations.
struct Shape {
  dim3 grid, block;
};

Shape shape_for(const Problem& p, int64_t groups) {
  unsigned wide = 1;
  while (wide < kThreads && wide < groups) wide *= 2;
  const dim3 block(wide, kThreads / wide);
  return {dim3(blocks(groups, block.x), blocks(p.batch * p.locations, block.y)), block};
}

template <typename T, int N>
int launch_extract(void* stream, const Problem& p, const float* centroids, const T* activations, T* columns) {
  const Shape shape = shape_for(p, p.channels / N);
  return launch(stream, shape.grid, shape.block, extract<T, N>, p, strides(p), centroids, activations, columns);
}

template <typename T, int N>
int launch_scatter(void* stream, const Problem& p, const float* centroids, const T* gradient, T* result) {
  const Shape shape = shape_for(p, p.channels / N);
  return launch(stream, shape.grid, shape.block, scatter<T, N>, p, strides(p), centroids, gradient, result);
}

template <typename T>
int launch_gather(void* stream, const Problem& p, const float* centroids, const T* gradient, T* result) {
  const int64_t warps = (std::min<int64_t>(p.channels, kTileChannels) + kWarp - 1) / kWarp;
  const unsigned threads = static_cast<unsigned>(warps * kWarp);
  const int64_t across = (p.width + kTileColumns - 1) / kTileColumns, deep = (p.channels + threads - 1) / threads;
  const int64_t tiles = p.batch * p.height * across * deep;
  return launch(stream, blocks(tiles, 1), threads, gather<T>, p, strides(p), tiles, centroids, gradient, result);
}

template <typename T, int N>
int launch_slopes(void* stream, const Problem& p, const float* centroids, const T* gradient, const T* activations,
                  float* result) {
  const dim3 block(kWarp, kThreads / kWarp), grid(1, blocks(p.batch * p.locations, block.y));
  return launch(stream, grid, block, slopes<T, N>, p, strides(p), centroids, gradient, activations, result);
}

}  // namespace
}  // namespace pixelwise

using namespace pixelwise;

extern "C" int pixelwise_sparse_extractor_gpu(void* stream, const PixelwiseSparseExtractor* problem,
                                              const float* centroids, const void* activations, void* columns) {
  const Problem& p = *problem;
  if (p.batch * p.locations * p.channels == 0) return cudaSuccess;
  return with_type(p.type, [&](auto zero) {
    using T = decltype(zero);
    const bool vectors = vectorizes(p, kVectorLength<T>, {activations, columns});
    return (vectors ? launch_extract<T, kVectorLength<T>> : launch_extract<T, 1>)(stream, p, centroids,
                                                                                  static_cast<const T*>(activations),
                                                                                  static_cast<T*>(columns));
  });
}

extern "C" int64_t pixelwise_sparse_extractor_gradient_workspace(const PixelwiseSparseExtractor*, int32_t) { return 0; }

// The half types always take the fixed order: atomics would add in half, or in a second, wider copy of the map.
extern "C" int pixelwise_sparse_extractor_gradient_gpu(void* stream, const PixelwiseSparseExtractor* problem,
                                                       int32_t deterministic, const float* centroids,
                                                       const void* gradient, void* result, void*) {
  const Problem& p = *problem;
  const int64_t size = p.batch * p.height * p.width * p.channels;
  if (size == 0) return cudaSuccess;
  if (deterministic || is_half(p.type)) {
    return with_type(p.type, [&](auto zero) {
      using T = decltype(zero);
      return launch_gather(stream, p, centroids, static_cast<const T*>(gradient), static_cast<T*>(result));
    });
  }
  return with_wide_type(p.type, [&](auto zero) {
    using T = decltype(zero);
    const int error = clear(stream, result, size * static_cast<int64_t>(sizeof(T)));
    if (error != cudaSuccess || p.locations == 0) return error;
    const bool vectors = vectorizes(p, kVectorLength<T>, {gradient, result});
    return (vectors ? launch_scatter<T, kVectorLength<T>> : launch_scatter<T, 1>)(stream, p, centroids,
                                                                                  static_cast<const T*>(gradient),
                                                                                  static_cast<T*>(result));
  });
}

extern "C" int pixelwise_sparse_extractor_centroid_gradient_gpu(void* stream, const PixelwiseSparseExtractor* problem,
                                                                const float* centroids, const void* gradient,
                                                                const void* activations, float* result) {
  const Problem& p = *problem;
  if (p.batch * p.locations == 0) return cudaSuccess;
  return with_type(p.type, [&](auto zero) {
    using T = decltype(zero);
    const bool vectors = vectorizes(p, kVectorLength<T>, {gradient, activations});
    return (vectors ? launch_slopes<T, kVectorLength<T>>
                    : launch_slopes<T, 1>)(stream, p, centroids, static_cast<const T*>(gradient),
                                           static_cast<const T*>(activations), result);
  });
}
