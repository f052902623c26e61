"""A learner's own copies: handing them out, checking them, counting points."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import nbformat

from course_lib.cells import cpp_exercises, exercise_of, is_question
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import write_aside
from course_lib.grading.execution import execute
from course_lib.grading.restore.normalize import normalize
from course_lib.grading.restore.reading import read_bytes, read_cells
from course_lib.grading.sandbox.compiler import none_here
from course_lib.grading.scores import (
    ExerciseScore,
    is_hidden_test,
    only_visible_checks,
    score,
    withhold_cpp,
)
from course_lib.release import released
from course_lib.worked_answers import opened


def own_notebook(course: Course, unit: str) -> Path:
    """Path of the learner's copy of a unit."""
    return course.work / unit / f"{unit}.ipynb"


def hand_out(course: Course, units: Iterable[str]) -> list[str]:
    """Copy released notebooks that a learner does not have yet; existing copies are never changed.

    Parameters
    ----------
    course : Course
        The course.
    units : iterable of str
        Whole names.

    Returns
    -------
    list of str
        The units that were copied.

    Raises
    ------
    CourseError
        If a unit is not released.
    """
    new = [unit for unit in units if not own_notebook(course, unit).exists()]
    fresh = {unit: _released(course, unit).read_text(encoding="utf-8") for unit in new}
    for unit, text in fresh.items():
        write_aside(own_notebook(course, unit), text)
    return new


def _released(course: Course, unit: str) -> Path:
    """Path of a released notebook, which must exist."""
    path = released(course, unit)
    if not path.is_file():
        raise CourseError(f"expected {unit} to be released, found nothing at {path}")
    return path


def start_anew(course: Course, unit: str) -> Path | None:
    """Give a learner a fresh copy of a unit, and keep the old copy beside it.

    Parameters
    ----------
    course : Course
        The course.
    unit : str
        Its full name.

    Returns
    -------
    Path or None
        Where the old copy is now; None if there was no copy.

    Raises
    ------
    CourseError
        If the unit is not released. Then the copy is not moved.
    """
    path, kept = own_notebook(course, unit), None
    _released(course, unit)  # otherwise the learner would be left without a copy
    if path.exists():
        kept = path.with_name(f"{unit}.{datetime.now():%Y-%m-%d-%H%M%S-%f}.ipynb")
        path.rename(kept)
    hand_out(course, [unit])
    return kept


def check(course: Course, unit: str) -> list[ExerciseScore]:
    """Run the visible checks of the learner's own notebook.

    The result is kept beside the notebooks, so that counting points is quick until the notebook
    changes. The notebook itself stays as it is.

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder has the notebook.
    unit : str
        Its full name.

    Returns
    -------
    list of ExerciseScore
        Points of the visible checks alone; questions have none, but their message says whether they are answered.
        Exercises in C++ are not graded if there is no compiler.

    Raises
    ------
    CourseError
        If the learner has no copy, the unit is not released, or the notebook cannot be read or run.
    """
    path = own_notebook(course, unit)
    if not path.is_file():
        raise CourseError(f"expected your copy of {unit} at {path}, found none; `course lab` puts it there")
    digest = _digest(course, unit)
    before = _last_check(course, unit)
    if before and before.digest == digest:
        return before.exercises
    fresh = nbformat.read(_released(course, unit), as_version=4)
    try:
        normalized = normalize(read_bytes(path), fresh)
        executed = execute(only_visible_checks(normalized.notebook), course.nbgrader_config(), path.parent)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from error
    if cpp_exercises(fresh) and (reason := none_here()):
        withhold_cpp(executed, fresh, reason)
    exercises = score(executed, normalized.missing)
    if all(exercise.graded for exercise in exercises):  # otherwise a compiler may be there next time
        checked = {"digest": digest, "exercises": [asdict(exercise) for exercise in exercises]}
        write_aside(_result_path(course, unit), json.dumps(checked))
    return exercises


class _Checked(NamedTuple):
    """What the checks of a unit found, and the digest of what was checked."""

    digest: str
    exercises: list[ExerciseScore]


