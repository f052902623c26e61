"""Semantic segmentation: a classifier turned into a network with a label for every pixel, its loss and its scores."""

from course_lib.segmentation.convert import to_fully_convolutional
from course_lib.segmentation.full_size import labels_at_full_size, logits_at_full_size
from course_lib.segmentation.losses import segmentation_loss
from course_lib.segmentation.metrics import (
    confusion_matrix,
    frequency_weighted_iou,
    mean_accuracy,
    mean_iou,
    pixel_accuracy,
)

__all__ = [
    "confusion_matrix",
    "frequency_weighted_iou",
    "labels_at_full_size",
    "logits_at_full_size",
    "mean_accuracy",
    "mean_iou",
    "pixel_accuracy",
    "segmentation_loss",
    "to_fully_convolutional",
]
