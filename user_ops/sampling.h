// Where a location falls on a map: the only place that knows, for the processor and for CUDA.
#ifndef PIXELWISE_SAMPLING_H_
#define PIXELWISE_SAMPLING_H_

#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define PIXELWISE_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define PIXELWISE_HOST_DEVICE inline
#endif

namespace pixelwise {

// The two neighbors of a position along one axis; value = (1 - fraction) * f[lower] + fraction * f[upper].
struct Neighbors {
  int64_t lower, upper;
  float fraction;
  bool inside;  // false where nothing changes when the position moves: it was clamped, or there is one entry only
};

// The neighbors of a coordinate on an axis of `size` > 0 entries. A NaN gives entry 0, so that it can never be read
// outside of the map; what a NaN means is up to the caller (see is_nan).
PIXELWISE_HOST_DEVICE Neighbors neighbors(float coordinate, float offset, float scale, int64_t size) {
  const float last = static_cast<float>(size - 1);
  const float position = (coordinate - offset) / scale;
  // The order of these comparisons matters: each is false for NaN, which thus becomes 0.
  const float clamped = position > 0.0f ? (position < last ? position : last) : 0.0f;
  const int64_t highest = size > 1 ? size - 2 : 0;
  int64_t lower = static_cast<int64_t>(clamped);
  lower = lower < highest ? lower : highest;
  // A float cannot tell apart neighbors on an axis of more than 2^24 entries, hence the bound.
  const float fraction = clamped - static_cast<float>(lower);
  return {lower, lower + 1 < size ? lower + 1 : size - 1, fraction < 1.0f ? fraction : 1.0f,
          size > 1 && position >= 0.0f && position <= last};
}

// weight * value, and 0 where the weight is exactly 0: what does not take part must not turn a sum into NaN, which
// 0 * infinity would do.
template <typename Sum>
PIXELWISE_HOST_DEVICE Sum weighted(Sum weight, Sum value) {
  return weight == 0 ? Sum(0) : weight * value;
}

// Whether a location has a NaN among its two coordinates.
PIXELWISE_HOST_DEVICE bool is_nan(const float* centroid) {
  return centroid[0] != centroid[0] || centroid[1] != centroid[1];
}

// The neighbors of a location and their weights, in the order (y, x) = 00, 01, 10, 11.
struct Sample {
  Neighbors y, x;

  // The weight of a corner, computed in the type that the sum is kept in.
  template <typename Sum>
  PIXELWISE_HOST_DEVICE Sum weight(int corner) const {
    const Sum fy = y.fraction, fx = x.fraction;
    return (corner / 2 ? fy : 1 - fy) * (corner % 2 ? fx : 1 - fx);
  }
  // The pixel of a corner on a map with `width` columns.
  PIXELWISE_HOST_DEVICE int64_t pixel(int corner, int64_t width) const {
    return (corner / 2 ? y.upper : y.lower) * width + (corner % 2 ? x.upper : x.lower);
  }
};

PIXELWISE_HOST_DEVICE Sample sample(const float* centroid, float offset_y, float offset_x, float scale, int64_t height,
                                    int64_t width) {
  return {neighbors(centroid[0], offset_y, scale, height), neighbors(centroid[1], offset_x, scale, width)};
}

}  // namespace pixelwise

#endif  // PIXELWISE_SAMPLING_H_
