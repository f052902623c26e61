"""Layers by hand.

- `dense`: a dense layer as a convolution
- `locally_connected`, `local_layers`: convolutions that differ from place to place, as a function and as Keras layers
- `windows`: the windows of a map, taken out and added up
"""

from course_lib.layers.dense import dense_to_conv
from course_lib.layers.local_layers import LocallyConnected2D, ScaledConv2D
from course_lib.layers.locally_connected import locally_connected

__all__ = ["LocallyConnected2D", "ScaledConv2D", "dense_to_conv", "locally_connected"]
