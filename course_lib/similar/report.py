"""What was found, as a page for a person and as JSON for a program."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.models import printable
from course_lib.grading.restore.template import Template
from course_lib.release import read_unit
from course_lib.similar import pairs
from course_lib.similar.documents import CODE, PROSE, Document
from course_lib.similar.handed_in import HandedIn, read_class
from course_lib.similar.known import known_runs
from course_lib.similar.pairs import Exercise, Pair, exercises_of, find_pairs, together
from course_lib.similar.passages import Passage, passages

MAX_LISTED = 1000  # pairs, in the JSON
MAX_SHOWN = 50  # pairs, with their answers, on the page
MAX_TEXT_CHARS = 6_000  # of an answer
_BINS = 10
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class Report:
    """What was found in a class.

    Attributes
    ----------
    unit : str
        Its full name.
    class_ : HandedIn
        What was handed in.
    exercises : list of Exercise
        In the order of the unit.
    listed : list of Pair
        Those that a person should look at, the most alike first.
    pairs : int
        The number of pairs of students that were compared.
    bins : list of int
        The number of pairs by their share: below 0.1, below 0.2, ... up to 1.
    """

    unit: str
    class_: HandedIn
    exercises: list[Exercise]
    listed: list[Pair]
    pairs: int
    bins: list[int]


def compare_class(course: Course, unit: str, groups: Mapping[str, str]) -> Report:
    """Compare the answers of a class.

    Parameters
    ----------
    course : Course
        With solutions and a classroom.
    unit : str
        Its full name.
    groups : mapping of str to str
        The group of each student who has one; its members are not compared with each other.

    Returns
    -------
    Report
        The same for the same files.

    Raises
    ------
    CourseError
        If there are no submissions, or the unit cannot be read.
    """
    template = Template.of(read_unit(course.solutions / unit / f"{unit}.md"))
    handed_in = read_class(course, unit, template)
    order = {template.name(index): index for index in template.solutions}
    documents = sorted(handed_in.documents, key=lambda document: order[document.exercise])
    exercises = exercises_of(documents, known_runs(course, unit, template.cells))
    found = find_pairs(exercises, groups)
    count = sum(not together(students, groups) for students in combinations(handed_in.students, 2))
    bins = Counter(min(int(pair.share * _BINS), _BINS - 1) for pair in found)
    bins[0] += count - len(found)
    listed = [pair for pair in found if pair.alike]
    return Report(unit, handed_in, exercises, listed, count, [bins[place] for place in range(_BINS)])


def write_report(course: Course, report: Report) -> tuple[Path, Path]:
    """Write the page and the JSON.

    Parameters
    ----------
    course : Course
        Its ``classroom/similar`` gets both; older ones are replaced.
    report : Report
        What was found.

    Returns
    -------
    tuple of (Path, Path)
        The page, ``UNIT.html``, and ``UNIT.json``. They contain no time: the same answers give the same bytes.
    """
    folder = course.classroom / "similar"
    page, data = folder / f"{report.unit}.html", folder / f"{report.unit}.json"
    write_aside(data, json.dumps(_as_json(report), indent=1, ensure_ascii=False) + "\n")
    write_aside(page, _page(report).encode(errors="replace"))
    return page, data


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "unit": report.unit,
        "students": len(report.class_.students),
        "unreadable": [printable(line) for line in report.class_.unreadable],
        "exercises": _counts(report),
        "pairs_compared": report.pairs,
        "pairs_by_share": report.bins,
        "pairs_listed": len(report.listed),
        "pairs": [
            {
                "students": [printable(student) for student in pair.students],
                "share": round(pair.share, 3),
                "exercises": [
                    {"name": match.exercise, "shared": match.shared, "own": match.own, "alike": match.alike}
                    for match in pair.matches
                ],
            }
            for pair in report.listed[:MAX_LISTED]
        ],
    }


def _counts(report: Report) -> list[dict[str, Any]]:
    """Count the answers to each exercise, and their runs."""
    students = len(report.class_.students)
    return [
        {
            "name": exercise.name,
            "not_answered": students - len(exercise.compared) - exercise.short,
            "too_short": exercise.short,
            "compared": len(exercise.compared),
            "nothing_own": sum(not own for own in exercise.fingerprints.values()),
            "runs": exercise.runs,
            "of_course": exercise.of_course,
            "of_class": exercise.of_class,
        }
        for exercise in report.exercises
    ]


def _page(report: Report) -> str:
    by_name = {exercise.name: exercise for exercise in report.exercises}
    shown = [
        {
            "students": [printable(student) for student in pair.students],
            "share": pair.share,
            "exercises": [
                {"match": match, "sides": _sides(by_name[match.exercise], pair.students)} for match in pair.alike
            ],
        }
        for pair in report.listed[:MAX_SHOWN]
    ]
    return _PAGES.get_template("page.html.j2").render(
        report=report,
        unreadable=[printable(line) for line in report.class_.unreadable],
        counts=_counts(report),
        bins=[(f"{10 * place} to {10 * place + 10} %", count) for place, count in enumerate(report.bins)],
        most=max([*report.bins[1:], 1]),
        shown=shown,
        code=CODE,
        prose=PROSE,
        rules=pairs,
    )


class _Piece(NamedTuple):
    """A part of a text; with numbers, it is in the other answer too."""

    text: str
    numbers: str


def _sides(exercise: Exercise, students: Sequence[str]) -> list[tuple[str, list[_Piece]]]:
    one, other = (exercise.compared[student] for student in students)
    marked = passages(one, other, exercise.shared(*students))
    return [
        (printable(document.student), [*_pieces(document, found)])
        for document, found in zip((one, other), marked, strict=True)
    ]


def _pieces(document: Document, found: Sequence[Passage]) -> Iterator[_Piece]:
    """Cut a text at its passages, and at its greatest length."""
    text = document.text
    place = 0
    for passage in found:
        if passage.start >= MAX_TEXT_CHARS:
            break
        yield _Piece(printable(text[place : passage.start]), "")
        place = min(passage.end, MAX_TEXT_CHARS)
        yield _Piece(printable(text[passage.start : place]), ", ".join(map(str, passage.numbers)))
    yield _Piece(printable(text[place:MAX_TEXT_CHARS]), "")
    if len(text) > MAX_TEXT_CHARS:
        yield _Piece(f"\n… {len(text) - MAX_TEXT_CHARS} more characters", "")
