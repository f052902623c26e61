"""Exercises and questions as the pages for a learner show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from course_lib.grading.models import printable
from course_lib.grading.scores import ExerciseScore, points_of
from course_lib.markdown import MathMLRenderer, to_html
from course_lib.statements import Statement

PASSED, PARTLY, FAILED, UNGRADED, QUESTION = "passed", "partly", "failed", "ungraded", "question"
VERDICTS = {PASSED: "✓ passed", PARTLY: "partly right", FAILED: "✗ not yet", UNGRADED: "not graded"}
_NOTHING = Statement("", ())


@dataclass(frozen=True)
class Row:
    """An exercise or a question.

    Attributes
    ----------
    name, title : str
        As its solution cell is called, and the heading above it.
    state : str
        `PASSED`, `PARTLY`, `FAILED`, `UNGRADED` or `QUESTION`.
    verdict : str
        The same in words; for a question, whether it is answered.
    points, more : str
        Those of the visible check, as in ``2/3``; what a grade can add, as in ``+2``. Empty if there are none.
    message : str
        Why the check failed.
    hints : list of (str, str)
        Title and HTML of each hint; none for an exercise that is passed.
    opened : bool
        Whether its worked answer was opened.
    """

    name: str
    title: str
    state: str
    verdict: str
    points: str
    more: str
    message: str
    hints: list[tuple[str, str]]
    opened: bool


def rows(
    exercises: Sequence[ExerciseScore],
    more: Mapping[str, float],
    opened: Collection[str],
    statements: Mapping[str, Statement],
) -> list[Row]:
    """Prepare the exercises and questions of a unit.

    Parameters
    ----------
    exercises : sequence of ExerciseScore
        As `workspace.check` returns them.
    more : mapping of str to float
        See `workspace.points_to_come`.
    opened : collection of str
        Exercises and questions whose worked answer was opened.
    statements : mapping of str to Statement
        Of the unit.

    Returns
    -------
    list of Row
        In the order of the exercises.
    """
    return [
        _row(exercise, more.get(exercise.name, 0), exercise.name in opened, statements.get(exercise.name, _NOTHING))
        for exercise in exercises
    ]


def _row(exercise: ExerciseScore, more: float, opened: bool, statement: Statement) -> Row:
    state = _state(exercise)
    hints = [] if state == PASSED else [(title, _html(text)) for title, text in statement.hints]
    return Row(
        name=exercise.name,
        title=statement.title or exercise.name,
        state=state,
        verdict=VERDICTS.get(state, exercise.message),
        points=points_of(exercise) if exercise.max_points else "",
        more=f"+{more:g}" if more else "",
        message=_message(exercise, state),
        hints=hints,
        opened=opened,
    )


def _state(exercise: ExerciseScore) -> str:
    if exercise.question:
        return QUESTION
    if not exercise.graded:
        return UNGRADED
    if exercise.points >= exercise.max_points:
        return PASSED
    return PARTLY if exercise.points > 0 else FAILED


def _message(exercise: ExerciseScore, state: str) -> str:
    if state in (PASSED, QUESTION):
        return ""
    return printable(exercise.message) or "not run"


def _html(text: str) -> str:
    """Convert the Markdown of a release, which needs no sanitizing: it is the course's own."""
    return to_html(text, MathMLRenderer(escape=False))
