"""Colorization: a network that predicts color from lightness, its losses and its scores."""

from course_lib.colorization.baselines import gray, mean_color
from course_lib.colorization.colorizer import Colorizer
from course_lib.colorization.metrics import PSNR, RMSE, colorfulness, psnr, rmse_ab
from course_lib.colorization.unet import unet

__all__ = ["PSNR", "RMSE", "Colorizer", "colorfulness", "gray", "mean_color", "psnr", "rmse_ab", "unet"]
