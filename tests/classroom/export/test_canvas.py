"""Files for Canvas."""

from pathlib import Path

import pytest

from course_lib.classroom.export import canvas
from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import class_grades
from course_lib.classroom.export.template import TemplateError, read_template
from course_lib.classroom.roster import Roster, Student
from tests.support.graded import UNIT, entry, graded
from tests.support.lms import gradebook, import_gradebook

OTHER = "03_up_sampling"
ADA = Student("ada", canvas="7")
BOB = Student("bob", email="bob@x.org")
ADA_LINE, BOB_LINE = "Lovelace, Ada; 7; s7; ada; Monday; ", "Lee, Bob; 8; s8; bob@x.org; Monday; "
COLUMN = "Doubling (77)"


def filled(
    folder: Path,
    text: str,
    points: dict[str, float],
    students: tuple[Student, ...] = (ADA, BOB),
    units: tuple[str, ...] = (UNIT,),
    users: dict[str, str] | None = None,
) -> Export:
    path = folder / "canvas.csv"
    path.write_text(text, encoding="utf-8")
    return canvas.gradebook(read_template(path), graded(points, students, units), users or {})


def after(export: Export) -> dict[tuple[str, str], str]:
    return import_gradebook(export.texts["gradebook.csv"], {})


def test_canvas_reads_the_points(tmp_path: Path) -> None:
    export = filled(tmp_path, gradebook(ADA_LINE, BOB_LINE), {"ada": 2.5, "bob": 1 / 3})
    assert after(export) == {("7", COLUMN): "2.5", ("8", COLUMN): "0.333333333333"}
    assert (export.lines, export.notes) == ([], [])


def test_what_is_not_exported_is_not_in_the_file(tmp_path: Path) -> None:
    text = gradebook(ADA_LINE + "; 5", BOB_LINE + "2; 6", assignments=f"{COLUMN}; Essay (78)")
    export = filled(tmp_path, text, {"ada": 2})
    assert export.texts["gradebook.csv"].splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Doubling (77)",
        "    Points Possible,,,,,3.00",
        '"Lovelace, Ada",7,s7,ada,Monday,2',
    ]


def test_nothing_is_removed_from_canvas(tmp_path: Path) -> None:
    """An empty cell would remove points that are there: who has handed in nothing keeps what Canvas had."""
    export = filled(tmp_path, gradebook(ADA_LINE + "1.00", BOB_LINE + "2.00"), {"ada": 3})
    before = {("7", COLUMN): "1.00", ("8", COLUMN): "2.00"}
    assert import_gradebook(export.texts["gradebook.csv"], before) == {("7", COLUMN): "3", ("8", COLUMN): "2.00"}
    assert export.notes == [f"{COLUMN}: ada had 1.00, now has 3"]


@pytest.mark.parametrize("words", ["EX", "N/A"])
def test_words_stay(tmp_path: Path, words: str) -> None:
    export = filled(tmp_path, gradebook(ADA_LINE + words, BOB_LINE), {"ada": 3, "bob": 2})
    assert after(export) == {("7", COLUMN): words, ("8", COLUMN): "2"}
    assert export.lines == [f"{COLUMN}: words instead of points stay as they are: ada ({words})"]


def test_several_units(tmp_path: Path) -> None:
    text = gradebook(ADA_LINE + "; ", assignments="Unit 03: Up-sampling (2); 01_doubling (1)")
    export = filled(tmp_path, text, {"ada": 2}, (ADA,), (UNIT, OTHER))
    assert after(export) == {("7", "01_doubling (1)"): "2", ("7", "Unit 03: Up-sampling (2)"): "2"}


def test_a_unit_that_one_has_not_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "canvas.csv"
    path.write_text(gradebook(ADA_LINE + "1.50; ", BOB_LINE + "; 0.50", assignments="01_doubling (1); Other (2)"))
    of_class = class_grades(Roster((ADA, BOB)), [entry("ada", 2), entry("bob", 1, "02_other")], [UNIT, "02_other"])
    export = canvas.gradebook(read_template(path), of_class, {})
    assert after(export) == {
        ("7", "01_doubling (1)"): "2",
        ("7", "Other (2)"): "",
        ("8", "01_doubling (1)"): "",
        ("8", "Other (2)"): "1",
    }


