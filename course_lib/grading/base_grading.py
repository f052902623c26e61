"""What a run of grading does in any course: run the submissions that are missing, and record what counts."""

import logging
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading.cache import ResultCache
from course_lib.grading.collect.find import Submission
from course_lib.grading.dask_backend import grade_remotely, refuse_others, remote_pool
from course_lib.grading.gradebook.attempts import Attempt
from course_lib.grading.gradebook.base_recorder import BaseRecorder
from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.needed_modules import needed_modules
from course_lib.grading.parallel import OnStart, grade_all
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.process import Grader
from course_lib.grading.restore.reading import read_bytes
from course_lib.grading.sandbox.bubblewrap import available

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


class BaseGrading(ABC):
    """One run, and its results so far.

    Parameters
    ----------
    results : Path
        The folder of results that need not be computed again.
    sources : sequence of str
        The instructor's notebooks as JSON.
    options : GradeOptions
        How submissions are graded.
    on_result, on_start : callable
        As for `grade.grade_class`.
    """

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
        self.attempts: dict[Submission, dict[Submission, Attempt]] = {}  # of submissions with others that are missing
        self.found: dict[Submission, list[GradingResult]] = {}
        self.told_as: dict[tuple[str, str], str] = {}  # by student and unit of an attempt: the submission's student
        self.before = 0

    @property
    @abstractmethod
    def recorder(self) -> BaseRecorder:
        """The writer of the gradebook."""

    @abstractmethod
    def best(self, student: str, attempts: Sequence[Attempt]) -> Attempt:
        """Choose the attempt that counts for a student."""

    @abstractmethod
    def job(self, submission: Submission, content: bytes) -> GradingJob:
        """Collect everything that is needed to grade a submission."""

    def run(self, submissions: Sequence[Submission]) -> None:
        """Grade what is missing, and record each result when it is ready."""
        self.told_as = {(attempt.student, each.unit): each.student for each in submissions for attempt in each.attempts}
        running: dict[str, list[tuple[Submission, Submission]]] = {}  # by the key of the job

        def jobs() -> Iterator[GradingJob]:
            for submission, attempt, job in self.missing(submissions):
                same = running.setdefault(job.key, [])  # a student may hand in the same again
                same.append((submission, attempt))
                if len(same) == 1:
                    yield job

        missing = jobs()
        first = next(missing, None)  # if nothing is missing, nothing is started
        if first is not None:
            with closing(self.graded(chain([first], missing))) as found:
                for job, result in found:
                    for submission, attempt in running.pop(job.key):
                        self.add(submission, attempt, job, result, fresh=True)

    def missing(self, submissions: Sequence[Submission]) -> Iterator[tuple[Submission, Submission, GradingJob]]:
        """Read each attempt once, and yield those that must be graded, after their submission; record the others."""
        for submission in submissions:
            before = 0
            for attempt in submission.attempts:
                job = self.read(submission, attempt)
                if job and not self.options.force and (result := self.cache.load(job.key)):
                    before += 1
                    log.debug("%s, %s: graded before", job.student, job.unit)
                    self.add(submission, attempt, job, result)
                elif job:
                    yield submission, attempt, job
            if before == len(submission.attempts):
                self.before += 1 + len(submission.also)

    def read(self, submission: Submission, attempt: Submission) -> GradingJob | None:
        """Read the file of an attempt; record why, and return None, if it cannot be graded."""
        try:
            if not attempt.problem:
                return self.job(attempt, read_bytes(attempt.path))
            reason, final = attempt.problem, False
        except CourseError as error:
            reason, final = str(error), True
        except OSError as error:
            reason, final = f"expected a notebook, found a file that cannot be read: {error.strerror}", False
        job = self.job(attempt, reason.encode())
        self.add(submission, attempt, job, not_graded(job, reason, final=final))
        return None

    def graded(self, jobs: Iterable[GradingJob]) -> Generator[tuple[GradingJob, GradingResult]]:
        """Grade on this machine, or on those of the scheduler."""
        options = self.options
        if not options.scheduler:
            modules = needed_modules(self.sources)
            yield from grade_all(options.grader, jobs, options.jobs, self.begin, modules)
            return
        with remote_pool(options.scheduler) as client:
            refuse_others(client, available if options.isolated else str)
            yield from grade_remotely(client, options.grader, jobs, self.begin)

    def begin(self, student: str, unit: str) -> None:
        """Tell that an attempt begins, by the student of its submission: it may be of another member of the group."""
        if self.on_start:
            self.on_start(self.told_as[student, unit], unit)

    def add(
        self,
        submission: Submission,
        attempt: Submission,
        job: GradingJob,
        result: GradingResult,
        fresh: bool = False,
    ) -> None:
        """Keep the result of an attempt; if it was the last one of a submission, record the attempt that counts."""
        result = self.stored(job, replace(result, work=job.work), fresh)
        log.debug("%s, %s: %s", job.student, job.unit, result.log if fresh else result.status)
        there = self.attempts.setdefault(submission, {})
        there[attempt] = Attempt(attempt, job.key, result)
        if len(there) == len(submission.attempts):
            del self.attempts[submission]
            self.found[submission] = self.record_all(submission, [there[each] for each in submission.attempts])
            self.on_result(self.found[submission][0])

    def stored(self, job: GradingJob, result: GradingResult, fresh: bool) -> GradingResult:
        """Store a result if it is new, and nothing about it is open."""
        try:
            if fresh and result.final and not any(exercise.undecided for exercise in result.exercises):
                self.cache.store(job.key, result)
        except Exception as error:
            return _not_recorded(result, error)
        return result

    def record_all(self, submission: Submission, attempts: Sequence[Attempt]) -> list[GradingResult]:
        """Record what counts for each student; notes about an attempt are told once, if possible of who made it."""
        counting = {student: self.counting(student, attempts) for student in (submission.student, *submission.also)}
        noted = {each.submission.path: student for student, each in reversed(counting.items())}
        noted |= {each.submission.path: student for student, each in counting.items() if student == each.result.student}
        return [
            self.record_for(student, each, noted[each.submission.path] == student) for student, each in counting.items()
        ]

    def counting(self, student: str, attempts: Sequence[Attempt]) -> Attempt:
        """Choose the attempt that counts for a student; an error here, as in a plugin, affects only this student."""
        try:
            return self.best(student, attempts)
        except Exception as error:
            return replace(attempts[0], result=_not_recorded(attempts[0].result, error))

    def record_for(self, student: str, attempt: Attempt, with_notes: bool) -> GradingResult:
        """Record a result for one student; an error here affects only this result."""
        submission, result = attempt.submission, attempt.result.credited_to(student, with_notes)
        try:
            if not submission.problem:
                told = "".join(f"change: {text}\n" for text in submission.changes)
                changes = [*submission.changes, *result.changes] if with_notes else []
                result = replace(result, changes=changes, log=told + result.log)
            self.recorder.record(submission, attempt.key, result)
            log.debug("%s, %s: recorded", result.student, result.unit)
        except Exception as error:  # a submission is an untrusted file: nothing in it may stop the others
            result = _not_recorded(result, error)
            with suppress(OSError):
                self.recorder.record(submission, attempt.key, result)
        return replace(result, notebook="", log="")  # those of many submissions would fill the memory


def _not_recorded(result: GradingResult, error: Exception) -> GradingResult:
    words = f"it was graded, but not recorded: {type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    return replace(result, error=words, log=f"{result.log}\n{trace}", final=False)
