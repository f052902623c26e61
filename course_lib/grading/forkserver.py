"""Imported by the process from which multiprocessing forks grading processes, so that they have what they need.

Nothing here starts a thread of TensorFlow, which a fork would lack.
"""

import os

from nbformat.validator import get_validator

from course_lib.grading.preload import EVERYTHING, VARIABLE, preload

preload([*os.environ.get(VARIABLE, " ".join(EVERYTHING)).split(), "course_lib.grading.pipeline"])
get_validator(4, 5)  # takes a while to compile, and stays in memory
