// The gradient of sparse_extractor for its map, where each sum is made in the order of the locations.
//
// A block owns a tile: some columns of one row of a map, by some channels. It looks at all locations of the image, a
// block's width at a time, lists those that read the row in order, and each thread adds its own channel of the list to
// sums in shared memory. No atomics, no scratch memory, each entry written once. The price: every tile looks at every
// location, batch * height * ceil(width / 32) * ceil(channels / 128) * locations looks in all, 8 bytes of cached
// reading each; and a crowded row is added by one block, one location after the other.
#ifndef PIXELWISE_SPARSE_EXTRACTOR_IN_ORDER_GPU_H_
#define PIXELWISE_SPARSE_EXTRACTOR_IN_ORDER_GPU_H_

#include "sparse_extractor_gpu.h"

namespace pixelwise {
namespace {

constexpr int kTileColumns = 32;
constexpr int kTileChannels = 128;

struct Tile {
  int64_t image, row, column, channel;  // of its first entry
  int columns, channels;
};

__device__ __forceinline__ Tile tile_at(const Problem& p, int64_t index) {
  const int64_t across = (p.width + kTileColumns - 1) / kTileColumns;
  const int64_t deep = (p.channels + blockDim.x - 1) / blockDim.x;
  Tile tile;
  tile.channel = index % deep * blockDim.x;
  index /= deep;
  tile.column = index % across * kTileColumns;
  index /= across;
  tile.row = index % p.height;
  tile.image = index / p.height;
  tile.columns = static_cast<int>(min(p.width - tile.column, static_cast<int64_t>(kTileColumns)));
  tile.channels = static_cast<int>(min(p.channels - tile.channel, static_cast<int64_t>(blockDim.x)));
  return tile;
}

// A location that reads the row of a tile: its index, its two columns in the tile (or beyond), and their weights.
template <typename Sum>
struct Reader {
  int64_t location;
  int columns[2];
  Sum weights[2];
};

template <typename Sum>
__device__ __forceinline__ bool reads(const Problem& p, const Tile& tile, const float* centroid, Reader<Sum>* reader) {
  if (is_nan(centroid)) return false;
  const Sample at = sample_of(p, centroid);
  const int64_t beyond = kTileColumns;
  const int64_t lower = at.x.lower - tile.column, upper = at.x.upper - tile.column;
  if ((at.y.lower != tile.row && at.y.upper != tile.row) || upper < 0 || lower >= beyond) return false;
  const int corner = at.y.lower == tile.row ? 0 : 2;
  reader->columns[0] = static_cast<int>(lower);
  reader->columns[1] = static_cast<int>(upper);
  reader->weights[0] = at.weight<Sum>(corner);
  reader->weights[1] = at.weight<Sum>(corner + 1);
  return true;
}

template <typename T>
__global__ void __launch_bounds__(kTileChannels)
    gather(Problem p, Strides s, int64_t tiles, const float* __restrict__ centroids, const T* __restrict__ gradient,
           T* __restrict__ result) {
  using Sum = accumulator_t<T>;
  __shared__ Sum sums[kTileColumns][kTileChannels + 1];  // one more, so that columns lie in different banks
  __shared__ Reader<Sum> readers[kTileChannels];
  for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    const Tile tile = tile_at(p, index);
    const int64_t end = (tile.image + 1) * p.locations;
    const bool active = static_cast<int>(threadIdx.x) < tile.channels;
    for (int x = 0; x < kTileColumns; ++x) sums[x][threadIdx.x] = 0;
    for (int64_t first = tile.image * p.locations; first < end; first += blockDim.x) {
      const int64_t location = first + threadIdx.x;
      Reader<Sum> mine;
      mine.location = location;
      int count;
      const bool chosen = location < end && reads(p, tile, centroids + 2 * location, &mine);
      const int slot = place<kTileChannels>(chosen, &count);
      if (chosen) readers[slot] = mine;
      __syncthreads();
#pragma unroll 4
      for (int i = 0; i < (active ? count : 0); ++i) {
        const Reader<Sum>& reader = readers[i];
        const Sum term = static_cast<Sum>(gradient[reader.location * p.channels + tile.channel + threadIdx.x]);
        for (int k = 0; k < 2; ++k) {
          const int x = reader.columns[k];
          if (x >= 0 && x < kTileColumns) sums[x][threadIdx.x] += weighted(reader.weights[k], term);
        }
      }
      __syncthreads();
    }
    __syncthreads();
    T* corner = result + tile.image * s.image + (tile.row * p.width + tile.column) * s.pixel + tile.channel * s.channel;
    for (int i = threadIdx.x; i < tile.columns * tile.channels; i += blockDim.x) {
      // Neighboring threads write to neighboring addresses, in either layout.
      const int x = p.channels_first ? i % tile.columns : i / tile.channels;
      const int c = p.channels_first ? i / tile.columns : i % tile.channels;
      corner[x * s.pixel + c * s.channel] = static_cast<T>(sums[x][c]);
    }
    __syncthreads();
  }
}

}  // namespace
}  // namespace pixelwise

#endif  // PIXELWISE_SPARSE_EXTRACTOR_IN_ORDER_GPU_H_
