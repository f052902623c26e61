// Bilinear samples on the processor, free of TensorFlow.
//
// `parallel(total, cost, work)` runs work(begin, end) over [0, total), where a unit takes about `cost` cycles. A unit
// writes what no other unit writes, and adds in an order of its own: the bits do not depend on the number of threads.
#ifndef PIXELWISE_SPARSE_EXTRACTOR_CPU_H_
#define PIXELWISE_SPARSE_EXTRACTOR_CPU_H_

#include <algorithm>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "sampling.h"
#include "sparse_extractor.h"

namespace pixelwise {

// Channels that are sampled together where each channel is a plane: their column entries share a cache line.
constexpr int64_t kPlanes = 16;

inline Sample sample_of(const PixelwiseSparseExtractor& p, const float* centroid) {
  return sample(centroid, p.offset_y, p.offset_x, p.scale, p.height, p.width);
}

// The four pixels that a location reads, where the channels of a pixel lie together, and their weights.
template <typename T>
struct Corners {
  const T* pixel[4];
  accumulator_t<T> weight[4];

  Corners(const PixelwiseSparseExtractor& p, const float* centroids, const T* activations, int64_t location) {
    const Sample at = sample_of(p, centroids + 2 * location);
    const T* image = activations + location / p.locations * p.height * p.width * p.channels;
    for (int k = 0; k < 4; ++k) {
      pixel[k] = image + at.pixel(k, p.width) * p.channels;
      weight[k] = at.weight<accumulator_t<T>>(k);
    }
  }
  void prefetch(int64_t channels) const {
    constexpr int64_t kLine = 64 / sizeof(T);
    for (const T* start : pixel) {
      for (int64_t i = 0; i < channels; i += kLine) __builtin_prefetch(start + i);
    }
  }
  void blend(int64_t channels, T* __restrict out) const {
    using Sum = accumulator_t<T>;
    const T *a = pixel[0], *b = pixel[1], *c = pixel[2], *d = pixel[3];
    const Sum wa = weight[0], wb = weight[1], wc = weight[2], wd = weight[3];
    for (int64_t i = 0; i < channels; ++i) {
      out[i] = static_cast<T>(weighted(wa, static_cast<Sum>(a[i])) + weighted(wb, static_cast<Sum>(b[i])) +
                              weighted(wc, static_cast<Sum>(c[i])) + weighted(wd, static_cast<Sum>(d[i])));
    }
  }
};

template <typename T, typename Parallel>
void extract_pixels(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                    const T* activations, T* columns) {
  parallel(p.batch * p.locations, 40 + p.channels, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      // The processor cannot guess where the next location lies. (A NaN counts as 0 here.)
      if (i + 1 < end) Corners<T>(p, centroids, activations, i + 1).prefetch(p.channels);
      T* column = columns + i * p.channels;
      if (is_nan(centroids + 2 * i)) {
        std::fill_n(column, p.channels, static_cast<T>(std::numeric_limits<float>::quiet_NaN()));
      } else {
        Corners<T>(p, centroids, activations, i).blend(p.channels, column);
      }
    }
  });
}

// Run work(image, first channel, number of channels) over all images and blocks of channels.
template <typename Parallel, typename Work>
void for_planes(const PixelwiseSparseExtractor& p, const Parallel& parallel, const Work& work) {
  const int64_t blocks = (p.channels + kPlanes - 1) / kPlanes;
  const int64_t cost = kPlanes * (8 * p.locations + p.height * p.width);
  parallel(p.batch * blocks, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t channel = i % blocks * kPlanes;
      work(i / blocks, channel, std::min(kPlanes, p.channels - channel));
    }
  });
}

template <typename T, typename Parallel>
void extract_planes(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                    const T* activations, T* columns) {
  using Sum = accumulator_t<T>;
  const int64_t area = p.height * p.width;
  for_planes(p, parallel, [&](int64_t image, int64_t channel, int64_t count) {
    const T* planes = activations + (image * p.channels + channel) * area;
    for (int64_t i = image * p.locations; i < (image + 1) * p.locations; ++i) {
      T* column = columns + i * p.channels + channel;
      if (is_nan(centroids + 2 * i)) {
        std::fill_n(column, count, static_cast<T>(std::numeric_limits<float>::quiet_NaN()));
        continue;
      }
      const Sample at = sample_of(p, centroids + 2 * i);
      for (int64_t c = 0; c < count; ++c) {
        Sum sum = 0;
        for (int k = 0; k < 4; ++k) {
          sum += weighted(at.weight<Sum>(k), static_cast<Sum>(planes[c * area + at.pixel(k, p.width)]));
        }
        column[c] = static_cast<T>(sum);
      }
    }
  });
}

