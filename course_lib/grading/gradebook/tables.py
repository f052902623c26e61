"""The tables of a classroom: CSV for spreadsheets and programs."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.models import GradingResult

NOT_HANDED_IN = "not handed in"
Rows = Mapping[tuple[str, str], GradingResult]
_GRADES = ["student", "unit", "points", "max_points", "late", "status", "isolated", "review"]
_ABOUT = ["last_name", "first_name", "email"]
_EXERCISES = ["student", "unit", "exercise", "points", "max_points", "message", "review"]


def grades_csv(
    entries: Sequence[GradebookEntry], rows: Rows, sections: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Write the gradebook as CSV, a line for each student and unit.

    Parameters
    ----------
    entries : sequence of GradebookEntry
        The entries; their points count, including those that people gave.
    rows : mapping of (unit, student) to GradingResult
        The latest results; a result that is not in the gradebook gets a line too.
    sections : mapping of str to str
        By student, the part of the class.

    Returns
    -------
    str
        ``late`` is the penalty, which is already subtracted from the points; ``review`` names the exercises that a
        person should look at.
    """
    there = {(entry.unit, entry.student): entry for entry in entries}
    lines = []
    for unit, student in sorted({*there, *rows}):
        entry, result = there.get((unit, student)), rows.get((unit, student))
        counts = entry or result
        assert counts is not None, "every key comes from one of them"
        points = (counts.points, counts.max_points, entry.late if entry else 0)
        isolated = "" if result is None else "yes" if result.isolated else "no"
        about = [getattr(entry, name, "") for name in _ABOUT]
        words = [_status(entry, result), isolated, "; ".join(entry.review if entry else ()), *about]
        words.append(sections.get(student, ""))
        lines.append([student, unit, *(f"{number:.12g}" for number in points), *words])
    return _csv([*_GRADES, *_ABOUT, "section"], lines)


def _status(entry: GradebookEntry | None, result: GradingResult | None) -> str:
    """Return the status of a student's work."""
    if result is None:
        return "graded by nbgrader" if entry and entry.handed_in else NOT_HANDED_IN
    earlier = entry and entry.handed_in and not result.final
    return f"{result.status}; the points are those of an earlier run" if earlier else result.status


def exercises_csv(entries: Sequence[GradebookEntry], rows: Rows) -> str:
    """Write the points of every exercise in the gradebook as CSV, with the message of its first failing test.

    ``review`` says why a person should look at an exercise.
    """
    return _csv(_EXERCISES, _exercise_lines(entries, rows))


def _exercise_lines(entries: Sequence[GradebookEntry], rows: Rows) -> Iterator[list[str]]:
    for entry in entries:
        result = rows.get((entry.unit, entry.student)) if entry.handed_in else None
        messages = {exercise.name: exercise.message for exercise in result.exercises} if result else {}
        for name in [*messages, *(entry.exercises.keys() - messages.keys())]:
            points, maximum = entry.exercises.get(name, (0.0, 0.0))
            numbers = (f"{points:.12g}", f"{maximum:.12g}")
            yield [entry.student, entry.unit, name, *numbers, messages.get(name, ""), entry.review.get(name, "")]


def _csv(header: list[str], lines: Iterable[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(no_formula, line) for line in lines)
    return text.getvalue()


def no_formula(text: str) -> str:
    """Keep a spreadsheet from evaluating a learner's text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
