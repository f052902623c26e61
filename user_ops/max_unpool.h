// Values put back to where a max-pool took them from: the problem, and the launchers of its CUDA kernels.
//
// A launcher returns a cudaError_t (0 is success). It puts its work into the stream and does not wait. All pointers
// are device memory; `type` is a PixelwiseType and holds for every `void*`. Empty problems are fine.
#ifndef PIXELWISE_MAX_UNPOOL_H_
#define PIXELWISE_MAX_UNPOOL_H_

#include <cstdint>

#include "types.h"

extern "C" {

// An image is a run of values, whatever its height, width and channels: the indices know them.
struct PixelwiseMaxUnpool {
  int64_t batch;
  int64_t pooled_size, output_size;  // values of one image: h * w * C and H * W * C
  int32_t batch_in_index;            // 0: an index counts from the start of its image; 1: from that of the batch
  int32_t type;                      // a PixelwiseType
};

// Bytes of scratch memory that the next function needs, 0 if none (aligned like cudaMalloc's).
int64_t pixelwise_max_unpool_workspace(const PixelwiseMaxUnpool* problem, int32_t deterministic);

// output [batch, output_size] = 0, plus each pooled value [batch, pooled_size] at its index. An index outside of its
// own image is dropped. With `deterministic`, the order of each sum is fixed, else atomics add.
int pixelwise_max_unpool_gpu(void* stream, const PixelwiseMaxUnpool* problem, int32_t deterministic, const void* pooled,
                             const int64_t* argmax, void* output, void* workspace);

// result [batch, pooled_size] = gradient [batch, output_size] at each index, 0 where the index lies outside.
int pixelwise_max_unpool_gradient_gpu(void* stream, const PixelwiseMaxUnpool* problem, const void* gradient,
                                      const int64_t* argmax, void* result);
}

#endif  // PIXELWISE_MAX_UNPOOL_H_
