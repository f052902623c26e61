"""What a network looks at: maps of how much each pixel matters to a score.

- `score`: the score to explain: of a class, a channel, or a place of a map
- `looked_at`: the output of a layer, before a softmax
- `gradients`: the gradient of a score with respect to the image, plain and smoothed
- `rewired`: the same with other rules for ReLU: guided ReLU and the deconvnet
- `occlusion`: by how much the score falls when a part of the image is covered
- `maximization`: an image that makes the score large
- `randomize`: a network whose last layers have forgotten what they learned, to see which maps change
- `linked`: a copy of a model that shares its weights, on which all of these work
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
