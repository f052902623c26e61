"""The numbers of a unit, as a table for a terminal."""

from rich.table import Table

from course_lib.insight.pages import percent
from course_lib.insight.unit import ExerciseInsight, UnitInsight


def table(found: UnitInsight) -> Table:
    """Lay out the statistics of each exercise of a unit, and its most frequent failure."""
    shown = Table(title=f"{found.unit}, {found.learners} learners", title_justify="left")
    shown.add_column("exercise", no_wrap=True)
    for column in ("points", "full", "untouched", "discr."):
        shown.add_column(column, justify="right")
    shown.add_column("most frequent failure", overflow="fold")
    for each in found.exercises:
        numbers = each.statistics
        shares = map(percent, (numbers.difficulty, numbers.full, numbers.untouched))
        shown.add_row(each.name, *shares, _discrimination(each), _most_frequent(each))
    return shown


def _discrimination(exercise: ExerciseInsight) -> str:
    value = exercise.statistics.discrimination
    return "–" if value is None else f"{value:.2f}{' !' if exercise.reversed else ''}"


def _most_frequent(exercise: ExerciseInsight) -> str:
    kinds = sorted([*exercise.slips, *exercise.groups], key=lambda kind: -kind.learners)
    return f"{kinds[0].learners} × {kinds[0].title}" if kinds else ""
