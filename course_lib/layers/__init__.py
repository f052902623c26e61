"""Layers by hand.

- `dense`: a dense layer as a convolution
- `features`: what inner layers of a network compute
"""

from course_lib.layers.dense import dense_to_conv
from course_lib.layers.features import features_at, layer_table

__all__ = ["dense_to_conv", "features_at", "layer_table"]
