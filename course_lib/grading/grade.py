"""Grading submissions: run those that are missing, many at once, and record the results, one after the other."""

import logging
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.cache import ResultCache, grader_version
from course_lib.grading.collect.files import HandedIn, read_beside
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.groups import surprises
from course_lib.grading.dask_backend import grade_remotely, refuse_others, remote_pool
from course_lib.grading.gradebook.base_recorder import BaseRecorder
from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.gradebook.recorder import Recorder, Unit, check_settings, register
from course_lib.grading.lock import alone
from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.needed_modules import needed_modules
from course_lib.grading.parallel import OnStart, grade_all
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.process import Grader
from course_lib.grading.restore.reading import read_bytes
from course_lib.grading.sandbox.bubblewrap import available
from course_lib.grading.sandbox.limits import Limits
from course_lib.release import released

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GradeOptions:
    """How submissions are graded.

    Attributes
    ----------
    jobs : int
        How many run at once on this machine.
    scheduler : str or None
        Address of a Dask scheduler, whose workers then grade.
    isolated : bool
        Whether the learners' code runs in the sandbox.
    force : bool
        Whether submissions that were graded before are graded again.
    grader : callable
        Grades one submission, in a separate process.
    """

    jobs: int = 1
    scheduler: str | None = None
    isolated: bool = True
    force: bool = False
    grader: Grader = grade_submission


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
        From `find_submissions` and `with_groups`; those with a problem are not graded.
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
        grading = Grading(course, {name: register(course, name) for name in names}, options, on_result, on_start)
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


class BaseGrading(ABC):
    """One run, in any course, and its results so far."""

    def __init__(
        self,
        results: Path,
        sources: Sequence[str],
        options: GradeOptions,
        on_result: Callable[[GradingResult], None],
        on_start: OnStart | None,
    ) -> None:
        self.sources = sources
        self.options, self.on_result, self.on_start = options, on_result, on_start
        self.cache = ResultCache(results)
        self.found: dict[Submission, list[GradingResult]] = {}
        self.before = 0

    @property
    @abstractmethod
    def recorder(self) -> BaseRecorder:
        """The writer of the gradebook."""

    @abstractmethod
    def job(self, submission: Submission, content: bytes) -> GradingJob:
        """Collect everything that is needed to grade a submission."""

    def run(self, submissions: Sequence[Submission]) -> None:
        """Grade what is missing, and record each result when it is ready."""
        by_name = {(submission.student, submission.unit): submission for submission in submissions}
        missing = self.missing(submissions)
        first = next(missing, None)  # if nothing is missing, nothing is started
        if first is not None:
            with closing(self.graded(chain([first], missing))) as found:
                for job, result in found:
                    self.add(by_name[job.student, job.unit], job, result, fresh=True)

    def missing(self, submissions: Sequence[Submission]) -> Iterator[GradingJob]:
        """Read each submission once, and yield those that must be graded; record the others."""
        for submission in submissions:
            job = self.read(submission)
            if job and not self.options.force and (result := self.cache.load(job.key)):
                self.before += 1 + len(submission.also)
                log.debug("%s, %s: graded before", job.student, job.unit)
                self.add(submission, job, result)
            elif job:
                yield job

    def read(self, submission: Submission) -> GradingJob | None:
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
        self.add(submission, job, not_graded(job, reason, final=final))
        return None

    def graded(self, jobs: Iterable[GradingJob]) -> Generator[tuple[GradingJob, GradingResult]]:
        """Grade on this machine, or on those of the scheduler."""
        options = self.options
        if not options.scheduler:
            modules = needed_modules(self.sources)
            yield from grade_all(options.grader, jobs, options.jobs, self.on_start, modules)
            return
        with remote_pool(options.scheduler) as client:
            refuse_others(client, available if options.isolated else str)
            yield from grade_remotely(client, options.grader, jobs, self.on_start)

    def add(self, submission: Submission, job: GradingJob, result: GradingResult, fresh: bool = False) -> None:
        """Record a result for everybody for whom it counts."""
        result = replace(result, work=job.work)
        counting = [result.credited_to(student) for student in (submission.student, *submission.also)]
        self.found[submission] = [self.record_for(submission, job, each, fresh) for each in counting]
        self.on_result(self.found[submission][0])

    def record_for(self, submission: Submission, job: GradingJob, result: GradingResult, fresh: bool) -> GradingResult:
        """Record a result for one student, and store it if it is new; an error here affects only this result."""
        try:
            own = not result.handed_in_by
            if own and fresh and result.final and not any(exercise.undecided for exercise in result.exercises):
                self.cache.store(job.key, result)
            if not submission.problem:
                told = "".join(f"change: {text}\n" for text in submission.changes)
                changes = [*submission.changes, *result.changes] if own else []
                result = replace(result, changes=changes, log=told + result.log)
            self.recorder.record(submission, job.key, result)
            log.debug("%s, %s: recorded\n%s", result.student, result.unit, result.log if fresh else result.status)
        except Exception as error:  # a submission is an untrusted file: nothing in it may stop the others
            words = f"it was graded, but not recorded: {type(error).__name__}: {error}"
            result = replace(result, error=words, log=f"{result.log}\n{traceback.format_exc()}", final=False)
            with suppress(OSError):
                self.recorder.record(submission, job.key, result)
        return replace(result, notebook="", log="")  # those of many submissions would fill the memory


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
