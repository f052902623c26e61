"""Layers by hand.

- `dense`: a dense layer as a convolution
- `losses`: the Euclidean loss and soft Dice
- `gradient_check`: is a gradient right, and if not, why?
"""

from course_lib.layers.dense import dense_to_conv
from course_lib.layers.gradient_check import gradient_check
from course_lib.layers.gradient_report import GradientCheck
from course_lib.layers.losses import dice_loss, euclidean_loss

__all__ = ["GradientCheck", "dense_to_conv", "dice_loss", "euclidean_loss", "gradient_check"]
