"""Files for Moodle."""

import csv
from pathlib import Path

import pytest

from course_lib.classroom.export import moodle
from course_lib.classroom.export.files import Export
from course_lib.classroom.export.template import Template, TemplateError, read_template
from course_lib.classroom.roster import Student
from tests.support.graded import UNIT, graded
from tests.support.lms import import_moodle_feedback, import_worksheet, worksheet

ADA = Student("ada", "Lovelace", "Ada", "ada@x.org", moodle="s7")
BOB = Student("bob", "Lee", "=Bob_1", "bob@x.org")
LINES = (("101", "Ada Lovelace", "s7", "ada@x.org"), ("102", "=Bob_1 Lee", "s8", "bob@x.org"))


def downloaded(folder: Path, text: str) -> Template:
    path = folder / "worksheet.csv"
    path.write_text(text, encoding="utf-8")
    return read_template(path)


def filled(folder: Path, text: str, points: dict[str, float], students: tuple[Student, ...] = (ADA, BOB)) -> Export:
    return moodle.worksheet(downloaded(folder, text), graded(points, students), UNIT, {})[0]


def text_of(export: Export) -> str:
    return export.texts[f"{UNIT}_worksheet.csv"]


def test_moodle_reads_the_points(tmp_path: Path) -> None:
    export = filled(tmp_path, worksheet(*LINES), {"ada": 2.5, "bob": 1 / 3})
    assert import_worksheet(text_of(export)) == pytest.approx({"101": 2.5, "102": 1 / 3}, rel=1e-11)
    assert (export.lines, export.notes) == ([], [])


def test_only_grades_change(tmp_path: Path) -> None:
    text = worksheet(*LINES, comment='<p>"=1+1"\r\n</p>')
    export = filled(tmp_path, text, {"ada": 2})
    before, after = (list(csv.DictReader(part.splitlines(keepends=True))) for part in (text, text_of(export)))
    assert [row | {"Grade": ""} for row in after] == before
    assert [row["Grade"] for row in after] == ["2", ""]


def test_without_points_the_cell_stays(tmp_path: Path) -> None:
    export = filled(tmp_path, worksheet(*LINES, grade="1.00"), {"ada": 2})
    assert import_worksheet(text_of(export)) == {"101": 2, "102": 1}
    assert export.notes == [f"{UNIT}: ada had 1.00, now has 2"]


def test_the_same_points_need_no_note(tmp_path: Path) -> None:
    assert filled(tmp_path, worksheet(*LINES, grade="0.33"), {"ada": 1 / 3}).notes == []


@pytest.mark.parametrize(
    "student",
    [
        Student("ada", moodle="s7"),
        Student("ada", moodle="101"),
        Student("ada", email="Ada@x.org"),
        Student("s7"),
        Student("ada", "Lovelace", "Ada"),
        Student("Ada Lovelace"),
    ],
    ids=["ID number", "participant", "address", "folder", "name", "folder named after the name"],
)
def test_ways_to_know_a_student(tmp_path: Path, student: Student) -> None:
    export = filled(tmp_path, worksheet(*LINES), {student.id: 2}, (student,))
    assert import_worksheet(text_of(export)) == {"101": 2}


def test_an_id_number_is_not_taken_for_a_participant(tmp_path: Path) -> None:
    text = worksheet(("101", "Ada M. Lovelace", "", ""), ("102", "Bob Lee", "", ""))
    students = (Student("ada", "Lovelace", "Ada", moodle="101"), Student("cem", "Can", "Cem", moodle="102"))
    export = filled(tmp_path, text, {"ada": 2, "cem": 1}, students)
    assert import_worksheet(text_of(export)) == {"101": 2}
    assert "cem" in export.lines[0]


def test_a_worksheet_without_names(tmp_path: Path) -> None:
    text = 'Identifier,Status,Grade,"Maximum grade","Last modified (grade)"\n"Participant 101",,,3,-\n'
    template = downloaded(tmp_path, text)
    numbers = moodle.participants({"ada": "Participant_101_assignsubmission_file_", "bob": "bob"})
    assert numbers == {"ada": "101"}
    export, found = moodle.worksheet(template, graded({"ada": 2}), UNIT, numbers)
    assert import_worksheet(text_of(export)) == {"101": 2}
    assert found == {"ada": "101"}


