"""Nothing that lies among the submissions is passed over in silence."""

from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.collect.leftovers import Leftovers, leftovers

pytestmark = pytest.mark.slow

UNITS = ["00_start", "01_next"]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two units, and ada's submission."""
    course = Course(tmp_path / "course")
    for unit in UNITS:
        (course.solutions / unit).mkdir(parents=True)
        (course.solutions / unit / f"{unit}.md").touch()
    place(course, "ada/01_next/01_next.ipynb")
    return course


def place(course: Course, *paths: str) -> None:
    """Make empty files."""
    for path in paths:
        file = course.classroom / "submitted" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def left(course: Course, folder: str = "") -> Leftovers:
    paths = [course.classroom / "submitted" / folder]
    return leftovers(course, paths, find_submissions(course, paths))


def test_a_submission_with_what_belongs_to_it_leaves_nothing(course: Course) -> None:
    place(
        course,
        *("ada/01_next/timestamp.txt", "ada/01_next/helpers.py", "ada/01_next/data/photo.png", "ada/01_next/x.pdf"),
        *("ada/01_next/.ipynb_checkpoints/01_next-checkpoint.ipynb", "__MACOSX/ada/01_next.ipynb", "ada/.DS_Store"),
        *("ada/timestamp.txt", ".hidden", "ada/01_next/01_next (1).ipynb"),
    )
    assert left(course) == Leftovers()


def test_every_kind_is_a_line(course: Course) -> None:
    place(
        course,
        *("ada/essay.ipynb", "ada/01_next/old/01_next.ipynb", "ada/work.zip", "ada/01_next/more.tar.gz"),
        *("ada/01_next.pdf", "ada/01_next (1).html", "ada/notes.txt", "ada/3_next/a.py", "ada/3_next/deep/b.py"),
    )
    (course.classroom / "submitted" / "ada" / "elsewhere").symlink_to(course.root)
    assert left(course).lines == [
        "ada: archives, which are not unpacked, not graded: 'work.zip', '01_next/more.tar.gz'",
        "ada: files called like a unit that are no notebooks, not graded: '01_next (1).html', '01_next.pdf'",
        "ada: folders of no unit, not graded: '3_next'",
        "ada: links, which are not followed, not graded: 'elsewhere'",
        "ada: notebooks of no unit, or beside the place of one, not graded: 'essay.ipynb', '01_next/old/01_next.ipynb'",
        "ada: other files, not graded: 'notes.txt'",
    ]
    assert left(course).errors == []
    assert left(course, "ada") == left(course)


def test_a_line_is_bounded(course: Course) -> None:
    place(course, *(f"ada/{number:04}.zip" for number in range(1000)))
    (line,) = left(course).lines
    assert line == "ada: archives, which are not unpacked, not graded: '0000.zip', '0001.zip', '0002.zip' and 997 more"
    place(course, *(f"{number:04}/a.zip" for number in range(1000)))
    assert len(left(course).lines) == 101
    assert left(course).lines[-1] == "and 901 more lines like these"


def test_students_without_anything_are_named(course: Course) -> None:
    place(course, "kim/work.zip", "01_NEXT/notes.txt")
    (course.classroom / "submitted" / "bob" / "empty").mkdir(parents=True)
    (course.classroom / "submitted" / "zoe").mkdir()
    assert left(course).lines == [
        "01_NEXT: other files, not graded: 'notes.txt'",
        "bob: folders of no unit, not graded: 'empty'",
        "kim: archives, which are not unpacked, not graded: 'work.zip'",
        "zoe: nothing was found",
    ]


def test_notebooks_that_are_nobody_s_are_errors(course: Course) -> None:
    place(course, "01_next.ipynb", "homework.ipynb", "01_next/bob/01_next.ipynb", "list.csv")
    nobody = "nobody can tell whose it is; expected submitted/<student>/<unit>/<unit>.ipynb"
    names = ["01_next.ipynb", "homework.ipynb", "01_next/bob/01_next.ipynb"]
    assert left(course).errors == [f"{name!r} is not graded: {nobody}" for name in names]
    assert left(course).lines == ["submitted: other files, not graded: 'list.csv'"]
    assert [found.student for found in find_submissions(course, [course.classroom / "submitted"])] == ["ada"]


def test_elsewhere_only_what_may_be_work_is_told(course: Course, tmp_path: Path) -> None:
    other = tmp_path / "downloads"
    for name in ("ada/01_next/01_next.ipynb", "ada/essay.ipynb", "ada/notes.txt", "a.zip", "bob/x.py", "01_next.pdf"):
        path = other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert leftovers(course, [other], find_submissions(course, [other])).lines == [
        "ada: notebooks of no unit, or beside the place of one, not graded: 'essay.ipynb'",
        "downloads: archives, which are not unpacked, not graded: 'a.zip'",
        "downloads: files called like a unit that are no notebooks, not graded: '01_next.pdf'",
    ]


def test_a_single_notebook_leaves_nothing(course: Course) -> None:
    path = course.classroom / "submitted" / "ada" / "01_next" / "01_next.ipynb"
    place(course, "ada/work.zip")
    assert leftovers(course, [path], find_submissions(course, [path])) == Leftovers()


def test_the_classroom_means_what_was_submitted(course: Course) -> None:
    place(course, "../autograded/ada/01_next/01_next.ipynb", "../feedback/ada/01_next/x.ipynb", "kim/work.zip")
    paths = [course.classroom]
    assert [found.student for found in find_submissions(course, paths)] == ["ada"]
    assert leftovers(course, paths, find_submissions(course, paths)) == left(course)
    assert len(left(course).lines) == 1
