import errno
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.collect.find import Submission, find_submissions

# pytest resets the filters of the library; what reaches a terminal is seen in grading/test_course_grade.py. nbgrader
# uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
UNITS = ["00_start", "01_next"]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two units, in a folder beside the submissions."""
    course = Course(tmp_path / "course")
    for unit in UNITS:
        (course.solutions / unit).mkdir(parents=True)
        (course.solutions / unit / f"{unit}.md").touch()
    return course


def place(*parts: str | Path) -> Path:
    """Make an empty file, with its folders."""
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_a_folder_of_submissions(course: Course, tmp_path: Path) -> None:
    for student in ("Zoë O'Neil", "ada"):
        for unit in UNITS:
            place(tmp_path, "submitted", student, unit, f"{unit}.ipynb")
    place(tmp_path, "submitted", "ada", "notes.ipynb")
    place(tmp_path, "submitted", "ada", "00_start", ".ipynb_checkpoints", "00_start.ipynb")
    place(tmp_path, "submitted", "ada", "00_start", "timestamp.txt")
    found = find_submissions(course, [tmp_path / "submitted"])
    assert [(s.unit, s.student) for s in found] == [(u, s) for u in UNITS for s in ("Zoë O'Neil", "ada")]
    assert all(s.path.parts[-3:] == (s.student, s.unit, f"{s.unit}.ipynb") for s in found)


@pytest.mark.parametrize("path", ["ada", "ada/00_start", "ada/00_start/00_start.ipynb"])
def test_any_level_names_the_same_submission(course: Course, tmp_path: Path, path: str) -> None:
    notebook = place(tmp_path, "ada", "00_start", "00_start.ipynb")
    assert find_submissions(course, [tmp_path / path]) == [Submission("ada", "00_start", notebook)]


def test_a_loose_notebook_belongs_to_its_folder(course: Course, tmp_path: Path) -> None:
    notebook = place(tmp_path, "ada", "00_start.ipynb")
    assert find_submissions(course, [notebook]) == [Submission("ada", "00_start", notebook)]


@pytest.mark.parametrize(
    ("below", "changes"),
    [
        ("01_next", ()),
        ("01_next/01_next", ("lies in '01_next' in '01_next': taken for the work of 'ada'",)),
        ("second try/01_next", ("lies in '01_next' in 'second try': taken for the work of 'ada'",)),
    ],
)
def test_in_the_classroom_the_folder_in_submitted_is_the_student(
    course: Course, below: str, changes: tuple[str, ...]
) -> None:
    notebook = place(course.classroom, "submitted", "ada", below, "01_next.ipynb")
    (found,) = find_submissions(course, [course.classroom])
    assert (found.student, found.unit, found.path, found.problem) == ("ada", "01_next", notebook, "")
    assert found.changes == changes


def test_a_unit_is_no_student(course: Course, tmp_path: Path) -> None:
    place(tmp_path, "ada", "01_next", "01_next", "01_next.ipynb")
    place(tmp_path, "bob", "01_next", "01_next", "01_next", "01_next.ipynb")
    ada, bob = find_submissions(course, [tmp_path])
    assert (ada.student, bob.student) == ("ada", "bob")
    assert ada.changes == ("lies in '01_next' in '01_next': taken for the work of 'ada'",)


def test_what_a_student_puts_beside_the_notebook_is_nobody_else_s(course: Course, tmp_path: Path) -> None:
    place(tmp_path, "eve", "01_next", "01_next.ipynb")
    place(tmp_path, "eve", "01_next", "ada", "01_next.ipynb")
    place(tmp_path, "eve", "01_next", "bob", "01_next", "01_next.ipynb")
    place(tmp_path, "kim", "00_start.ipynb")
    place(tmp_path, "kim", "ada", "00_start", "00_start.ipynb")
    assert [found.student for found in find_submissions(course, [tmp_path])] == ["kim", "eve"]


def test_a_unit_s_folder_without_a_notebook_gets_a_line(course: Course, tmp_path: Path) -> None:
    place(tmp_path, "ada", "01_next", "files", "01_next.ipynb")
    place(tmp_path, "bob", "01_next", "01_next.pdf")
    (tmp_path / "kim" / "01_next" / "01_next").mkdir(parents=True)
    found = find_submissions(course, [tmp_path])
    assert [(each.student, each.problem) for each in found] == [
        (student, "expected a notebook in the unit's folder, found none") for student in ("ada", "bob", "kim")
    ]


@pytest.mark.parametrize("student", ["<b>ada", 'a" onclick="b'])
def test_a_name_that_would_be_html_in_formgrader_is_refused(course: Course, tmp_path: Path, student: str) -> None:
    place(tmp_path, student, "00_start", "00_start.ipynb")
    (found,) = find_submissions(course, [tmp_path])
    assert "expected a student's name without < > \"" in found.problem


def test_relative_paths(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = place(tmp_path, "ada", "00_start", "00_start.ipynb")
    monkeypatch.chdir(notebook.parent)
    assert find_submissions(course, [Path("00_start.ipynb")]) == [Submission("ada", "00_start", notebook)]


def test_overlapping_paths_count_once(course: Course, tmp_path: Path) -> None:
    notebook = place(tmp_path, "submitted", "ada", "00_start", "00_start.ipynb")
    assert len(find_submissions(course, [tmp_path / "submitted", notebook])) == 1


def test_two_notebooks_of_one_student_are_both_named_and_others_are_not(course: Course, tmp_path: Path) -> None:
    paths = [place(tmp_path, term, "ada", "00_start", "00_start.ipynb") for term in ("spring", "fall")]
    place(tmp_path, "fall", "bob", "00_start.ipynb")
    *both, bob = find_submissions(course, [tmp_path])
    assert [found.path for found in both] == sorted(paths)
    expected = "expected one notebook of 00_start, found 2; this one is "
    assert [found.problem for found in both] == [f"{expected}{path}" for path in sorted(paths)]
    assert bob.problem == ""


def test_a_renamed_notebook_in_a_units_folder(course: Course, tmp_path: Path) -> None:
    notebook = place(tmp_path, "ada", "00_start", "final version (2).ipynb")
    place(tmp_path, "ada", "00_start", "._final version (2).ipynb")
    for path in (tmp_path, notebook):
        (found,) = find_submissions(course, [path])
        assert (found.student, found.unit, found.path, found.problem) == ("ada", "00_start", notebook, "")
        assert found.changes == ("called 'final version (2).ipynb': taken for 00_start.ipynb",)


def test_checkpoints_and_what_archives_leave(course: Course, tmp_path: Path) -> None:
    place(tmp_path, "ada", "00_start", ".ipynb_checkpoints", "00_start.ipynb")
    place(tmp_path, "__MACOSX", "ada", "00_start", "._00_start.ipynb")
    place(tmp_path, "__MACOSX", "ada", "00_start.ipynb")
    (found,) = find_submissions(course, [tmp_path])
    assert (found.student, found.problem) == ("ada", "expected a notebook in the unit's folder, found none")
    with pytest.raises(CourseError, match="found none"):
        find_submissions(course, [place(tmp_path, "empty", "notes.txt").parent])


NAMES = [
    "Zoë O'Neil",
    "a.b",
    "..c",
    "%2F",
    "a\\b",
    "*",
    "[x]",
    "who?",
    "{student_id}",
    "李雷",
    "-rf",
    "~",
    "$HOME",
    "'",
]


def test_names_that_nbgrader_stores(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for student in NAMES:
        place(tmp_path, student, "00_start", "00_start.ipynb")
    found = {submission.student: submission.problem for submission in find_submissions(course, [tmp_path])}
    assert found == dict.fromkeys(NAMES, "")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader starts alembic
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("00_start")
        for student in found:
            gradebook.add_student(student)
            gradebook.add_submission("00_start", student)
        assert {submission.student.id for submission in gradebook.assignment_submissions("00_start")} == {*NAMES}
    directory = CourseDirectory(root=str(tmp_path))
    for student in found:
        path = Path(directory.format_path(".", student, "00_start"))
        assert (path.parent.name, path.is_dir()) == (student, True)


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (" ada", "without space around it, got ' ada'"),
        ("ada\u00a0", r"without space around it, got 'ada\xa0'"),
        ("a\nb", r"printable letters, without space around it, got 'a\nb'"),
        ("a\x1b[2Jb", r"got 'a\x1b[2Jb'"),
        ("a\udce4b", r"got 'a\udce4b'"),
        ("ä" * 65, "at most 128 bytes"),
        ("\udcff" * 100, r"printable letters, without space around it, got '\udcff\udcff"),
    ],
)
def test_other_names_concern_one_submission_and_can_be_shown(
    course: Course, tmp_path: Path, student: str, words: str
) -> None:
    place(tmp_path, "bob", "00_start.ipynb")
    place(tmp_path, student, "00_start.ipynb")
    found = find_submissions(course, [tmp_path])
    (problem,) = [submission.problem for submission in found if submission.problem]
    assert words in problem
    assert len(found) == 2
    assert all("\n" not in submission.student for submission in found)
    assert all(0 < len(submission.student.encode()) <= 128 for submission in found)


def test_names_that_look_alike_are_told_apart(course: Course, tmp_path: Path) -> None:
    names = ["a\nb", "a\rb", "a\x1bb", "a\ufffdb", "\udcff" * 100, "\udcfe" * 100, "x" * 200, "x" * 201]
    for student in names:
        place(tmp_path, student, "00_start.ipynb")
    shown = {submission.student: submission.problem for submission in find_submissions(course, [tmp_path])}
    assert len(shown) == len(names)
    assert shown["a\ufffdb"] == "", "a name that can be shown stays as it is"


def test_a_name_in_pieces_is_told(course: Course, tmp_path: Path) -> None:
    whole = "Björn Öz"
    for student in (whole, unicodedata.normalize("NFD", whole)):
        place(tmp_path, student, "00_start.ipynb")
    found = {submission.student: submission.changes for submission in find_submissions(course, [tmp_path])}
    assert [student for student, changes in found.items() if any("rename the folder" in text for text in changes)] == [
        unicodedata.normalize("NFD", whole)
    ]


def test_links_are_not_followed_and_said(course: Course, tmp_path: Path) -> None:
    secret = place(tmp_path, "elsewhere", "eve", "00_start", "00_start.ipynb")
    submitted = tmp_path / "submitted"
    place(submitted, "ada", "00_start", "00_start.ipynb")
    (submitted / "file").mkdir()
    (submitted / "file" / "00_start.ipynb").symlink_to(secret)
    (submitted / "broken").mkdir()
    (submitted / "broken" / "00_start.ipynb").symlink_to("nowhere")
    (submitted / "unit").mkdir()
    (submitted / "unit" / "00_start").symlink_to(secret.parent)
    (submitted / "student").symlink_to(secret.parent.parent)
    (submitted / "other").symlink_to(tmp_path)
    found = {submission.student: submission for submission in find_submissions(course, [submitted])}
    assert found.keys() == {"ada", "file", "broken", "unit", "student"}
    assert found.pop("ada").problem == ""
    assert {submission.problem for submission in found.values()} == {
        "expected a file or folder of its own, found a link, which is not followed"
    }


def test_the_folder_named_may_be_a_link(course: Course, tmp_path: Path) -> None:
    notebook = place(tmp_path, "real", "ada", "00_start", "00_start.ipynb")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert find_submissions(course, [tmp_path / "link"]) == [Submission("ada", "00_start", notebook)]


def test_a_folder_that_cannot_be_read(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path, "ada", "00_start", "00_start.ipynb")
    place(tmp_path, "bob", "00_start", "00_start.ipynb")
    closed = {tmp_path / "bob" / "00_start"}
    scandir = os.scandir

    def scan(path: str) -> Any:
        if Path(path) in closed:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)  # permissions do not bind a superuser
    found = {submission.student: submission.problem for submission in find_submissions(course, [tmp_path])}
    assert found == {"ada": "", "bob": "expected a folder that can be read: Permission denied"}
    closed.add(tmp_path / "bob")
    with pytest.raises(CourseError, match=r"expected a folder that can be read, got .*bob: Permission denied"):
        find_submissions(course, [tmp_path])


def test_nothing_there(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "missing"
    with pytest.raises(CourseError, match=f"expected a notebook or a folder .*nothing at {re.escape(str(path))}"):
        find_submissions(course, [path])


def test_no_notebook_of_a_unit(course: Course, tmp_path: Path) -> None:
    other = place(tmp_path, "ada", "essay.ipynb")
    for path in (other, other.parent):
        with pytest.raises(CourseError, match=r"called like a unit \(00_start, 01_next\) in .*, found none"):
            find_submissions(course, [path])
