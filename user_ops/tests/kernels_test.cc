// The kernels of the processor against sums written from the formulas, without TensorFlow. Meant to run with
// sanitizers: most of what it tries is at a border.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "label_map_cpu.h"
#include "max_unpool_cpu.h"
#include "sparse_extractor_cpu.h"

namespace {

using namespace pixelwise;

int failures = 0;

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::printf("%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                          \
    }                                                                      \
  } while (false)

// A number with bfloat16's range and bits.
class Coarse {
 public:
  Coarse() = default;
  explicit Coarse(float value) {
    std::memcpy(&bits_, &value, 4);
    if (value == value) bits_ = (bits_ + 0x7fff + (bits_ >> 16 & 1)) & 0xffff0000u;
  }
  explicit operator float() const {
    float value;
    std::memcpy(&value, &bits_, 4);
    return value;
  }

 private:
  uint32_t bits_;
};

struct Threads {
  int count;

  template <typename Work>
  void operator()(int64_t total, int64_t, const Work& work) const {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { work(total * i / count, total * (i + 1) / count); });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

std::mt19937 generator(0);

template <typename T>
std::vector<T> random_values(int64_t size) {
  std::normal_distribution<float> normal;
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

// Locations inside, on, and far outside of the borders.
std::vector<float> random_locations(const PixelwiseSparseExtractor& p) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> special = {0, -0.0f, infinity, -infinity, 1e30f, NAN};
  std::uniform_real_distribution<float> uniform(-2.0f, static_cast<float>(std::max(p.height, p.width)) + 1);
  std::vector<float> locations(2 * p.batch * p.locations);
  for (float& value : locations) {
    value = generator() % 8 ? uniform(generator) * p.scale : special[generator() % special.size()];
    if (generator() % 4 == 0) value = std::floor(value);
  }
  return locations;
}

int64_t entry(const PixelwiseSparseExtractor& p, int64_t image, int64_t y, int64_t x, int64_t channel) {
  return p.channels_first ? ((image * p.channels + channel) * p.height + y) * p.width + x
                          : ((image * p.height + y) * p.width + x) * p.channels + channel;
}

// One axis, in the words of the specification.
void axis(float centroid, float offset, float scale, int64_t size, int64_t* lower, int64_t* upper, double* fraction) {
  const float position = std::fmin(std::fmax((centroid - offset) / scale, 0.0f), static_cast<float>(size - 1));
  *lower = std::min(static_cast<int64_t>(std::floor(position)), std::max<int64_t>(size - 2, 0));
  *upper = std::min(*lower + 1, size - 1);
  *fraction = position - static_cast<float>(*lower);
}

// Calls visit(entry of the map, entry of the columns, weight) for all that a location reads.
template <typename Visit>
void each_weight(const PixelwiseSparseExtractor& p, const std::vector<float>& centroids, const Visit& visit) {
  for (int64_t i = 0; i < p.batch * p.locations; ++i) {
    if (std::isnan(centroids[2 * i]) || std::isnan(centroids[2 * i + 1])) continue;
    int64_t y[2], x[2];
    double fy, fx;
    axis(centroids[2 * i], p.offset_y, p.scale, p.height, y, y + 1, &fy);
    axis(centroids[2 * i + 1], p.offset_x, p.scale, p.width, x, x + 1, &fx);
    for (int64_t c = 0; c < p.channels; ++c) {
      for (int k = 0; k < 4; ++k) {
        const double weight = (k / 2 ? fy : 1 - fy) * (k % 2 ? fx : 1 - fx);
        visit(entry(p, i / p.locations, y[k / 2], x[k % 2], c), i * p.channels + c, weight);
      }
    }
  }
}

template <typename T>
void expect_near(const std::vector<T>& values, const std::vector<double>& expected, double tolerance) {
  EXPECT(values.size() == expected.size());
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<accumulator_t<T>>(values[i]);
    if (std::isnan(expected[i]) && std::isnan(value)) continue;
    const double difference = std::fabs(value - expected[i]) / (1 + std::fabs(expected[i]));
    worst = difference <= worst ? worst : difference;  // a NaN stays
  }
  EXPECT(worst <= tolerance);
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <typename T>
void test_extractor(const PixelwiseSparseExtractor& p, double tolerance) {
  const int64_t map_size = p.batch * p.height * p.width * p.channels, column_size = p.batch * p.locations * p.channels;
  const auto centroids = random_locations(p);
  const auto activations = random_values<T>(map_size), upstream = random_values<T>(column_size);
  const auto wide = [](T value) { return static_cast<double>(static_cast<accumulator_t<T>>(value)); };

  std::vector<double> expected_columns(column_size), expected_gradient(map_size);
  for (int64_t i = 0; i < column_size; ++i) {
    const int64_t location = i / p.channels;
    if (is_nan(centroids.data() + 2 * location)) expected_columns[i] = NAN;
  }
  each_weight(p, centroids, [&](int64_t from, int64_t to, double weight) {
    expected_columns[to] += weight * wide(activations[from]);
    expected_gradient[from] += weight * wide(upstream[to]);
  });

  std::vector<T> first;
  for (int threads : {1, 2, 5}) {
    std::vector<T> columns(column_size), gradient(map_size);
    extract(p, Threads{threads}, centroids.data(), activations.data(), columns.data());
    extract_gradient(p, Threads{threads}, centroids.data(), upstream.data(), gradient.data());
    expect_near(columns, expected_columns, tolerance);
    expect_near(gradient, expected_gradient, tolerance);
    if (threads == 1) first = gradient;
    EXPECT(same_bits(gradient, first));
  }
}

// The gradient for locations, by central differences in double.
void test_centroid_gradient(PixelwiseSparseExtractor p) {
  std::vector<float> centroids(2 * p.batch * p.locations);
  std::uniform_int_distribution<int> cell(-1, static_cast<int>(std::max(p.height, p.width)));
  for (float& value : centroids) value = (static_cast<float>(cell(generator)) + 0.375f) * p.scale + p.offset_y;
  const int64_t column_size = p.batch * p.locations * p.channels;
  const auto activations = random_values<double>(p.batch * p.height * p.width * p.channels);
  const auto upstream = random_values<double>(column_size);
  const auto loss = [&](const std::vector<float>& at, int64_t location) {
    std::vector<double> columns(column_size);
    extract(p, Threads{1}, at.data(), activations.data(), columns.data());
    double sum = 0;
    for (int64_t i = location * p.channels; i < (location + 1) * p.channels; ++i) sum += columns[i] * upstream[i];
    return sum;
  };
  std::vector<float> result(centroids.size());
  extract_centroid_gradient(p, Threads{2}, centroids.data(), upstream.data(), activations.data(), result.data());
  std::vector<double> expected(centroids.size());
  for (size_t i = 0; i < centroids.size(); ++i) {
    auto below = centroids, above = centroids;
    below[i] -= p.scale / 8;
    above[i] += p.scale / 8;
    expected[i] = (loss(above, i / 2) - loss(below, i / 2)) / (above[i] - below[i]);
  }
  expect_near(result, expected, 1e-4);
}

void test_missing_location_has_missing_gradient() {
  const PixelwiseSparseExtractor p{1, 2, 3, 3, 2, 1, 0, 0, 0, PIXELWISE_FLOAT};
  const std::vector<float> centroids = {NAN, 1, INFINITY, -INFINITY}, columns(4, 1), map(18, 1);
  std::vector<float> result(4);
  extract_centroid_gradient(p, Threads{1}, centroids.data(), columns.data(), map.data(), result.data());
  EXPECT(std::isnan(result[0]) && std::isnan(result[1]));
  EXPECT(result[2] == 0 && result[3] == 0);
}

// An infinite number reaches what it has a positive weight in, and nothing else.
void test_what_has_weight_0_takes_no_part() {
  for (int32_t channels_first : {0, 1}) {
    const PixelwiseSparseExtractor p{1, 4, 2, 3, 1, 1, 0, 0, channels_first, PIXELWISE_FLOAT};
    const std::vector<float> centroids = {0, 0, 0, 0.5f, 1, 1, 0.5f, 1}, map = {1, INFINITY, 2, 3, 4, 5};
    std::vector<float> columns(4), gradient(6), slopes(8);
    extract(p, Threads{1}, centroids.data(), map.data(), columns.data());
    EXPECT(columns[0] == 1 && columns[1] == INFINITY && columns[2] == 4 && columns[3] == INFINITY);
    const std::vector<float> upstream = {INFINITY, 0, 1, 0};
    extract_gradient(p, Threads{1}, centroids.data(), upstream.data(), gradient.data());
    EXPECT(gradient[0] == INFINITY && gradient[4] == 1);
    EXPECT(gradient[1] == 0 && gradient[2] == 0 && gradient[3] == 0 && gradient[5] == 0);
    const std::vector<float> ones = {1, 0, 1, 0};
    extract_centroid_gradient(p, Threads{1}, centroids.data(), ones.data(), map.data(), slopes.data());
    EXPECT(slopes[0] == 2 && slopes[1] == INFINITY);  // down to the finite 3, across to the infinite number
    EXPECT(slopes[2] == 0 && slopes[3] == 0);         // an upstream of 0
    EXPECT(slopes[4] == -INFINITY && slopes[5] == 1);
  }
}

// Where indices lie: anywhere; near to where an ordinary pool takes a value from; in the window of a pool without
// overlap, but for one in so many.
enum Where { kAnywhere = 0, kNear = 1, kFewStrays = 1000, kManyStrays = 10 };

template <typename T>
void test_unpool(const PixelwiseMaxUnpool& p, Extent from, Extent to, Where where, double tolerance) {
  const int64_t channels = p.output_size / (to.rows * to.columns);
  const int64_t pooled_size = p.batch * p.pooled_size, output_size = p.batch * p.output_size;
  const auto pooled = random_values<T>(pooled_size), upstream = random_values<T>(output_size);
  std::vector<int64_t> argmax(pooled_size), places(pooled_size);
  for (int64_t i = 0; i < pooled_size; ++i) {
    // Indices meet often.
    const int64_t image = i / p.pooled_size, home = i % p.pooled_size * p.output_size / p.pooled_size;
    const int64_t close = std::min<int64_t>(home + generator() % 50, p.output_size - 1);
    int64_t at = where == kNear ? close : generator() % p.output_size;
    if (where > kNear && generator() % where != 0) {
      const int64_t rows = to.rows / from.rows, columns = to.columns / from.columns;
      const int64_t cell = i % p.pooled_size / channels;
      const int64_t y = cell / from.columns * rows + generator() % rows;
      const int64_t x = cell % from.columns * columns + generator() % columns;
      at = (y * to.columns + x) * channels + i % channels;
    }
    places[i] = image * p.output_size + at;
    argmax[i] = p.batch_in_index ? places[i] : at;
  }
  std::vector<double> expected(output_size), expected_gradient(pooled_size);
  for (int64_t i = 0; i < pooled_size; ++i) {
    expected[places[i]] += static_cast<accumulator_t<T>>(pooled[i]);
    expected_gradient[i] = static_cast<accumulator_t<T>>(upstream[places[i]]);
  }
  std::vector<T> first;
  for (int threads : {1, 2, 5}) {
    std::vector<T> output(output_size), gradient(pooled_size);
    EXPECT(unpool(p, from, to, Threads{threads}, pooled.data(), argmax.data(), output.data()) == -1);
    EXPECT(unpool_gradient(p, Threads{threads}, upstream.data(), argmax.data(), gradient.data()) == -1);
    expect_near(output, expected, tolerance);
    expect_near(gradient, expected_gradient, 0);
    if (threads == 1) first = output;
    EXPECT(same_bits(output, first));
  }
}

void test_unpool_reports_the_first_index_outside() {
  const int64_t lowest = std::numeric_limits<int64_t>::min(), highest = std::numeric_limits<int64_t>::max();
  for (int64_t bad : {int64_t{-1}, int64_t{16}, lowest, highest}) {
    const PixelwiseMaxUnpool p{2, 4, 16, 0, PIXELWISE_FLOAT};
    const std::vector<int64_t> argmax = {0, 1, 2, 3, 0, bad, 2, bad};
    const std::vector<float> pooled(8, 1), upstream(32, 1);
    std::vector<float> output(32), gradient(8);
    EXPECT(unpool(p, {2, 2}, {4, 4}, Threads{2}, pooled.data(), argmax.data(), output.data()) == 5);
    EXPECT(unpool_gradient(p, Threads{2}, upstream.data(), argmax.data(), gradient.data()) == 5);
  }
}

// The same where the windows tile the output, and the low bits of the index are those of a place in the window.
void test_window_reports_the_first_index_outside() {
  const int64_t channels = 16, far = int64_t{1} << 32;
  const PixelwiseMaxUnpool p{2, 4 * channels, 16 * channels, 0, PIXELWISE_FLOAT};
  for (int64_t bad : {int64_t{-1}, p.output_size, far, -far, std::numeric_limits<int64_t>::max()}) {
    std::vector<int64_t> argmax(2 * p.pooled_size);
    for (int64_t i = 0; i < 2 * p.pooled_size; ++i) {
      const int64_t cell = i % p.pooled_size / channels;
      argmax[i] = (cell / 2 * 8 + cell % 2 * 2) * channels + i % channels;
    }
    argmax[p.pooled_size] = argmax[p.pooled_size + 5] = bad;
    const std::vector<float> pooled(argmax.size(), 1);
    std::vector<float> output(2 * p.output_size, 7);
    EXPECT(unpool(p, {2, 2}, {4, 4}, Threads{2}, pooled.data(), argmax.data(), output.data()) == p.pooled_size);
    EXPECT(output[0] == 1 && output[channels] == 0 && output[p.output_size] == 0 && output[p.output_size + 1] == 1);
  }
}

void test_empty_unpool() {
  const std::vector<int64_t> argmax(4);
  std::vector<float> values(16, 7);
  const auto run = [&](const PixelwiseMaxUnpool& p, Extent from, Extent to) {
    return unpool(p, from, to, Threads{2}, values.data(), argmax.data(), values.data());
  };
  EXPECT(run({0, 4, 16, 0, PIXELWISE_FLOAT}, {2, 2}, {4, 4}) == -1);
  EXPECT(values[0] == 7);
  EXPECT(run({1, 0, 16, 0, PIXELWISE_FLOAT}, {0, 2}, {4, 4}) == -1);
  EXPECT(values[0] == 0 && values[15] == 0);
  EXPECT(run({1, 4, 0, 0, PIXELWISE_FLOAT}, {2, 2}, {4, 0}) == 0);
}

void test_extractors() {
  // batch, locations, height, width, channels
  const int64_t sizes[][5] = {{2, 40, 5, 7, 3},  {1, 30, 7, 5, 33}, {3, 9, 1, 4, 17}, {2, 9, 4, 1, 16},
                              {2, 9, 1, 1, 2},   {0, 5, 3, 3, 2},   {2, 0, 3, 3, 2},  {2, 5, 3, 3, 0},
                              {1, 200, 2, 2, 1}, {2, 0, 0, 3, 2}};
  for (const auto& s : sizes) {
    for (int32_t channels_first : {0, 1}) {
      PixelwiseSparseExtractor p{s[0], s[1], s[2], s[3], s[4], 2.5f, 0.75f, -0.5f, channels_first, 0};
      test_extractor<float>(p, 1e-5);
      test_extractor<double>(p, 1e-6);  // the weights come from float fractions
      test_extractor<Coarse>(p, 1e-2);
      if (p.height > 0) test_centroid_gradient(p);
    }
  }
}

void test_unpools() {
  for (int32_t batch_in_index : {0, 1}) {
    for (Where where : {kNear, kAnywhere}) {
      const PixelwiseMaxUnpool small{3, 5 * 35, 9 * 63, batch_in_index, 0};
      const PixelwiseMaxUnpool large{2, 13 * 13 * 257, 27 * 27 * 257, batch_in_index, 0};  // several strips an image
      test_unpool<float>(small, {5, 5}, {9, 9}, where, 1e-5);
      test_unpool<double>(large, {13, 13}, {27, 27}, where, 1e-12);
      test_unpool<Coarse>(large, {13, 13}, {27, 27}, where, 1e-2);
    }
    for (Where where : {kFewStrays, kManyStrays, kNear, kAnywhere}) {
      for (int64_t channels : {3, 16, 67}) {
        const PixelwiseMaxUnpool tiled{2, 20 * 17 * channels, 40 * 51 * channels, batch_in_index, 0};
        test_unpool<float>(tiled, {20, 17}, {40, 51}, where, 1e-5);
        test_unpool<double>(tiled, {20, 17}, {40, 51}, where, 1e-12);
        test_unpool<Coarse>(tiled, {20, 17}, {40, 51}, where, 1e-2);
      }
    }
  }
}

// How much an entry counts for a pixel, in the words of the specification.
double tent(int64_t pixel, int64_t entry, int64_t size, int64_t factor, bool edge) {
  int64_t place = 2 * pixel + 1;  // in half pixels
  if (edge) place = std::clamp(place, factor, (2 * size - 1) * factor);
  return std::max<double>(0, 2 * factor - std::abs(place - (2 * entry + 1) * factor)) / static_cast<double>(2 * factor);
}

// Every label has the best score, up to rounding, and is the first one with it.
template <typename T>
void test_label_map(const PixelwiseLabelMap& p, const std::vector<T>& logits) {
  const int64_t height = p.height * p.factor, width = p.width * p.factor;
  std::vector<int64_t> first;
  for (int threads : {1, 2, 5}) {
    std::vector<int64_t> labels(p.batch * height * width, -1);
    label_map(p, Threads{threads}, logits.data(), labels.data());
    if (threads == 1) first = labels;
    EXPECT(labels == first);
  }
  double range = 0;
  for (const T value : logits) range = std::isfinite(value) ? std::max<double>(range, std::abs(value)) : range;
  int64_t wrong = 0;
  for (int64_t i = 0; i < p.batch * height * width; ++i) {
    const int64_t image = i / (height * width), y = i / width % height, x = i % width;
    std::vector<double> scores(p.classes);
    for (int64_t row = 0; row < p.height; ++row) {
      for (int64_t column = 0; column < p.width; ++column) {
        const double weight = tent(y, row, p.height, p.factor, p.edge) * tent(x, column, p.width, p.factor, p.edge);
        const int64_t entry = (image * p.height + row) * p.width + column;
        for (int64_t c = 0; weight > 0 && c < p.classes; ++c) scores[c] += weight * logits[entry * p.classes + c];
      }
    }
    for (double& score : scores) score = std::isnan(score) ? -INFINITY : score;
    const double best = *std::max_element(scores.begin(), scores.end());
    const bool inside = first[i] >= 0 && first[i] < p.classes;
    wrong += !inside || !(scores[first[i]] == best || best - scores[first[i]] < 2e-5 * range);
    if (best == -INFINITY) wrong += first[i] != 0;
  }
  EXPECT(wrong == 0);
}

template <typename T>
void test_label_maps_of() {
  const float infinity = std::numeric_limits<float>::infinity();
  const T special[] = {T(infinity), T(-infinity), T(NAN), std::numeric_limits<T>::max(), std::numeric_limits<T>::min()};
  // batch, height, width, classes, factor
  const int64_t sizes[][5] = {{2, 3, 4, 21, 32}, {1, 2, 3, 100, 31}, {3, 1, 1, 1, 1},  {2, 5, 1, 3, 2},
                              {1, 1, 5, 8, 3},   {2, 4, 3, 9, 1},    {1, 2, 2, 7, 70}, {0, 3, 3, 2, 4}};
  for (const auto& s : sizes) {
    for (int32_t edge : {0, 1}) {
      const PixelwiseLabelMap p{s[0], s[1], s[2], s[3], s[4], edge};
      std::vector<T> logits = random_values<T>(p.batch * p.height * p.width * p.classes);
      test_label_map(p, logits);
      for (T& value : logits) value = std::round(value);  // many are equal
      test_label_map(p, logits);
      for (T& value : logits) value = generator() % 8 ? value : special[generator() % 5];
      test_label_map(p, logits);
      for (size_t i = 0; i < logits.size(); i += p.classes) logits[i] = T(-infinity);  // a class that is masked
      test_label_map(p, logits);
    }
  }
}

void test_equal_classes_go_to_the_first() {
  const PixelwiseLabelMap p{1, 3, 4, 40, 9, 0};
  const auto numbers = random_values<float>(p.height * p.width * p.classes / 4);
  std::vector<float> logits;
  for (const float number : numbers) logits.insert(logits.end(), 4, number);
  std::vector<int64_t> labels(p.height * p.width * p.factor * p.factor);
  label_map(p, Threads{2}, logits.data(), labels.data());
  for (const int64_t label : labels) EXPECT(label % 4 == 0);
}

}  // namespace

int main() {
  test_extractors();
  test_missing_location_has_missing_gradient();
  test_what_has_weight_0_takes_no_part();
  test_unpools();
  test_unpool_reports_the_first_index_outside();
  test_window_reports_the_first_index_outside();
  test_empty_unpool();
  test_label_maps_of<float>();
  test_label_maps_of<double>();
  test_equal_classes_go_to_the_first();
  if (failures == 0) std::printf("all kernels as expected\n");
  return failures != 0;
}