def test_lines_and_students_that_do_not_match(tmp_path: Path) -> None:
    text = worksheet(*LINES, ("103", "Eve Ray", "s9", "eve@x.org"))
    students = (ADA, Student("bob", moodle="s8", withdrawn=True), Student("dora"))
    export = filled(tmp_path, text, {"ada": 2, "bob": 1, "dora": 3}, students)
    assert import_worksheet(text_of(export)) == {"101": 2}
    absent, stranger = export.lines
    assert absent.startswith(f"{UNIT}: graded, but without a line in {tmp_path / 'worksheet.csv'}: dora; ")
    assert "nobody of the class, not filled in: line 4 (Participant 103, Eve Ray); " in stranger


def test_what_moodle_would_skip(tmp_path: Path) -> None:
    export = filled(tmp_path, worksheet(*LINES).replace(",Yes,", ",No,", 1), {"ada": 2, "bob": 3.5})
    assert import_worksheet(text_of(export)) == {"101": 2}
    assert export.lines == [
        f"{UNIT}: more than the maximum grade, which Moodle skips: bob; enter them there",
        f"{UNIT}: Moodle has locked the grade and skips the new one: ada",
    ]


def test_another_maximum(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=f"expected the maximum grade 3, what {UNIT} is worth, got 100.00; "):
        filled(tmp_path, worksheet(*LINES, maximum="100.00"), {"ada": 2})
    assert filled(tmp_path, worksheet(*LINES, maximum="3,00"), {"ada": 2}).lines == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Student,ID,Section,Doubling (77)\n", "got what looks like a gradebook of Canvas; download it in Moodle with"),
        (
            "ID,Bewertung\n",
            "got a file without Identifier, Grade, Last modified (grade); download it in Moodle with Eng",
        ),
        ("Identifier,Grade,Grade,Last modified (grade)\n", "expected each column once, got more than one Grade"),
        ("Identifier,Grade,Scale,Last modified (grade)\n", "expected points, got an assignment with a scale"),
    ],
)
def test_other_files(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        filled(tmp_path, text, {"ada": 2})
    assert words in str(caught.value)


def rows(export: Export) -> list[list[str]]:
    return list(csv.reader(export.texts[f"{UNIT}_gradebook.csv"].splitlines()))


def test_gradebook_without_a_worksheet() -> None:
    export = moodle.gradebook(graded({"ada": 2.5, "bob": 1}, (ADA, BOB, Student("cem", email="cem@x.org"))), UNIT)
    assert rows(export) == [["Email address", UNIT], ["ada@x.org", "2.5"], ["bob@x.org", "1"]]
    assert export.lines == []


def test_gradebook_has_one_id_in_every_line() -> None:
    students = (
        Student("ada", moodle="s7"),
        Student("bob", moodle="s8", email="b@x.org"),
        Student("cem", email="c@x.org"),
    )
    export = moodle.gradebook(graded({"ada": 1, "bob": 2}, students), UNIT)
    assert rows(export) == [["ID number", UNIT], ["s7", "1"], ["s8", "2"]]
    export = moodle.gradebook(
        graded({"bob": 2, "cem": 3, "ada": 1}, (*students, Student("eve", email="e@x.org"))), UNIT
    )
    assert rows(export)[0] == ["Email address", UNIT]
    assert export.lines == [f"{UNIT}: left out, no Email address in classroom/roster.csv: ada"]


def test_moodle_finds_whose_feedback_it_is(tmp_path: Path) -> None:
    students = (ADA, BOB, Student("cem"), Student("dora", "../x", "a"))
    grades = graded({"ada": 1, "bob": 2, "cem": 3, "dora": 0}, students).grades[UNIT]
    numbers = {"ada": "101", "bob": "102", "dora": "104"}
    names = moodle.feedback_names(grades, numbers, UNIT)
    assert names.keys() == numbers.keys()
    assert names["ada"] == f"Ada Lovelace_101_assignfeedback_file_/{UNIT}.html"
    export = Export(archives={"feedback.zip": {name: f"page of {student}" for student, name in names.items()}})
    (path,) = export.write(tmp_path)
    assert import_moodle_feedback(path, {"101", "102"}) == {
        "101": (f"{UNIT}.html", "page of ada"),
        "102": (f"{UNIT}.html", "page of bob"),
    }
