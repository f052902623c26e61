"""Grading one exercise of a class again after its tests have changed: compare first, then record."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import nbformat

from course_lib.cells import exercise_of, is_test
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import Submission
from course_lib.grading.gains import Change, compare, in_order
from course_lib.grading.grade import Grading, Run, require_sandbox
from course_lib.grading.gradebook.given import given_by_hand
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.gradebook.recorder import Unit, check_settings, register
from course_lib.grading.lock import alone
from course_lib.grading.models import GradingJob, GradingResult, not_graded, printable
from course_lib.grading.one_exercise import ExerciseJob, grade_exercise
from course_lib.grading.parallel import OnStart
from course_lib.grading.restore.reading import read_bytes
from course_lib.release import build_source
from course_lib.schedule import BEST


@dataclass(frozen=True)
class RegradeOptions(GradeOptions):
    """How one exercise is graded again; `grader` is not used.

    Attributes
    ----------
    exercise : str
        Its name.
    dry_run : bool
        Whether nothing in the classroom may change. Otherwise results are kept even if they are not recorded: the next
        run does not compute them again.
    """

    exercise: str = ""
    dry_run: bool = False


@contextmanager
def prepare_regrade(course: Course, submissions: Sequence[Submission], options: RegradeOptions) -> Iterator["Regrade"]:
    """Prepare to grade one exercise again; until the end of the block, no other run grades in this classroom.

    Parameters
    ----------
    course : Course
        The course; the tests of the exercise in its ``solutions/`` count.
    submissions : sequence of Submission
        From `find_submissions`; those of units without this exercise are left out.
    options : RegradeOptions
        How, and which exercise.

    Yields
    ------
    Regrade
        What compares, and then records.

    Raises
    ------
    CourseError
        If no unit has the exercise, if there are several attempts of which the best counts, and as for `grade_class`.
    """
    require_sandbox(options)
    units = dict.fromkeys(submission.unit for submission in submissions)
    sources = {name: build_source(course, name).read_text(encoding="utf-8") for name in units}
    known = {name: {exercise_of(test) for test in _tests(source)} for name, source in sources.items()}
    wanted = [submission for submission in submissions if options.exercise in known[submission.unit]]
    if not wanted:
        names = ", ".join(sorted(set[str]().union(*known.values())))
        raise ArgumentError(f"expected an exercise of {', '.join(known)} ({names}), got {options.exercise}")
    if several := [submission for submission in wanted if submission.earlier]:
        raise CourseError(
            f'{several[0].student}, {several[0].unit}: with attempts = "{BEST}" in course.toml, expected one attempt, '
            f"got {len(several[0].attempts)}: by other tests, another one may be the best; grade the whole unit, "
            "without --exercise"
        )
    with nullcontext() if options.dry_run else alone(course.classroom):
        if not options.dry_run:
            check_settings(course)
        having = {submission.unit: Unit(sources[submission.unit], "") for submission in wanted}
        yield Regrade(course, having, replace(options, grader=grade_exercise), wanted)


def _tests(notebook: str) -> dict[str, tuple[str, float]]:
    """Return the text and the points of each test."""
    cells = filter(is_test, nbformat.reads(notebook, as_version=4).cells)
    return {
        str(cell.metadata.nbgrader["grade_id"]): (printable(cell.source), float(cell.metadata.nbgrader["points"]))
        for cell in cells
    }


class Regrade(Grading):
    """A run that grades one exercise, and records nothing until it is told to."""

    options: RegradeOptions

    def __init__(
        self, course: Course, units: dict[str, Unit], options: RegradeOptions, wanted: Sequence[Submission]
    ) -> None:
        super().__init__(course, units, options, lambda _: None, None)
        self.wanted = wanted
        self.records = RecordedResults(course.results)
        self.replaced: dict[Submission, GradingResult] = {}  # what was recorded before the results of an earlier run
        self.waiting: dict[Submission, tuple[GradingJob, GradingResult]] = {}  # results that are not in the cache

    def compare(self, on_result: Callable[[GradingResult], None], on_start: OnStart | None = None) -> list[Change]:
        """Grade the exercise, and compare the points with those before.

        Parameters
        ----------
        on_result : callable
            Called with each result as soon as it is there.
        on_start : callable, optional
            As for `grade_class`.

        Returns
        -------
        list of Change
            Gains first, then losses.

        Raises
        ------
        CourseError
            If more than the tests of the exercise has changed since the class was graded.
        """
        self.on_result, self.on_start = on_result, on_start
        self.check(self.wanted)
        self.run(self.wanted)
        given = given_by_hand(self.course.nbgrader_config())
        return in_order(
            compare(
                self.options.exercise,
                self.replaced.get(submission) or self.records.last(submission.unit, submission.student),
                self.found[submission][0],
                given.get((submission.unit, submission.student), {}),
            )
            for submission in self.wanted
        )

    def missing(self, submissions: Sequence[Submission]) -> Iterator[tuple[Submission, Submission, GradingJob]]:
        """Yield the jobs that must run; collect the results of the others."""
        for submission in submissions:
            job = self.read(submission, submission)
            if job is None:
                continue
            key, earlier = self.recorded(job)
            done = self.cache.load(job.key)
            if done and key == job.key:
                self.replaced[submission] = (self.cache.load(done.replaces) if done.replaces else None) or done
            if done:
                self.before += 1
                self.add(submission, submission, job, replace(done, replaces=key) if earlier else done)
            else:
                yield submission, submission, self.exercise_job(job, key, earlier)

    def exercise_job(self, job: GradingJob, key: str, earlier: GradingResult | None) -> ExerciseJob:
        """Add to a job what is needed to grade one exercise."""
        whole: dict[str, Any] = {each.name: getattr(job, each.name) for each in fields(job)}
        today = datetime.now(UTC).date().isoformat()
        return ExerciseJob(
            **whole, exercise=self.options.exercise, earlier=earlier, replaces=key if earlier else "", date=today
        )

    def recorded(self, job: GradingJob) -> tuple[str, GradingResult | None]:
        """Find the key that was recorded last, and its result, if that is of the same work with other tests."""
        key = self.records.key(job.unit, job.student)
        found = self.cache.load(key) if key and key != job.key else None
        return key, found if found and found.work == job.work else None

    def check(self, submissions: Sequence[Submission]) -> None:
        """Raise `CourseError` if the tests of other exercises have changed since some submissions were graded."""
        now = {name: _tests(unit.source) for name, unit in self.units.items()}
        for submission in submissions:
            with suppress(CourseError, OSError):  # these are told later
                job = self.job(submission, read_bytes(submission.path))
                _, earlier = self.recorded(job)
                before = _tests(earlier.notebook) if earlier and earlier.notebook else {}
                unlike = {name for name, _ in before.items() ^ now[submission.unit].items() if before}
                if others := sorted(name for name in unlike if exercise_of(name) != self.options.exercise):
                    break
        else:
            return
        raise CourseError(
            f"{submission.unit}: expected only the tests of {self.options.exercise} to have changed since "
            f"{submission.student} was graded, got {', '.join(others)}, too; grade the whole unit, without --exercise"
        )

    def add(
        self,
        submission: Submission,
        attempt: Submission,
        job: GradingJob,
        result: GradingResult,
        fresh: bool = False,
    ) -> None:
        """Collect a result, and keep it if it may be used again."""
        result = replace(result, work=job.work)
        decided = result.final and not any(exercise.undecided for exercise in result.exercises)
        if not self.options.dry_run:
            if decided and (fresh or result.replaces):
                self.cache.store(job.key, result)
            if not decided or not self.cache.path(job.key).exists():
                self.waiting[submission] = job, result
        self.found[submission] = [replace(result, notebook="", log="")]
        self.on_result(result)

    def record(self) -> Run:
        """Enter all results into the gradebook, with the feedback."""
        self.units.update({name: register(self.course, name) for name in self.units})
        self.on_result = lambda _: None
        try:
            for submission in self.wanted:
                waits = submission in self.waiting
                job, result = self.waiting.pop(submission) if waits else self.again(submission)
                super().add(submission, submission, job, result)
        finally:
            entries = self.recorder.finish([*chain(*self.found.values())])
        withdrawn = [*self.recorder.returned, *self.recorder.left_over()]
        results = [*chain(*(self.found[submission] for submission in self.wanted))]
        return Run(results, self.before, entries, withdrawn)

    def again(self, submission: Submission) -> tuple[GradingJob, GradingResult]:
        """Read a result from the cache."""
        job = self.job(submission, read_bytes(submission.path))
        result = self.cache.load(job.key)
        return job, result or not_graded(job, "its file or the unit changed while it was graded", final=False)
