"""Grading the submissions of any nbgrader course: many at once, and recording them, one after the other."""

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import chain

from course_lib.errors import ArgumentError, CourseError
from course_lib.foreign.course import ForeignCourse
from course_lib.foreign.pipeline import grade_foreign, refused_result
from course_lib.foreign.recorder import ForeignRecorder
from course_lib.foreign.runner import ForeignJob
from course_lib.foreign.trial import Tried, job_of, limits_of, try_units
from course_lib.foreign.units import ForeignUnit, read_unit
from course_lib.grading.cache import ResultCache
from course_lib.grading.collect.files import HandedIn, read_beside
from course_lib.grading.collect.find import Submission
from course_lib.grading.grade import GradeOptions, Run
from course_lib.grading.gradebook.penalties import late_penalties
from course_lib.grading.lock import alone
from course_lib.grading.models import GradingResult
from course_lib.grading.parallel import OnStart, grade_all
from course_lib.grading.restore.reading import read_bytes
from course_lib.grading.sandbox.bubblewrap import available

log = logging.getLogger(__name__)


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
    if options.isolated and (reason := available()):
        raise CourseError(f"{reason}\nor grade only the work of people you trust, with --no-sandbox")
    names = dict.fromkeys(submission.unit for submission in submissions)
    with alone(course.classroom):
        late_penalties(course.config)
        units = {name: read_unit(course, *name.split("/")) for name in names}
        limits, cache = limits_of(course.config), ResultCache(course.results)
        tried = try_units(units.values(), limits, cache, isolated=options.isolated, workers=options.jobs)
        grading = _Grading(course, units, tried, options, on_result, on_start)
        try:
            grading.run(submissions)
        finally:  # also if a person interrupts it
            entries = grading.recorder.finish([*grading.found.values()])
    return Run([grading.found[submission] for submission in submissions], grading.before, entries)


class _Grading:
    """One run, and its results so far."""

    def __init__(
        self,
        course: ForeignCourse,
        units: Mapping[str, ForeignUnit],
        tried: Mapping[str, Tried],
        options: GradeOptions,
        on_result: Callable[[GradingResult], None],
        on_start: OnStart | None,
    ) -> None:
        self.course, self.units, self.tried, self.options = course, units, tried, options
        self.on_result, self.on_start = on_result, on_start
        self.limits = limits_of(course.config)
        self.cache = ResultCache(course.results)
        self.recorder = ForeignRecorder(course, units)
        self.found: dict[Submission, GradingResult] = {}
        self.before = 0

    def run(self, submissions: Sequence[Submission]) -> None:
        """Grade what is missing, and record each result when it is ready."""
        by_name = {(submission.student, submission.unit): submission for submission in submissions}
        missing = self.missing(submissions)
        first = next(missing, None)  # if nothing is missing, nothing is started
        if first is not None:
            jobs = chain([first], missing)
            with closing(grade_all(grade_foreign, jobs, self.options.jobs, self.on_start)) as found:
                for job, result in found:
                    self.add(by_name[job.student, job.unit], job.key, result, fresh=True)

    def missing(self, submissions: Sequence[Submission]) -> Iterator[ForeignJob]:
        """Read each submission once, and yield those that must be graded; record the others."""
        for submission in submissions:
            job = self.read(submission)
            if job and not self.options.force and (result := self.cache.load(job.key)):
                self.before += 1
                self.add(submission, job.key, result)
            elif job:
                yield job

    def read(self, submission: Submission) -> ForeignJob | None:
        """Read a submission's file; record why, and return None, if it cannot be graded."""
        try:
            if not submission.problem:
                return self.job(submission, read_bytes(submission.path))
            reason, final = submission.problem, False
        except CourseError as error:
            reason, final = str(error), True
        except OSError as error:
            reason, final = f"expected a notebook, found a file that cannot be read: {error.strerror}", False
        job = self.job(submission, reason.encode())
        self.add(submission, job.key, refused_result(job, reason, final=final))
        return None

    def job(self, submission: Submission, content: bytes) -> ForeignJob:
        """Collect everything that is needed to grade a submission."""
        unit = self.units[submission.unit]
        beside = HandedIn() if submission.problem else read_beside(submission.path, unit.assignment, unit.fixed_files)
        files = dict(unit.files) | beside.files
        about = (submission.student, content, files, beside.lines())
        plans = self.tried[unit.name].plans
        return job_of(unit, plans, about, self.limits, isolated=self.options.isolated)

    def add(self, submission: Submission, key: str, result: GradingResult, fresh: bool = False) -> None:
        """Record a result, and store it if it is new; an error here affects only this submission."""
        try:
            if fresh and result.final:
                self.cache.store(key, result)
            if not submission.problem:
                told = "".join(f"change: {text}\n" for text in submission.changes)
                result = replace(result, changes=[*submission.changes, *result.changes], log=told + result.log)
            self.recorder.record(submission, key, result)
        except Exception as error:  # a submission is an untrusted file: nothing in it may stop the others
            words = f"it was graded, but not recorded: {type(error).__name__}: {error}"
            result = replace(result, error=words, log=f"{result.log}\n{traceback.format_exc()}", final=False)
            with suppress(OSError):
                self.recorder.record(submission, key, result)
        self.found[submission] = replace(result, notebook="", log="")  # those of many submissions would fill the memory
        self.on_result(result)
