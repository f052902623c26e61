// CUDA's bfloat16 on the processor; see cuda_runtime.h beside this.
#ifndef PIXELWISE_EMULATED_CUDA_BF16_H_
#define PIXELWISE_EMULATED_CUDA_BF16_H_

#include <cstdint>
#include <cstring>

struct __nv_bfloat16 {
  uint16_t bits;

  __nv_bfloat16() = default;
  __nv_bfloat16(float number) {
    uint32_t wide;
    std::memcpy(&wide, &number, sizeof(wide));
    const uint32_t half_up = 0x7fff + (wide >> 16 & 1);  // to the nearest, ties to even
    bits = number != number ? 0x7fff : static_cast<uint16_t>((wide + half_up) >> 16);
  }
  operator float() const {
    const uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float number;
    std::memcpy(&number, &wide, sizeof(number));
    return number;
  }
};

#endif  // PIXELWISE_EMULATED_CUDA_BF16_H_
