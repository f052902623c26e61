"""Reading ``classroom/roster.csv``, the class list: one line a student."""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.files import TextError, read_text
from course_lib.grading.collect.students import flaw_of

EXTENSION = "extension"
UNIQUE = ("email", "moodle", "canvas", "gradescope")  # no two students share one
DATES = "a date such as 2026-05-04, with or without a time such as 2026-05-04 18:00, or a number of days up to 365"
_YES, _NO = ("yes", "y", "true", "x", "1"), ("", "no", "n", "false", "0")
_OF_SPREADSHEETS = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")  # what a German one makes of an ISO date


class RosterError(CourseError):
    """The class list has faults; the message has a line for each."""


@dataclass(frozen=True)
class Student:
    """One student of the class.

    Attributes
    ----------
    id : str
        The name of the student's folder in ``classroom/submitted``.
    last_name, first_name, email : str
        Empty if unknown.
    moodle, canvas, gradescope : str
        The student's id in those systems; empty if unknown.
    section : str
        The part of the class; usually empty.
    group : str
        Students with the same group hand in once; empty for a student who works alone.
    withdrawn : bool
        Whether the student has left the class.
    extensions : mapping of str to (date, datetime or timedelta)
        By the whole name of a unit: the student's own due date, or the time added to that of the class.
    """

    id: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    moodle: str = ""
    canvas: str = ""
    gradescope: str = ""
    section: str = ""
    group: str = ""
    withdrawn: bool = False
    extensions: Mapping[str, date | timedelta] = field(default_factory=dict)


@dataclass(frozen=True)
class Roster:
    """The students of a class, in the order of the class list; empty if the class has no list."""

    students: tuple[Student, ...] = ()

    def by_id(self, student: str) -> Student | None:
        """Find a student by id; None if the list does not have it."""
        return next((each for each in self.students if each.id == student), None)

    def group_of(self, student: str) -> tuple[Student, ...]:
        """List the members of a student's group, without those who have withdrawn; the student alone without a group.

        Returns
        -------
        tuple of Student
            In the order of the list, with the student; empty if the list does not have the student.
        """
        found = self.by_id(student)
        if found is None:
            return ()
        return tuple(
            each
            for each in self.students
            if each is found or (found.group and each.group == found.group and not (each.withdrawn or found.withdrawn))
        )


COLUMNS = tuple(column.name for column in fields(Student) if column.name != "extensions")


def roster_path(course: Course) -> Path:
    """Path of the class list."""
    return course.classroom / "roster.csv"


def read_roster(course: Course) -> Roster:
    """Read the class list.

    Parameters
    ----------
    course : Course
        The course with the classroom and the units.

    Returns
    -------
    Roster
        Empty if the file does not exist.

    Raises
    ------
    RosterError
        If the file has faults; the message has a line for each, with the number of its line in the file.
    """
    path = roster_path(course)
    if not path.exists():
        return Roster()
    try:
        text = read_text(path)
    except (TextError, OSError) as error:
        raise RosterError(f"{error}\nsave the class list as CSV in UTF-8") from None
    reading = _Reading(path, course)
    students = tuple(reading.students(text))
    if reading.faults:
        raise RosterError("\n".join(reading.faults))
    return Roster(students)


