"""What grading found: tables for people, JSON and CSV for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from course_lib.grading.outcome import GRADED, Outcome, printable
from course_lib.grading.record.entries import Recorded
from course_lib.grading.scores import ExerciseScore

UNRECORDED = "not recorded, an earlier grade stays; put right what its line says, and run the command again"
NOT_ISOLATED = "not isolated: the learners' code ran with your rights"
Rows = Mapping[tuple[str, str], Outcome]


def to_json(outcomes: Sequence[Outcome]) -> str:
    """Write outcomes as a JSON list of objects: points, exercises, and what was mended and noted."""
    objects = [
        {
            "student": outcome.student,
            "unit": outcome.unit,
            "points": outcome.points,
            "max_points": outcome.max_points,
            "status": outcome.status,
            "exercises": [asdict(exercise) for exercise in outcome.exercises],
            "isolated": outcome.isolated,
            "mended": outcome.mended,
            "notes": outcome.notes,
        }
        for outcome in outcomes
    ]
    return json.dumps(objects, indent=2, ensure_ascii=False)


def table(outcomes: Sequence[Outcome]) -> Table:
    """Lay out one line a submission; an error in words stands in the last column."""
    shown = Table(title="Grades", title_justify="left")
    for column in ("student", "unit"):
        shown.add_column(column, no_wrap=True)
    shown.add_column("points", justify="right", no_wrap=True)
    shown.add_column("status", overflow="fold")
    for outcome in outcomes:
        shown.add_row(outcome.student, outcome.unit, f"{outcome.points:g}/{outcome.max_points:g}", _status(outcome))
    return shown


def line(outcome: Outcome) -> str:
    """Write an outcome in a line."""
    points = f"{outcome.points:g}/{outcome.max_points:g}"
    return " ".join(f"{outcome.student}, {outcome.unit}: {points} {_status(outcome)}".split())


def _status(outcome: Outcome) -> str:
    return outcome.status if outcome.isolated else f"{outcome.status} (not isolated)"


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
            "✓" if earned else printable(exercise.message) or "not run",
        )
    return shown


def summary(outcomes: Sequence[Outcome], before: int, entries: Iterable[Recorded]) -> str:
    """Sum a run up in lines for the instructor.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the whole run.
    before : int
        How many of them were there already.
    entries : iterable of Recorded
        What the gradebook holds.

    Returns
    -------
    str
        Points, errors and mended submissions; then one line for everything mended and noted, and for each grade that
        is not what the tests gave.
    """
    errors = [outcome for outcome in outcomes if outcome.status != GRADED]
    mended = [outcome for outcome in outcomes if outcome.mended]
    points, possible = sum(outcome.points for outcome in outcomes), sum(outcome.max_points for outcome in outcomes)
    graded = f"{_count(len(outcomes), 'submission')}, {before} of them graded before"
    lines = [
        f"{graded}; {points:g} of {possible:g} points from tests, {_count(len(errors), 'error')}, {len(mended)} mended"
    ]
    for title, found in (("mended", [o.mended for o in outcomes]), ("note", [o.notes for o in outcomes])):
        for outcome, texts in zip(outcomes, found, strict=True):
            lines += [f"{title}: {outcome.student}, {outcome.unit}: {text}" for text in texts]
    counts = {(entry.unit, entry.student): entry for entry in entries}
    for outcome in outcomes:
        entry = counts.get((outcome.unit, outcome.student))
        if entry and entry.points != outcome.points:
            why = f"by hand or late, {outcome.points:g} from tests" if outcome.final else "from an earlier run"
            lines.append(f"counts: {outcome.student}, {outcome.unit}: {entry.points:g} points ({why})")
    unrecorded = dict.fromkeys((outcome.student, outcome.unit) for outcome in outcomes if not outcome.final)
    lines += [f"{student}, {unit}: {UNRECORDED}" for student, unit in unrecorded]
    if any(not outcome.isolated for outcome in outcomes):
        lines.append(NOT_ISOLATED)
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def grades_csv(entries: Sequence[Recorded], rows: Rows) -> str:
    """Write the gradebook as CSV, a line a submission; ``late`` is the penalty that its points are without.

    Parameters
    ----------
    entries : sequence of Recorded
        Their points count: those that people gave among them.
    rows : mapping of (unit, student) to Outcome
        What was found last; an outcome that is not in the gradebook gets a line too.
    """
    there = {(entry.unit, entry.student): entry for entry in entries}
    lines = []
    for unit, student in sorted({*there, *rows}):
        entry, outcome = there.get((unit, student)), rows.get((unit, student))
        counts = entry or outcome
        assert counts is not None, "every key comes from one of them"
        status = outcome.status if outcome else "graded by nbgrader"
        if entry and outcome and not outcome.final:
            status += "; the points are those of an earlier run"
        isolated = "" if outcome is None else "yes" if outcome.isolated else "no"
        points = (counts.points, counts.max_points, entry.late if entry else 0)
        lines.append([student, unit, *(f"{number:.12g}" for number in points), status, isolated])
    return _csv(["student", "unit", "points", "max_points", "late", "status", "isolated"], lines)


def exercises_csv(entries: Sequence[Recorded], rows: Rows) -> str:
    """Write the points of every exercise in the gradebook as CSV, with what its first failing test said."""
    return _csv(["student", "unit", "exercise", "points", "max_points", "message"], _exercise_lines(entries, rows))


def _exercise_lines(entries: Sequence[Recorded], rows: Rows) -> Iterator[list[str]]:
    for entry in entries:
        outcome = rows.get((entry.unit, entry.student))
        messages = {exercise.name: exercise.message for exercise in outcome.exercises} if outcome else {}
        for name in [*messages, *(entry.exercises.keys() - messages.keys())]:
            points, maximum = entry.exercises.get(name, (0.0, 0.0))
            message = _no_formula(messages.get(name, ""))
            yield [entry.student, entry.unit, name, f"{points:.12g}", f"{maximum:.12g}", message]


def _csv(header: list[str], lines: Iterable[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()


def _no_formula(text: str) -> str:
    """Keep a spreadsheet from computing what a learner's error says."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