def test_semicolons_and_rows_that_are_about_nobody(tmp_path: Path) -> None:
    text = gradebook(ADA_LINE, "; ; ; ; ; Manual Posting", "Student, Test; 9; ; a9; Monday; ", delimiter=";")
    export = filled(tmp_path, text, {"ada": 2}, (ADA,))
    assert after(export) == {("7", COLUMN): "2"}
    assert export.lines == []


@pytest.mark.parametrize(
    "student",
    [
        Student("ada", canvas="7"),
        Student("ada", canvas="s7, 7"),
        Student("s7"),
        Student("ada"),
        Student("x", email="ADA"),
        Student("lovelaceada_7"),
    ],
)
def test_ways_to_know_a_student(tmp_path: Path, student: Student) -> None:
    users = canvas.users({"lovelaceada_7": "lovelaceada_LATE_7_4711_01_doubling.ipynb"})
    export = filled(tmp_path, gradebook(ADA_LINE), {student.id: 2}, (student,), users=users)
    assert after(export) == {("7", COLUMN): "2"}


def test_lines_and_students_that_do_not_match(tmp_path: Path) -> None:
    students = (ADA, Student("bob", canvas="8", withdrawn=True), Student("dora"))
    text = gradebook(ADA_LINE, BOB_LINE, "Ray, Eve; 9; s9; eve; Monday; ")
    export = filled(tmp_path, text, {"ada": 2, "bob": 1, "dora": 3}, students)
    assert after(export) == {("7", COLUMN): "2"}
    absent, stranger = export.lines
    assert absent.startswith(f"{COLUMN}: graded, but without a line in {tmp_path / 'canvas.csv'}: dora; ")
    assert "nobody of the class, not filled in: line 5 (Ray, Eve, 9); " in stranger


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Identifier,Full name,Grade\n",
            "expected a gradebook of Canvas, got what looks like a grading worksheet of Moodle",
        ),
        ("LastName,FirstName,ID\n", "got a file without Section; export it in Canvas"),
        (
            gradebook(assignments="Essay (78); Tripling (79)"),
            f"expected an assignment with {UNIT} in its name, got Essay, T",
        ),
        (gradebook(assignments="Doubling"), f"expected an assignment with {UNIT} in its name, got no assignment; "),
        (
            gradebook(assignments="Doubling (77); Unit 01 doubling (78)"),
            f"expected one assignment for {UNIT}, got Doubling (77) and Unit 01 doubling (78); ",
        ),
        (gradebook(possible="10.00"), f"expected points possible of Doubling (77): 3, what {UNIT} is worth, got 10.00"),
    ],
)
def test_other_files(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        filled(tmp_path, text, {"ada": 2})
    assert words in str(caught.value)


def test_first_and_last_names_apart(tmp_path: Path) -> None:
    text = "LastName,FirstName,ID,SIS Login ID,Section,Doubling (77)\n Points Possible,,,,,3\nLovelace,Ada,7,ada,Mon,\n"
    export = filled(tmp_path, text, {"ada": 2}, (ADA,))
    assert export.texts["gradebook.csv"].splitlines()[-1] == "Lovelace,Ada,7,ada,Mon,2"


def test_feedback_has_the_names_of_the_downloads() -> None:
    """Canvas reads the first two parts of a name that are numbers, or the code and number after ``anon``."""
    names = canvas.feedback_names(
        {
            "ada": "lovelaceada_7_4711_01_doubling-1.ipynb",
            "bob": "leebob_8_LATE_4712_01_doubling.ipynb",
            "cem": "anon_x7Yz_4713_helper.py",
            "dora": "raydora_9_text.html",
            "eve": "eve",
        }
    )
    assert names == {
        "ada": "lovelaceada_7_4711_01_doubling-1.html",
        "bob": "leebob_8_LATE_4712_01_doubling.html",
        "cem": "anon_x7Yz_4713_helper.html",
    }
    assert canvas.users({"ada": "lovelaceada_LATE_7_4711_x.ipynb", "cem": "anon_x7Yz_4713_x.ipynb"}) == {"ada": "7"}


def test_a_group_gets_one_page() -> None:
    students = [Student("ada", group="red"), Student("bob", group="red"), Student("cem", group="blue"), Student("dora")]
    grades = graded(dict.fromkeys(["ada", "bob", "cem", "dora"], 1.0), students).grades[UNIT]
    assert list(canvas.recipients(grades, {"ada": "lovelaceada_7_4711_x.ipynb"})) == ["ada", "cem", "dora"]
