// Unpooling on the processor, free of TensorFlow. `parallel` is as in sparse_extractor_cpu.h.
#ifndef PIXELWISE_MAX_UNPOOL_CPU_H_
#define PIXELWISE_MAX_UNPOOL_CPU_H_

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "max_unpool.h"

namespace pixelwise {

// Values of the output that are cleared and filled together, while they are in a core's cache.
constexpr int64_t kStripSize = 64 * 1024;

// Run work(i) over [begin, end), and ask for what comes some pages later: the processor's own prefetching stops at
// the end of each page, which halves the speed.
template <typename T, typename Work>
void stream(int64_t begin, int64_t end, const int64_t* argmax, const T* values, const Work& work) {
  constexpr int64_t kBlock = 16, kAhead = 1024;
  int64_t i = begin;
  while (i + kBlock <= end) {
    __builtin_prefetch(argmax + i + kAhead);  // no harm where it ends before
    __builtin_prefetch(argmax + i + kAhead + kBlock / 2);
    __builtin_prefetch(values + i + kAhead);
    for (const int64_t stop = i + kBlock; i < stop; ++i) work(i);
  }
  for (; i < end; ++i) work(i);
}

// The first pooled value whose index lies outside of its image; any number of threads report.
class FirstOutside {
 public:
  void report(int64_t position) {
    int64_t known = first_;
    while ((known < 0 || position < known) && !first_.compare_exchange_weak(known, position)) {
    }
  }
  int64_t position() const { return first_; }  // -1 where all indices lie inside

 private:
  std::atomic<int64_t> first_{-1};
};

// Where row `row` of `rows` begins among `size` values.
inline int64_t row_start(int64_t size, int64_t rows, int64_t row) {
  return size / rows * row + size % rows * row / rows;
}

// Rows and columns of an image.
struct Extent {
  int64_t rows, columns;
};

// The pixels that a max-pool without overlap or remainder makes one pooled pixel of.
struct Window {
  int64_t rows, columns;      // none where the sizes are of no such pool, or too few channels make it slow
  int64_t per_row, row_size;  // windows beside each other; values of a row of the output
  int64_t channels;
};

inline Window window_of(const PixelwiseMaxUnpool& p, const Extent& pooled, const Extent& output) {
  constexpr int64_t kLeastChannels = 16;
  if (p.pooled_size == 0 || p.output_size == 0) return {};
  if (output.rows % pooled.rows != 0 || output.columns % pooled.columns != 0) return {};
  const int64_t channels = p.pooled_size / (pooled.rows * pooled.columns), row_size = output.columns * channels;
  const int64_t rows = output.rows / pooled.rows;
  if (channels < kLeastChannels || rows > std::numeric_limits<int32_t>::max() / row_size) return {};
  return {rows, output.columns / pooled.columns, pooled.columns, row_size, channels};
}

// How far the indices of a pooled pixel lie behind the first pixel of its window, which begins at the index `first`; -1
// where that is before it or too far for any window.
inline void find_distances(int64_t channels, const int64_t* __restrict argmax, uint64_t first,
                           int32_t* __restrict distances) {
  for (int64_t c = 0; c < channels; ++c) {
    const uint64_t distance = static_cast<uint64_t>(argmax[c]) - first - c;
    distances[c] = distance >> 32 ? -1 : static_cast<int32_t>(distance);
  }
}

// One pixel of the output: the pooled values at this distance, and zeros. Returns how many are at it.
template <typename T>
int32_t fill_pixel(int64_t channels, const int32_t* __restrict distances, int32_t distance, const T* __restrict pooled,
                   T* __restrict pixel) {
  int32_t count = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const T value = pooled[c];
    pixel[c] = distances[c] == distance ? value : T(0);
    count += distances[c] == distance;
  }
  return count;
}

// A strip of pooled values begin .. end, written once, from its start to its end, and never read: each value that lies
// in its own window, and zeros. The others go to `strays`. Gives up, false, where these are many.
template <typename T>
bool fill_windows(const Window& window, int64_t begin, int64_t end, const T* pooled, const int64_t* argmax,
                  uint64_t first_index, T* target, std::vector<int64_t>& strays) {
  constexpr int64_t kAhead = 2048, kLine = 8, kFew = 32;
  const int64_t channels = window.channels, row_size = window.row_size;
  std::vector<int32_t> distances(channels);
  for (int64_t i = begin, pixel = 0; i < end; i += channels, ++pixel) {
    // Each index is read once, and need not stay in the cache.
    for (int64_t c = 0; c < channels; c += kLine) __builtin_prefetch(argmax + i + c + kAhead, 0, 0);
    const int64_t corner =
        pixel / window.per_row * window.rows * row_size + pixel % window.per_row * window.columns * channels;
    find_distances(channels, argmax + i, first_index + corner, distances.data());
    int64_t others = channels;
    for (int64_t row = 0; row < window.rows; ++row) {
      for (int64_t column = 0; column < window.columns; ++column) {
        const int64_t at = row * row_size + column * channels;
        others -= fill_pixel(channels, distances.data(), at, pooled + i, target + corner + at);
      }
    }
    if (others == 0) continue;
    if (static_cast<int64_t>(strays.size()) + others > kFew + (i - begin) / 16) {
      strays.clear();
      return false;
    }
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t row = distances[c] / row_size, column = distances[c] % row_size / channels;
      const bool own =
          distances[c] >= 0 && distances[c] % row_size % channels == 0 && row < window.rows && column < window.columns;
      if (!own) strays.push_back(i + c);
    }
  }
  return true;
}

