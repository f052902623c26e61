"""Recording executed notebooks in nbgrader's gradebook, with feedback."""

import logging
import tempfile
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course_lib.course import Course
from course_lib.grading.execution import ExecuteAll
from course_lib.grading.submissions import Submission

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False
# nbgrader 0.9.6 uses SQLAlchemy in a way that warns; the grades are right.
warnings.filterwarnings("ignore", module="nbgrader")


def record(course: Course, submission: Submission, executed: NotebookNode) -> Path:
    """Score an executed notebook, enter it into the gradebook, and write feedback.

    nbgrader's own ``autograde`` and ``generate_feedback`` do it; only the steps that would
    restore and execute the notebook are left out, because that is done.

    Parameters
    ----------
    course : Course
        Whose gradebook.
    submission : Submission
        Whose work it is.
    executed : NotebookNode
        The submission with its tests restored and its outputs.

    Returns
    -------
    Path
        The feedback, an HTML page.

    Raises
    ------
    ValueError
        If nbgrader refuses it.
    """
    config = course.nbgrader_config()
    config.CourseDirectory.student_id = submission.student
    config.CourseDirectory.assignment_id = submission.unit
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors.remove(ExecuteAll)
    config.BaseConverter.force = True
    with tempfile.TemporaryDirectory() as folder:
        config.CourseDirectory.submitted_directory = folder
        staged = Path(folder, submission.student, submission.unit)
        staged.mkdir(parents=True)
        nbformat.write(executed, staged / f"{submission.unit}.ipynb")
        timestamp = submission.path.with_name("timestamp.txt")
        if timestamp.is_file():
            (staged / timestamp.name).write_bytes(timestamp.read_bytes())
        _convert(Autograde, config)
    _convert(GenerateFeedback, config)
    return course.classroom / "feedback" / submission.student / submission.unit / f"{submission.unit}.html"


def _convert(converter: type[Autograde] | type[GenerateFeedback], config: Config) -> None:
    try:
        converter(coursedir=CourseDirectory(config=config), config=config, log=log).start()
    except (NbGraderException, RuntimeError, ValueError) as error:
        raise ValueError(f"nbgrader refuses it: {error}") from error
