"""Published networks with weights that need no download; the README says where each file comes from."""

from course_lib.networks.size import MinimumSize, require_size

__all__ = [
    "MinimumSize",
    "require_size",
]
