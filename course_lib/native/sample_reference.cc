// The course's own loop, to race against.
namespace {

struct Axis {
  std::int64_t near, far;  // the two entries around a position
  float share;             // of the farther one

  Axis(float coordinate, float scale, int size) {
    const float end = static_cast<float>(size - 1);
    const float place = std::fmin(std::fmax(coordinate / scale, 0.0f), end);
    near = std::min<std::int64_t>(static_cast<std::int64_t>(place), std::max(size - 2, 0));
    far = std::min<std::int64_t>(near + 1, size - 1);
    share = place - static_cast<float>(near);
  }
};

}  // namespace

namespace course {

void sample(const float* map, int height, int width, int channels, const float* yx, int count, float scale,
            float* out) {
  for (const float* end = yx + 2 * static_cast<std::int64_t>(count); yx != end; yx += 2, out += channels) {
    const Axis y(yx[0], scale, height), x(yx[1], scale, width);
    const float* corner[4] = {map + (y.near * width + x.near) * channels, map + (y.near * width + x.far) * channels,
                              map + (y.far * width + x.near) * channels, map + (y.far * width + x.far) * channels};
    const float weight[4] = {(1 - y.share) * (1 - x.share), (1 - y.share) * x.share, y.share * (1 - x.share),
                             y.share * x.share};
    for (int c = 0; c < channels; ++c) {
      float sum = 0;
      for (int k = 0; k < 4; ++k) sum += weight[k] * corner[k][c];
      out[c] = sum;
    }
  }
}

}  // namespace course
