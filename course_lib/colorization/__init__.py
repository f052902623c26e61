"""Colorization: a network that predicts color from lightness, its losses and its scores."""

from course_lib.colorization.animations import animation
from course_lib.colorization.baselines import gray, mean_color
from course_lib.colorization.colorizer import Colorizer
from course_lib.colorization.examples import Crops, Pairs, held_out, photographs_for_coloring
from course_lib.colorization.export import ExportPredictions, read_exports
from course_lib.colorization.learning_rate import LearningRate, cosine
from course_lib.colorization.losses import color_loss, rebalanced_loss
from course_lib.colorization.metrics import PSNR, RMSE, colorfulness, psnr, rmse_ab
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
