"""What grading found, as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from rich.table import Table

from course_lib.grading.scores import ExerciseScore


@dataclass(frozen=True)
class Grade:
    """The grade of one submission.

    Attributes
    ----------
    student, unit : str
        Whose, and of what.
    points, max_points : float
        Earned and possible.
    status : str
        ``graded``, or ``error: `` and what is wrong with the submission, in words.
    exercises : list of ExerciseScore
        In the order of the notebook; empty where it could not be graded.
    """

    student: str
    unit: str
    points: float
    max_points: float
    status: str
    exercises: list[ExerciseScore] = field(default_factory=list)


def to_json(grades: Sequence[Grade]) -> str:
    """Write grades as a JSON list of objects, with the names of the attributes."""
    return json.dumps([asdict(grade) for grade in grades], indent=2, ensure_ascii=False)


def table(grades: Sequence[Grade]) -> Table:
    """Lay out one line a submission; an error in words stands in the last column."""
    shown = Table(title="Grades", title_justify="left")
    for column in ("student", "unit"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("status", overflow="fold")
    for grade in grades:
        shown.add_row(grade.student, grade.unit, f"{grade.points:g}/{grade.max_points:g}", grade.status)
    return shown


def exercise_table(title: str, exercises: Sequence[ExerciseScore]) -> Table:
    """Lay out one line an exercise, with what its first failing test said."""
    shown = Table(title=title, title_justify="left", show_lines=True)
    shown.add_column("exercise", no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for exercise in exercises:
        earned = exercise.points == exercise.max_points
        shown.add_row(
            exercise.name,
            f"{exercise.points:g}/{exercise.max_points:g}",
            "✓" if earned else exercise.message or "not run",
        )
    return shown
