// As much of CUDA as the kernels use, on the processor: what they compute can be tested where no GPU is.
//
// The threads of a block are coroutines that change places at barriers, in an order drawn anew each time, so a result
// that depends on the order of threads shows. Blocks run one after the other. Speed, memory and real races are not
// what a GPU has.
#ifndef PIXELWISE_EMULATED_CUDA_RUNTIME_H_
#define PIXELWISE_EMULATED_CUDA_RUNTIME_H_

#include <ucontext.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#define __host__
#define __device__
#define __global__
#define __forceinline__ inline
#define __launch_bounds__(threads)
#define __shared__ static  // one block at a time

using std::max;
using std::min;

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorInvalidConfiguration = 9 };
using cudaStream_t = struct EmulatedStream*;

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {

constexpr int kWarp = 32;
constexpr size_t kStack = 64 * 1024;

struct Barrier {
  int expected = 0, arrived = 0;
  int64_t generation = 0;
};

struct Thread {
  ucontext_t start;
  jmp_buf state;  // where it stopped; jumps are much faster than swapcontext
  bool started = false;
  std::vector<char> stack = std::vector<char>(kStack);
  dim3 index;
  bool done = false;
};

struct Block {
  std::vector<Thread> threads;
  std::vector<Barrier> warps;
  Barrier all;
  std::vector<int64_t> values;  // what each thread shows to the others
  std::function<void()> kernel;
  jmp_buf scheduler;
  int current = 0;
  bool progress = false;
};

inline Block* block = nullptr;

// Let a thread go on until it waits or ends.
inline void resume(Thread& thread) {
  if (_setjmp(block->scheduler)) return;
  if (thread.started) _longjmp(thread.state, 1);
  thread.started = true;
  setcontext(&thread.start);
}

inline void wait(Barrier& barrier) {
  const int64_t generation = barrier.generation;
  if (++barrier.arrived == barrier.expected) {
    barrier.arrived = 0;
    ++barrier.generation;
    block->progress = true;
  }
  while (barrier.generation == generation) {
    if (!_setjmp(block->threads[block->current].state)) _longjmp(block->scheduler, 1);
  }
}

inline void run_thread() {
  block->kernel();
  block->threads[block->current].done = true;
  block->progress = true;
  _longjmp(block->scheduler, 1);
}

inline void run_block() {
  const int size = static_cast<int>(block->threads.size());
  static std::mt19937 random(0);
  std::vector<int> order(size);
  block->all = {size};
  block->warps.assign((size + kWarp - 1) / kWarp, {});
  for (int i = 0; i < size; ++i) {
    Thread& thread = block->threads[i];
    order[i] = i;
    ++block->warps[i / kWarp].expected;
    thread.done = thread.started = false;
    thread.index = {i % blockDim.x, i / blockDim.x};
    getcontext(&thread.start);
    thread.start.uc_stack.ss_sp = thread.stack.data();
    thread.start.uc_stack.ss_size = kStack;
    makecontext(&thread.start, run_thread, 0);
  }
  auto alive = [](const Thread& thread) { return !thread.done; };
  while (std::any_of(block->threads.begin(), block->threads.end(), alive)) {
    block->progress = false;
    std::shuffle(order.begin(), order.end(), random);
    for (const int i : order) {
      if (block->threads[i].done) continue;
      block->current = i;
      threadIdx = block->threads[i].index;
      resume(block->threads[i]);
    }
    if (!block->progress) {
      std::fprintf(stderr, "emulation: the threads of a block wait for each other\n");
      std::abort();
    }
  }
}

// The values that the threads of a barrier show, for `read` to look at.
template <typename Value, typename Read>
auto exchange(Barrier& barrier, Value value, const Read& read) {
  static_assert(sizeof(Value) <= sizeof(int64_t));
  std::memcpy(&block->values[block->current], &value, sizeof(Value));
  wait(barrier);
  const auto result = read([](int thread) {
    Value shown;
    std::memcpy(&shown, &block->values[thread], sizeof(Value));
    return shown;
  });
  wait(barrier);
  return result;
}

inline Barrier& warp() { return block->warps[block->current / kWarp]; }

}  // namespace emulation

inline void __syncthreads() { emulation::wait(emulation::block->all); }

inline int __syncthreads_or(int predicate) {
  return emulation::exchange(emulation::block->all, predicate, [](const auto& shown) {
    const int size = static_cast<int>(emulation::block->threads.size());
    int any = 0;
    for (int i = 0; i < size; ++i) any |= shown(i) != 0;
    return any;
  });
}

inline unsigned __ballot_sync(unsigned, int predicate) {
  return emulation::exchange(emulation::warp(), predicate, [](const auto& shown) {
    const int first = emulation::block->current / emulation::kWarp * emulation::kWarp;
    unsigned ballot = 0;
    for (int lane = 0; lane < emulation::kWarp; ++lane) ballot |= (shown(first + lane) != 0 ? 1u : 0u) << lane;
    return ballot;
  });
}

template <typename Value>
Value __shfl_xor_sync(unsigned, Value value, int mask) {
  return emulation::exchange(emulation::warp(), value,
                             [mask](const auto& shown) { return shown(emulation::block->current ^ mask); });
}

inline int __popc(unsigned value) { return __builtin_popcount(value); }

template <typename Value>
Value atomicAdd(Value* target, Value value) {
  const Value before = *target;
  *target += value;
  return before;
}

inline int atomicMin(int* target, int value) {
  const int before = *target;
  *target = min(before, value);
  return before;
}

inline cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t) {
  std::memset(memory, value, bytes);
  return cudaSuccess;
}

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               const Arguments&... arguments) {
  const dim3 grid = config->gridDim, threads = config->blockDim;
  const unsigned size = threads.x * threads.y;
  const bool valid = grid.x > 0 && grid.y > 0 && grid.y < 65536 && size > 0 && size <= 1024;
  if (!valid || size % emulation::kWarp != 0) return cudaErrorInvalidConfiguration;
  emulation::Block block;
  block.threads.resize(size);
  block.values.resize(size);
  block.kernel = [&] { kernel(arguments...); };
  emulation::block = &block;
  gridDim = grid;
  blockDim = threads;
  for (unsigned y = 0; y < grid.y; ++y) {
    for (unsigned x = 0; x < grid.x; ++x) {
      blockIdx = {x, y};
      emulation::run_block();
    }
  }
  return cudaSuccess;
}

#endif  // PIXELWISE_EMULATED_CUDA_RUNTIME_H_
