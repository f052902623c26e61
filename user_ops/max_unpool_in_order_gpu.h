// max_unpool, where each sum is made in the order of the pooled values.
//
// Pooled values are cut into runs, and the span of the places of each run goes to the workspace. A block owns a tile
// of the output in shared memory; it goes through the runs whose span meets the tile, in order. Each thread holds one
// value; of the values for one place, the one with the lowest thread is added first, then the next. No atomics on
// values, each output written once. After an ordinary max-pool a run spans a few rows, and the cost grows with the
// size of the output; with scattered indices, every tile of an image goes through all of its values.
#ifndef PIXELWISE_MAX_UNPOOL_IN_ORDER_GPU_H_
#define PIXELWISE_MAX_UNPOOL_IN_ORDER_GPU_H_

#include "max_unpool_gpu.h"

namespace pixelwise {
namespace {

constexpr int kTile = 2048;
constexpr int kPerLane = 32;
constexpr int kRun = kWarp * kPerLane;
constexpr int kPerThread = kRun / kThreads;

struct Span {
  int64_t least, most;  // of the places inside; least > most where there are none
};

__host__ __device__ inline int64_t runs_of(const Problem& p) { return (p.pooled_size + kRun - 1) / kRun; }

// A warp for each run: lanes along x.
__global__ void __launch_bounds__(kThreads)
    find_spans(Problem p, const int64_t* __restrict__ argmax, Span* __restrict__ spans) {
  const int64_t runs = runs_of(p);
  for (int64_t run = PIXELWISE_FIRST(y); run < p.batch * runs; run += PIXELWISE_STRIDE(y)) {
    const int64_t image = run / runs, first = run % runs * kRun;
    Span span = {p.output_size, kOutside};
    for (int64_t i = first + threadIdx.x; i < min(first + kRun, p.pooled_size); i += kWarp) {
      const int64_t place = place_in_image(p, image, argmax[image * p.pooled_size + i]);
      if (place != kOutside) span = {min(span.least, place), max(span.most, place)};
    }
    for (int step = kWarp / 2; step > 0; step /= 2) {
      span.least = min(span.least, static_cast<int64_t>(__shfl_xor_sync(kEveryLane, span.least, step)));
      span.most = max(span.most, static_cast<int64_t>(__shfl_xor_sync(kEveryLane, span.most, step)));
    }
    if (threadIdx.x == 0) spans[run] = span;
  }
}

// sums[slot] += value for all threads with slot >= 0, in the order of the threads. `first` holds kThreads everywhere,
// before and after.
template <typename Sum>
__device__ __forceinline__ void add_in_order(int slot, Sum value, Sum* sums, int* first) {
  const int thread = static_cast<int>(threadIdx.x);
  bool pending = slot >= 0;
  while (__syncthreads_or(pending)) {
    if (pending) atomicMin(first + slot, thread);
    __syncthreads();
    const bool next = pending && first[slot] == thread;
    __syncthreads();
    if (next) {
      sums[slot] += value;
      first[slot] = kThreads;
      pending = false;
    }
  }
}

// Add the values of one run that fall into the tile at `tile`, a place in the image.
template <typename T, typename Sum>
__device__ __forceinline__ void add_run(const Problem& p, int64_t image, int64_t run, int64_t tile, const T* pooled,
                                        const int64_t* argmax, Sum* sums, int* first) {
  const int64_t start = image * p.pooled_size;
  int64_t slots[kPerThread];
  for (int k = 0; k < kPerThread; ++k) {
    const int64_t i = run * kRun + k * kThreads + threadIdx.x;
    slots[k] = i < p.pooled_size ? place_in_image(p, image, argmax[start + i]) - tile : -1;
  }
  for (int k = 0; k < kPerThread; ++k) {
    const bool mine = slots[k] >= 0 && slots[k] < kTile;
    const int64_t i = start + run * kRun + k * kThreads + threadIdx.x;
    add_in_order(mine ? static_cast<int>(slots[k]) : -1, mine ? static_cast<Sum>(pooled[i]) : Sum(0), sums, first);
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    gather_in_order(Problem p, const T* __restrict__ pooled, const int64_t* __restrict__ argmax,
                    const Span* __restrict__ spans, T* __restrict__ output) {
  using Sum = accumulator_t<T>;
  __shared__ Sum sums[kTile];
  __shared__ int first[kTile];
  __shared__ int64_t found[kThreads];
  const int64_t tiles = (p.output_size + kTile - 1) / kTile, runs = runs_of(p);
  for (int i = threadIdx.x; i < kTile; i += kThreads) first[i] = kThreads;
  for (int64_t index = blockIdx.x; index < p.batch * tiles; index += gridDim.x) {
    const int64_t image = index / tiles, tile = index % tiles * kTile;
    for (int i = threadIdx.x; i < kTile; i += kThreads) sums[i] = 0;
    for (int64_t base = 0; base < runs; base += kThreads) {
      const int64_t run = base + threadIdx.x;
      const Span span = run < runs ? spans[image * runs + run] : Span{0, kOutside};
      const bool chosen = span.most >= tile && span.least < tile + kTile;
      int count;
      const int slot = place<kThreads>(chosen, &count);
      if (chosen) found[slot] = run;
      __syncthreads();
      for (int i = 0; i < count; ++i) add_run(p, image, found[i], tile, pooled, argmax, sums, first);
      __syncthreads();
    }
    __syncthreads();
    const int64_t end = min(p.output_size - tile, static_cast<int64_t>(kTile));
    for (int64_t i = threadIdx.x; i < end; i += kThreads) {
      output[image * p.output_size + tile + i] = static_cast<T>(sums[i]);
    }
    __syncthreads();
  }
}

}  // namespace
}  // namespace pixelwise

#endif  // PIXELWISE_MAX_UNPOOL_IN_ORDER_GPU_H_
