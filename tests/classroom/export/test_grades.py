"""What counts for whom."""

import math

from course_lib.classroom.export.grades import class_grades, named
from course_lib.classroom.roster import Roster, Student
from course_lib.grading.gradebook.entries import WAITING, GradebookEntry
from tests.support.graded import UNIT, entry

OTHER = "02_other"


def test_points_after_a_penalty_in_full_precision() -> None:
    grades = class_grades(Roster(), [entry("ada", 1 / 3, late=0.5)], [UNIT]).grades
    assert math.isclose(float(grades[UNIT]["ada"].points), 1 / 3, rel_tol=1e-11)
    assert len(grades[UNIT]["ada"].points) == len("0.333333333333")
    assert class_grades(Roster(), [entry("ada", 2.0)], [UNIT]).grades[UNIT]["ada"].points == "2"


def test_who_has_handed_in_nothing_has_no_points() -> None:
    entries = [entry("ada", 2), entry("bob", 0, handed_in=False), entry("cem", 0)]
    found = class_grades(Roster((Student("dora"),)), entries, [UNIT])
    assert list(found.grades[UNIT]) == ["ada", "cem"]
    assert [student.id for student in found.students] == ["dora", "ada", "bob", "cem"]
    assert found.max_points == {UNIT: 3}
    assert found.lines == []


def test_who_has_withdrawn_is_left_out() -> None:
    roster = Roster((Student("ada"), Student("bob", withdrawn=True)))
    found = class_grades(roster, [entry("ada", 2), entry("bob", 3)], [UNIT])
    assert list(found.grades[UNIT]) == ["ada"]
    assert [student.id for student in found.students] == ["ada"]
    assert [student.id for student in found.withdrawn] == ["bob"]


def test_only_the_units_asked_for() -> None:
    entries = [entry("ada", 2), entry("ada", 1, unit=OTHER)]
    assert class_grades(Roster(), entries, [OTHER]).grades.keys() == {OTHER}


def test_the_gradebook_completes_the_class_list() -> None:
    known = GradebookEntry("ada", UNIT, 2, 3, {}, last_name="King", first_name="Ada", email="ada@x.org")
    (ada,) = class_grades(Roster((Student("ada", last_name="Lovelace"),)), [known], [UNIT]).students
    assert ada == Student("ada", "Lovelace", "Ada", "ada@x.org")


def test_a_group_gets_the_points_of_its_one_submission() -> None:
    roster = Roster((Student("ada", group="red"), Student("bob", group="red"), Student("cem")))
    grades = class_grades(roster, [entry("ada", 2), entry("cem", 1)], [UNIT]).grades[UNIT]
    assert {student: grade.points for student, grade in grades.items()} == {"ada": "2", "bob": "2", "cem": "1"}
    assert grades["bob"].student.id == "bob"


def test_own_work_counts_before_that_of_the_group() -> None:
    roster = Roster((Student("ada", group="red"), Student("bob", group="red")))
    grades = class_grades(roster, [entry("ada", 2), entry("bob", 1)], [UNIT]).grades[UNIT]
    assert grades["bob"].points == "1"


def test_two_submissions_of_a_group_leave_the_others_to_a_person() -> None:
    roster = Roster(tuple(Student(name, group="red") for name in ("ada", "bob", "cem")))
    found = class_grades(roster, [entry("ada", 2), entry("bob", 1)], [UNIT])
    assert "cem" not in found.grades[UNIT]
    (line,) = found.lines
    assert line.startswith(f"{UNIT}: cem: expected one member of group red to hand in, got ada, bob")


def test_waiting_exercises_are_exported_with_a_line() -> None:
    found = class_grades(Roster(), [entry("ada", 2, review={"double": WAITING}), entry("bob", 1)], [UNIT])
    assert found.grades[UNIT]["ada"].points == "2"
    assert found.lines == [f"{UNIT}: exercises still wait for a person, the points so far are exported: ada"]


def test_many_names_make_one_line() -> None:
    assert named(["a", "b"]) == "a, b"
    assert named([str(number) for number in range(20)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 12 more"