class _Reading:
    """One reading of the file, and the faults that were found so far."""

    def __init__(self, path: Path, course: Course) -> None:
        self.path, self.course = path, course
        self.faults: list[str] = []
        self.lines: dict[tuple[str, str], int] = {}  # column and value: the line that has it first

    def fault(self, line: int, words: str) -> None:
        self.faults.append(f"{self.path}:{line}: {words}")

    def students(self, text: str) -> Iterator[Student]:
        """Yield the students; collect the faults."""
        rows = self.rows(text)
        line, header = next(rows, (1, [""]))
        columns = self.columns(line, header)
        if columns.count("id") == 0:
            self.fault(line, f"expected a column id, got {', '.join(header)!a}")
            return
        for line, row in rows:
            if any(row[len(columns) :]):
                self.fault(line, f"expected {len(columns)} fields, as in the first line, got {len(row)}: {row[-1]!a}")
                continue
            yield self.student(line, dict(zip(columns, row, strict=False)))

    def rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each line with its number, without empty lines and without space around a field."""
        first = text.split("\n", maxsplit=1)[0]
        reader = csv.reader(text.split("\n"), delimiter=max(",;\t", key=first.count), strict=True)
        line = 1
        try:
            for row in reader:
                stripped = [field.strip() for field in row]
                if any(stripped):
                    yield line, stripped
                line = reader.line_num + 1
        except csv.Error as error:
            self.fault(line, f"expected fields with quotes at both ends or none, got something else: {error}")

    def columns(self, line: int, header: Sequence[str]) -> list[str]:
        """Complete the names of the columns; an unknown one gets a name that no student has."""
        names = [self.column(line, name) for name in header]
        while names and not names[-1]:
            del names[-1]  # Excel writes empty ones
        for name in dict.fromkeys(names):
            if name and names.count(name) > 1:
                self.fault(line, f"expected each column once, got {name!a} {names.count(name)} times")
        return names

    def column(self, line: int, written: str) -> str:
        """Complete the name of a column; report it if it is unknown."""
        name = "_".join(written.lower().split())
        if name in COLUMNS or not name:
            return name
        first, _, unit = name.partition("_")
        if first == EXTENSION and unit:
            try:
                return f"{EXTENSION} {self.course.unit_with_solutions(unit)}"
            except ArgumentError as error:
                self.fault(line, f"column {written!a}: {error}")
                return written
        known = [*COLUMNS, f"{EXTENSION} UNIT"]
        near = get_close_matches(name, [*COLUMNS, EXTENSION], n=1)
        hint = f"; did you mean {known[-1] if near[0] == EXTENSION else near[0]}?" if near else ""
        self.fault(line, f"expected columns among {', '.join(known)}; got {written!a}{hint}")
        return written

    def student(self, line: int, row: dict[str, str]) -> Student:
        """Make a student of a line, and report what is wrong with it."""
        self.check_id(line, row.get("id", ""))
        for column in UNIQUE:
            self.check_unique(line, column, row.get(column, ""))
        extensions = {}
        for column, written in row.items():
            if column.startswith(f"{EXTENSION} ") and written:
                try:
                    extensions[column.removeprefix(f"{EXTENSION} ")] = _extension(written)
                except ValueError as error:
                    self.fault(line, f"{column}: {error}")
        texts = {column: row.get(column, "") for column in COLUMNS if column != "withdrawn"}
        return Student(**texts, withdrawn=self.withdrawn(line, row.get("withdrawn", "")), extensions=extensions)

    def check_id(self, line: int, written: str) -> None:
        """Report an id that cannot be the name of a folder, or that another line has."""
        if not written:
            self.fault(
                line, "expected an id, the name of the student's folder in classroom/submitted; got an empty field"
            )
        elif flaw := flaw_of(written):
            self.fault(line, f"id: {flaw}")
        elif written.startswith(".") or set(written) & set("/\\"):
            self.fault(
                line, f"expected an id that can be the name of a folder, without / or \\ or . first; got {written!a}"
            )
        elif written in self.course.units_with_solutions():
            self.fault(line, f"expected the id of a student, got the name of a unit: {written!a}")
        else:
            self.check_unique(line, "id", written)

    def check_unique(self, line: int, column: str, written: str) -> None:
        """Report a value that another student has, apart from upper and lower case."""
        key = column, unicodedata.normalize("NFC", written).casefold()
        if written and (first := self.lines.setdefault(key, line)) != line:
            self.fault(line, f"expected {column} of one student, got {written!a} as in line {first}")

    def withdrawn(self, line: int, written: str) -> bool:
        """Tell whether a student has withdrawn."""
        if written.lower() in (*_YES, *_NO):
            return written.lower() in _YES
        try:
            _date(written)
        except ValueError:
            self.fault(line, f"withdrawn: expected nothing, yes, or a date such as 2026-05-04; got {written!a}")
        return True


def _extension(written: str) -> date | timedelta:
    """Read a date, a date with a time, or a number of days."""
    if re.fullmatch(r"\d{1,3}(\.\d+)?", written) and 0 < float(written) <= 365:
        return timedelta(days=float(written))
    return _date(written)


def _date(written: str) -> date:
    """Read a date; with a time it is a datetime, with a zone only if one is written."""
    if re.match(r"\d{4}-\d\d-\d\d", written):
        for read in (date.fromisoformat, datetime.fromisoformat):
            with suppress(ValueError):
                return read(written)
    for form in _OF_SPREADSHEETS:
        with suppress(ValueError):
            time = datetime.strptime(written, form)
            return time if "%H" in form else time.date()
    raise ValueError(f"expected {DATES}; got {written!a}")
