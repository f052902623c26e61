"""Figures of the course. Each function returns a figure and leaves nothing open."""

from course_lib.plots.alignment import padding
from course_lib.plots.ask_pixel import ask_pixel
from course_lib.plots.attributions import attributions
from course_lib.plots.base import COLORS
from course_lib.plots.best_classes import best_classes
from course_lib.plots.between_colors import between_colors
from course_lib.plots.bilinear import bilinear_cell
from course_lib.plots.borders import sentinel
from course_lib.plots.colorizations import colorizations, epochs
from course_lib.plots.compared_maps import segmentations
from course_lib.plots.costs import architecture, cost, race
from course_lib.plots.curves import bars, kernel_sum, lines
from course_lib.plots.diagrams import pipeline, prefetching
from course_lib.plots.feature_maps import feature_maps
from course_lib.plots.folded import folded
from course_lib.plots.gradients import gradient_scatter, step_errors
from course_lib.plots.hints import hints
from course_lib.plots.hue_chroma import hue_chroma
from course_lib.plots.hypercolumns import hypercolumn
from course_lib.plots.interactive import interact
from course_lib.plots.lab import ab_histograms, lab_planes
from course_lib.plots.label_bars import label_bar
from course_lib.plots.local_filters import local_filters
from course_lib.plots.locations import sampled_locations
from course_lib.plots.losses import losses_on_masks
from course_lib.plots.net_shapes import net_shapes
from course_lib.plots.pictures import differences, images, labels, tables
from course_lib.plots.pooling import pooling
from course_lib.plots.ramps import aligned_ramps
from course_lib.plots.randomized import randomized
from course_lib.plots.relu_rules import relu_rules
from course_lib.plots.resampling import crop, pixel_grids
from course_lib.plots.row_major import row_major
from course_lib.plots.scattered import scattered
from course_lib.plots.scores import scores
from course_lib.plots.training_curves import training_curves
from course_lib.plots.u_network import u_network
from course_lib.plots.uncertainty import uncertainty

__all__ = [
    "COLORS",
    "ab_histograms",
    "aligned_ramps",
    "architecture",
    "ask_pixel",
    "attributions",
    "bars",
    "best_classes",
    "between_colors",
    "bilinear_cell",
    "colorizations",
    "cost",
    "crop",
    "differences",
    "epochs",
    "feature_maps",
    "folded",
    "gradient_scatter",
    "hints",
    "hue_chroma",
    "hypercolumn",
    "images",
    "interact",
    "kernel_sum",
    "lab_planes",
    "label_bar",
    "labels",
    "lines",
    "local_filters",
    "losses_on_masks",
    "net_shapes",
    "padding",
    "pipeline",
    "pixel_grids",
    "pooling",
    "prefetching",
    "race",
    "randomized",
    "relu_rules",
    "row_major",
    "sampled_locations",
    "scattered",
    "scores",
    "segmentations",
    "sentinel",
    "step_errors",
    "tables",
    "training_curves",
    "u_network",
    "uncertainty",
]
