"""Layers by hand.

- `contract`: the interface of a layer in plain NumPy; `checked_layer`: a wrapper that checks it at every call
- `net`: a net of such layers, and a solver that trains it; `numpy_layers`: such layers
- `bridge`: such a layer as a TensorFlow function and as a Keras layer
- `losses`: the Euclidean loss and soft Dice
- `gradient_check`: whether a gradient is right; `differences`: the numeric gradient it is compared with,
  `gradient_causes`: why it is wrong, `gradient_report`: the result in words
- `dense`: a dense layer as a convolution
- `locally_connected`, `local_layers`: convolutions that differ from place to place, as a function and as Keras layers;
  `windows`: extracting the windows of a map, and adding them up
- `features`: what inner layers of a network compute; `graphs`: models whose layers are known
"""

from course_lib.layers.bridge import NumpyLayer, as_function
from course_lib.layers.contract import Layer, LayerError
from course_lib.layers.dense import dense_to_conv
from course_lib.layers.features import features_at, layer_table
from course_lib.layers.gradient_check import gradient_check
from course_lib.layers.gradient_report import GradientCheck
from course_lib.layers.local_layers import LocallyConnected2D, ScaledConv2D
from course_lib.layers.locally_connected import locally_connected
from course_lib.layers.losses import dice_loss, euclidean_loss
from course_lib.layers.net import Net, Node, Solver
from course_lib.layers.numpy_layers import Dense, EuclideanLoss, ReLU

__all__ = [
    "Dense",
    "EuclideanLoss",
    "GradientCheck",
    "Layer",
    "LayerError",
    "LocallyConnected2D",
    "Net",
    "Node",
    "NumpyLayer",
    "ReLU",
    "ScaledConv2D",
    "Solver",
    "as_function",
    "dense_to_conv",
    "dice_loss",
    "euclidean_loss",
    "features_at",
    "gradient_check",
    "layer_table",
    "locally_connected",
]
