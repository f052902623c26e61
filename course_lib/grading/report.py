"""What a run of grading found: tables and lines for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isclose

from rich.table import Table

from course_lib.grading.gradebook.entries import GIVEN, WAITING, GradebookEntry
from course_lib.grading.models import GradingResult, printable
from course_lib.grading.scores import ExerciseScore, points_of

UNRECORDED = "not recorded, an earlier grade stays if there is one; correct its cause, and run the command again"
NOT_ISOLATED = "not isolated: the learners' code ran with your rights"
_Entries = Iterable[GradebookEntry]


def to_json(outcomes: Sequence[GradingResult], entries: _Entries = ()) -> str:
    """Write outcomes as a JSON list of objects: the points that count, those from tests, and what was noted."""
    objects = [
        {
            "student": outcome.student,
            "unit": outcome.unit,
            "points": (entry or outcome).points,
            "points_from_tests": outcome.points,
            "late": entry.late if entry else 0,
            "max_points": (entry or outcome).max_points,
            "error": outcome.error,
            "exercises": [
                {
                    "name": counts.name,
                    "points": counts.points,
                    "points_from_tests": tests.points,
                    "max_points": counts.max_points,
                    "message": counts.message,
                }
                for counts, tests in zip(_counting(outcome, entry), outcome.exercises, strict=True)
            ],
            "isolated": outcome.isolated,
            "changes": outcome.changes,
            "audit_flags": outcome.audit_flags,
            "review": entry.review if entry else {},
        }
        for outcome, entry in _with_entries(outcomes, entries)
    ]
    return json.dumps(objects, indent=2, ensure_ascii=False)


def _with_entries(
    outcomes: Sequence[GradingResult], entries: _Entries
) -> list[tuple[GradingResult, GradebookEntry | None]]:
    """Find what the gradebook holds of each outcome."""
    there = {(entry.unit, entry.student): entry for entry in entries if entry.handed_in}
    return [(outcome, there.get((outcome.unit, outcome.student))) for outcome in outcomes]


def counting(outcome: GradingResult, entries: _Entries) -> list[ExerciseScore]:
    """List the exercises of an outcome with the points that count: those that people gave among them."""
    return _counting(*_with_entries([outcome], entries)[0])


def _counting(outcome: GradingResult, entry: GradebookEntry | None) -> list[ExerciseScore]:
    given = entry.exercises if entry else {}
    return [_given(exercise, given.get(exercise.name, (exercise.points,))[0]) for exercise in outcome.exercises]


def _given(exercise: ExerciseScore, points: float) -> ExerciseScore:
    """Put the points that count in the place of those from tests; where these say nothing against it, say who did."""
    if isclose(points, exercise.points):
        return exercise
    if exercise.question:
        return replace(exercise, points=points, message="given by hand")
    by_hand = f"given by hand; {exercise.points:g} from tests"
    return replace(exercise, points=points, message=(exercise.graded and exercise.message) or by_hand)


def table(outcomes: Sequence[GradingResult], entries: _Entries = ()) -> Table:
    """Lay out one line a submission, with the points that count; what is unusual stands in the last column."""
    shown = Table(title="Grades", title_justify="left")
    for column in ("student", "unit"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("status", overflow="fold")
    for outcome, entry in _with_entries(outcomes, entries):
        counts = entry or outcome
        points = f"{counts.points:g}/{counts.max_points:g}"
        status = "; ".join([_status(outcome), *_differences(outcome, entry)])
        shown.add_row(outcome.student, outcome.unit, points, status)
    return shown


def _differences(outcome: GradingResult, entry: GradebookEntry | None) -> list[str]:
    """Say why the points that count are not those from the tests."""
    if not entry or isclose(entry.points, outcome.points):
        return []
    if not outcome.final:
        return ["the points are those of an earlier run"]
    late = [f"late: −{entry.late:g}"] if entry.late else []
    by_hand = [] if isclose(entry.points + entry.late, outcome.points) else ["points given by hand"]
    return [*by_hand, *late, f"{outcome.points:g} from tests"]


def line(outcome: GradingResult) -> str:
    """Write an outcome in a line."""
    points = f"{outcome.points:g}/{outcome.max_points:g}"
    return " ".join(f"{outcome.student}, {outcome.unit}: {points} {_status(outcome)}".split())


def _status(outcome: GradingResult) -> str:
    return outcome.status if outcome.isolated else f"{outcome.status} (not isolated)"


def exercise_table(title: str, exercises: Sequence[ExerciseScore]) -> Table:
    """Lay out one line an exercise, with what its first failing test said."""
    shown = Table(title=title, title_justify="left", show_lines=True)
    shown.add_column("exercise", no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for exercise in exercises:
        shown.add_row(exercise.name, points_of(exercise), verdict(exercise))
    return shown


def verdict(exercise: ExerciseScore) -> str:
    """Say in words how an exercise or a question went."""
    if exercise.question:
        return exercise.message or "not graded"
    right = exercise.points >= exercise.max_points if exercise.max_points else not exercise.message
    return "✓" if right else printable(exercise.message) or "not run"


def summary(outcomes: Sequence[GradingResult], before: int, entries: Iterable[GradebookEntry]) -> str:
    """Sum a run up in lines for the instructor.

    Parameters
    ----------
    outcomes : sequence of GradingResult
        Of the whole run.
    before : int
        How many of them were there already.
    entries : iterable of GradebookEntry
        What the gradebook holds.

    Returns
    -------
    str
        Points that count, errors and restored submissions; then one line for each change and audit flag, and for each
        submission that a person should look at.
    """
    pairs = _with_entries(outcomes, entries)
    errors = [outcome for outcome in outcomes if outcome.error is not None]
    changed = [outcome for outcome in outcomes if outcome.changes]
    points, possible = sum((entry or outcome).points for outcome, entry in pairs), sum(o.max_points for o in outcomes)
    graded = f"{_count(len(outcomes), 'submission')}, {before} of them graded before"
    found_wrong = f"{_count(len(errors), 'error')}, {len(changed)} with changes"
    lines = [f"{graded}; {points:g} of {possible:g} points, {found_wrong}"]
    for title, found in (("change", [o.changes for o in outcomes]), ("flag", [o.audit_flags for o in outcomes])):
        for outcome, texts in zip(outcomes, found, strict=True):
            lines += [f"{title}: {outcome.student}, {outcome.unit}: {text}" for text in texts]
    for outcome, entry in pairs:
        review = entry.review if entry else {}
        for why in (GIVEN, WAITING):
            if names := ", ".join(name for name, reason in review.items() if reason == why):
                lines.append(f"review: {outcome.student}, {outcome.unit}: {names}: {why}; look at it in formgrader")
    unrecorded = dict.fromkeys((outcome.student, outcome.unit) for outcome in outcomes if not outcome.final)
    lines += [f"{student}, {unit}: {UNRECORDED}" for student, unit in unrecorded]
    if any(not outcome.isolated for outcome in outcomes):
        lines.append(NOT_ISOLATED)
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
