"""Hypercolumns: the values of all of a network's maps at a pixel, as one column [1]_.

The dense form upsamples every map to the image. The sparse form samples the maps at a few locations, which is what
training on large images needs [2]_; the two agree if a location is a pixel.

- `models`: sparse and dense columns of any Keras model, by names of layers
- `columns`, `layers`: columns of given maps, as functions and as Keras layers
- `geometry`: where the entries of a network's maps are in the image; `axes`: how each kind of layer changes that
- `cost`: time and memory of a training step, sparse and dense, each in a separate process

References
----------
.. [1] Hariharan, Arbeláez, Girshick and Malik, "Hypercolumns for Object Segmentation and Fine-grained Localization",
   arXiv 1411.5752.
.. [2] Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
"""

from course_lib.hypercolumns.columns import Offset, Scale, dense_hypercolumn, sparse_hypercolumn
from course_lib.hypercolumns.cost import step_cost
from course_lib.hypercolumns.geometry import Grid, grids
from course_lib.hypercolumns.layers import DenseHypercolumn, SparseHypercolumn
from course_lib.hypercolumns.models import dense_hypercolumn_model, sparse_hypercolumn_model

__all__ = [
    "DenseHypercolumn",
    "Grid",
    "Offset",
    "Scale",
    "SparseHypercolumn",
    "dense_hypercolumn",
    "dense_hypercolumn_model",
    "grids",
    "sparse_hypercolumn",
    "sparse_hypercolumn_model",
    "step_cost",
]
