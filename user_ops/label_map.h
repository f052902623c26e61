// Coarse logits, upsampled bilinearly, and the class of the largest one at each pixel: the problem.
#ifndef PIXELWISE_LABEL_MAP_H_
#define PIXELWISE_LABEL_MAP_H_

#include <cstdint>

struct PixelwiseLabelMap {
  int64_t batch, height, width, classes;  // logits [batch, height, width, classes]
  int64_t factor;                         // labels [batch, height * factor, width * factor]
  int32_t edge;                           // 0: zeros lie outside of the map; 1: its border entries, repeated
};

#endif  // PIXELWISE_LABEL_MAP_H_
