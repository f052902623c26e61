"""Finding the students of a class in the lines of a file that a system exported."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from course_lib.classroom.export.template import Template, TemplateError
from course_lib.classroom.roster import Student


@dataclass(frozen=True)
class Key:
    """A column that says whose line it is.

    Attributes
    ----------
    column : str
        Its name.
    of_student : callable
        What the column may say for a student; empty texts mean nothing.
    of_cell : callable
        The part of the column's text that counts.
    unique : bool
        False for a name, which two students may share, and the like: it counts only for a line and a student that
        nothing else belongs to.
    """

    column: str
    of_student: Callable[[Student], Iterable[str]]
    of_cell: Callable[[str], str] = str
    unique: bool = True


def match(
    template: Template,
    keys: Sequence[Key],
    students: Iterable[Student],
    fits: Callable[[Sequence[str], Student], bool] = lambda *_: True,
) -> dict[int, Student]:
    """Find the student of each row.

    Parameters
    ----------
    template : Template
        The file.
    keys : sequence of Key
        Columns that the file does not have are ignored.
    students : iterable of Student
        The class.
    fits : callable
        Whether a row may be a student's, if only a key that is not unique says so.

    Returns
    -------
    dict of int to Student
        By the index of the row; without rows that name nobody.

    Raises
    ------
    TemplateError
        If a row is about two students, or two rows are about one.
    """
    known = {student.id: student for student in students}
    certain = _named(template, [key for key in keys if key.unique], known.values())
    by_name = _named(template, [key for key in keys if not key.unique], known.values())
    faults = list(_faults(template, certain))
    if faults:
        raise TemplateError("\n".join(faults))
    taken = {name for named in certain for name in named}
    counts = Counter(name for named in by_name for name in named)
    found = {}
    for number, named in enumerate(certain):
        guessed = by_name[number] if len(by_name[number]) == 1 else set()
        for name in named or guessed:
            alone = name not in taken and counts[name] == 1 and fits(template.rows[number], known[name])
            if named or alone:
                found[number] = known[name]
    return found


def _named(template: Template, keys: Sequence[Key], students: Iterable[Student]) -> list[set[str]]:
    """List for each row the students whom it names."""
    used = [(index, key) for key in keys for index in template.columns(key.column)]
    owners: dict[tuple[int, str], set[str]] = defaultdict(set)
    for student in students:
        for index, key in used:
            for text in filter(None, key.of_student(student)):
                owners[index, _same(text)].add(student.id)
    return [
        {name for index, key in used for name in owners.get((index, _same(key.of_cell(row[index]))), ())}
        for row in template.rows
    ]


def _faults(template: Template, rows: Sequence[set[str]]) -> Iterator[str]:
    """Yield a line for each row that is about two students, or about the student of an earlier row."""
    first: dict[str, int] = {}
    for line, named in zip(template.lines, rows, strict=True):
        place = f"{template.path}:{line}"
        if len(named) > 1:
            yield f"{place}: expected one student, got {' and '.join(sorted(named))}; correct classroom/roster.csv"
        for name in named:
            if (before := first.setdefault(name, line)) != line:
                yield (
                    f"{place}: expected one line for {name}, got another one in line {before}; correct "
                    "classroom/roster.csv, or remove the wrong line"
                )


def ids(text: str) -> tuple[str, ...]:
    """List the ids in a field of the class list, which may have several."""
    return (text, *re.split(r"[\s;,]+", text))


def _same(text: str) -> str:
    """Make texts equal that are the same to a person."""
    return unicodedata.normalize("NFC", text).strip().casefold()
