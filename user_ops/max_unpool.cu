// The launchers of the CUDA kernels of max_unpool.
#include "max_unpool_gpu.h"
#include "max_unpool_in_order_gpu.h"

namespace pixelwise {
namespace {

bool vectorizes(const Problem& p, int length, std::initializer_list<const void*> pointers) {
  return p.pooled_size % length == 0 && aligned(pointers);
}

dim3 grid_for(const Problem& p, int length) {
  return dim3(blocks(p.pooled_size / length, kThreads), blocks(p.batch, 1));
}

template <typename T, int N>
int launch_scatter(void* stream, const Problem& p, const T* pooled, const int64_t* argmax, T* output) {
  return launch(stream, grid_for(p, N), kThreads, scatter<T, N>, p, pooled, argmax, output);
}

template <typename T, int N>
int launch_gather(void* stream, const Problem& p, const T* gradient, const int64_t* argmax, T* result) {
  return launch(stream, grid_for(p, N), kThreads, gather<T, N>, p, gradient, argmax, result);
}

template <typename T>
int launch_in_order(void* stream, const Problem& p, const T* pooled, const int64_t* argmax, T* output, Span* spans) {
  if (p.pooled_size > 0) {
    const dim3 block(kWarp, kThreads / kWarp), grid(1, blocks(p.batch * runs_of(p), block.y));
    const int error = launch(stream, grid, block, find_spans, p, argmax, spans);
    if (error != cudaSuccess) return error;
  }
  const int64_t tiles = p.batch * ((p.output_size + kTile - 1) / kTile);
  return launch(stream, blocks(tiles, 1), kThreads, gather_in_order<T>, p, pooled, argmax, spans, output);
}

}  // namespace
}  // namespace pixelwise

using namespace pixelwise;

extern "C" int64_t pixelwise_max_unpool_workspace(const PixelwiseMaxUnpool* problem, int32_t deterministic) {
  if (!deterministic && !is_half(problem->type)) return 0;
  return problem->batch * runs_of(*problem) * static_cast<int64_t>(sizeof(Span));
}

// The half types always take the fixed order: atomics would add in half, or in a second, wider copy of the output.
extern "C" int pixelwise_max_unpool_gpu(void* stream, const PixelwiseMaxUnpool* problem, int32_t deterministic,
                                        const void* pooled, const int64_t* argmax, void* output, void* workspace) {
  const Problem& p = *problem;
  const int64_t size = p.batch * p.output_size;
  if (size == 0) return cudaSuccess;
  if (deterministic || is_half(p.type)) {
    return with_type(p.type, [&](auto zero) {
      using T = decltype(zero);
      return launch_in_order(stream, p, static_cast<const T*>(pooled), argmax, static_cast<T*>(output),
                             static_cast<Span*>(workspace));
    });
  }
  return with_wide_type(p.type, [&](auto zero) {
    using T = decltype(zero);
    const int error = clear(stream, output, size * static_cast<int64_t>(sizeof(T)));
    if (error != cudaSuccess || p.pooled_size == 0) return error;
    const bool vectors = vectorizes(p, kVectorLength<T>, {pooled, argmax});
    return (vectors ? launch_scatter<T, kVectorLength<T>>
                    : launch_scatter<T, 1>)(stream, p, static_cast<const T*>(pooled), argmax, static_cast<T*>(output));
  });
}

extern "C" int pixelwise_max_unpool_gradient_gpu(void* stream, const PixelwiseMaxUnpool* problem, const void* gradient,
                                                 const int64_t* argmax, void* result) {
  const Problem& p = *problem;
  if (p.batch * p.pooled_size == 0) return cudaSuccess;
  return with_type(p.type, [&](auto zero) {
    using T = decltype(zero);
    const bool vectors = vectorizes(p, kVectorLength<T>, {result, argmax});
    return (vectors ? launch_gather<T, kVectorLength<T>>
                    : launch_gather<T, 1>)(stream, p, static_cast<const T*>(gradient), argmax, static_cast<T*>(result));
  });
}
