"""Results on disk: what was graded once is not graded again."""

import hashlib
import json
import platform
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

from course_lib.files import write_aside
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.scores import ExerciseScore

LIBRARY = Path(__file__).resolve().parent.parent
COUNTED = ("numpy", "scikit-image", "tensorflow")


@cache
def grader_version() -> str:
    """Name what grades here: the course with a hash of its code, and what it is built on.

    Returns
    -------
    str
        One line for people; two machines with the same line grade alike.
    """
    code = hashlib.sha256()
    for path in sorted(LIBRARY.rglob("*.py")):
        _add(code, path.relative_to(LIBRARY).as_posix().encode(), path.read_bytes())
    course = f"pixelwise {metadata.version('pixelwise')} ({code.hexdigest()[:12]})"
    python = f"Python {'.'.join(platform.python_version_tuple()[:2])}"
    return ", ".join([course, python, *(f"{name} {metadata.version(name)}" for name in COUNTED)])


def key_of(job: GradingJob) -> str:
    """Hash everything that a result depends on: whose submission, release, grader's version and limits.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    conditions = (repr(job.limits), str(job.isolated), repr(job.audit_flags))
    words = (job.student, job.unit, job.source, job.version, *conditions)
    key = hashlib.sha256()
    _add(key, *(word.encode("utf-8", "surrogatepass") for word in words), job.submission)
    for name in sorted(job.data):
        _add(key, name.encode(), job.data[name])
    return key.hexdigest()


def _add(key: "hashlib._Hash", *parts: bytes) -> None:
    """Add parts with their lengths, so that no two lists of parts are the same bytes."""
    for part in parts:
        key.update(f"{len(part)}:".encode())
        key.update(part)


class ResultCache:
    """Outcomes in a folder, a file each; a file is there as a whole, or not at all.

    Parameters
    ----------
    folder : Path
        Is made when the first outcome is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Path of an outcome's file."""
        return self.folder / f"{key}.json"

    def store(self, key: str, outcome: GradingResult) -> None:
        """Write an outcome aside and rename it."""
        write_aside(self.path(key), json.dumps(asdict(outcome)))

    def load(self, key: str) -> GradingResult | None:
        """Read an outcome; None if it is not there, or not what this version writes."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads(self.path(key).read_text(encoding="utf-8"))
            exercises = [ExerciseScore(**exercise) for exercise in stored.pop("exercises")]
            return GradingResult(exercises=exercises, **stored)
        return None
