"""Where the tests of a notebook can run, found out by running them on the instructor's own answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from traitlets.config import Config

from course_lib.foreign.pipeline import grade_foreign
from course_lib.foreign.plan import TestPlan, plan_tests
from course_lib.foreign.runner import ForeignJob
from course_lib.foreign.scores import IN_PROCESS
from course_lib.foreign.units import ForeignUnit
from course_lib.grading.cache import ResultCache, grader_version
from course_lib.grading.models import GradingResult
from course_lib.grading.needed_modules import needed_modules
from course_lib.grading.parallel import grade_all
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import ExerciseScore

INSTRUCTOR = "instructor"
UNKNOWN = "with the answers in the source it fails, so nothing shows that it can run apart"


@dataclass(frozen=True)
class Tried:
    """What is known of the tests of a notebook.

    Attributes
    ----------
    plans : mapping of str to TestPlan
        How to run each test.
    failing : mapping of str to str
        The tests that fail with the instructor's own answers, and their messages.
    error : str
        Why the instructor's notebook could not be run; usually empty.
    """

    plans: Mapping[str, TestPlan]
    failing: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


def limits_of(config: Config) -> Limits:
    """Read the limits of a course: ``c.Execute.timeout`` is the one of a cell, 30 seconds as in nbgrader."""
    config = Config(config)
    timeout = config.Execute.get("timeout", 30)
    if timeout is None or timeout == -1:  # nbgrader then waits for ever
        timeout = Limits().cell_s
    config.Execute = Config({"timeout": timeout})
    return Limits.configured(config)


def job_of(
    unit: ForeignUnit,
    plans: Mapping[str, TestPlan],
    submission: tuple[str, bytes, Mapping[str, bytes], list[str]],
    limits: Limits,
    *,
    isolated: bool,
    trial: bool = False,
) -> ForeignJob:
    """Collect everything that is needed to grade a notebook: student, file, files beside it, notes about those."""
    student, content, files, notes = submission
    return ForeignJob(
        student,
        unit.name,
        content,
        unit.released,
        limits,
        grader_version(),
        isolated,
        dict(files),
        notes,
        dict(plans),
        unit.fixed_files,
        trial,
    )


def try_units(
    units: Iterable[ForeignUnit], limits: Limits, cache: ResultCache, *, isolated: bool, workers: int
) -> dict[str, Tried]:
    """Decide how to run the tests of some notebooks.

    A test whose text allows it is run apart from the instructor's answers. If it fails there, but not in their process,
    every learner's runs in the learner's process. So does one that fails everywhere, as in a source without answers.

    Returns
    -------
    dict of str to Tried
        By the notebooks' names.
    """
    planned = {unit.name: (unit, plan_tests(unit.cells)) for unit in units}
    jobs = {
        name: job_of(
            unit,
            plans,
            (INSTRUCTOR, unit.answered.encode(), unit.files, []),
            limits,
            isolated=isolated,
            trial=True,
        )
        for name, (unit, plans) in planned.items()
        if plans
    }
    results = {name: found for name, job in jobs.items() if (found := cache.load(job.key))}
    missing = [job for name, job in jobs.items() if name not in results]
    modules = needed_modules(job.source for job in missing)
    for job, result in grade_all(grade_foreign, missing, workers, modules=modules) if missing else ():
        results[job.unit] = result
        if result.final:
            cache.store(job.key, result)
    return {name: _tried(plans, results.get(name)) for name, (_, plans) in planned.items()}


def _tried(plans: Mapping[str, TestPlan], result: GradingResult | None) -> Tried:
    if result is None:
        return Tried(plans)
    if not result.notebook:
        return Tried({name: TestPlan(plan.why or UNKNOWN) for name, plan in plans.items()}, error=result.status)
    tests = {exercise.name: exercise for exercise in result.exercises if exercise.name in plans}
    failing = {name: test.message for name, test in tests.items() if test.points < test.max_points}
    return Tried(dict(_plans(plans, tests, failing)), failing, result.error or "")


def _plans(
    plans: Mapping[str, TestPlan], tests: Mapping[str, ExerciseScore], failing: Mapping[str, str]
) -> Iterator[tuple[str, TestPlan]]:
    """Yield the final plans."""
    for name, plan in plans.items():
        found = tests[name].note.removeprefix(f"{IN_PROCESS}: ") if name in tests else ""
        why = plan.why or (UNKNOWN if name in failing else found)
        yield name, TestPlan(why) if why else plan
