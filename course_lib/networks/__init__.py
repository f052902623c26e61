"""Published networks with weights that need no download; the README says where each file comes from."""

from course_lib.networks.alexnet import alexnet
from course_lib.networks.hed import hed, hed_edges
from course_lib.networks.vgg16 import VGG16_STAGES, vgg16, vgg16_preprocess

__all__ = [
    "VGG16_STAGES",
    "alexnet",
    "hed",
    "hed_edges",
    "vgg16",
    "vgg16_preprocess",
]
