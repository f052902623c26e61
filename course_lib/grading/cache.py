"""Results on disk, so that nothing is graded twice."""

import json
import platform
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

from course_lib.course import LIBRARY, MATERIAL
from course_lib.files import write_aside
from course_lib.grading.models import GradingResult, hash_parts
from course_lib.grading.scores import ExerciseScore

COUNTED = ("numpy", "scikit-image", "tensorflow")


@cache
def grader_version() -> str:
    """Return the version of the grader: the course with a hash of its code, and the packages that it uses.

    Returns
    -------
    str
        One line for people; two machines with the same line give the same grades.
    """
    files = [path for path in sorted(LIBRARY.rglob("*.py")) if not path.is_relative_to(MATERIAL)]
    code = {path.relative_to(LIBRARY).as_posix(): path for path in files}
    digest = hash_parts(part for name, path in code.items() for part in (name.encode(), path.read_bytes()))
    course = f"pixelwise {metadata.version('pixelwise')} ({digest[:12]})"
    python = f"Python {'.'.join(platform.python_version_tuple()[:2])}"
    return ", ".join([course, python, *(f"{name} {metadata.version(name)}" for name in COUNTED)])


class ResultCache:
    """Results in a folder, one file each; a file is complete, or does not exist.

    Parameters
    ----------
    folder : Path
        It is made when the first result is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Path of a result's file."""
        return self.folder / f"{key}.json"

    def store(self, key: str, result: GradingResult) -> None:
        """Write a result to a temporary file and rename it."""
        write_aside(self.path(key), json.dumps(asdict(result)))

    def load(self, key: str) -> GradingResult | None:
        """Read a result; None if it does not exist, or this version did not write it."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads(self.path(key).read_text(encoding="utf-8"))
            exercises = [ExerciseScore(**exercise) for exercise in stored.pop("exercises")]
            return GradingResult(exercises=exercises, **stored)
        return None
