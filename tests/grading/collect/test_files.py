"""Files that were handed in beside a notebook."""

import os
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from course_lib.course import Course
from course_lib.grading import base_grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect import files
from course_lib.grading.collect.files import HandedIn, read_beside
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import grade_class
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.pipeline import grade_submission
from course_lib.release import released
from tests.support.tiny_course import UNIT, answered, make_course, submit

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """Hand in an empty notebook in a unit's folder."""
    return put(tmp_path, "ada", "01_unit", "01_unit.ipynb")


def put(folder: Path, *parts: str, content: bytes = b"x") -> Path:
    """Write a file, with its folders."""
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(notebook: Path, **data: bytes) -> HandedIn:
    """Read what lies beside a notebook, in a unit with files of its own; ``__`` in their names stands for a slash."""
    return read_beside(notebook, "01_unit", {name.replace("__", "/"): content for name, content in data.items()})


def test_files_and_folders_come_along(notebook: Path) -> None:
    put(notebook.parent, "helper.py", content=b"value = 3")
    put(notebook.parent, "data", "deep", "Points é.csv", content=b"1,2")
    handed_in = read(notebook)
    assert handed_in == HandedIn({"helper.py": b"value = 3", "data/deep/Points é.csv": b"1,2"})
    assert handed_in.lines() == ["handed in with other files: helper.py, data/deep/Points é.csv"]


def test_notebooks_hidden_files_and_what_programs_add_are_no_part_of_it(notebook: Path) -> None:
    others = (
        "second.ipynb",
        ".DS_Store",
        ".ipynb_checkpoints/x.py",
        "__pycache__/x.pyc",
        "__MACOSX/x",
        "timestamp.txt",
    )
    for name in (*others, "submission_secret.txt", "sub/.hidden", "sub/timestamp.txt"):
        put(notebook.parent, *name.split("/"))
    handed_in = read(notebook)
    assert (handed_in, handed_in.lines()) == (HandedIn(), [])


def test_a_notebook_outside_of_a_unit_s_folder_brings_nothing(tmp_path: Path) -> None:
    notebook = put(tmp_path, "ada", "01_unit.ipynb")
    put(tmp_path, "ada", "helper.py")
    assert read(notebook) == HandedIn()


def test_a_copy_of_the_unit_s_file_is_no_file_of_one_s_own(notebook: Path) -> None:
    put(notebook.parent, "maps", "points", content=b"1")
    assert read(notebook, maps__points=b"1") == HandedIn()


@pytest.mark.parametrize("path", ["maps/points", "maps/POINTS", "Maps/Points", "maps", "maps/points/x.csv", "MAPS"])
def test_no_file_takes_the_place_of_the_unit_s_own(notebook: Path, path: str) -> None:
    put(notebook.parent, *path.split("/"), content=b"2")
    assert read(notebook, maps__points=b"1") == HandedIn({}, {"the unit has a file or folder of this name": [path]})


def test_what_is_no_regular_file_is_left_out(notebook: Path, tmp_path: Path) -> None:
    folder, secret = notebook.parent, put(tmp_path, "bob", "secret.txt", content=b"another learner's")
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder").symlink_to(secret.parent)
    (folder / "nowhere").symlink_to("nothing")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "listens"))
        handed_in = read(notebook)
    assert handed_in.files == {}
    assert handed_in.left_out == {
        "a link": ["folder", "link.txt", "nowhere"],
        "not a regular file": ["listens", "pipe"],
    }
    assert handed_in.lines()[0] == "file left out (a link): folder, link.txt, nowhere"


def test_at_most_100_files_come_along(notebook: Path) -> None:
    for number in range(107):
        put(notebook.parent, f"{number:03}.txt")
    handed_in = read(notebook)
    assert [*handed_in.files] == [f"{number:03}.txt" for number in range(100)]
    assert handed_in.lines() == [
        "handed in with other files: 000.txt, 001.txt, 002.txt, 003.txt, 004.txt and 95 more",
        "file left out (more than 100 files): 100.txt, 101.txt, 102.txt, 103.txt, 104.txt and 2 more",
    ]


