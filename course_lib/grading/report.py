"""Reports on a run of grading: tables and lines for people, JSON for programs."""

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


def to_json(results: Sequence[GradingResult], entries: _Entries = ()) -> str:
    """Write results as a JSON list of objects: the points that count, those from tests, and notes."""
    objects = [
        {
            "student": result.student,
            "unit": result.unit,
            "points": (entry or result).points,
            "points_from_tests": result.points,
            "late": entry.late if entry else 0,
            "max_points": (entry or result).max_points,
            "error": result.error,
            "handed_in_by": result.handed_in_by or result.student,
            "exercises": [
                {
                    "name": counts.name,
                    "points": counts.points,
                    "points_from_tests": tests.points,
                    "max_points": counts.max_points,
                    "message": counts.message,
                    **({"note": counts.note} if counts.note else {}),
                }
                for counts, tests in zip(_counting(result, entry), result.exercises, strict=True)
            ],
            "isolated": result.isolated,
            "changes": result.changes,
            "audit_flags": result.audit_flags,
            "review": entry.review if entry else {},
        }
        for result, entry in _with_entries(results, entries)
    ]
    return json.dumps(objects, indent=2, ensure_ascii=False)


def _with_entries(
    results: Sequence[GradingResult], entries: _Entries
) -> list[tuple[GradingResult, GradebookEntry | None]]:
    """Find the gradebook entry of each result."""
    there = {(entry.unit, entry.student): entry for entry in entries if entry.handed_in}
    return [(result, there.get((result.unit, result.student))) for result in results]


def counting(result: GradingResult, entries: _Entries) -> list[ExerciseScore]:
    """List the exercises of a result with the points that count, including those that people gave."""
    return _counting(*_with_entries([result], entries)[0])


def _counting(result: GradingResult, entry: GradebookEntry | None) -> list[ExerciseScore]:
    given = entry.exercises if entry else {}
    return [_given(exercise, given.get(exercise.name, (exercise.points,))[0]) for exercise in result.exercises]


def _given(exercise: ExerciseScore, points: float) -> ExerciseScore:
    """Replace the points from tests by those that count; if no test explains the difference, say who gave them."""
    if isclose(points, exercise.points):
        return exercise
    if exercise.question:
        return replace(exercise, points=points, message="given by hand")
    by_hand = f"given by hand; {exercise.points:g} from tests"
    return replace(exercise, points=points, message=(exercise.graded and exercise.message) or by_hand)


def table(results: Sequence[GradingResult], entries: _Entries = ()) -> Table:
    """Make a table with a line for each submission and the points that count; the last column has anything unusual."""
    shown = Table(title="Grades", title_justify="left")
    for column in ("student", "unit"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("status", overflow="fold")
    for result, entry in _with_entries(results, entries):
        counts = entry or result
        points = f"{counts.points:g}/{counts.max_points:g}"
        status = "; ".join([_status(result), *_differences(result, entry)])
        shown.add_row(result.student, result.unit, points, status)
    return shown


def _differences(result: GradingResult, entry: GradebookEntry | None) -> list[str]:
    """Say why the points that count are not those from the tests."""
    if not entry or isclose(entry.points, result.points):
        return []
    if not result.final:
        return ["the points are those of an earlier run"]
    late = [f"late: −{entry.late:g}"] if entry.late else []
    by_hand = [] if isclose(entry.points + entry.late, result.points) else ["points given by hand"]
    return [*by_hand, *late, f"{result.points:g} from tests"]


def line(result: GradingResult) -> str:
    """Write a result in one line."""
    points = f"{result.points:g}/{result.max_points:g}"
    return " ".join(f"{result.student}, {result.unit}: {points} {_status(result)}".split())


def _status(result: GradingResult) -> str:
    return result.status if result.isolated else f"{result.status} (not isolated)"


def exercise_table(title: str, exercises: Sequence[ExerciseScore]) -> Table:
    """Make a table with a line for each exercise, with the message of its first failed test."""
    shown = Table(title=title, title_justify="left", show_lines=True)
    shown.add_column("exercise", no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for exercise in exercises:
        shown.add_row(exercise.name, points_of(exercise), verdict(exercise))
    return shown


def verdict(exercise: ExerciseScore) -> str:
    """Describe the result of an exercise or a question."""
    if exercise.question:
        return exercise.message or "not graded"
    right = exercise.points >= exercise.max_points if exercise.max_points else not exercise.message
    said = "✓" if right else printable(exercise.message) or "not run"
    return f"{said} ({printable(exercise.note)})" if exercise.note else said


def summary(results: Sequence[GradingResult], before: int, entries: Iterable[GradebookEntry]) -> str:
    """Summarize a run for the instructor.

    Parameters
    ----------
    results : sequence of GradingResult
        Of the whole run.
    before : int
        The number of results from earlier runs.
    entries : iterable of GradebookEntry
        What the gradebook holds.

    Returns
    -------
    str
        Points that count, errors and restored submissions; then one line for each change and audit flag, and for each
        submission that a person should look at.
    """
    pairs = _with_entries(results, entries)
    errors = [result for result in results if result.error is not None]
    changed = [result for result in results if result.changes]
    points, possible = sum((entry or result).points for result, entry in pairs), sum(o.max_points for o in results)
    graded = f"{_count(len(results), 'submission')}, {before} of them graded before"
    found_wrong = f"{_count(len(errors), 'error')}, {len(changed)} with changes"
    lines = [f"{graded}; {points:g} of {possible:g} points, {found_wrong}"]
    for title, found in (("change", [o.changes for o in results]), ("flag", [o.audit_flags for o in results])):
        for result, texts in zip(results, found, strict=True):
            lines += [f"{title}: {result.student}, {result.unit}: {text}" for text in texts]
    for result, entry in pairs:
        review = entry.review if entry else {}
        for why in (GIVEN, WAITING):
            if names := ", ".join(name for name, reason in review.items() if reason == why):
                lines.append(f"review: {result.student}, {result.unit}: {names}: {why}; look at it in formgrader")
    unrecorded = dict.fromkeys((result.student, result.unit) for result in results if not result.final)
    lines += [f"{student}, {unit}: {UNRECORDED}" for student, unit in unrecorded]
    if any(not result.isolated for result in results):
        lines.append(NOT_ISOLATED)
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
