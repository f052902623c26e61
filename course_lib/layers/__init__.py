"""Layers by hand.

- `dense`: a dense layer as a convolution
"""

from course_lib.layers.dense import dense_to_conv

__all__ = ["dense_to_conv"]
