"""What a network looks at: maps of how much each pixel matters to a score.

- `score`: what is looked at: a class, a channel, or a place of a map
- `gradients`: the gradient of a score with respect to the image, plain and smoothed
- `rewired`: the same with other rules for ReLU: guided ReLU and the deconvnet
- `occlusion`: by how much the score falls when a part of the image is covered
- `maximization`: an image that makes the score large
- `randomize`: a network that has forgotten what its last layers learned, to see which maps notice
- `linked`: a copy of a model that shares its weights, which all of these work on
"""

from course_lib.attribution.gradients import saliency, smooth_gradient, strongest_channel
from course_lib.attribution.maximization import activation_maximization
from course_lib.attribution.occlusion import occlusion_map
from course_lib.attribution.randomize import randomized
from course_lib.attribution.rewired import deconvnet, guided_relu
from course_lib.attribution.score import Score, scores

__all__ = [
    "Score",
    "activation_maximization",
    "deconvnet",
    "guided_relu",
    "occlusion_map",
    "randomized",
    "saliency",
    "scores",
    "smooth_gradient",
    "strongest_channel",
]
