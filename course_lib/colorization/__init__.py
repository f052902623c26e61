"""Colorization: a network that predicts color from lightness, its training, and reports during training.

- `unet`, `colorizer`: the network, and how its metrics get RGB
- `convolution`: its layers for small maps, faster than Keras' on a CPU; `optimizer`: Adam in one pass over the weights
- `photographs`, `examples`: the training data, in batches that are the same after an interruption
- `losses`, `metrics`, `baselines`: its errors, and predictions that it must beat
- `training`, `progress`, `learning_rate`: `train` with its checkpoints, and a learning rate that a person may change
- `report`, `tensorboard`, `export`, `animations`: callbacks that show training, and readers of their files; `pictures`
  is the code that they share
- `tensorboard_page`, `tensorboard_server`: TensorBoard in a notebook, and the program that serves it
"""

from course_lib.colorization.animations import animation
from course_lib.colorization.baselines import gray, mean_color
from course_lib.colorization.colorizer import Colorizer
from course_lib.colorization.examples import Crops, Pairs
from course_lib.colorization.export import ExportPredictions, read_exports
from course_lib.colorization.learning_rate import LearningRate, cosine
from course_lib.colorization.losses import color_loss, rebalanced_loss
from course_lib.colorization.metrics import PSNR, RMSE, colorfulness, psnr, rmse_ab
from course_lib.colorization.photographs import held_out, photographs_for_coloring
from course_lib.colorization.progress import load_best
from course_lib.colorization.report import TrainingReport
from course_lib.colorization.tensorboard import TAGS, TensorBoardLog, read_events
from course_lib.colorization.tensorboard_page import TensorBoardPage, show_tensorboard
from course_lib.colorization.training import train
from course_lib.colorization.unet import unet

__all__ = [
    "PSNR",
    "RMSE",
    "TAGS",
    "Colorizer",
    "Crops",
    "ExportPredictions",
    "LearningRate",
    "Pairs",
    "TensorBoardLog",
    "TensorBoardPage",
    "TrainingReport",
    "animation",
    "color_loss",
    "colorfulness",
    "cosine",
    "gray",
    "held_out",
    "load_best",
    "mean_color",
    "photographs_for_coloring",
    "psnr",
    "read_events",
    "read_exports",
    "rebalanced_loss",
    "rmse_ab",
    "show_tensorboard",
    "train",
    "unet",
]
