"""Of several notebooks of one student and unit, the newest that is not untouched counts, and a line says so."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.course import Course
from course_lib.grading.collect.find import Submission, find_submissions
from course_lib.grading.collect.versions import named_like
from course_lib.release import released
from tests.grading.hostile.submissions.case import COUNTING
from tests.support.tiny_course import RIGHT, UNIT, WRONG, answered, untouched
from tests.support.two_units import pristine

__all__ = ["pristine"]
HandIn = Callable[..., Path]
NAME = f"{UNIT}.ipynb"


@pytest.fixture
def course(pristine: Course, tmp_path: Path) -> Course:
    shutil.copytree(pristine.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture
def hand_in(course: Course) -> HandIn:
    """Put a notebook into ada's folder; without one, the untouched one."""

    def put(place: str, content: dict[str, Any] | bytes | None = None, time: int = 1000) -> Path:
        path = course.classroom / "submitted" / "ada" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        content = untouched(course) if content is None else content
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        os.utime(path, (time, time))
        return path

    return put


def found(course: Course) -> Submission:
    """The one submission that is found."""
    (submission,) = find_submissions(course, [course.classroom / "submitted"])
    assert (submission.student, submission.unit, submission.problem) == ("ada", UNIT, "")
    return submission


def other_unit(course: Course) -> bytes:
    return released(course, COUNTING).read_bytes()


@pytest.mark.parametrize("folder", [f"{UNIT}/", ""])
@pytest.mark.parametrize(
    "name",
    [
        f"{UNIT} (1).ipynb",
        f"{UNIT}(2).ipynb",
        f"{UNIT}-Copy1.ipynb",
        f"{UNIT} copy.ipynb",
        f"{UNIT} copy 2.ipynb",
        f"{UNIT} - Copy (3).ipynb",
        f"{UNIT}_2.ipynb",
        f"Copy of {UNIT}.ipynb",
        f"{UNIT.upper()}.ipynb",
        "my answers.ipynb",
    ],
)
def test_a_copy_that_was_worked_on_goes_before_an_untouched_one(
    course: Course, hand_in: HandIn, name: str, folder: str
) -> None:
    first = hand_in(folder + NAME, time=2000)
    second = hand_in(folder + name, answered(course, RIGHT))
    submission = found(course)
    assert (submission.path, submission.passed_over) == (second, (first,))
    why = f"{folder + name!r} counts (the only one that was worked on); passed over: {folder + NAME!r} (untouched)"
    assert submission.changes == (why, f"called {name!r}: taken for {NAME}")


def test_a_copy_that_is_untouched_does_not(course: Course, hand_in: HandIn) -> None:
    first = hand_in(NAME, answered(course, WRONG))
    hand_in(f"{UNIT} (1).ipynb", time=2000)
    assert found(course).path == first
    assert found(course).changes == (
        f"'{NAME}' counts (the only one that was worked on); passed over: '{UNIT} (1).ipynb' (untouched)",
    )


def test_names_that_differ_by_a_number_are_in_its_order_whatever_their_times(course: Course, hand_in: HandIn) -> None:
    hand_in(NAME, answered(course, WRONG), time=3000)
    hand_in(f"{UNIT} (2).ipynb", answered(course, "a = 1"), time=2000)
    last = hand_in(f"{UNIT} (10).ipynb", answered(course, RIGHT), time=1000)
    hand_in(f"{UNIT} (11).ipynb", time=4000)
    submission = found(course)
    assert submission.path == last
    assert submission.changes[0] == (
        f"'{last.name}' counts (the newest by the number in its name); passed over: '{UNIT} (11).ipynb' (untouched), "
        f"'{UNIT} (2).ipynb' (older), '{NAME}' (older)"
    )


@pytest.mark.parametrize("name", [f"{UNIT}-Copy1.ipynb", f"{UNIT} copy 2.ipynb", f"Copy of {NAME}"])
def test_a_copy_that_somebody_made_may_be_a_backup(course: Course, hand_in: HandIn, name: str) -> None:
    own = hand_in(NAME, answered(course, RIGHT), time=3000)
    copy = hand_in(name, answered(course, WRONG), time=2000)
    assert found(course).path == own
    os.utime(copy, (4000, 4000))
    assert found(course).path == copy


def test_other_names_are_in_the_order_of_their_times(course: Course, hand_in: HandIn) -> None:
    hand_in(f"{UNIT}/{NAME}", answered(course, WRONG), time=1000)
    newest = hand_in(f"{UNIT}/final.ipynb", answered(course, RIGHT), time=3000)
    hand_in(f"{UNIT}/{UNIT}-Copy1.ipynb", answered(course, WRONG), time=2000)
    submission = found(course)
    assert submission.path == newest
    assert "(the newest by the time of its file)" in submission.changes[0]
    assert f"'{UNIT}/{NAME}' (older)" in submission.changes[0]


