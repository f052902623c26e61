import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.course import Course
from course_lib.grading.submissions import Submission, find_submissions, read_submission

# pytest resets the filters of the library; what reaches a terminal is seen in test_grade.py.
pytestmark = pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
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


def test_two_notebooks_of_one_student_are_both_found(course: Course, tmp_path: Path) -> None:
    paths = [place(tmp_path, term, "ada", "00_start", "00_start.ipynb") for term in ("spring", "fall")]
    assert [found.path for found in find_submissions(course, paths)] == sorted(paths)


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


@pytest.mark.parametrize("student", ["*", "[x]", "who?"])
def test_names_that_nbgrader_cannot_handle(tmp_path: Path, student: str) -> None:
    with pytest.raises(ValueError, match=r"expected a student's name without \*, \? and \["):
        read_submission(write(tmp_path, nbformat.writes(marked("one")), student))
