"""Published networks with weights that need no download; the README says where each file comes from."""

from course_lib.networks.checkpoint import read_checkpoint
from course_lib.networks.class_names import class_names
from course_lib.networks.efficientnet_lite0 import (
    EFFICIENTNET_LITE0_STAGES,
    efficientnet_lite0,
    efficientnet_lite0_preprocess,
)
from course_lib.networks.size import MinimumSize, require_size

__all__ = [
    "EFFICIENTNET_LITE0_STAGES",
    "MinimumSize",
    "class_names",
    "efficientnet_lite0",
    "efficientnet_lite0_preprocess",
    "read_checkpoint",
    "require_size",
]