def test_places_of_one_student(course: Course, hand_in: HandIn) -> None:
    """Loose, in the unit's folder, unpacked twice, and in a folder of one's own."""
    places = [NAME, f"{UNIT}/{NAME}", f"{UNIT}/{UNIT}/{NAME}", f"second try/{UNIT}/{NAME}"]
    for newest in places:
        shutil.rmtree(course.classroom / "submitted", ignore_errors=True)
        for place in places:
            hand_in(place, answered(course, RIGHT), time=2000 if place == newest else 1000)
        submission = found(course)
        assert submission.path == course.classroom / "submitted" / "ada" / newest
        assert submission.changes[0].count("(the same)") == len(submission.passed_over)


def test_where_none_was_worked_on_the_right_name_counts(course: Course, hand_in: HandIn) -> None:
    hand_in(f"{UNIT}/a.ipynb", time=2000)
    right = hand_in(f"{UNIT}/{NAME}")
    assert found(course).path == right
    assert "counts (none was worked on)" in found(course).changes[0]


def test_a_notebook_of_another_unit_is_a_line(course: Course, hand_in: HandIn) -> None:
    right = hand_in(f"{UNIT}/{NAME}")
    hand_in(f"{UNIT}/{COUNTING}.ipynb", other_unit(course), time=2000)
    assert found(course).path == right
    assert f"passed over: '{UNIT}/{COUNTING}.ipynb' (is of {COUNTING})" in found(course).changes[0]


def test_what_cannot_be_read_is_a_line(course: Course, hand_in: HandIn) -> None:
    right = hand_in(f"{UNIT}/{NAME}", answered(course, WRONG))
    hand_in(f"{UNIT}/{UNIT} (1).ipynb", b'{"cells": [', time=2000)
    link = hand_in(f"{UNIT}/{UNIT} (2).ipynb")
    link.unlink()
    link.symlink_to(right)
    assert found(course).path == right
    assert "(1).ipynb' (cannot be graded: expected a notebook, found broken JSON" in found(course).changes[0]
    assert "(2).ipynb' (cannot be graded: found a link, which is not followed)" in found(course).changes[0]


def test_an_empty_folder_beside_a_notebook_is_a_line(course: Course, hand_in: HandIn) -> None:
    loose = hand_in(NAME, answered(course, RIGHT))
    (loose.parent / UNIT).mkdir()
    assert found(course).path == loose
    assert found(course).changes == (f"passed over: '{NAME}' (expected a notebook in the unit's folder, found none)",)


def test_many_versions_are_bounded(course: Course, hand_in: HandIn) -> None:
    for number in range(20):
        hand_in(f"{UNIT} ({number}).ipynb", answered(course, f"x = {number}"))
    assert found(course).path.name == f"{UNIT} (19).ipynb"
    assert found(course).changes[0].endswith("(older) and 14 more")


def test_a_loose_notebook_of_any_name_is_known_by_its_cells(course: Course, hand_in: HandIn) -> None:
    notebook = answered(course, RIGHT)
    for cell in notebook["cells"]:
        cell.pop("id")
    path = hand_in("homework.ipynb", notebook)
    assert found(course).path == path
    assert found(course).changes == (f"called 'homework.ipynb': taken for {NAME}",)
    hand_in("essay.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "1"}]}).encode())
    assert found(course).passed_over == ()


def test_units_are_told_apart(course: Course, hand_in: HandIn) -> None:
    mine, other = hand_in("a.ipynb", answered(course, RIGHT)), hand_in("b.ipynb", other_unit(course))
    submissions = find_submissions(course, [course.classroom / "submitted"])
    assert [(each.unit, each.path) for each in submissions] == [(UNIT, mine), (COUNTING, other)]


def test_the_time_beside_the_outer_folder_counts_for_one_unpacked_twice(course: Course, hand_in: HandIn) -> None:
    hand_in(f"{UNIT}/{UNIT}/{NAME}", answered(course, RIGHT))
    hand_in(f"{UNIT}/timestamp.txt", b"2026-04-03 18:00:00 UTC")
    assert found(course).timestamp == "2026-04-03 18:00:00 UTC"


@pytest.mark.parametrize("stem", ["notes", "00_start_final", "2", "(1)", "copy", "00_start.2026"])
def test_other_names_are_no_unit_s(stem: str) -> None:
    assert named_like(f"{stem}.ipynb", ["00_start", "01_next"]) is None


def test_a_unit_whose_name_looks_like_a_copy_is_itself() -> None:
    units = ["05_nets", "05_nets_2"]
    names = ["05_nets", "05_nets_2", "05_nets_2 (1)", "05_nets_3"]
    assert [named_like(f"{name}.ipynb", units) for name in names] == ["05_nets", "05_nets_2", "05_nets_2", "05_nets"]
