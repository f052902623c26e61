"""Reading a CSV file that a system exported, and writing it again with more in it."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.errors import CourseError

DELIMITERS = ",;\t"
# What a file is if it has all of these columns.
_KINDS = {
    "a grading worksheet of Moodle": {"Identifier", "Grade"},
    "a gradebook of Canvas": {"ID", "Section"},
    "grades of Gradescope": {"SID", "Total Score"},
    "a roster of Gradescope": {"SID", "Email"},
    "a gradebook of Moodle": {"Email address", "Last downloaded from this course"},
    "this course's grades.csv": {"student", "unit", "points"},
    "this course's class list": {"id", "moodle"},
}
_AGAIN = "export it again, and do not save it with a spreadsheet program"


class TemplateError(CourseError):
    """A file that a system exported cannot be filled in; the message has a line for each fault."""


@dataclass(frozen=True)
class Template:
    """A CSV file that a system exported.

    Attributes
    ----------
    path : Path
        The file.
    header : list of str
        Names of the columns.
    rows : list of list of str
        The other lines, each as long as the header.
    lines : list of int
        The number of each row's first line in the file.
    delimiter : str
        The character between fields.
    """

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str = ","

    def columns(self, name: str) -> list[int]:
        """Find the columns with a name."""
        return [index for index, column in enumerate(self.header) if column.strip() == name]

    def require(self, names: Iterable[str], kind: str, advice: str) -> list[int]:
        """Find columns, each of which must be there once.

        Parameters
        ----------
        names : iterable of str
            The columns.
        kind : str
            What the file should be.
        advice : str
            What to do if it is not that.

        Returns
        -------
        list of int
            The index of each.

        Raises
        ------
        TemplateError
            If a column is missing, or is there more than once.
        """
        found = {name: self.columns(name) for name in names}
        if missing := [name for name, indices in found.items() if not indices]:
            got = looks_like(self.header)
            got = f"what looks like {got}" if got and got != kind else f"a file without {', '.join(missing)}"
            raise TemplateError(f"{self.path}: expected {kind}, got {got}; {advice}")
        if twice := [name for name, indices in found.items() if len(indices) > 1]:
            raise TemplateError(
                f"{self.path}: expected each column once, got more than one {', '.join(twice)}; remove the wrong one"
            )
        return [indices[0] for indices in found.values()]

    def with_rows(self, rows: list[list[str]]) -> "Template":
        """Make a file with the same columns and other content."""
        return replace(self, rows=rows)

    def with_columns(self, columns: Sequence[int]) -> "Template":
        """Make a file with some of the columns."""
        header, *rows = ([row[column] for column in columns] for row in (self.header, *self.rows))
        return replace(self, header=header, rows=rows)

    def text(self) -> str:
        """Write the file, in UTF-8 without a byte order mark."""
        return csv_text([self.header, *self.rows], self.delimiter)


def read_template(path: Path) -> Template:
    """Read a CSV file that a system exported.

    Parameters
    ----------
    path : Path
        The file: UTF-8, with commas, semicolons or tabs between fields.

    Returns
    -------
    Template
        With every field as it is in the file.

    Raises
    ------
    TemplateError
        If it is not such a file.
    """
    content = path.read_bytes()
    if content.startswith(b"PK"):
        raise TemplateError(f"{path}: expected a CSV file, got a zip file or a workbook; {_AGAIN}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: expected UTF-8, got something else: {error}; {_AGAIN}") from None
    first = text.splitlines()[:1]
    delimiter = max(DELIMITERS, key=lambda each: len(next(csv.reader(first, delimiter=each), [])))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            rows.append(row)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise TemplateError(f"{path}:{line}: expected CSV, got something else: {error}; {_AGAIN}") from None
    if not rows or not any(rows[0]):
        raise TemplateError(f"{path}: expected a first line with the names of columns, got none; {_AGAIN}")
    header = rows.pop(0)
    width = len(header)
    if long := [number for number, row in zip(lines[1:], rows, strict=True) if any(row[width:])]:
        raise TemplateError(f"{path}:{long[0]}: expected {width} fields, as in the first line, got more; {_AGAIN}")
    return Template(path, header, [(row + [""] * width)[:width] for row in rows], lines[1:], delimiter)


def looks_like(header: Sequence[str]) -> str:
    """Say what a file with these columns is; empty if that is unknown."""
    names = {name.strip() for name in header}
    return next((kind for kind, needed in _KINDS.items() if needed <= names), "")


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Write rows as CSV, every field exactly as it is: an importer compares it with what it knows."""
    text = io.StringIO()
    # With "\n" at the ends of lines, Python 3.11 puts no quotes around a field with "\r".
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
