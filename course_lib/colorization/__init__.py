"""Colorization: a network that predicts color from lightness, its losses and its scores."""

from course_lib.colorization.baselines import gray, mean_color
from course_lib.colorization.colorizer import Colorizer
from course_lib.colorization.losses import color_loss, rebalanced_loss
from course_lib.colorization.metrics import PSNR, RMSE, colorfulness, psnr, rmse_ab
from course_lib.colorization.report import TrainingReport
from course_lib.colorization.tensorboard import TAGS, TensorBoardLog, TensorBoardPage, read_events, show_tensorboard
from course_lib.colorization.unet import unet

__all__ = [
    "PSNR",
    "RMSE",
    "TAGS",
    "Colorizer",
    "TensorBoardLog",
    "TensorBoardPage",
    "TrainingReport",
    "color_loss",
    "colorfulness",
    "gray",
    "mean_color",
    "psnr",
    "read_events",
    "rebalanced_loss",
    "rmse_ab",
    "show_tensorboard",
    "unet",
]
