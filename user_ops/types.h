// The element types that the operations know, as numbers that a launcher can take.
#ifndef PIXELWISE_TYPES_H_
#define PIXELWISE_TYPES_H_

#include <cstdint>

enum PixelwiseType : int32_t {
  PIXELWISE_HALF = 0,
  PIXELWISE_BFLOAT16 = 1,
  PIXELWISE_FLOAT = 2,
  PIXELWISE_DOUBLE = 3,
};

namespace pixelwise {

// What sums are kept in: float for half, bfloat16 and float; double for double.
template <typename T>
struct Accumulator {
  using type = float;
};
template <>
struct Accumulator<double> {
  using type = double;
};
template <typename T>
using accumulator_t = typename Accumulator<T>::type;

}  // namespace pixelwise

#endif  // PIXELWISE_TYPES_H_
