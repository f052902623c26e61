"""Semantic segmentation: a classifier turned into a network with a label for every pixel, its loss and its scores."""

from course_lib.segmentation.convert import to_fully_convolutional
from course_lib.segmentation.examples import examples
from course_lib.segmentation.full_size import labels_at_full_size, logits_at_full_size
from course_lib.segmentation.head_layers import BilinearUpsampling, Standardize
from course_lib.segmentation.heads import fcn8, fcn16, fcn32, fcn_head, standardize, trunk, warm_start
from course_lib.segmentation.losses import segmentation_loss
from course_lib.segmentation.metrics import (
    confusion_matrix,
    frequency_weighted_iou,
    mean_accuracy,
    mean_iou,
    pixel_accuracy,
)
from course_lib.segmentation.training import Schedule, evaluate, train, train_stages

__all__ = [
    "BilinearUpsampling",
    "Schedule",
    "Standardize",
    "confusion_matrix",
    "evaluate",
    "examples",
    "fcn8",
    "fcn16",
    "fcn32",
    "fcn_head",
    "frequency_weighted_iou",
    "labels_at_full_size",
    "logits_at_full_size",
    "mean_accuracy",
    "mean_iou",
    "pixel_accuracy",
    "segmentation_loss",
    "standardize",
    "to_fully_convolutional",
    "train",
    "train_stages",
    "trunk",
    "warm_start",
]
