"""What nbgrader's own commands and buttons do in this course; ``nbgrader_config.py`` names these classes."""

import glob
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.exchange.default import Exchange, ExchangeCollect, ExchangeReleaseFeedback
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig

from course_lib.course import CONFIG, Course
from course_lib.errors import CourseError
from course_lib.grading import report
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.attempts import to_grade
from course_lib.grading.collect.find import LINK, find_submissions
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.grade import grade_class
from course_lib.grading.gradebook.base_recorder import SECRET
from course_lib.grading.gradebook.recorded_feedback import recorded_feedback
from course_lib.grading.models import GradingResult
from course_lib.grading.sandbox.bubblewrap import available

Resources = dict[str, Any]
Converted = tuple[Any, Resources]  # nbconvert's types expect a notebook, its own exporters return text


def _course(converter: BaseConverter) -> Course:
    return Course(Path(converter.coursedir.root))


class GradedNotebook(NotebookExporter):
    """Autograding: what ``course grade`` does, with the same points, files and records.

    nbgrader converts each notebook twice: the submitted one to be cleaned, and the result to be executed. Here the
    first conversion does everything, and the second one changes nothing.

    Raises
    ------
    NbGraderException
        If there is no sandbox, or no submission that can be graded. Then nothing is changed.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._converter = cast(Autograde, self.parent)
        self._all_graded = False
        if reason := available():
            self._refuse(
                f"nbgrader autograde runs learners' code only in a sandbox, which is not available: {reason}. "
                "To grade the work of people you trust without it, use `course grade --no-sandbox classroom/submitted`."
            )
        problems = {folder: _problem(_course(self._converter), Path(folder)) for folder in self._converter.assignments}
        for folder in filter(problems.get, problems):
            self.log.error("%s cannot be graded: %s", folder, problems[folder])
            del self._converter.assignments[folder]  # before nbgrader enters the student into the gradebook
        if not self._converter.assignments:
            self._refuse("There is no submission that can be graded.")

    def _refuse(self, message: str) -> None:
        self.log.error(message)
        raise NbGraderException(message)

    def from_filename(self, filename: str, resources: Resources | None = None, **_: Any) -> Converted:
        """Grade a submitted notebook; return the executed one."""
        path, course = Path(filename), _course(self._converter)
        if not path.is_relative_to(course.classroom / "autograded"):
            path = self._grade(course, path)
        return path.read_text(encoding="utf-8"), self._init_resources(resources)

    def _grade(self, course: Course, path: Path) -> Path:
        if not self._all_graded:  # as many at once as there are processors
            folders = [*map(Path, self._converter.assignments)]
            jobs = min(len(folders), os.cpu_count() or 1)
            self._run(course, folders, GradeOptions(jobs, force=self._converter.force))
            self._all_graded = True
        results = self._run(course, [path.parent], GradeOptions())
        unrecorded = [result.status for result in results if not result.final]
        if unrecorded:
            raise CourseError("; ".join(unrecorded))
        student, unit = path.relative_to(course.classroom / "submitted").parts[:2]
        graded = course.classroom / "autograded" / student / unit / f"{unit}.ipynb"
        _remove_others(graded.parent, [graded.name, STAMP, SECRET])
        return graded

    def _run(self, course: Course, folders: Sequence[Path], options: GradeOptions) -> list[GradingResult]:
        """Grade what is missing; restore the files of other submissions that nbgrader has removed."""
        submissions = to_grade(course, find_submissions(course, folders))
        return grade_class(course, submissions, options, lambda result: self.log.info(report.line(result))).results


def _problem(course: Course, folder: Path) -> str:
    """Say why a submission cannot be graded; the empty string if it can."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return LINK
    try:
        return next((found.problem for found in find_submissions(course, [folder]) if found.problem), "")
    except CourseError as error:
        return str(error)


def _remove_others(folder: Path, kept: Sequence[str]) -> None:
    """Remove what nbgrader copied from a submission: formgrader would show it in the instructor's browser."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in kept:
            path.unlink()


class FeedbackPage(Exporter):
    """Feedback: the same page that ``course grade`` writes, with comments and scores that people gave since then."""

    file_extension = ".html"

    def from_filename(self, filename: str, resources: Resources | None = None, **_: Any) -> Converted:
        """Write the page of an autograded notebook."""
        course = _course(cast(GenerateFeedback, self.parent))
        return recorded_feedback(course, Path(filename)), self._init_resources(resources)


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releasing feedback to learners who can fetch it: those who handed in through the exchange."""

    src_path: str

    def copy_files(self) -> None:
        """Release the feedback that can be released, and name the rest."""
        for folder in sorted(Path("/").glob(self.src_path.lstrip("/"))):
            if all((folder / name).is_file() for name in (STAMP, SECRET)):
                self.src_path = glob.escape(str(folder))
                super().copy_files()
            else:
                message = "%s did not submit through the exchange and cannot fetch feedback there; send them %s"
                self.log.warning(message, folder.parent.name, folder)


class Collect(ExchangeCollect):
    """Collecting submissions without links: they could point to files that only the instructor may read."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the regular files of a submission."""
        if Path(src).is_symlink():
            self.log.warning("%s: %s", src, LINK)
            return
        with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
            regular = Path(folder, "submission")
            shutil.copytree(src, regular, ignore=self._irregular)
            super().do_copy(str(regular), dest, log)

    def _irregular(self, folder: str, names: list[str]) -> list[str]:
        modes = {name: Path(folder, name).lstat().st_mode for name in names}
        found = [name for name, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))]
        for name in found:
            self.log.warning("left out %s: not a regular file", Path(folder, name))
        return found


def find_own_programs() -> None:
    """Put the programs beside Python on PATH: nbgrader starts `alembic` by name when it opens a gradebook."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])


def use_local_exchange(course: Course, config: Config) -> None:
    """Keep nbgrader's exchange in the classroom, unless another one is set up on this machine."""
    configured = any(Path(folder, CONFIG).is_file() for folder in NbGrader().config_file_paths)
    if course.classroom.is_dir() and not configured and not Path(Exchange.root.default_value).is_dir():
        exchange = course.classroom / "exchange"
        exchange.mkdir(exist_ok=True)
        config.Exchange.root = str(exchange)


class OnlyOwnNotebooks(DeferredConfig):
    """A setting of nbgrader's step that executes notebooks; it prevents the validation of other people's notebooks.

    It is evaluated when ``nbgrader validate`` or the Validate button creates that step, in the notebook's folder. A
    kernel that starts in such a folder could import modules from it, so a hook that runs later would be too late.

    Parameters
    ----------
    course : Course
        The course whose own and learners' notebooks may be validated.
    """

    def __init__(self, course: Course) -> None:
        self._own = (course.work, course.notebooks, course.root / "build")

    def get_value(self, _: object) -> None:
        """Do not change the setting; exit with a message if the notebook is somebody else's."""
        if os.environ.get("NBGRADER_EXECUTION") != "validate":
            return
        here = Path.cwd()
        if not any(map(here.is_relative_to, self._own)):
            for name in ("NBGRADER_EXECUTION", "NBGRADER_VALIDATING"):  # nbgrader leaves them behind after an exception
                os.environ.pop(name, None)
            raise SystemExit(
                f"nbgrader validate runs a notebook with your rights, so it takes only your own in {self._own[0]}, "
                f"not those in {here}; grade the work of others with `course grade`."
            )
