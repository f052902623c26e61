"""Semantic segmentation: a label for every pixel of an image."""

from course_lib.segmentation.head_layers import BilinearUpsampling, DivisibleSize, Standardize
from course_lib.segmentation.heads import fcn8, fcn16, fcn32, fcn_head, standardize, trunk, warm_start

__all__ = [
    "BilinearUpsampling",
    "DivisibleSize",
    "Standardize",
    "fcn8",
    "fcn16",
    "fcn32",
    "fcn_head",
    "standardize",
    "trunk",
    "warm_start",
]
