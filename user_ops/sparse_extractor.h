// Bilinear samples of a map at a list of locations: the problem, and the launchers of its CUDA kernels.
//
// A launcher returns a cudaError_t (0 is success). It puts its work into the stream and does not wait. All pointers
// are device memory; `type` is a PixelwiseType and holds for every `void*`. Empty problems are fine.
#ifndef PIXELWISE_SPARSE_EXTRACTOR_H_
#define PIXELWISE_SPARSE_EXTRACTOR_H_

#include <cstdint>

#include "types.h"

extern "C" {

struct PixelwiseSparseExtractor {
  int64_t batch, locations;         // centroids are [batch, locations, 2] of (y, x)
  int64_t height, width, channels;  // of the map; height and width are at least 1 where locations exist
  float scale, offset_y, offset_x;  // position on the map = (centroid - offset) / scale
  int32_t channels_first;           // 0: the map is [batch, height, width, channels]; 1: [batch, channels, h., w.]
  int32_t type;                     // a PixelwiseType
};

// columns [batch * locations, channels] = samples of activations.
int pixelwise_sparse_extractor_gpu(void* stream, const PixelwiseSparseExtractor* problem, const float* centroids,
                                   const void* activations, void* columns);

// Bytes of scratch memory that the next function needs, 0 if none (aligned like cudaMalloc's).
int64_t pixelwise_sparse_extractor_gradient_workspace(const PixelwiseSparseExtractor* problem, int32_t deterministic);

// result, shaped like the map = sum of gradient [batch * locations, channels] over the locations that read each entry;
// every entry is written. With `deterministic`, the order of each sum is fixed, else atomics add.
int pixelwise_sparse_extractor_gradient_gpu(void* stream, const PixelwiseSparseExtractor* problem,
                                            int32_t deterministic, const float* centroids, const void* gradient,
                                            void* result, void* workspace);

// result [batch, locations, 2] = gradient for the centroids; the order of each sum is fixed.
int pixelwise_sparse_extractor_centroid_gradient_gpu(void* stream, const PixelwiseSparseExtractor* problem,
                                                     const float* centroids, const void* gradient,
                                                     const void* activations, float* result);
}

#endif  // PIXELWISE_SPARSE_EXTRACTOR_H_