// columns = samples of activations.
template <typename T, typename Parallel>
void extract(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids, const T* activations,
             T* columns) {
  (p.channels_first ? extract_planes<T, Parallel> : extract_pixels<T, Parallel>)(p, parallel, centroids, activations,
                                                                                 columns);
}

// Where sums are kept until they are complete: in the result itself, or beside it where its type is too coarse.
template <typename T>
class Sums {
  using Sum = accumulator_t<T>;

 public:
  // Start `size` sums at 0, which flush() puts into `result`.
  Sum* start(T* result, int64_t size) {
    result_ = result;
    if constexpr (std::is_same_v<T, Sum>) {
      std::fill_n(result, size, Sum(0));
      return result;
    } else {
      beside_.assign(size, Sum(0));
      return beside_.data();
    }
  }
  void flush() {
    if constexpr (!std::is_same_v<T, Sum>) {
      std::transform(beside_.begin(), beside_.end(), result_, [](Sum sum) { return static_cast<T>(sum); });
    }
  }

 private:
  T* result_ = nullptr;
  std::vector<Sum> beside_;
};

// The locations, sorted by the first of the two rows of the map that each of them reads.
class RowBuckets {
 public:
  RowBuckets(const PixelwiseSparseExtractor& p, const float* centroids)
      : starts_(p.batch * p.height + 1), locations_(p.batch * p.locations) {
    std::vector<int64_t> rows(locations_.size(), -1);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (is_nan(centroids + 2 * i)) continue;  // scatters nothing
      rows[i] = i / p.locations * p.height + sample_of(p, centroids + 2 * i).y.lower;
      ++starts_[rows[i]];
    }
    int64_t total = 0;
    for (int64_t& start : starts_) total += start, start = total;  // now the ends
    for (size_t i = rows.size(); i-- > 0;) {
      if (rows[i] >= 0) locations_[--starts_[rows[i]]] = i;
    }
  }
  const int64_t* begin(int64_t row) const { return locations_.data() + starts_[row]; }
  const int64_t* end(int64_t row) const { return begin(row + 1); }

 private:
  std::vector<int64_t> starts_, locations_;
};

template <typename T>
void add_scaled(accumulator_t<T> weight, const T* __restrict gradient, int64_t channels,
                accumulator_t<T>* __restrict sums) {
  if (weight == 0) return;
  for (int64_t c = 0; c < channels; ++c) sums[c] += weight * static_cast<accumulator_t<T>>(gradient[c]);
}

template <typename T, typename Parallel>
void extract_gradient_pixels(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                             const T* gradient, T* result) {
  using Sum = accumulator_t<T>;
  const RowBuckets buckets(p, centroids);
  const int64_t rows = p.batch * p.height, row_size = p.width * p.channels;
  const int64_t cost = row_size / 8 + 4 * p.channels * p.batch * p.locations / std::max<int64_t>(rows, 1);
  parallel(rows, cost, [&](int64_t begin, int64_t end) {
    Sums<T> kept;
    for (int64_t row = begin; row < end; ++row) {
      Sum* sums = kept.start(result + row * row_size, row_size);
      // First the locations whose second row this is, then those whose first row it is.
      const int64_t above = row % p.height > 0 ? 1 : 0;
      for (int64_t bucket = row - above; bucket <= row; ++bucket) {
        const int corner = bucket < row ? 2 : 0;
        for (const int64_t* i = buckets.begin(bucket); i != buckets.end(bucket); ++i) {
          const Sample at = sample_of(p, centroids + 2 * *i);
          const T* column = gradient + *i * p.channels;
          add_scaled(at.weight<Sum>(corner), column, p.channels, sums + at.x.lower * p.channels);
          add_scaled(at.weight<Sum>(corner + 1), column, p.channels, sums + at.x.upper * p.channels);
        }
      }
      kept.flush();
    }
  });
}

