// Label maps on the processor, free of TensorFlow. `parallel` is as in sparse_extractor_cpu.h.
//
// A cell is the pixels between four neighboring entries of the map. In it every class is bilinear, and so is the
// difference of two classes, whose largest value in a rectangle lies at a corner: a class that loses to another one at
// all four corners wins nowhere inside. So few classes are left for the many pixels of a cell.
#ifndef PIXELWISE_LABEL_MAP_CPU_H_
#define PIXELWISE_LABEL_MAP_CPU_H_

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "label_map.h"

namespace pixelwise {

// One axis of the output: cells, and the weights of the entries before and after each pixel, 0 for a missing one.
// The weights are those of `upsampling.bilinear_kernel`, to the bit.
class UpsampledAxis {
 public:
  UpsampledAxis(int64_t size, int64_t factor, bool edge)
      : size_(size), factor_(factor), before_(size * factor + kPadding), after_(size * factor + kPadding) {
    for (int64_t cell = 0; cell < cells(); ++cell) {
      for (int64_t pixel = begin(cell); pixel < end(cell); ++pixel) {
        const double distance = static_cast<double>(pixel - start(cell)) + (factor % 2 ? 0.0 : 0.5);
        const double length = static_cast<double>(factor);
        before_[pixel] = cell > 0 ? static_cast<float>(1 - distance / length) : 0.0f;
        after_[pixel] = cell < size ? static_cast<float>(1 - (length - distance) / length) : 0.0f;
        if (edge && cell == 0) after_[pixel] = 1;
        if (edge && cell == size) before_[pixel] = 1;
      }
    }
  }

  int64_t cells() const { return size_ + 1; }
  int64_t begin(int64_t cell) const { return std::max<int64_t>(start(cell), 0); }
  int64_t end(int64_t cell) const { return std::min(start(cell + 1), size_ * factor_); }
  // The entries beside a cell. At a border they are the same one, which counts once: the other weight is 0.
  int64_t entry_before(int64_t cell) const { return std::max<int64_t>(cell - 1, 0); }
  int64_t entry_after(int64_t cell) const { return std::min(cell, size_ - 1); }
  const float* before() const { return before_.data(); }
  const float* after() const { return after_.data(); }

 private:
  static constexpr int64_t kPadding = 8;  // a vector that begins at the last pixel ends here

  // The first pixel of a cell, if the cells at the border were whole.
  int64_t start(int64_t cell) const { return (cell - 1) * factor_ + factor_ / 2; }

  int64_t size_, factor_;
  std::vector<float> before_, after_;
};

// Rows y .. y_end and columns x .. x_end of the output.
struct Block {
  int64_t y, y_end, x, x_end;
};

// How large the logits of an entry are, not counting infinite ones and NaN; and whether there are such, or some that
// are so large that sums may overflow.
template <typename T>
struct Magnitude {
  T largest;
  bool wild;
};

template <typename T>
Magnitude<T> magnitude(const T* logits, int64_t classes) {
  constexpr T kLargest = std::numeric_limits<T>::max();
  T largest = 0, wild = 0;
#pragma omp simd reduction(max : largest, wild)
  for (int64_t c = 0; c < classes; ++c) {
    const T size = std::abs(logits[c]);
    const T tame = size <= kLargest ? size : T(0);
    const T odd = size <= kLargest / 4 ? T(0) : T(1);
    largest = tame > largest ? tame : largest;
    wild = odd > wild ? odd : wild;
  }
  return {largest, wild > 0};
}

// Labels the cells of a map. One object serves one thread.
template <typename T>
class CellLabeler {
 public:
  CellLabeler(const PixelwiseLabelMap& problem, const UpsampledAxis& rows, const UpsampledAxis& columns,
              const T* logits, const Magnitude<T>* magnitudes, int64_t* labels)
      : problem_(problem), rows_(rows), columns_(columns), logits_(logits), magnitudes_(magnitudes), labels_(labels) {}

  void label(int64_t image, int64_t row, int64_t column) {
    const Block cell{rows_.begin(row), rows_.end(row), columns_.begin(column), columns_.end(column)};
    if (cell.y >= cell.y_end || cell.x >= cell.x_end) return;
    Candidates all{problem_.classes, nullptr, {}};
    T largest = 0;
    bool wild = false;
    for (int64_t corner = 0; corner < 4; ++corner) {
      const int64_t y = corner / 2 ? rows_.entry_after(row) : rows_.entry_before(row);
      const int64_t x = corner % 2 ? columns_.entry_after(column) : columns_.entry_before(column);
      const int64_t entry = (image * problem_.height + y) * problem_.width + x;
      all.logits[corner] = logits_ + entry * problem_.classes;
      largest = std::max(largest, magnitudes_[entry].largest);
      wild = wild || magnitudes_[entry].wild;
    }
    // More than the sums, the weights and the corners' scores can be off by rounding. So the bounds change no label.
    margin_ = largest * T(1.0 / (1 << 18)) + 16 * std::numeric_limits<T>::min();
    width_ = problem_.width * problem_.factor;
    target_ = labels_ + image * problem_.height * problem_.factor * width_;
    wild ? refine<true>(cell, all, 0) : refine<false>(cell, all, 0);
  }

