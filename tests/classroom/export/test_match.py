"""Finding students in the lines of a file."""

from pathlib import Path

import pytest

from course_lib.classroom.export.match import Key, ids, match
from course_lib.classroom.export.template import Template, TemplateError
from course_lib.classroom.roster import Student

KEYS = (
    Key("id", lambda student: (*ids(student.moodle), student.id)),
    Key("mail", lambda student: (student.email,)),
    Key("name", lambda student: (f"{student.first_name} {student.last_name}".strip(),), unique=False),
)
ADA = Student("ada", "Byron", "Ada", "ada@x.org", moodle="7; s-7")
BOB = Student("bob", "Lee", "Bob", "bob@x.org", moodle="8")
BOB2 = Student("bob2", "Lee", "Bob")


def found(*rows: list[str], students: tuple[Student, ...] = (ADA, BOB, BOB2)) -> list[str | None]:
    """The student of each row (id, mail, name)."""
    template = Template(Path("x.csv"), ["id", "mail", "name"], list(rows), [*range(2, len(rows) + 2)])
    matched = match(template, KEYS, students)
    return [matched[row].id if row in matched else None for row in range(len(rows))]


def test_any_column_is_enough() -> None:
    assert found(["7", "", ""], ["", "BOB@x.org ", ""], ["bob2", "", ""]) == ["ada", "bob", "bob2"]
    assert found(["S-7", "ada@x.org", "Ada Byron"]) == ["ada"]


def test_nobody_is_found_by_nothing() -> None:
    assert found(["", "", ""], ["9", "eve@x.org", "Eve"], students=(Student("ada"), Student("bob"))) == [None, None]


def test_a_name_counts_if_nothing_else_does() -> None:
    assert found(["", "", "ada byron"]) == ["ada"]
    assert found(["8", "", "Ada Byron"]) == ["bob"]
    assert found(["7", "", ""], ["", "", "Ada Byron"]) == ["ada", None]  # a namesake


def test_a_name_that_two_have_says_nothing() -> None:
    assert found(["", "", "Bob Lee"]) == [None]
    assert found(["8", "", "Bob Lee"], ["", "", "Bob Lee"]) == ["bob", None]
    assert found(["", "", "Ada Byron"], ["", "", "Ada Byron"]) == [None, None]


def test_a_line_about_two_students() -> None:
    with pytest.raises(TemplateError) as caught:
        found(["7", "bob@x.org", ""], ["8", "", ""])
    first, second = str(caught.value).splitlines()
    assert first == "x.csv:2: expected one student, got ada and bob; correct classroom/roster.csv"
    assert second.startswith("x.csv:3: expected one line for bob, got another one in line 2; ")


def test_two_lines_for_a_student() -> None:
    with pytest.raises(TemplateError, match=r"x\.csv:4: expected one line for ada, got another one in line 2;"):
        found(["7", "", ""], ["8", "", ""], ["ada", "", ""])