def _digest(course: Course, unit: str) -> str:
    """Hash what a check depends on: outputs, which JupyterLab saves by itself, do not count."""
    parts = [_cells(own_notebook(course, unit)).encode(), _released(course, unit).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _cells(path: Path) -> str:
    """Write the cells of a notebook as text, without outputs; a file that cannot be read is like no other."""
    try:
        return repr(read_cells(read_bytes(path))[0])
    except CourseError as error:
        return f"{error}: {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _result_path(course: Course, unit: str) -> Path:
    return course.work / ".checked" / f"{unit}.json"


def _last_check(course: Course, unit: str) -> _Checked | None:
    """Read the last result; None if no result is kept, or one from another version."""
    try:
        kept = json.loads(_result_path(course, unit).read_text(encoding="utf-8"))
        return _Checked(kept["digest"], [ExerciseScore(**exercise) for exercise in kept["exercises"]])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def points_to_come(course: Course, unit: str) -> dict[str, float]:
    """Return the points that a grade can add: those of hidden tests, and of questions that are worth any.

    Parameters
    ----------
    course : Course
        The course of the release.
    unit : str
        Its full name.

    Returns
    -------
    dict of str to float
        Points by exercise or question; those to which a grade can add nothing are left out.

    Raises
    ------
    CourseError
        If the unit is not released.
    """
    more: dict[str, float] = {}
    for cell in nbformat.read(_released(course, unit), as_version=4).cells:
        if is_hidden_test(cell) or (is_question(cell) and cell.metadata.nbgrader["points"]):
            name = exercise_of(cell.metadata.nbgrader["grade_id"])
            more[name] = more.get(name, 0) + float(cell.metadata.nbgrader["points"])
    return more


class Progress(NamedTuple):
    """A learner's points in one unit.

    Attributes
    ----------
    points, max_points : float
        Earned and possible in the visible checks.
    more : float
        What a grade can add; see `points_to_come`.
    problem : str
        Why the notebook could not be checked, and counts like an untouched one; or that it has changed since its last
        check, and counts as it did then.
    opened : tuple of str
        Exercises and questions whose worked answer was opened.
    begun : bool
        Whether the learner's copy differs from the released notebook.
    exercises : tuple of ExerciseScore
        Of the visible checks; see `check`.
    """

    points: float
    max_points: float
    more: float
    problem: str = ""
    opened: tuple[str, ...] = ()
    begun: bool = True
    exercises: tuple[ExerciseScore, ...] = ()


def count(
    course: Course, unit: str, exercises: Iterable[ExerciseScore], problem: str = "", *, begun: bool = True
) -> Progress:
    """Count the points of a unit.

    Parameters
    ----------
    course : Course
        The course of the release.
    unit : str
        Its full name.
    exercises : iterable of ExerciseScore
        Of the visible checks.
    problem, begun : str, bool
        See `Progress`.

    Returns
    -------
    Progress
        Exercises that are not graded count for nothing.

    Raises
    ------
    CourseError
        If the unit is not released.
    """
    exercises = tuple(exercises)
    graded = [exercise for exercise in exercises if exercise.graded]
    return Progress(
        points=sum(exercise.points for exercise in graded),
        max_points=sum(exercise.max_points for exercise in graded),
        more=sum(points_to_come(course, unit).values()),
        problem=problem,
        opened=tuple(opened(course, unit)),
        begun=begun,
        exercises=exercises,
    )


def progress(course: Course, *, run: bool = True) -> dict[str, Progress]:
    """Count points in every released unit.

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder has the notebooks.
    run : bool
        Whether to run notebooks that have changed since their last check. Otherwise they keep the points of that check.

    Returns
    -------
    dict of str to Progress
        By unit. A unit without a copy, or with an untouched one, has 0 points.

    Raises
    ------
    CourseError
        If no unit is released.
    """
    units = {}
    for unit in course.units():
        path, fresh = own_notebook(course, unit), _released(course, unit)
        exercises, problem = score(only_visible_checks(nbformat.read(fresh, as_version=4))), ""
        begun = path.is_file() and _cells(path) != _cells(fresh)
        if begun and run:
            try:
                exercises = check(course, unit)
            except CourseError as error:
                problem = str(error)
        elif begun:
            digest, exercises = _last_check(course, unit) or _Checked("", exercises)
            if digest != _digest(course, unit):
                problem = f"changed since its last check: type `course check {unit}`, or `course progress` for all"
        units[unit] = count(course, unit, exercises, problem, begun=begun)
    return units
