"""Published networks with weights that need no download; the README says where each file comes from."""

from course_lib.networks.alexnet import alexnet
from course_lib.networks.class_names import class_names
from course_lib.networks.efficientnet_lite0 import (
    EFFICIENTNET_LITE0_STAGES,
    efficientnet_lite0,
    efficientnet_lite0_preprocess,
)
from course_lib.networks.hed import hed, hed_edges
from course_lib.networks.vgg16 import VGG16_STAGES, vgg16, vgg16_preprocess

__all__ = [
    "EFFICIENTNET_LITE0_STAGES",
    "VGG16_STAGES",
    "alexnet",
    "class_names",
    "efficientnet_lite0",
    "efficientnet_lite0_preprocess",
    "hed",
    "hed_edges",
    "vgg16",
    "vgg16_preprocess",
]
