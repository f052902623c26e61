"""Building a small course in a folder."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from course_lib.course import CONFIG, Course
from tests.support.paths import ROOT


def build_course(
    root: Path,
    texts: Mapping[str, str],
    write_banks: Callable[[Path], object] = lambda folder: None,
    settings: str = "",
) -> Course:
    """Write units and their banks into a new course with this project's own nbgrader_config.py, and more settings."""
    root.mkdir(parents=True)
    shutil.copy(ROOT / CONFIG, root)
    with (root / CONFIG).open("a", encoding="utf-8") as config:
        config.write(settings)
    course = Course(root.resolve())
    for unit, text in texts.items():
        write_unit(course, unit, text)
        write_banks(course.solutions / unit)
    return course


def write_unit(course: Course, unit: str, text: str) -> None:
    """Write, or overwrite, the text of a unit."""
    folder = course.solutions / unit
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{unit}.md").write_text(text, encoding="utf-8")
