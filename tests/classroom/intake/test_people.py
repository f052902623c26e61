"""Finding students in the class list."""

import pytest

from course_lib.classroom.intake.archives import Refused
from course_lib.classroom.intake.layouts import Person
from course_lib.classroom.intake.people import find_student, is_student
from course_lib.classroom.roster import Roster, Student

ROSTER = Roster(
    (
        Student("ada", "Lovelace", "Ada Augusta", "ada@x.org", moodle="70 71", canvas="12;sis-5", gradescope="42"),
        Student("muel", "Müller-Łuk", "Jörg", "jm@x.org", group="Team 1"),
        Student("ob", "O'Brien", "Zoë"),
        Student("li1", "Li", "Wei"),
        Student("li2", "Wei", "Li", moodle="91"),
        Student("doe1", "Doe", "Jane", moodle="81"),
        Student("doe2", "Doe", "Jane", canvas="82"),
        Student("300", "Hopper", "Grace", moodle="900"),
        Student("red0", "Red", "Ro", group="Team Red", withdrawn=True),
        Student("red1", "Rot", "Rita", group="Team Red"),
        Student("red2", "Rosso", "Rosa", moodle="95", group="Team Red"),
        Student("nobody", moodle="96"),
    )
)


@pytest.mark.parametrize(
    ("person", "student", "by"),
    [
        (Person("moodle", "Ada King", "71"), "ada", "id"),
        (Person("moodle", "Ada King", "70"), "ada", "id"),
        (Person("moodle", "Somebody", "96"), "nobody", "id"),
        (Person("moodle", "Team Red", "1"), "red1", "group"),
        (Person("moodle", "Team Red", "95"), "red2", "id"),
        (Person("canvas", "x", "sis-5"), "ada", "id"),
        (Person("gradescope", "A. L.", "42"), "ada", "id"),
        (Person("gradescope", "A. L.", "", "ADA@x.org"), "ada", "email"),
        (Person("moodle", "Ada Augusta Lovelace", "1"), "ada", "name"),
        (Person("moodle", "lovelace, ada augusta", "1"), "ada", "name"),
        (Person("moodle", "Jorg Muller Luk", "1"), "muel", "name"),
        (Person("moodle", "Team 1-Jörg Müller-Łuk", "1"), "muel", "name"),
        (Person("moodle", "Zoe OBrien", "1"), "ob", "name"),
        (Person("canvas", "lovelaceadaaugusta", "1"), "ada", "name"),
        (Person("canvas", "mllerukjrg", "1"), "muel", "name"),
        (Person("canvas", "müllerłukjörg", "1"), "muel", "name"),
        (Person("canvas", "mullerlukjorg", "1"), "muel", "name"),
        (Person("moodle", "Jane Doe", "81"), "doe1", "id"),
        (Person("canvas", "doejane", "82"), "doe2", "id"),
        (Person("moodle", "Li Wei", "91"), "li2", "id"),
        (Person("", "ada"), "ada", "id"),
        (Person("", "sis-5"), "ada", "id"),
        (Person("", "ADA@X.ORG"), "ada", "email"),
        (Person("", "O’Brien_Zoë"), "ob", "name"),
    ],
)
def test_found(person: Person, student: str, by: str) -> None:
    assert find_student(person, ROSTER, "there") == (student, by)


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (Person("moodle", "Jane Doe", "1"), "got Jane Doe (Moodle 1), who may be doe1, doe2; write 1 into the column"),
        (Person("moodle", "Li Wei", "1"), "who may be li1, li2"),
        (Person("moodle", "Ada", "1"), "got Ada (Moodle 1); add the student, or write 1 into"),
        (Person("moodle", "Team 2-Jörg Müller-Łuk", "1"), "expected somebody in roster.csv"),
        (Person("moodle", "Grace Hopper", "71"), "the id is that of ada in roster.csv"),
        (Person("moodle", "Somebody", "71"), "the id is that of ada in roster.csv"),
        (Person("moodle", "Team Red", "71"), "the id is that of ada in roster.csv"),
        (Person("canvas", "hoppergrace", "12"), "the id is that of ada in roster.csv"),
        (Person("gradescope", "Grace Hopper", "", "ada@x.org"), "the email is that of ada in roster.csv"),
        (Person("moodle", "", "1"), "expected somebody"),
        (Person("canvas", "", "1"), "expected somebody"),
        (Person("", "bob"), "got bob; add the student, or unpack it, rename 'there' to the student's id"),
    ],
)  # fmt: skip
def test_refused(person: Person, words: str) -> None:
    with pytest.raises(Refused) as caught:
        find_student(person, ROSTER, "there")
    assert words in str(caught.value)


def test_blind_marking_has_numbers_alone() -> None:
    assert find_student(Person("moodle", "Participant", "71"), ROSTER, "there", is_blind=True) == ("ada", "id")


def test_a_number_in_another_system_is_not_an_id() -> None:
    with pytest.raises(Refused, match="expected somebody"):
        find_student(Person("moodle", "Somebody", "42"), ROSTER, "there")


@pytest.mark.parametrize(("name", "expected"), [("ada", True), ("Jane Doe", True), ("jm@x.org", True), ("all", False)])
def test_is_a_student(name: str, expected: bool) -> None:
    assert is_student(name, ROSTER) is expected
    assert not is_student(name, Roster())


@pytest.mark.parametrize(
    ("person", "folder"),
    [
        (Person("moodle", "Ada Lovelace", "123"), "Ada Lovelace"),
        (Person("canvas", "lovelaceada", "12"), "lovelaceada_12"),
        (Person("gradescope", "Ada", "42", "ada@x.org"), "42"),
        (Person("gradescope", "Ada", "", "ada@x.org"), "ada@x.org"),
        (Person("gradescope", "Ada"), "Ada"),
        (Person("", "Mu\u0308ller, J."), "M\u00fcller, J"),
        (Person("gradescope", "a/../<b>\n"), "a_..__b__"),
        (Person("gradescope", "..." + "x" * 300), "x" * 100),
    ],
)  # fmt: skip
def test_without_a_class_list_the_system_names_the_folder(person: Person, folder: str) -> None:
    assert find_student(person, Roster(), "there") == (folder, "name")


@pytest.mark.parametrize("person", [Person("gradescope", "../.."), Person("", "_")])
def test_without_a_class_list_some_have_no_folder(person: Person) -> None:
    with pytest.raises(Refused, match="expected "):
        find_student(person, Roster(), "there")
