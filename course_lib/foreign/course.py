"""Where the files of any nbgrader course are, according to its own settings."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError
from traitlets.config import Config

from course_lib.course import CONFIG, Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.nbgrader_ext import GradedNotebook

RECORDS = "course_grade"  # the folder of what nbgrader has no place for
ROOT = "."  # how nbgrader names the student of a source and of a release


@dataclass(frozen=True)
class ForeignCourse:
    """A course with nbgrader's own layout.

    Attributes
    ----------
    root : Path
        The folder that contains ``nbgrader_config.py``.
    config : Config
        Its settings, with the address of the gradebook filled in.
    """

    root: Path
    config: Config

    def nbgrader_config(self) -> Config:
        """Return the settings."""
        return self.config

    @cached_property
    def directory(self) -> CourseDirectory:
        """What nbgrader itself makes of the settings."""
        return CourseDirectory(config=self.config)

    @property
    def classroom(self) -> Path:
        """Logs, tables, and the grader's own records."""
        return self.root / RECORDS

    @property
    def results(self) -> Path:
        """The grader's result for each submission."""
        return self.classroom / ".results"

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """Return the folder of an assignment in a step of nbgrader: ``source``, ``submitted``, ``autograded``."""
        name = getattr(self.directory, f"{step}_directory")
        return Path(os.path.normpath(self.directory.format_path(name, student, assignment)))

    def assignments(self) -> dict[str, list[str]]:
        """List the notebooks of each assignment that has a source."""
        here = self.folder("source", ROOT, "*")
        found = {folder.name: sorted(path.stem for path in folder.glob("*.ipynb")) for folder in _matching(here)}
        return {name: notebooks for name, notebooks in found.items() if notebooks}

    def submitted(self) -> dict[tuple[str, str], Path]:
        """Find the folder of each student and assignment in which something was handed in."""
        name = self.directory.submitted_directory
        there = self.directory.format_path(name, "(?P<student>[^/]+)", "(?P<assignment>[^/]+)", escape=True)
        wanted = re.compile(there)
        found = {}
        for folder in _matching(self.folder("submitted", "*", "*")):
            if match := wanted.fullmatch(str(folder)):
                found[match["student"], match["assignment"]] = folder
        return found


def _matching(pattern: Path) -> list[Path]:
    """List the folders that match an absolute path with stars."""
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    return sorted(path for path in found if path.is_dir() and not path.name.startswith("."))


def open_course(start: Path | None = None) -> Course | ForeignCourse:
    """Find the course that a folder belongs to, this project's own or any other of nbgrader's.

    In another's, the working folder becomes that of the course: its settings may have paths relative to it.

    Parameters
    ----------
    start : Path, optional
        Where to begin; the current folder by default.

    Raises
    ------
    ArgumentError
        If there is no course.
    CourseError
        If its settings cannot be used.
    """
    here = (start or Path.cwd()).resolve()
    if not here.is_dir():
        raise ArgumentError(f"expected the folder of a course, found none at {here}")
    root = next((folder for folder in (here, *here.parents) if (folder / CONFIG).is_file()), None)
    if root is None or any(root.glob("solutions/*/*.md")):
        return Course.find(start)
    before = Path.cwd()
    os.chdir(root)
    course = _foreign(root)
    own = course.config.Autograde.get("exporter_class") is GradedNotebook  # a copy without solutions
    if own or not (root / course.directory.source_directory).is_dir():
        os.chdir(before)
        return Course.find(start)
    return course


def _foreign(root: Path) -> ForeignCourse:
    config = Course(root).nbgrader_config()
    config.CourseDirectory.root = str(Path(config.CourseDirectory.get("root", root)).resolve())
    try:
        directory = CourseDirectory(config=config)
        config.CourseDirectory.db_url, config.CourseDirectory.course_id = directory.db_url, directory.course_id
    except TraitError as error:
        raise CourseError(f"expected settings that nbgrader knows in {root / CONFIG}: {error}") from None
    return ForeignCourse(root, config)
