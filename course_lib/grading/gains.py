"""What other tests of an exercise mean for a class: who gains points, and who loses some."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isclose

from rich.table import Table

from course_lib.grading.gradebook.given import counting
from course_lib.grading.models import GradingResult, printable
from course_lib.grading.one_exercise import WHOLE
from course_lib.grading.scores import ExerciseScore


@dataclass(frozen=True)
class Change:
    """What other tests mean for one submission; points include those given by hand, and no late penalty.

    Attributes
    ----------
    student, unit : str
        Whose work it is.
    before, after : float or None
        Points of the exercise; None before if it was not graded then.
    unit_before, unit_after : float or None
        Points of the unit.
    max_points, unit_max_points : float
        What can be earned now.
    by_hand : bool
        Whether a person gave points for the exercise; they stay.
    error : str or None
        What is wrong with the submission.
    scope : str
        What ran; see `GradingResult.scope`.
    """

    student: str
    unit: str
    before: float | None
    after: float
    unit_before: float | None
    unit_after: float
    max_points: float
    unit_max_points: float
    by_hand: bool = False
    error: str | None = None
    scope: str = ""

    @property
    def gain(self) -> float:
        """Points that the exercise gains; negative if it loses some."""
        return 0.0 if self.before is None or isclose(self.after, self.before) else self.after - self.before


def compare(
    exercise: str,
    before: GradingResult | None,
    after: GradingResult,
    given: Mapping[str, tuple[float | None, float]],
) -> Change:
    """Compare the results of one submission.

    Parameters
    ----------
    exercise : str
        The exercise that was graded again.
    before, after : GradingResult or None
        With other tests and with those of now; None if it was not graded before.
    given : mapping
        Points given by hand; see `gradebook.given`.

    Returns
    -------
    Change
        The points.
    """

    def points(exercises: Iterable[ExerciseScore]) -> float:
        return sum(counting(each, given) for each in exercises)

    counted = after if after.final or not before else before  # the gradebook keeps an earlier grade
    own = next(each for each in after.exercises if each.name == exercise)
    then = before.exercises if before else []
    return Change(
        after.student,
        after.unit,
        points(each for each in then if each.name == exercise) if before else None,
        points(each for each in counted.exercises if each.name == exercise),
        points(then) if before else None,
        points(counted.exercises),
        own.max_points,
        after.max_points,
        bool(given.keys() & own.tests.keys()),
        after.error,
        after.scope,
    )


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Sort: gains, the largest first, then losses, then the others."""
    return sorted(changes, key=lambda change: (change.gain == 0, -change.gain))


def table(exercise: str, changes: Sequence[Change]) -> Table:
    """Make a table with a line for each submission; the last column has anything unusual."""
    shown = Table(title=f"Graded again: {exercise}", title_justify="left")
    for column in ("student", "unit"):
        shown.add_column(column, no_wrap=True)
    for column in ("exercise", "of", "unit", "of"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("note", overflow="fold")
    for change in changes:
        points = _arrow(change.before, change.after), f"{change.max_points:g}"
        unit_points = _arrow(change.unit_before, change.unit_after), f"{change.unit_max_points:g}"
        shown.add_row(change.student, change.unit, *points, *unit_points, _note(change))
    return shown


def _arrow(before: float | None, after: float) -> str:
    if before is not None and isclose(before, after):
        return f"{after:g}"
    return f"{'–' if before is None else f'{before:g}'} → {after:g}"


def _note(change: Change) -> str:
    notes = ["points given by hand stay"] if change.by_hand else []
    notes += ["not graded before"] if change.before is None else []
    notes += [change.scope] if change.before is not None and change.scope.startswith(WHOLE) else []
    return printable("; ".join([*notes, *filter(None, [change.error and f"error: {change.error}"])]))


def counts(changes: Sequence[Change]) -> str:
    """Count who gains, who loses, and who does neither."""
    gains = sum(change.gain > 0 for change in changes)
    losses = sum(change.gain < 0 for change in changes)
    fresh = sum(change.before is None for change in changes)
    said = f"{gains} gain, {losses} lose, {len(changes) - gains - losses - fresh} same"
    return said + (f", {fresh} not graded before" if fresh else "")


def to_json(changes: Sequence[Change], recorded: bool) -> str:
    """Write the changes as a JSON list of objects."""
    return json.dumps([{**asdict(change), "recorded": recorded} for change in changes], indent=2, ensure_ascii=False)
