"""The names that a system gave to submissions when they were downloaded: it takes back feedback by them."""

import json
from collections.abc import Iterator
from contextlib import suppress

from course_lib.course import Course
from course_lib.grading.collect.students import submitted

RECORD = ".collected.json"  # beside each submission that was collected; "from" is its path in the download


def downloaded_names(course: Course, unit: str) -> dict[str, str]:
    """Find the names of submissions of a unit.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    unit : str
        The unit.

    Returns
    -------
    dict of str to str
        By student, the last part of the submission's path in the download, as far as `course collect` placed it.
    """
    return dict(_names(course, unit))


def _names(course: Course, unit: str) -> Iterator[tuple[str, str]]:
    for path in sorted(submitted(course).glob(f"*/{unit}/{RECORD}")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            place = json.loads(path.read_text(encoding="utf-8"))["from"]
            if isinstance(place, str):
                yield path.parent.parent.name, place.rstrip("/").rpartition("/")[2]