template <typename T, typename Parallel>
void extract_gradient_planes(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                             const T* gradient, T* result) {
  using Sum = accumulator_t<T>;
  const int64_t area = p.height * p.width;
  for_planes(p, parallel, [&](int64_t image, int64_t channel, int64_t count) {
    Sums<T> kept;
    Sum* sums = kept.start(result + (image * p.channels + channel) * area, count * area);
    for (int64_t i = image * p.locations; i < (image + 1) * p.locations; ++i) {
      if (is_nan(centroids + 2 * i)) continue;  // scatters nothing
      const Sample at = sample_of(p, centroids + 2 * i);
      const T* column = gradient + i * p.channels + channel;
      for (int64_t c = 0; c < count; ++c) {
        for (int k = 0; k < 4; ++k) {
          sums[c * area + at.pixel(k, p.width)] += weighted(at.weight<Sum>(k), static_cast<Sum>(column[c]));
        }
      }
    }
    kept.flush();
  });
}

// result = sum of gradient over the locations that read each entry of the map.
template <typename T, typename Parallel>
void extract_gradient(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                      const T* gradient, T* result) {
  (p.channels_first ? extract_gradient_planes<T, Parallel>
                    : extract_gradient_pixels<T, Parallel>)(p, parallel, centroids, gradient, result);
}

// The derivatives (y, x) of one location where it is not clamped, before the division by the scale, with a product that
// is given. Neighboring channels lie `stride` apart.
template <typename T, typename Product>
std::pair<accumulator_t<T>, accumulator_t<T>> sum_slopes(const T* const corners[4], const Sample& at, const T* gradient,
                                                         int64_t channels, int64_t stride, const Product& times) {
  using Sum = accumulator_t<T>;
  const T *a = corners[0], *b = corners[1], *c = corners[2], *d = corners[3];
  const Sum fy = at.y.fraction, fx = at.x.fraction;
  Sum dy = 0, dx = 0;
#pragma omp simd reduction(+ : dy, dx)
  for (int64_t i = 0; i < channels; ++i) {
    const Sum va = static_cast<Sum>(a[i * stride]), vb = static_cast<Sum>(b[i * stride]);
    const Sum vc = static_cast<Sum>(c[i * stride]), vd = static_cast<Sum>(d[i * stride]);
    const Sum g = static_cast<Sum>(gradient[i]);
    dy += times(g, times(1 - fx, vc - va) + times(fx, vd - vb));
    dx += times(g, times(1 - fy, vb - va) + times(fy, vd - vc));
  }
  return {dy, dx};
}

// The derivatives of one location, before the division by the scale.
template <typename T>
void slopes(const T* const corners[4], const Sample& at, const T* gradient, int64_t channels, int64_t stride,
            float* result) {
  using Sum = accumulator_t<T>;
  auto [dy, dx] = sum_slopes(corners, at, gradient, channels, stride, [](Sum a, Sum b) { return a * b; });
  // The plain product is several times faster. Where a factor of 0 makes a difference, a sum is not finite.
  if (!std::isfinite(dy) || !std::isfinite(dx)) {
    std::tie(dy, dx) = sum_slopes(corners, at, gradient, channels, stride, weighted<Sum>);
  }
  result[0] = static_cast<float>(at.y.inside ? dy : 0);
  result[1] = static_cast<float>(at.x.inside ? dx : 0);
}

// result = gradient for the centroids.
template <typename T, typename Parallel>
void extract_centroid_gradient(const PixelwiseSparseExtractor& p, const Parallel& parallel, const float* centroids,
                               const T* gradient, const T* activations, float* result) {
  const int64_t area = p.height * p.width;
  const int64_t pixel_stride = p.channels_first ? 1 : p.channels;
  parallel(p.batch * p.locations, 40 + 2 * p.channels, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (is_nan(centroids + 2 * i)) {
        std::fill_n(result + 2 * i, 2, std::numeric_limits<float>::quiet_NaN());
        continue;
      }
      const Sample at = sample_of(p, centroids + 2 * i);
      const T* corners[4];
      for (int k = 0; k < 4; ++k) {
        corners[k] = activations + i / p.locations * area * p.channels + at.pixel(k, p.width) * pixel_stride;
      }
      const T* column = gradient + i * p.channels;
      if (p.channels_first) {
        slopes(corners, at, column, p.channels, area, result + 2 * i);
      } else {
        slopes(corners, at, column, p.channels, 1, result + 2 * i);
      }
      for (int axis = 0; axis < 2; ++axis) result[2 * i + axis] /= p.scale;
    }
  });
}

}  // namespace pixelwise

#endif  // PIXELWISE_SPARSE_EXTRACTOR_CPU_H_
