"""Color in NumPy: sRGB and its gamut, CIE L*a*b*, the scale of a network, histograms of hue and chroma.

`course_lib.color.tensors` holds the conversions and the scale for tensors.
"""

from course_lib.color.gamut import clip_chroma
from course_lib.color.histogram import histogram_to_ab, hue_chroma_histogram
from course_lib.color.lab import lab_to_rgb, rgb_to_lab
from course_lib.color.scale import denormalize_lab, normalize_lab, split_lab

__all__ = [
    "clip_chroma",
    "denormalize_lab",
    "histogram_to_ab",
    "hue_chroma_histogram",
    "lab_to_rgb",
    "normalize_lab",
    "rgb_to_lab",
    "split_lab",
]
