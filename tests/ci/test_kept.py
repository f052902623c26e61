"""An executed notebook is used again until something changes that it depends on."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from ci import jobs
from ci.kept import Kept
from ci.run_notebooks import app
from course_lib.course import Course
from course_lib.release import KERNEL

pytestmark = pytest.mark.slow

SOURCE = "import course_lib.integers\nprint('hello')\n"


def write(path: Path, source: str = SOURCE, duration: float | None = None) -> Path:
    """Write a notebook; with a duration, as papermill leaves it."""
    made = new_notebook(cells=[new_code_cell(source, id="a")], metadata={"kernelspec": KERNEL})
    if duration is not None:
        made.metadata["papermill"] = {"duration": duration}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A notebook of a course, kept with a run of 7 seconds and the parameter ``STEPS = 3``."""
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    source = write(tmp_path / "build" / "source" / "00_tiny" / "00_tiny.ipynb")
    Kept(tmp_path).keep(source, {"STEPS": 3}, write(tmp_path / "ran.ipynb", duration=7))
    return source


def test_what_is_kept_comes_back(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "report" / "00_tiny.ipynb"
    assert Kept(tmp_path).restore(source, {"STEPS": 3}, target) == 7
    assert target.read_bytes() == (tmp_path / "ran.ipynb").read_bytes()


def test_other_parameters_run(source: Path, tmp_path: Path) -> None:
    assert Kept(tmp_path).restore(source, {"STEPS": 4}, tmp_path / "target.ipynb") is None
    assert not (tmp_path / "target.ipynb").exists()


def test_another_cell_runs(source: Path, tmp_path: Path) -> None:
    write(source, f"{SOURCE}1\n")
    assert Kept(tmp_path).restore(source, {"STEPS": 3}, tmp_path / "target.ipynb") is None


def test_other_packages_run(source: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("numpy==3\n")
    assert Kept(tmp_path).restore(source, {"STEPS": 3}, tmp_path / "target.ipynb") is None


def test_a_notebook_of_another_kind_is_another(source: Path, tmp_path: Path) -> None:
    released = write(tmp_path / "notebooks" / "00_tiny" / "00_tiny.ipynb")
    assert Kept(tmp_path).restore(released, {"STEPS": 3}, tmp_path / "target.ipynb") is None


def test_one_run_of_each_notebook_is_kept(source: Path, tmp_path: Path) -> None:
    write(source, f"{SOURCE}1\n")
    Kept(tmp_path).keep(source, {}, write(tmp_path / "ran.ipynb", duration=8))
    assert len([*(tmp_path / "build" / "executed").rglob("*.ipynb")]) == 1


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course of one notebook that counts its runs, and of one that fails."""
    (tmp_path / "nbgrader_config.py").touch()
    course = Course(tmp_path)
    count = f"with open({str(tmp_path / 'runs')!r}, 'a') as runs:\n    print(1, file=runs)\n"
    texts = {"00_counts": count, "01_fails": f"{count}1 / 0\n"}
    for unit in texts:
        (course.solutions / unit).mkdir(parents=True)
        (course.solutions / unit / f"{unit}.md").touch()
    monkeypatch.setattr(
        jobs, "build_source", lambda course, unit: write(course.source / unit / f"{unit}.ipynb", texts[unit])
    )
    monkeypatch.chdir(tmp_path)
    return course


@pytest.mark.parametrize(
    ("ci", "options", "runs"),
    [("", [], 3), ("", ["--no-cache"], 4), ("true", [], 4)],
    ids=["what failed runs again", "on demand all run again", "in CI all run again"],
)
def test_what_runs_the_second_time(course: Course, ci: str, options: list[str], runs: int) -> None:
    for _ in range(2):
        done = CliRunner().invoke(app, options, env={"COLUMNS": "200", "CI": ci})
        assert done.exit_code == 1
    assert len((course.root / "runs").read_text().splitlines()) == runs
    assert ("00_counts: ok, unchanged, 0/0 points" in done.output) == (runs == 3)
    report = json.loads((jobs.report_folder(course, learner=False) / "report.json").read_text())
    assert [notebook["status"] for notebook in report["notebooks"]] == ["ok", "failed"]
    assert [notebook["kept"] for notebook in report["notebooks"]] == [runs == 3, False]
    assert report["notebooks"][0]["seconds"] > 0
    assert ("ok, unchanged" in (course.report / "index.html").read_text()) == (runs == 3)
