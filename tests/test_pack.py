"""What learners are handed: everything that their commands need, and no answer."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner, Result

from ci import setup
from course_lib.answers import read_answers
from course_lib.cli import app
from course_lib.course import Course
from course_lib.pack import pack
from course_lib.release import release, released
from tests.support.paths import ROOT
from tests.support.secret_lines import lines, secrets
from tests.support.units import make_course, unit, write

pytestmark = pytest.mark.slow

OURS = Course(ROOT)
UNITS = OURS.units_with_solutions()
GENERIC = 40  # letters; shorter lines, such as `return weights`, are in the library too
FOR_INSTRUCTORS = {"solutions", "answers", "check_answers.py", ".git", "work", "classroom", "build"}
SMALL = (
    *("LICENSE", "Makefile", "benchmarks/label_map.py", "benchmarks/user_ops.py", "ci/installers.py", "ci/setup.py"),
    *("docs/for-learners.md", "pyproject.toml"),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as it is handed out."""
    path = tmp_path_factory.mktemp("handed out") / "pixelwise.zip"
    assert pack(OURS, path) == UNITS
    return path


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a learner unpacks, set up with this Python."""
    folder = tmp_path_factory.mktemp("a learner's")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    programs = folder / "pixelwise" / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs.parent / "ready").write_text(setup.fingerprint())
    course = programs / "course"
    course.write_text(
        f'#!/bin/sh\ncase $1 in lab) set "$@" --version;; esac\nexec {sys.executable} -m course_lib.cli "$@"\n'
    )
    course.chmod(0o755)
    return folder / "pixelwise"


def run(unpacked: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a learner's folder, with the library that lies there."""
    # The tests may have been started by make itself.
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = outside | {"PYTHONPATH": str(unpacked), "COLUMNS": "200"}
    return subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, text=True, check=False)


def course(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the course there."""
    return run(unpacked, str(unpacked / ".venv" / "bin" / "course"), *arguments)


def test_nothing_for_instructors_is_packed(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    assert {name.split("/")[0] for name in names} == {"pixelwise"}
    data = [name for name in names if not name.startswith("pixelwise/course_lib/classroom/")]  # the library's code
    assert not FOR_INSTRUCTORS.intersection(part for name in data for part in name.split("/"))
    assert not any(name.startswith("pixelwise/tests/") for name in names)


def test_no_line_of_an_answer_is_packed(archive: Path) -> None:
    text = "\n".join((OURS.solutions / name / f"{name}.md").read_text(encoding="utf-8") for name in UNITS)
    hidden = secrets(text)
    assert hidden
    found = {}
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            there = lines(opened.read(name).decode(), is_json=name.endswith(".ipynb"))
            secret = there & hidden
            if "/course_lib/" in name or "/user_ops/" in name or "/benchmarks/" in name:
                secret = {line for line in secret if len(line) > GENERIC}
            found[name] = secret
    assert {name: secret for name, secret in found.items() if secret} == {}


def test_the_same_course_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    environment = os.environ | {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "17", "LC_ALL": "C"}
    command = [sys.executable, "-m", "course_lib.cli", "pack", str(again)]
    subprocess.run(command, cwd=ROOT, env=environment, umask=0o077, check=True, capture_output=True)
    assert again.read_bytes() == archive.read_bytes()


def test_a_learner_works_in_what_is_unpacked(unpacked: Path) -> None:
    helped = run(unpacked, "make").stdout
    assert [line.split()[1] for line in helped.splitlines()] == ["help", "lab", "clean"]
    opened = run(unpacked, "make", "lab")  # the stand-in asks JupyterLab for its version alone
    assert opened.returncode == 0, opened.stderr
    assert all(f"new in work/: {name}" in opened.stdout for name in UNITS)
    mine = unpacked / "work" / UNITS[0] / f"{UNITS[0]}.ipynb"
    notebook = nbformat.read(mine, as_version=4)
    answers = read_answers(OURS.solutions / UNITS[0])
    right = {answer.exercise: answer.code for answer in answers if answer.right}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = right.get(grade_id, cell.source)
    nbformat.write(notebook, mine)
    checked = course(unpacked, "check", "00")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Points: 2 of 2 from visible checks; up to 2 more when your work is graded." in checked.stdout
    counted = course(unpacked, "progress")
    assert "2/2" in next(line for line in counted.stdout.splitlines() if UNITS[0] in line)
    done = course(unpacked, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A released course of one unit, without git, as the current folder."""
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    for name in SMALL:
        (course.root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, course.root / name)
    release(course, ["00_tiny"])
    monkeypatch.chdir(course.root)
    return course


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def packed(course: Course) -> set[str]:
    """The files in the archive of a small course."""
    with zipfile.ZipFile(course.root / "build" / "pixelwise.zip") as opened:
        assert opened.testzip() is None
        return {name.removeprefix("pixelwise/") for name in opened.namelist()}


def test_without_git_hidden_files_stay_behind(small: Course) -> None:
    for name in (".ipynb_checkpoints/00_tiny-checkpoint.ipynb", "data.csv"):
        path = released(small, "00_tiny").parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    (small.root / "course.toml").write_text("[units.00_tiny]\ndue = 2030-05-04T18:00:00Z\n")
    done = call("pack")
    assert (done.exit_code, done.output) == (0, f"packed 00_tiny: {small.root}/build/pixelwise.zip\n")
    notebooks = {"notebooks/00_tiny/00_tiny.ipynb", "notebooks/00_tiny/data.csv"}
    others = {*SMALL, "course.toml", "nbgrader_config.py", "README.md"} - {"docs/for-learners.md"}
    assert packed(small) == notebooks | others


def test_with_git_only_tracked_files_are_packed(small: Course) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=small.root, check=True)
    done = call("pack")
    assert done.exit_code == 1
    assert done.stderr == "expected LICENSE among the files of the course, found none; add it to git first\n"
    subprocess.run(["git", "add", "."], cwd=small.root, check=True)
    (small.notebooks / "00_tiny" / "my notes.txt").write_text("return x * secret")
    assert call("pack").exit_code == 0
    assert "notebooks/00_tiny/00_tiny.ipynb" in packed(small)
    assert not any("notes" in name for name in packed(small))


@pytest.mark.parametrize("drift", ["text", "missing", "dropped"])
def test_a_release_that_is_out_of_date_is_not_packed(small: Course, drift: str) -> None:
    name = "00_tiny"
    if drift == "text":
        write(small, name, f"{unit()}\nMore words.\n")
    elif drift == "missing":
        released(small, name).unlink()
    else:
        name = "01_gone"
        (small.notebooks / name).mkdir()
        shutil.copy(released(small, "00_tiny"), released(small, name))
    done = call("pack")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"expected notebooks/ to be what solutions/ gives, found differences in {name}; ")
    assert len(done.stderr.splitlines()) == 1
    assert not (small.root / "build" / "pixelwise.zip").exists()


def test_a_folder_is_no_zip_file(small: Course) -> None:
    done = call("pack", str(small.root))
    assert (done.exit_code, done.stderr) == (2, f"expected the name of a zip file, got the folder {small.root}\n")


@pytest.mark.parametrize("arguments", [["release"], ["release", "00"], ["grade", "notebooks"], ["pack"]], ids=" ".join)
def test_without_solutions_commands_of_instructors_say_so(small: Course, arguments: list[str]) -> None:
    shutil.rmtree(small.solutions)
    done = call(*arguments)
    assert done.exit_code > 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("expected units with solutions ")
    assert line.endswith("has no solutions: release, grade and add answers in a clone of its repository")
