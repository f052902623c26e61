// CUDA's half on the processor; see cuda_runtime.h beside this.
#ifndef PIXELWISE_EMULATED_CUDA_FP16_H_
#define PIXELWISE_EMULATED_CUDA_FP16_H_

struct __half {
  _Float16 value;

  __half() = default;
  __half(float number) : value(static_cast<_Float16>(number)) {}
  operator float() const { return static_cast<float>(value); }
};

#endif  // PIXELWISE_EMULATED_CUDA_FP16_H_