// sums = 0, plus each pooled value at its index; reports the indices outside.
//
// An image is cut into strips of whole pooled rows. The values of an ordinary max-pool fall into their own strip, up to
// some near its ends, which wait until all strips are filled. The cuts depend on the sizes alone, and the order of each
// sum on the sizes and the indices, never on the threads.
template <typename T, typename Sum, typename Parallel>
void fill_strips(const PixelwiseMaxUnpool& p, int64_t rows, const Window& window, const Parallel& parallel,
                 const T* pooled, const int64_t* argmax, Sum* sums, FirstOutside& outside) {
  const int64_t count = std::clamp<int64_t>(p.output_size / kStripSize, 1, rows);
  std::vector<std::vector<int64_t>> strays(p.batch * count);
  parallel(p.batch * count, kStripSize / 8 + 3 * p.pooled_size / count, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t image = unit / count, row = unit % count * rows / count, next = (unit % count + 1) * rows / count;
      const int64_t low = row_start(p.output_size, rows, row);
      const uint64_t size = row_start(p.output_size, rows, next) - low;
      const uint64_t first_index = low + (p.batch_in_index ? image * p.output_size : 0);
      const int64_t start = image * p.pooled_size + row_start(p.pooled_size, rows, row);
      const int64_t stop = image * p.pooled_size + row_start(p.pooled_size, rows, next);
      Sum* __restrict target = sums + image * p.output_size + low;
      if constexpr (std::is_same_v<T, Sum>) {
        if (window.rows > 0 && fill_windows(window, start, stop, pooled, argmax, first_index, target, strays[unit])) {
          continue;
        }
      }
      std::fill_n(target, size, Sum(0));
      stream(start, stop, argmax, pooled, [&](int64_t i) {
        const uint64_t at = static_cast<uint64_t>(argmax[i]) - first_index;  // huge where it lies before the strip
        if (at < size) {
          target[at] += static_cast<Sum>(pooled[i]);
        } else {
          strays[unit].push_back(i);
        }
      });
    }
  });
  int64_t stray_count = 0;
  for (const std::vector<int64_t>& some : strays) stray_count += some.size();
  parallel(p.batch, 8 * stray_count / std::max<int64_t>(p.batch, 1), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin * count; unit < end * count; ++unit) {
      const int64_t start = unit / count * p.output_size;
      for (const int64_t i : strays[unit]) {
        const uint64_t at = static_cast<uint64_t>(argmax[i]) - (p.batch_in_index ? start : 0);
        if (at < static_cast<uint64_t>(p.output_size)) {
          sums[start + at] += static_cast<Sum>(pooled[i]);
        } else {
          outside.report(i);
        }
      }
    }
  });
}

// output = 0, plus each pooled value at its index; `from` and `to` are the extents of a pooled image and of an output.
// Returns the first position whose index lies outside of its image, or -1.
template <typename T, typename Parallel>
int64_t unpool(const PixelwiseMaxUnpool& p, const Extent& from, const Extent& to, const Parallel& parallel,
               const T* pooled, const int64_t* argmax, T* output) {
  using Sum = accumulator_t<T>;
  const int64_t rows = std::max<int64_t>(from.rows, 1);
  const Window window = window_of(p, from, to);
  FirstOutside outside;
  if constexpr (std::is_same_v<T, Sum>) {
    fill_strips(p, rows, window, parallel, pooled, argmax, output, outside);
  } else {
    const int64_t total = p.batch * p.output_size;
    const std::unique_ptr<Sum[]> sums(new Sum[total]);  // cleared strip by strip, in the threads that fill them
    fill_strips(p, rows, window, parallel, pooled, argmax, sums.get(), outside);
    parallel(total, 2, [&](int64_t begin, int64_t end) {
      std::transform(sums.get() + begin, sums.get() + end, output + begin, [](Sum sum) { return static_cast<T>(sum); });
    });
  }
  return outside.position();
}

// result = gradient at each index. Returns the first position whose index lies outside of its image, or -1.
template <typename T, typename Parallel>
int64_t unpool_gradient(const PixelwiseMaxUnpool& p, const Parallel& parallel, const T* gradient, const int64_t* argmax,
                        T* result) {
  FirstOutside outside;
  parallel(p.batch * p.pooled_size, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end;) {
      const int64_t image = i / p.pooled_size;
      const int64_t stop = std::min(end, (image + 1) * p.pooled_size);
      const T* values = gradient + image * p.output_size;
      const uint64_t first_index = p.batch_in_index ? image * p.output_size : 0;
      stream(i, stop, argmax, result, [&](int64_t k) {
        const uint64_t at = static_cast<uint64_t>(argmax[k]) - first_index;
        if (at < static_cast<uint64_t>(p.output_size)) {
          result[k] = values[at];
        } else {
          outside.report(k);
        }
      });
      i = stop;
    }
  });
  return outside.position();
}

}  // namespace pixelwise

#endif  // PIXELWISE_MAX_UNPOOL_CPU_H_
