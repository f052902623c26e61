"""Grading the submissions of any nbgrader course: many at once, and recording them, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain

from course_lib.errors import ArgumentError
from course_lib.foreign.course import ForeignCourse
from course_lib.foreign.pipeline import grade_foreign
from course_lib.foreign.recorder import ForeignRecorder
from course_lib.foreign.runner import ForeignJob
from course_lib.foreign.trial import job_of, limits_of, try_units
from course_lib.foreign.units import ForeignUnit, read_unit
from course_lib.grading.base_grading import BaseGrading, GradeOptions
from course_lib.grading.collect.files import HandedIn, read_beside
from course_lib.grading.collect.find import Submission
from course_lib.grading.grade import Run, require_sandbox
from course_lib.grading.gradebook.attempts import Attempt
from course_lib.grading.gradebook.penalties import late_penalties
from course_lib.grading.lock import alone
from course_lib.grading.models import GradingResult
from course_lib.grading.parallel import OnStart


def grade_foreign_class(
    course: ForeignCourse,
    submissions: Sequence[Submission],
    options: GradeOptions,
    on_result: Callable[[GradingResult], None],
    on_start: OnStart | None = None,
) -> Run:
    """Grade submissions and record them; see `course_lib.grading.grade.grade_class`.

    Raises
    ------
    ArgumentError
        If a scheduler is given: its workers do not have this course.
    CourseError
        If a setting is wrong, nbgrader refuses a notebook of the course, there is no sandbox, or another program locks
        the gradebook or grades here.
    """
    if options.scheduler:
        raise ArgumentError("expected no --scheduler: a course without solutions/ is graded on this machine alone")
    require_sandbox(options)
    names = dict.fromkeys(submission.unit for submission in submissions)
    with alone(course.classroom):
        late_penalties(course.config)
        units = {name: read_unit(course, *name.split("/")) for name in names}
        grading = _Grading(course, units, replace(options, grader=grade_foreign), on_result, on_start)
        try:
            grading.run(submissions)
        finally:  # also if a person interrupts it
            entries = grading.recorder.finish([*chain(*grading.found.values())])
    results = [*chain(*(grading.found[submission] for submission in submissions))]
    return Run(results, grading.before, entries)


class _Grading(BaseGrading):
    """One run, after the tests were tried with the instructor's answers."""

    def __init__(
        self,
        course: ForeignCourse,
        units: Mapping[str, ForeignUnit],
        options: GradeOptions,
        on_result: Callable[[GradingResult], None],
        on_start: OnStart | None,
    ) -> None:
        super().__init__(course.results, [unit.answered for unit in units.values()], options, on_result, on_start)
        self.course, self.units, self.limits = course, units, limits_of(course.config)
        isolated, workers = options.isolated, options.jobs
        self.tried = try_units(units.values(), self.limits, self.cache, isolated=isolated, workers=workers)

    @cached_property
    def recorder(self) -> ForeignRecorder:
        """The writer of the gradebook."""
        return ForeignRecorder(self.course, self.units)

    def best(self, student: str, attempts: Sequence[Attempt]) -> Attempt:
        """See `BaseGrading`; here every submission has one attempt."""
        return attempts[0]

    def job(self, submission: Submission, content: bytes) -> ForeignJob:
        """See `BaseGrading`."""
        unit = self.units[submission.unit]
        beside = HandedIn() if submission.problem else read_beside(submission.path, unit.assignment, unit.fixed_files)
        files = dict(unit.files) | beside.files
        about = (submission.student, content, files, beside.lines())
        plans = self.tried[unit.name].plans
        return job_of(unit, plans, about, self.limits, isolated=self.options.isolated)
