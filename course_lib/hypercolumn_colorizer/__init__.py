"""A colorizer on hypercolumns: a histogram of colors for every pixel, from a network's maps at that pixel [1]_.

- `features`: the maps of VGG-16, from lightness, and hypercolumns at a few sites
- `targets`, `losses`: the histograms of hue and chroma to predict, and the distance of a prediction from them
- `head`, `examples`, `training`, `committee`: the networks that predict them, and `train`
- `dense`, `tiles`: the same at every pixel of a picture of any size, in little memory; `cost` measures that
- `decoding`, `hints`: one color from histograms, and colors that a person gives
- `colorizer`, `head_file`: all of it together, and its file
- `photographs`: the photographs for training and testing in the capstone

References
----------
.. [1] Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
"""

from course_lib.hypercolumn_colorizer.colorizer import HypercolumnColorizer
from course_lib.hypercolumn_colorizer.committee import train
from course_lib.hypercolumn_colorizer.decoding import expected_color, uncertainty
from course_lib.hypercolumn_colorizer.hints import Hint, apply_hints, influence
from course_lib.hypercolumn_colorizer.losses import histogram_loss
from course_lib.hypercolumn_colorizer.photographs import capstone_photographs
from course_lib.hypercolumn_colorizer.targets import Targets, histogram_targets

__all__ = [
    "Hint",
    "HypercolumnColorizer",
    "Targets",
    "apply_hints",
    "capstone_photographs",
    "expected_color",
    "histogram_loss",
    "histogram_targets",
    "influence",
    "train",
    "uncertainty",
]
