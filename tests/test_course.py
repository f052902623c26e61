"""Where a course is found: in a checkout above, where the library lies, or in what a wheel brought."""

from pathlib import Path

import pytest

from course_lib import course as module
from course_lib.course import CONFIG, Course
from course_lib.errors import ArgumentError

UNITS = ["01_one", "02_two"]


def write_course(folder: Path) -> Path:
    """Write settings and notebooks into a folder."""
    for unit in UNITS:
        (folder / "notebooks" / unit).mkdir(parents=True)
        (folder / "notebooks" / unit / f"{unit}.ipynb").touch()
    (folder / CONFIG).write_text(f"c = get_config()\nc.Execute.timeout = {len(folder.name)}\n")
    return folder


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a wheel brings."""
    material = write_course(tmp_path / "site-packages" / "material")
    monkeypatch.setattr(module, "MATERIAL", material)
    monkeypatch.setattr(module, "SHIPPED", material)
    return material


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder outside of any course."""
    folder = tmp_path / "learner" / "empty"
    folder.mkdir(parents=True)
    return folder


def test_an_empty_folder_gets_what_the_wheel_brought(wheel: Path, empty: Path) -> None:
    course = Course.find(empty)
    assert course == Course(empty, wheel)
    assert course.units() == UNITS
    assert course.nbgrader_config().Execute.timeout == len("material")
    assert {course.work, course.classroom, course.solutions, course.source} == {
        *(empty / "work", empty / "classroom", empty / "solutions", empty / "build" / "source"),
    }
    assert list(empty.iterdir()) == []


def test_the_folder_above_that_has_a_copy_of_a_unit_is_the_learners(wheel: Path, empty: Path) -> None:
    (empty / "work" / "02_two" / "deep").mkdir(parents=True)
    for folder in (empty, empty / "work", empty / "work" / "02_two" / "deep"):
        assert Course.find(folder) == Course(empty, wheel)


def test_another_folder_called_work_is_none_of_a_learners(wheel: Path, empty: Path) -> None:
    (empty.parent / "work" / "2026").mkdir(parents=True)
    assert Course.find(empty) == Course(empty, wheel)


@pytest.mark.parametrize("deep", ["", "work/02_two"])
def test_a_course_above_comes_before_what_the_wheel_brought(wheel: Path, tmp_path: Path, deep: str) -> None:
    root = write_course(tmp_path / "course")
    (root / deep).mkdir(parents=True, exist_ok=True)
    course = Course.find(root / deep)
    assert course == Course(root)
    assert course.notebooks == root / "notebooks"
    assert course.nbgrader_config().Execute.timeout == len("course")


def test_the_checkout_that_the_library_lies_in_is_used_as_it_is(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_course(tmp_path / "checkout")
    monkeypatch.setattr(module, "SHIPPED", root)
    assert Course.find(empty) == Course(root)


def test_a_library_without_a_course_says_what_it_expected(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHIPPED", empty)
    with pytest.raises(ArgumentError, match=f"expected a course folder .* at or above {empty}, found none"):
        Course.find(empty)
