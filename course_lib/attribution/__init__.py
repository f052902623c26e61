"""What a network looks at: maps of how much each pixel matters to a score.

- `score`: what is looked at: a class, a channel, or a place of a map
- `gradients`: the gradient of a score with respect to the image, plain and smoothed
- `rewired`: the same with other rules for ReLU: guided ReLU and the deconvnet
- `linked`: a copy of a model that shares its weights, which all of these work on
"""

from course_lib.attribution.gradients import saliency, smooth_gradient, strongest_channel
from course_lib.attribution.rewired import deconvnet, guided_relu
from course_lib.attribution.score import Score, scores

__all__ = ["Score", "deconvnet", "guided_relu", "saliency", "scores", "smooth_gradient", "strongest_channel"]
