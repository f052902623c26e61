// What the CUDA kernels share: 16-byte vectors, dispatch on a PixelwiseType, checked launches, ordered lists.
#ifndef PIXELWISE_CUDA_LAUNCH_H_
#define PIXELWISE_CUDA_LAUNCH_H_

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "types.h"

namespace pixelwise {

constexpr int kWarp = 32;
constexpr unsigned kEveryLane = 0xffffffffu;

// Neighboring values that are loaded and stored by one instruction.
template <typename T, int N>
struct alignas(sizeof(T) * N) Vector {
  T values[N];
};

template <typename T>
constexpr int kVectorLength = 16 / sizeof(T);

template <int N, typename T>
__device__ __forceinline__ Vector<T, N> load(const T* source) {
  return *reinterpret_cast<const Vector<T, N>*>(source);
}

template <typename T, int N>
__device__ __forceinline__ void store(T* target, const Vector<T, N>& vector) {
  *reinterpret_cast<Vector<T, N>*>(target) = vector;
}

inline bool aligned(std::initializer_list<const void*> pointers) {
  return std::all_of(pointers.begin(), pointers.end(),
                     [](const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; });
}

inline bool is_half(int32_t type) { return type == PIXELWISE_HALF || type == PIXELWISE_BFLOAT16; }

// body(T()), where T is the type that `type` stands for.
template <typename Body>
int with_type(int32_t type, const Body& body) {
  switch (type) {
    case PIXELWISE_HALF:
      return body(__half());
    case PIXELWISE_BFLOAT16:
      return body(__nv_bfloat16());
    case PIXELWISE_FLOAT:
      return body(float());
    case PIXELWISE_DOUBLE:
      return body(double());
    default:
      return cudaErrorInvalidValue;
  }
}

// The same, for the types that atomics add in.
template <typename Body>
int with_wide_type(int32_t type, const Body& body) {
  switch (type) {
    case PIXELWISE_FLOAT:
      return body(float());
    case PIXELWISE_DOUBLE:
      return body(double());
    default:
      return cudaErrorInvalidValue;
  }
}

// Blocks for `units` of work, of which a block does `per_block` at a time. Kernels stride over what a grid leaves over.
inline unsigned blocks(int64_t units, int64_t per_block) {
  constexpr int64_t kMostBlocks = 65535;  // what the second axis of a grid allows
  return static_cast<unsigned>(std::min((units + per_block - 1) / per_block, kMostBlocks));
}

template <typename... Parameters, typename... Arguments>
int launch(void* stream, dim3 grid, dim3 block, void (*kernel)(Parameters...), Arguments... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = static_cast<cudaStream_t>(stream);
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

inline int clear(void* stream, void* memory, int64_t bytes) {
  if (bytes == 0) return cudaSuccess;
  return cudaMemsetAsync(memory, 0, bytes, static_cast<cudaStream_t>(stream));
}

// This thread's place on an axis of the whole grid, and the number of threads there.
#define PIXELWISE_FIRST(axis) (static_cast<int64_t>(blockIdx.axis) * blockDim.axis + threadIdx.axis)
#define PIXELWISE_STRIDE(axis) (static_cast<int64_t>(gridDim.axis) * blockDim.axis)

// The place of this thread among those of its block that are `chosen`, in the order of the threads; `count` of them in
// all. The block is a row of whole warps. The block must synchronize before it calls this again.
template <int kMostThreads>
__device__ __forceinline__ int place(bool chosen, int* count) {
  __shared__ int counts[kMostThreads / kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp, warps = blockDim.x / kWarp;
  const unsigned ballot = __ballot_sync(kEveryLane, chosen);
  if (lane == 0) counts[warp] = __popc(ballot);
  __syncthreads();
  int before = 0;
  *count = 0;
  for (int i = 0; i < warps; ++i) {
    before += i < warp ? counts[i] : 0;
    *count += counts[i];
  }
  return before + __popc(ballot & ((1u << lane) - 1));
}

}  // namespace pixelwise

#endif  // PIXELWISE_CUDA_LAUNCH_H_