def test_at_most_20_mb_come_along(notebook: Path) -> None:
    for name, size in (("a", 15_000_000), ("b", 6_000_000), ("c", 5_000_000), ("d", 1)):
        with put(notebook.parent, name).open("wb") as file:
            file.truncate(size)
    handed_in = read(notebook)
    assert {name: len(content) for name, content in handed_in.files.items()} == {"a": 15_000_000, "c": 5_000_000}
    assert handed_in.left_out == {"more than 20 MB together": ["b", "d"]}


def test_a_huge_folder_is_looked_at_in_part(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_SEEN", 3)
    for number in range(9):
        put(notebook.parent, f"{number}.txt")
    assert read(notebook).lines() == [
        "handed in with other files: 0.txt, 1.txt, 2.txt",
        "file left out (more than 3 files to look through): 3.txt and others",
    ]


def test_names_that_could_not_be_written_are_left_out(notebook: Path) -> None:
    put(notebook.parent, os.fsdecode(b"\xff.txt"))
    put(notebook.parent, "new\nline")
    put(notebook.parent, "d" * 150, "f" * 50)
    handed_in = read(notebook)
    assert handed_in.files == {}
    lines = handed_in.lines()
    assert r"file left out (its name cannot be printed): 'new\nline', '\udcff.txt'" in lines
    assert any(line.startswith("file left out (a path of more than 200 bytes): ddd") for line in lines)


def test_what_cannot_be_read_is_left_out(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(notebook.parent, "private.txt")
    (notebook.parent / "closed").mkdir()
    scan = os.scandir

    def refuse(path: Any, *arguments: Any) -> Any:
        if str(path).endswith(("private.txt", "closed")):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path) if not arguments else opened(path, *arguments)

    opened = os.open
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    assert read(notebook) == HandedIn({}, {"it cannot be read": ["private.txt", "closed"]})


# In a whole run


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course whose submissions are graded for real, in this process."""
    monkeypatch.setattr(base_grading, "grade_all", lambda grader, jobs, *_: ((job, counted(job)) for job in jobs))
    graded.clear()
    return make_course(tmp_path / "course")


graded: Counter[str] = Counter()


def counted(job: GradingJob) -> GradingResult:
    """Grade, and count for whom."""
    graded[job.student] += 1
    return grade_submission(job)


def grade(course: Course, folder: Path) -> dict[str, GradingResult]:
    run = grade_class(course, find_submissions(course, [folder]), GradeOptions(), lambda _: None)
    return {result.student: result for result in run.results}


IMPORTS = """from mine import factor

def double(x):
    return [factor * each for each in x] if isinstance(x, list) else factor * x"""


def test_a_module_that_was_handed_in_is_there_and_is_nobody_else_s(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    ada, _ = [submit(folder, name, answered(course, IMPORTS)) for name in ("ada", "bob")]
    mine = put(ada.parent, "mine.py", content=b"factor = 2")
    results = grade(course, folder)
    assert {name: result.points for name, result in results.items()} == {"ada": 3, "bob": 0}
    assert results["ada"].audit_flags == ["handed in with other files: mine.py"]
    assert results["bob"].audit_flags == []

    grade(course, folder)
    assert graded == {"ada": 1, "bob": 1}
    mine.write_text("factor = 3")
    assert grade(course, folder)["ada"].points == 0
    assert graded == {"ada": 2, "bob": 1}


def test_the_unit_s_own_file_counts_and_a_line_says_so(course: Course, tmp_path: Path) -> None:
    put(released(course, UNIT).parent, "mine.py", content=b"factor = 2")
    path = submit(tmp_path / "in", "ada", answered(course, IMPORTS))
    put(path.parent, "mine.py", content=b"factor = 3")
    result = grade(course, tmp_path / "in")["ada"]
    assert result.points == 3
    assert result.audit_flags == ["file left out (the unit has a file or folder of this name): mine.py"]


def test_no_file_keeps_a_kernel_from_starting(course: Course, tmp_path: Path) -> None:
    """Python, IPython and Matplotlib read such files where they find them."""
    path = submit(tmp_path / "in", "ada", answered(course, "def double(x):\n    return [2 * each for each in x]"))
    names = (
        "ipython_config",
        "ipython_kernel_config",
        "sitecustomize",
        "IPython",
        "comm",
        "course_lib",
        "psutil",
        "zmq",
    )
    for name in names:
        put(path.parent, f"{name}.py", content=b"import os; os._exit(7)")
    put(path.parent, "matplotlibrc", content=b"\xff broken")
    assert grade(course, tmp_path / "in")["ada"].status == "graded"
