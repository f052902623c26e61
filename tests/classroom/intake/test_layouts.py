"""Who handed in what, by the names of files."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.classroom.intake.archives import opened
from course_lib.classroom.intake.layouts import Found, Person, read_layout
from tests.classroom.intake.downloads import metadata, write_zip

UNITS = ["01_doubling", "02_counting"]
X = "01_doubling.ipynb"
Shown = dict[tuple[Person, ...], list[str]]


def layout(tmp_path: Path, names: Iterable[str], students: Iterable[str] = (), **content: bytes) -> Found:
    files = {name: content.get("metadata", b"") if name.endswith(".yml") else b"" for name in names}
    with opened(write_zip(tmp_path / "a.zip", files)) as members:
        return read_layout(members, UNITS, "a", {*students}.__contains__)


def shown(found: Found) -> Shown:
    assert found.nobodys == {}
    return {each.people: [str(path) for path in each.files] for each in found.hand_ins}


@pytest.mark.parametrize("wrapper", ["", "CS1-Assignment 3-77/"])
def test_moodle_with_folders(tmp_path: Path, wrapper: str) -> None:
    names = [
        "Ada Lovelace_123_assignsubmission_file_/x.ipynb",
        "Ada Lovelace_123_assignsubmission_file_/data/x.csv",
        "Ada Lovelace_123_assignsubmission_onlinetext_/onlinetext.html",
        "Group 1-Bob Ümit-Smith_7_assignsubmission_file/x.ipynb",
        "Default group_assignsubmission_file/x.ipynb",
    ]
    found = layout(tmp_path, [wrapper + name for name in names])
    assert shown(found) == {
        (Person("moodle", "Ada Lovelace", "123"),): ["data/x.csv", "x.ipynb", "onlinetext.html"],
        (Person("moodle", "Default group"),): ["x.ipynb"],
        (Person("moodle", "Group 1-Bob Ümit-Smith", "7"),): ["x.ipynb"],
    }
    assert found.hand_ins[0].where == f"{wrapper}Ada Lovelace_123_assignsubmission_file_"


def test_moodle_without_folders(tmp_path: Path) -> None:
    names = [
        "Ada Lovelace_123_assignsubmission_file_my_answers_2.ipynb",
        "Ada Lovelace_123_assignsubmission_file_helper.py",
        "Ada Lovelace_123_assignsubmission_onlinetext_onlinetext.html",
        "Ada Lovelace_124_assignsubmission_file_Bob_9_assignsubmission_file_x.ipynb",
    ]
    assert shown(layout(tmp_path, names)) == {
        (Person("moodle", "Ada Lovelace", "123"),): ["helper.py", "my_answers_2.ipynb", "onlinetext.html"],
        (Person("moodle", "Ada Lovelace", "124"),): ["Bob_9_assignsubmission_file_x.ipynb"],
    }


@pytest.mark.parametrize("wrapper", ["", "submissions/"])
def test_canvas(tmp_path: Path, wrapper: str) -> None:
    names = [
        "lovelaceada_12_345_01_doubling-1.ipynb",
        "lovelaceada_12_346_helper-2.py",
        "lovelaceada_12_347_data-2.csv",
        "byronbob_LATE_13_350_x_1.ipynb",
        "curiemarie_14_text.html",
        "güney_o_15_360_x.ipynb",
    ]
    found = layout(tmp_path, [wrapper + name for name in names])
    assert shown(found) == {
        (Person("canvas", "lovelaceada", "12"),): ["01_doubling-1.ipynb", "helper.py", "data-2.csv"],
        (Person("canvas", "byronbob", "13"),): ["x_1.ipynb"],
        (Person("canvas", "curiemarie", "14"),): ["text.html"],
        (Person("canvas", "güney_o", "15"),): ["x.ipynb"],
    }
    assert {each.people[0].name: each.note for each in found.hand_ins}["byronbob"] == "late, according to Canvas"


@pytest.mark.parametrize("wrapper", ["", "assignment_9_export/"])
def test_gradescope(tmp_path: Path, wrapper: str) -> None:
    ada, bob = ("Ada Lovelace", "42", "ada@x.org"), ("Bob Byron", "", "bob@x.org")
    names = ["submission_metadata.yml", "submission_1/x.ipynb", "submission_1/data/y.csv", "submission_2/x.ipynb"]
    content = metadata({"submission_1": [ada, bob], "submission_3": [ada]})
    found = layout(tmp_path, [wrapper + name for name in names], metadata=content)
    both = (Person("gradescope", "Ada Lovelace", "42", "ada@x.org"), Person("gradescope", "Bob Byron", "", "bob@x.org"))
    assert shown(found) == {both: ["data/y.csv", "x.ipynb"], (): ["x.ipynb"]}
    assert found.hand_ins[0].time == datetime(2026, 4, 3, 16, 30, 0, 500000, tzinfo=UTC)


def test_gradescope_without_its_metadata(tmp_path: Path) -> None:
    assert shown(layout(tmp_path, ["submission_1/x.ipynb"])) == {(): ["x.ipynb"]}
    found = layout(tmp_path, ["submission_1/x.ipynb", "submission_metadata.yml"], metadata=b"[]")
    assert [*found.nobodys] == ["submission_metadata.yml"]
    assert [each.people for each in found.hand_ins] == [()]


@pytest.mark.parametrize(
    ("names", "students", "expected"),
    [
        (["ada/x.ipynb", "bob/x.ipynb"], (), {"ada": ["x.ipynb"], "bob": ["x.ipynb"]}),
        (["ada/01_doubling/x.ipynb"], (), {"ada": ["01_doubling/x.ipynb"]}),
        (["all/ada/x.ipynb", "all/bob/x.ipynb"], (), {"ada": ["x.ipynb"], "bob": ["x.ipynb"]}),
        (["all/ada/01_doubling/x.ipynb"], (), {"ada": ["01_doubling/x.ipynb"]}),
        (["ada/one/x.ipynb", "ada/two/x.ipynb"], ["ada"], {"ada": ["one/x.ipynb", "two/x.ipynb"]}),
        # A student's own folder holds what looks like somebody else's.
        (["ada/Bob_9_assignsubmission_file_/x.ipynb"], ["ada"], {"ada": ["Bob_9_assignsubmission_file_/x.ipynb"]}),
        (["ada.ipynb", "bob.zip"], (), {"ada": ["ada.ipynb"], "bob": ["bob.zip"]}),
        (["Lovelace, Ada (1).ipynb"], (), {"Lovelace, Ada": ["Lovelace, Ada (1).ipynb"]}),
        (["01_Doubling_ada.ipynb"], (), {"ada": ["01_Doubling_ada.ipynb"]}),
        (["bob-02_counting.ipynb"], (), {"bob": ["bob-02_counting.ipynb"]}),
        (["ada_03_2_x.ipynb"], (), {"ada_03_2_x": ["ada_03_2_x.ipynb"]}),
        (["anon_12345_67_x.ipynb"], (), {"anon_12345_67_x": ["anon_12345_67_x.ipynb"]}),
    ],
)  # fmt: skip
def test_folders_and_files_that_are_named_after_students(
    tmp_path: Path, names: list[str], students: list[str], expected: dict[str, list[str]]
) -> None:
    found = shown(layout(tmp_path, names, students))
    assert found == {(Person("", name),): paths for name, paths in expected.items()}


@pytest.mark.parametrize("names", [[X, "data/y.csv"], ["bob/x.ipynb"], ["Bob_9_assignsubmission_file_/x.ipynb"]])
def test_everything_in_a_download_that_is_named_after_a_student(tmp_path: Path, names: list[str]) -> None:
    assert shown(layout(tmp_path, names, ["a", "bob"])) == {(Person("", "a"),): names}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([X], X),
        ([f"01_doubling/{X}", "01_doubling/y.csv"], "01_doubling"),
        (["01_doubling (1).ipynb"], "01_doubling (1).ipynb"),
    ],
)
def test_what_nothing_is_named_after(tmp_path: Path, names: list[str], expected: str) -> None:
    found = layout(tmp_path, names)
    assert found.hand_ins == []
    assert [*found.nobodys] == [expected]


def test_a_folder_that_was_renamed_among_those_of_moodle(tmp_path: Path) -> None:
    names = ["ada/x.ipynb", "Bob Byron_7_assignsubmission_file_/x.ipynb"]
    assert {*shown(layout(tmp_path, names))} == {(Person("", "ada"),), (Person("moodle", "Bob Byron", "7"),)}


def test_what_belongs_to_nobody(tmp_path: Path) -> None:
    found = layout(tmp_path, ["ada/x.ipynb", "grades.csv", "../x.ipynb"])
    assert [*found.nobodys] == ["grades.csv"]
    assert [each.people[0].name for each in found.hand_ins] == ["..", "ada"]  # the first is refused later
    found = layout(tmp_path, ["all/ada/x.ipynb", "all/bob/x.ipynb", "../x.ipynb"])
    assert [*found.nobodys] == ["../x.ipynb"]


def test_a_name_that_is_there_twice(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [("ada/x.ipynb", b"1"), ("ada\\x.ipynb", b"2")])
    with opened(path) as members:
        (hand_in,) = read_layout(members, UNITS, "a", lambda _: False).hand_ins
    assert hand_in.twice == ["ada/x.ipynb"]


def test_what_is_left_of_a_name_leads_nowhere(tmp_path: Path) -> None:
    names = [
        "Ada_1_assignsubmission_file_../x.ipynb",
        "Ada_1_assignsubmission_file_..",
        "Ada_1_assignsubmission_file_.collected.json",
        "doe_2_3_..",
        "doe_2_4_x.ipynb",
    ]
    found = layout(tmp_path, names)
    assert {each.people[0].name: [*map(str, each.files)] for each in found.hand_ins} == {
        "Ada": ["x.ipynb"],
        "doe": ["x.ipynb"],
    }