 private:
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;  // as wide as T, for vectors
  static constexpr int64_t kLanes = 32 / sizeof(T);
  typedef T Vector __attribute__((vector_size(32)));
  typedef Index Indices __attribute__((vector_size(32)));

  static constexpr int64_t kSmall = 8;   // a side of a block that is not cut
  static constexpr int64_t kFew = 6;     // as many classes are scored at once
  static constexpr int64_t kDepth = 64;  // sides are halved; 2^64 is more than any

  // The classes that may win in a block, in order, with their logits at the four entries around the cell: above left,
  // above right, below left, below right.
  struct Candidates {
    int64_t count;
    const Index* classes;  // nullptr: all of them
    const T* logits[4];

    Index label(int64_t k) const { return classes ? classes[k] : static_cast<Index>(k); }
  };

  struct Memory {
    std::vector<T> logits[4];
    std::vector<Index> classes;
  };

  // A logit times its weight. Of wild ones, infinite say, one with the weight 0 takes no part.
  template <bool kWild>
  static T part(T weight, T logit) {
    return kWild && weight == 0 ? T(0) : weight * logit;
  }

  template <bool kWild>
  void refine(const Block& block, const Candidates& before, int64_t depth) {
    const Candidates left = prune<kWild>(block, before, memory_[depth]);
    const bool tall = block.y_end - block.y > kSmall, wide = block.x_end - block.x > kSmall;
    if (left.count == 1) return fill(block, left.label(0));
    if (left.count <= kFew || !(tall || wide)) return score<kWild>(block, left);
    const int64_t y = tall ? middle(block.y, block.y_end) : block.y_end;
    const int64_t x = wide ? middle(block.x, block.x_end) : block.x_end;
    refine<kWild>({block.y, y, block.x, x}, left, depth + 1);
    if (wide) refine<kWild>({block.y, y, x, block.x_end}, left, depth + 1);
    if (tall) refine<kWild>({y, block.y_end, block.x, x}, left, depth + 1);
    if (tall && wide) refine<kWild>({y, block.y_end, x, block.x_end}, left, depth + 1);
  }

  // Where to cut: in the middle, but at whole vectors.
  static int64_t middle(int64_t begin, int64_t end) {
    return begin + ((end - begin) / 2 + kSmall - 1) / kSmall * kSmall;
  }

  // Leave out the classes that lose at all four corners to the best one of the middle.
  template <bool kWild>
  Candidates prune(const Block& block, const Candidates& before, Memory& memory) {
    const T *a = before.logits[0], *b = before.logits[1], *c = before.logits[2], *d = before.logits[3];
    const T above[2] = {rows_.before()[block.y], rows_.before()[block.y_end - 1]};
    const T below[2] = {rows_.after()[block.y], rows_.after()[block.y_end - 1]};
    const T left[2] = {columns_.before()[block.x], columns_.before()[block.x_end - 1]};
    const T right[2] = {columns_.after()[block.x], columns_.after()[block.x_end - 1]};
    const int64_t best = best_in_the_middle<kWild>((above[0] + above[1]) / 2, (below[0] + below[1]) / 2,
                                                   (left[0] + left[1]) / 2, (right[0] + right[1]) / 2, before);
    if (best < 0) return before;

    // The scores at the corners of the block: rows first, as in the image, then columns.
    const auto corner = [&](int64_t i, int64_t j, int64_t k) {
      return part<kWild>(left[j], part<kWild>(above[i], a[k]) + part<kWild>(below[i], c[k])) +
             part<kWild>(right[j], part<kWild>(above[i], b[k]) + part<kWild>(below[i], d[k]));
    };
    const T bounds[4] = {corner(0, 0, best) - margin_, corner(0, 1, best) - margin_, corner(1, 0, best) - margin_,
                         corner(1, 1, best) - margin_};
    T* __restrict kept = scores_.data();
#pragma omp simd
    for (int64_t k = 0; k < before.count; ++k) {
      const bool loses = (corner(0, 0, k) < bounds[0]) & (corner(0, 1, k) < bounds[1]) & (corner(1, 0, k) < bounds[2]) &
                         (corner(1, 1, k) < bounds[3]);  // not where one is NaN
      kept[k] = loses ? T(0) : T(1);
    }
    return keep(before, memory);
  }

