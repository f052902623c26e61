"""Grading the submissions of this course: many at once, and recording them, one after the other."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.base_grading import BaseGrading, GradeOptions
from course_lib.grading.cache import grader_version
from course_lib.grading.collect.files import HandedIn, read_beside
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.groups import surprises
from course_lib.grading.gradebook.attempts import Attempt, check_tests_decide
from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.gradebook.recorder import Recorder, Unit, check_settings, register
from course_lib.grading.lock import alone
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.parallel import OnStart
from course_lib.grading.sandbox.bubblewrap import available
from course_lib.grading.sandbox.limits import Limits
from course_lib.release import released
from course_lib.schedule import BEST, read_schedule

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    results : list of GradingResult
        In the order of the submissions; those of a group's members follow that of who handed in.
    before : int
        The number of results from earlier runs.
    entries : list of GradebookEntry
        What the gradebook now contains, including other runs.
    withdrawn : list of str
        Lines about students who were removed from the gradebook.
    surprises : list of str
        Lines about students whom the class list does not expect; see `groups.surprises`.
    """

    results: list[GradingResult]
    before: int
    entries: list[GradebookEntry] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)


def grade_class(
    course: Course,
    submissions: Sequence[Submission],
    options: GradeOptions,
    on_result: Callable[[GradingResult], None],
    on_start: OnStart | None = None,
) -> Run:
    """Grade submissions and record them; if one cannot be graded, its result says why, and the others are not affected.

    Parameters
    ----------
    course : Course
        The course with the gradebook, tests and points.
    submissions : sequence of Submission
        From `find_submissions` and `to_grade`; those with a problem are not graded.
    options : GradeOptions
        How.
    on_result : callable
        Called with the result of each submission when it is recorded.
    on_start : callable, optional
        Called, in another thread, with student and unit of each submission that is not graded yet, when it begins.

    Returns
    -------
    Run
        The result.

    Raises
    ------
    CourseError
        If a setting, the schedule or the class list is wrong, a unit itself breaks a rule, there is no sandbox or no
        working pool, or another program locks the gradebook or grades in this classroom.
    """
    require_sandbox(options)
    names = dict.fromkeys(submission.unit for submission in submissions)
    log.info("%d submissions of %s", len(submissions), ", ".join(names) or "no unit")
    with alone(course.classroom):
        check_settings(course)
        units = {name: register(course, name) for name in names}
        if read_schedule(course).attempts == BEST:
            check_tests_decide({name: unit.source for name, unit in units.items()})
        grading = Grading(course, units, options, on_result, on_start)
        try:
            grading.run(submissions)
        finally:  # also if a person interrupts it
            entries = grading.recorder.finish([*chain(*grading.found.values())])
        withdrawn = [*grading.recorder.returned, *grading.recorder.left_over()]
    results = [*chain(*(grading.found[submission] for submission in submissions))]
    return Run(results, grading.before, entries, withdrawn, surprises(submissions, grading.recorder.plan.roster))


def require_sandbox(options: GradeOptions) -> None:
    """Raise `CourseError` if learners' code is to be isolated, and this machine cannot do that."""
    if options.isolated and not options.scheduler and (reason := available()):
        raise CourseError(f"{reason}\nor grade only the work of people you trust, with --no-sandbox")


def _files(course: Course, unit: str) -> dict[str, bytes]:
    """Read the files beside a unit's notebook."""
    folder = released(course, unit).parent
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".ipynb"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


class Grading(BaseGrading):
    """One run in this course."""

    def __init__(
        self,
        course: Course,
        units: dict[str, Unit],
        options: GradeOptions,
        on_result: Callable[[GradingResult], None],
        on_start: OnStart | None,
    ) -> None:
        super().__init__(course.results, [unit.source for unit in units.values()], options, on_result, on_start)
        self.course, self.units = course, units
        self.limits = Limits.configured(course.nbgrader_config())
        self.data = {name: _files(course, name) for name in units}

    @cached_property
    def recorder(self) -> Recorder:
        """The writer of the gradebook."""
        return Recorder(self.course, self.units)

    def best(self, student: str, attempts: Sequence[Attempt]) -> Attempt:
        """See `BaseGrading`."""
        return self.recorder.best.of(student, attempts)

    def job(self, submission: Submission, content: bytes) -> GradingJob:
        """See `BaseGrading`."""
        data = self.data[submission.unit]
        beside = HandedIn() if submission.problem else read_beside(submission.path, submission.unit, data)
        return GradingJob(
            submission.student,
            submission.unit,
            content,
            self.units[submission.unit].source,
            self.limits,
            grader_version(),
            self.options.isolated,
            beside.files | data,
            beside.lines(),
        )
