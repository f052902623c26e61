"""One command at a time writes in a classroom."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from course_lib.errors import CourseError


@contextmanager
def alone(classroom: Path) -> Iterator[None]:
    """Keep other commands that write out of a classroom, which is made if it does not exist.

    Raises
    ------
    CourseError
        If another command is at work there.
    """
    classroom.mkdir(parents=True, exist_ok=True)
    lock = FileLock(classroom / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise CourseError(f"another command is at work in {classroom}; wait until it ends") from None
    try:
        yield
    finally:
        lock.release()