  // The candidate with the largest score of those that are finite; -1 if no score is.
  template <bool kWild>
  int64_t best_in_the_middle(T above, T below, T left, T right, const Candidates& before) {
    const T *a = before.logits[0], *b = before.logits[1], *c = before.logits[2], *d = before.logits[3];
    const T weights[4] = {above * left, above * right, below * left, below * right};
    if (static_cast<int64_t>(scores_.size()) < before.count) scores_.resize(before.count);
    T* __restrict scores = scores_.data();
    constexpr T kNone = -std::numeric_limits<T>::infinity();
    T best = kNone;
#pragma omp simd reduction(max : best)
    for (int64_t k = 0; k < before.count; ++k) {
      const T score = part<kWild>(weights[0], a[k]) + part<kWild>(weights[1], b[k]) + part<kWild>(weights[2], c[k]) +
                      part<kWild>(weights[3], d[k]);
      scores[k] = !kWild || score <= std::numeric_limits<T>::max() ? score : kNone;
      best = scores[k] > best ? scores[k] : best;
    }
    return best == kNone ? -1 : std::find(scores, scores + before.count, best) - scores;
  }

  // The candidates that `scores_` marks.
  Candidates keep(const Candidates& before, Memory& memory) {
    if (static_cast<int64_t>(memory.classes.size()) < before.count) memory.classes.resize(before.count);
    Index* classes = memory.classes.data();
    int64_t count = 0;
    for (int64_t k = 0; k < before.count; ++k) {
      classes[count] = static_cast<Index>(k);
      count += scores_[k] != 0;
    }
    Candidates left{count, classes, {}};
    for (int64_t corner = 0; corner < 4; ++corner) {
      std::vector<T>& logits = memory.logits[corner];
      if (static_cast<int64_t>(logits.size()) < count) logits.resize(count);
      for (int64_t k = 0; k < count; ++k) logits[k] = before.logits[corner][classes[k]];
      left.logits[corner] = logits.data();
    }
    for (int64_t k = 0; k < count; ++k) classes[k] = before.label(classes[k]);
    return left;
  }

  void fill(const Block& block, Index label) {
    for (int64_t y = block.y; y < block.y_end; ++y) {
      std::fill(target_ + y * width_ + block.x, target_ + y * width_ + block.x_end, label);
    }
  }

  // Score the candidates at each pixel. The sum goes from the last entry to the first, like TensorFlow's.
  template <bool kWild>
  void score(const Block& block, const Candidates& candidates) {
    for (int64_t y = block.y; y < block.y_end; ++y) {
      const float above = rows_.before()[y], below = rows_.after()[y];
      for (int64_t x = block.x; x < block.x_end; x += kLanes) {
        Vector weights[4], best = Vector{} - std::numeric_limits<T>::infinity();
        Indices labels{};
        for (int64_t i = 0; i < kLanes; ++i) {
          const float left = columns_.before()[x + i], right = columns_.after()[x + i];
          weights[0][i] = above * left;
          weights[1][i] = above * right;
          weights[2][i] = below * left;
          weights[3][i] = below * right;
        }
        for (int64_t k = 0; k < candidates.count; ++k) {
          Vector score = parts<kWild>(weights[3], candidates.logits[3][k]);
          for (int64_t corner = 2; corner >= 0; --corner) {
            score += parts<kWild>(weights[corner], candidates.logits[corner][k]);
          }
          const Indices better = score > best;  // never where it is NaN
          best = better ? score : best;
          labels = better ? Indices{} + candidates.label(k) : labels;
        }
        const int64_t count = std::min(block.x_end - x, kLanes);
        for (int64_t i = 0; i < count; ++i) target_[y * width_ + x + i] = labels[i];
      }
    }
  }

  template <bool kWild>
  static Vector parts(Vector weights, T logit) {
    const Vector products = weights * logit;
    return kWild ? (weights == 0 ? Vector{} : products) : products;
  }

  const PixelwiseLabelMap& problem_;
  const UpsampledAxis &rows_, &columns_;
  const T* logits_;
  const Magnitude<T>* magnitudes_;
  int64_t* labels_;

  T margin_ = 0;
  int64_t width_ = 0;
  int64_t* target_ = nullptr;  // the labels of this image
  std::vector<T> scores_;
  Memory memory_[kDepth];
};

// labels [batch, height * factor, width * factor] = the class of the largest upsampled logit; of equal ones the first.
// NaN counts as -infinity. No axis of an image may be empty.
template <typename T, typename Parallel>
void label_map(const PixelwiseLabelMap& p, const Parallel& parallel, const T* logits, int64_t* labels) {
  const int64_t entries = p.batch * p.height * p.width;
  std::vector<Magnitude<T>> magnitudes(entries);
  parallel(entries, p.classes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) magnitudes[i] = magnitude(logits + i * p.classes, p.classes);
  });
  const UpsampledAxis rows(p.height, p.factor, p.edge), columns(p.width, p.factor, p.edge);
  const int64_t cells = rows.cells() * columns.cells();
  parallel(p.batch * cells, 10 * p.classes + 20 * p.factor * p.factor, [&](int64_t begin, int64_t end) {
    CellLabeler<T> labeler(p, rows, columns, logits, magnitudes.data(), labels);
    for (int64_t i = begin; i < end; ++i) {
      labeler.label(i / cells, i % cells / columns.cells(), i % cells % columns.cells());
    }
  });
}

}  // namespace pixelwise

#endif  // PIXELWISE_LABEL_MAP_CPU_H_
