"""Reading the class list."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from course_lib.classroom.roster import Roster, RosterError, Student, read_roster, roster_path
from course_lib.course import Course
from tests.support.tiny_course import UNIT, make_course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("roster") / "course")


def read(course: Course, content: str | bytes) -> Roster:
    """Read a class list."""
    path = roster_path(course)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_roster(course)


def faults(course: Course, content: str | bytes) -> list[str]:
    """Read a class list that has faults, and return them without the path of the file."""
    with pytest.raises(RosterError) as caught:
        read(course, content)
    path = roster_path(course)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_without_a_file_the_list_is_empty(course: Course, tmp_path: Path) -> None:
    assert read_roster(Course(tmp_path, course.root)) == Roster()


def test_every_column(course: Course) -> None:
    text = (
        "id,last_name,first_name,email,moodle,canvas,gradescope,section,group,withdrawn,extension 01\n"
        "ada,Lovelace,Ada,ada@x.org,7,8,9,A,red,,3\n"
        "\n"
        'bob,"Byron, jr.",Bob,,,,,,red,2026-05-01,\n'
    )
    ada = Student("ada", "Lovelace", "Ada", "ada@x.org", "7", "8", "9", "A", "red", False, {UNIT: timedelta(days=3)})
    bob = Student("bob", "Byron, jr.", "Bob", group="red", withdrawn=True)
    assert read(course, text) == Roster((ada, bob))


@pytest.mark.parametrize(
    "content",
    [
        "last_name,id\nLÖvelace,ada\n".encode("utf-8-sig"),
        "last_name;id\r\nLÖvelace;ada\r\n",
        "\ufefflast_name;id\r\nLÖvelace;ada;\r\n;;\r\n",
        "last_name\tid\nLÖvelace\tada",
        '"Last Name" , ID ,\n"LÖvelace" , ada ,\n',
    ],
)
def test_forms_that_spreadsheets_write(course: Course, content: str | bytes) -> None:
    if isinstance(content, str) and " , " in content:
        content = content.replace('" ', '"')
    assert read(course, content) == Roster((Student("ada", "LÖvelace"),))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-04", date(2026, 5, 4)),
        ("2026-05-04 18:00", datetime(2026, 5, 4, 18)),
        ("2026-05-04T18:00Z", datetime(2026, 5, 4, 18, tzinfo=UTC)),
        ("2026-05-04T18:00:00+02:00", datetime(2026, 5, 4, 18, tzinfo=timezone(timedelta(hours=2)))),
        ("04.05.2026", date(2026, 5, 4)),
        ("04.05.2026 18:00", datetime(2026, 5, 4, 18)),
        ("3", timedelta(days=3)),
        ("0.5", timedelta(hours=12)),
    ],
)
def test_extensions(course: Course, written: str, expected: date | timedelta) -> None:
    (student,) = read(course, f"id,extension {UNIT}\nada,{written}\n").students
    assert student.extensions == {UNIT: expected}
    assert type(student.extensions[UNIT]) is type(expected)


@pytest.mark.parametrize("written", ["0", "-1", "400", "soon", "5/4/2026", "2026-13-01", "20260504", "2026-05"])
def test_dates_that_cannot_be_read(course: Course, written: str) -> None:
    (line,) = faults(course, f"id,extension 01\nada,{written}\n")
    assert line.startswith(f"2: extension {UNIT}: expected a date such as 2026-05-04")
    assert line.endswith(f"got {written!r}")


@pytest.mark.parametrize(
    ("written", "expected"), [("", False), ("no", False), ("Yes", True), ("x", True), ("2026-05-01", True)]
)
def test_withdrawn(course: Course, written: str, expected: bool) -> None:
    assert read(course, f"id,withdrawn\nada,{written}\n") == Roster((Student("ada", withdrawn=expected),))


def test_all_faults_at_once(course: Course) -> None:
    text = (
        "id,emial,email,canvas,extension 01,extension 09,withdrawn\n"
        "ada,,a@x.org,5,soon,,\n"
        ",,,,,,\n"
        ",,b@x.org,,,,maybe\n"
        "Ada,,A@x.org,5,,,\n"
        "eve,,,,,,,one,two\n"
        "..,,,,,,\n"
        "a/b,,,,,,\n"
        "<b>,,,,,,\n"
        f"{UNIT},,,,,,\n"
    )
    found = faults(course, text)
    expected = [
        ("1: expected columns among id, last_name,", "got 'emial'; did you mean email?"),
        ("1: column 'extension 09': expected a unit, one of", "got '09'"),
        (f"2: extension {UNIT}: expected a date", "got 'soon'"),
        ("4: expected an id, the name of the student's folder", "got an empty field"),
        ("4: withdrawn: expected nothing, yes, or a date", "got 'maybe'"),
        ("5: expected id of one student", "got 'Ada' as in line 2"),
        ("5: expected email of one student", "got 'A@x.org' as in line 2"),
        ("5: expected canvas of one student", "got '5' as in line 2"),
        ("6: expected 7 fields", "got 9: 'two'"),
        ("7: expected an id that can be the name of a folder", "got '..'"),
        ("8: expected an id that can be the name of a folder", "got 'a/b'"),
        ("9: id: expected a student's name without", "got '<b>'"),
        ("10: expected the id of a student, got the name of a unit", repr(UNIT)),
    ]
    assert len(found) == len(expected)
    for line, (start, end) in zip(found, expected, strict=True):
        assert line.startswith(start)
        assert line.endswith(end)


def test_line_numbers_count_lines_of_the_file(course: Course) -> None:
    (line,) = faults(course, 'id,last_name\nada,"two\nlines"\n\nada,again\n')
    assert line.startswith("5: expected id of one student")
    assert line.endswith("as in line 2")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1: expected a column id"),
        ("last_name\nLovelace\n", "1: expected a column id, got 'last_name'"),
        ("id,id\nada,bob\n", "1: expected each column once, got 'id' 2 times"),
        (
            "id,extension 01,extension doubling\nada,,\n",
            f"1: expected each column once, got 'extension {UNIT}' 2 times",
        ),
        ('id,last_name\nada,"open\n', "2: expected fields with quotes at both ends"),
        ("id\nada\n".encode("utf-16"), " expected UTF-8"),
        ("id,last_name\nada,Löve\n".encode("latin-1"), " expected UTF-8"),
        ("id\nad\x00a\n", "2: expected no U+0000"),
    ],
)
def test_files_that_are_no_class_list(course: Course, content: str | bytes, expected: str) -> None:
    assert faults(course, content)[0].startswith(expected)


def test_a_folder_in_place_of_the_file(tmp_path: Path, course: Course) -> None:
    roster_path(Course(tmp_path, course.root)).mkdir(parents=True)
    with pytest.raises(RosterError, match="save the class list as CSV"):
        read_roster(Course(tmp_path, course.root))


def test_finding_students_and_groups() -> None:
    ada, bob, eve = Student("ada", group="red"), Student("bob", group="red"), Student("eve")
    gone = Student("gone", group="red", withdrawn=True)
    roster = Roster((ada, bob, eve, gone))
    assert roster.by_id("bob") is bob
    assert roster.by_id("Bob") is None
    assert roster.group_of("bob") == (ada, bob)
    assert roster.group_of("eve") == (eve,)
    assert roster.group_of("gone") == (gone,)
    assert roster.group_of("nobody") == ()
