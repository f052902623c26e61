import errno
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_lib.course import Course
from course_lib.grading.submission.find import Submission, find_submissions, read_submission

# pytest resets the filters of the library; what reaches a terminal is seen in test_grade.py. nbgrader uses SQLAlchemy
# in a way that warns.
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


def write(folder: Path, content: str | bytes, student: str = "ada") -> Submission:
    path = place(folder, student, "00_start.ipynb")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Submission(student, "00_start", path)


def marked(*grade_ids: str) -> NotebookNode:
    """A notebook with one cell of each id, without any for the empty string."""
    return new_notebook(
        cells=[new_code_cell(metadata={"nbgrader": {"grade_id": name}} if name else {}) for name in grade_ids]
    )


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
        assert found.mended == "called 'final version (2).ipynb': taken for 00_start.ipynb"


def test_the_right_name_goes_before_others(course: Course, tmp_path: Path) -> None:
    notebook = place(tmp_path, "ada", "00_start", "00_start.ipynb")
    place(tmp_path, "ada", "00_start", "00_start-Copy1.ipynb")
    place(tmp_path, "ada", "00_start", "01_next.ipynb")
    assert find_submissions(course, [tmp_path]) == [Submission("ada", "00_start", notebook)]


def test_two_renamed_notebooks_are_one_too_many(course: Course, tmp_path: Path) -> None:
    for name in ("one", "two"):
        place(tmp_path, "ada", "00_start", f"{name}.ipynb")
    assert all("found 2; this one is" in found.problem for found in find_submissions(course, [tmp_path]))


def test_checkpoints_and_what_archives_leave(course: Course, tmp_path: Path) -> None:
    place(tmp_path, "ada", "00_start", ".ipynb_checkpoints", "00_start.ipynb")
    place(tmp_path, "__MACOSX", "ada", "00_start", "._00_start.ipynb")
    place(tmp_path, "__MACOSX", "ada", "00_start.ipynb")
    with pytest.raises(ValueError, match="found none"):
        find_submissions(course, [tmp_path])


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
    assert all(submission.student.encode() and "\n" not in submission.student for submission in found)


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
    with pytest.raises(ValueError, match=r"expected a folder that can be read, got .*bob: Permission denied"):
        find_submissions(course, [tmp_path])


def test_nothing_there(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "missing"
    with pytest.raises(ValueError, match=f"expected a notebook or a folder .*nothing at {re.escape(str(path))}"):
        find_submissions(course, [path])


def test_no_notebook_of_a_unit(course: Course, tmp_path: Path) -> None:
    other = place(tmp_path, "ada", "essay.ipynb")
    for path in (other, other.parent):
        with pytest.raises(ValueError, match=r"called like a unit \(00_start, 01_next\) in .*, found none"):
            find_submissions(course, [path])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "found broken JSON in line 1: Expecting value"),
        ('{\n"cells": [', "found broken JSON in line 2"),
        (b"\x89PNG\r\n\x1a\n\xff", "found a file that is not text"),
        ("[1, 2]", "found other JSON"),
        ("null", "found other JSON"),
        ('{"a": 1}', "found JSON that is none: "),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "found one without cells"),
        ('{"cells": ["a"], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "found JSON that is none: "),
        ('{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "found JSON that is none: "),
        ('{"cells": [{"cell_type": "code"}], "nbformat": 4, "nbformat_minor": 5}', "'source' is a required property"),
        ('{"cells": [{"a": 1}], "nbformat": 99, "nbformat_minor": 5}', "Unsupported nbformat version 99"),
    ],
)
def test_what_is_no_notebook(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a notebook, ") as caught:
        read_submission(write(tmp_path, content))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_doubled_cells_are_named_with_their_numbers(tmp_path: Path) -> None:
    content = nbformat.writes(marked("one", "", "", "test_one", "test_one"))
    with pytest.raises(ValueError, match=r"expected cell 'test_one' once, found it 2 times \(cells 4, 5\)"):
        read_submission(write(tmp_path, content))


def test_cells_without_an_id_may_be_many(tmp_path: Path) -> None:
    assert len(read_submission(write(tmp_path, nbformat.writes(marked("one", "", "", "")))).cells) == 4


def test_an_older_format(tmp_path: Path) -> None:
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="x = 1", language="python")])]
    )
    notebook = read_submission(write(tmp_path, json.dumps(old)))
    assert notebook.nbformat == 4
    assert [cell.source for cell in notebook.cells] == ["x = 1"]


def test_a_byte_order_mark(tmp_path: Path) -> None:
    content = nbformat.writes(marked("one")).encode("utf-8-sig")
    assert len(read_submission(write(tmp_path, content)).cells) == 1


def test_what_tools_leave_out_is_put_back(tmp_path: Path) -> None:
    content = {"cells": [{"cell_type": "code", "source": "x = 1"}], "nbformat": 4, "nbformat_minor": 5}
    notebook = read_submission(write(tmp_path, json.dumps(content)))
    assert notebook.metadata == notebook.cells[0].metadata == {}
    assert (notebook.cells[0].source, notebook.cells[0].outputs) == ("x = 1", [])


def test_broken_outputs_do_not_matter(tmp_path: Path) -> None:
    notebook = marked("one")
    notebook.cells[0].outputs = [{"output_type": "nonsense"}]
    assert read_submission(write(tmp_path, json.dumps(notebook))).cells[0].outputs == []
