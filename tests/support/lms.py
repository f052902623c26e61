"""What Moodle and Canvas do with files that they import, after the descriptions of their formats."""

import csv
import io
import zipfile
from pathlib import Path

from course_lib.classroom.export.template import csv_text

WORKSHEET = [
    "Identifier",
    "Full name",
    "ID number",
    "Email address",
    "Status",
    "Grade",
    "Maximum grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
]
GRADEBOOK = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def worksheet(*students: tuple[str, str, str, str], grade: str = "", maximum: str = "3.00", comment: str = "") -> str:
    """Write a grading worksheet as Moodle does: (participant, full name, ID number, address) of each student."""
    rows = [
        [
            f"Participant {number}",
            name,
            sid,
            email,
            "Submitted for grading - ",
            grade,
            maximum,
            "Yes",
            "-",
            "-",
            comment,
        ]
        for number, name, sid, email in students
    ]
    return csv_text([WORKSHEET, *rows])


def import_worksheet(text: str) -> dict[str, float]:
    """Read the grades that Moodle would take from a worksheet, by participant."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(header)
    taken = {}
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        if cells["Grade"] and 0 <= float(cells["Grade"]) <= float(cells["Maximum grade"]):
            taken[cells["Identifier"].removeprefix("Participant ")] = float(cells["Grade"])
    return taken


def import_moodle_feedback(path: Path, participants: set[str]) -> dict[str, tuple[str, str]]:
    """Read whose feedback Moodle would take from a zip file: the name and content of each file, by participant."""
    taken = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            _name, number, kind, plugin, *_ = folder.split("_", 4)
            if number in participants and (kind, plugin) in (("assignsubmission", "file"), ("assignfeedback", "file")):
                taken[number] = (file, archive.read(name).decode())
    return taken


def gradebook(*lines: str, assignments: str = "Doubling (77)", possible: str = "3.00", delimiter: str = ",") -> str:
    """Write a gradebook as Canvas does: "name; ID; SIS User ID; SIS Login ID; section; points; …" of each student."""
    header = [*GRADEBOOK, *assignments.split("; "), "Current Score"]
    columns = len(header) - len(GRADEBOOK) - 1
    rows = [
        header,
        ["    Points Possible", "", "", "", "", *[possible] * columns, "(read only)"],
        *([*line.split("; "), "90.00"] for line in lines),
    ]
    return csv_text(rows, delimiter)


def import_gradebook(text: str, before: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Read the points after Canvas has imported a gradebook, by ID and column: an empty cell removes what was there."""
    delimiter = max(",;", key=text.splitlines()[0].count)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert header[:2] == GRADEBOOK[:2]
    assert header[4] == GRADEBOOK[4]
    after = dict(before)
    possible = next(row for row in rows if "Points Possible" in row[0])
    for row in rows:
        for column, cell, read_only in zip(header[5:], row[5:], possible[5:], strict=True):
            if row[1] and read_only != "(read only)":
                after[row[1], column] = cell
    return after
