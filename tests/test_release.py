"""A release holds what a learner may see, and nothing else; the same text gives the same bytes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from typer.testing import CliRunner

from course_lib.cli import app
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.release import build_source, generate, read_unit, release, released
from tests.support import tiny_course
from tests.support.paths import ROOT
from tests.support.secret_lines import leaks, secrets
from tests.support.units import CHECK, HINT, TITLE, code, graded, make_course, unit, write

pytestmark = pytest.mark.slow

OURS = Course(ROOT)


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    """Every unit of this course, newly released."""
    return {unit: generate(OURS, unit) for unit in OURS.units_with_solutions()}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A released course of one unit."""
    course = make_course(tmp_path_factory.mktemp("tiny") / "a course", **{"00_tiny": unit(code("1 + 1\n"))})
    release(course, ["00_tiny"])
    return course


def read(course: Course, name: str = "00_tiny") -> NotebookNode:
    return nbformat.read(released(course, name), as_version=4)


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def test_the_search_finds_what_is_there() -> None:
    assert secrets(unit()) == {
        "A product needs one step.",
        "return x * secret  # a remark on the answer",
        "for number in (-2, 0.5):",
        'call(double, number).equals(number + number, because="hidden words")',
        'passed("double", points=2)',
    }
    cell = {"metadata": {"deep": [{"x": "a\nfor number in (-2, 0.5):\nb"}]}}
    assert leaks(unit(), json.dumps({"cells": [cell]})) == {"for number in (-2, 0.5):"}


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_no_answer_reaches_a_learner(fresh: dict[str, str], name: str) -> None:
    text = (OURS.solutions / name / f"{name}.md").read_text(encoding="utf-8")
    assert secrets(text)
    assert leaks(text, fresh[name]) == set()
    assert leaks(text, released(OURS, name).read_text(encoding="utf-8")) == set()
    assert re.findall("(BEGIN|END) (SOLUTION|HIDDEN|MARK)", fresh[name]) == []


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_committed_notebooks_are_those_of_the_texts(fresh: dict[str, str], name: str) -> None:
    assert released(OURS, name).read_text(encoding="utf-8") == fresh[name], "run `course release`"


def test_every_committed_notebook_has_a_text() -> None:
    notebooks = {path.relative_to(OURS.notebooks).as_posix() for path in OURS.notebooks.rglob("*") if path.is_file()}
    assert {path for path in notebooks if ".ipynb_checkpoints" not in path} == {
        f"{u}/{u}.ipynb" for u in OURS.units_with_solutions()
    }


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_nbgrader_knows_the_cells_of_a_release(fresh: dict[str, str], name: str) -> None:
    notebook = nbformat.reads(fresh[name], as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    source = by_id(read_unit(OURS.solutions / name / f"{name}.md"))
    cells = by_id(notebook)
    assert list(cells) == list(source)
    for grade_id, cell in cells.items():
        mark = cell.metadata.nbgrader
        assert mark.schema_version == 3
        assert (mark.grade, mark.solution) == (source[grade_id].metadata.nbgrader.grade, mark.solution)
        assert mark.get("points") == source[grade_id].metadata.nbgrader.get("points")
        assert re.fullmatch("[0-9a-f]{32}", mark.checksum)


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_nothing_but_the_notebook_is_kept_of_its_making(fresh: dict[str, str], name: str) -> None:
    notebook = nbformat.reads(fresh[name], as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "jupytext" not in fresh[name]
    for cell in notebook.cells:
        assert set(cell) <= {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
        assert set(cell.metadata) <= {"nbgrader", "tags", "deletable", "editable", "jupyter"}
        assert (cell.get("outputs", []), cell.get("execution_count")) == ([], None)


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_cell_ids_are_valid_and_unique(fresh: dict[str, str], name: str) -> None:
    notebook = nbformat.reads(fresh[name], as_version=4)
    ids = [cell.id for cell in notebook.cells]
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell_id) for cell_id in ids)
    assert len(set(ids)) == len(ids)


def test_a_learner_gets_signature_stub_and_visible_check(tiny: Course) -> None:
    cells = by_id(read(tiny))
    assert cells["double"].source == (
        'def double(x):\n    """Twice x."""\n    # Your code here.\n    raise NotImplementedError'
    )
    assert cells["test_double"].source.endswith('passed("double", points=1)')
    assert cells["test_double_hidden"].source == "# A hidden test runs here."
    assert HINT.strip() in read(tiny).cells[0].source
    assert not leaks(unit(), released(tiny, "00_tiny").read_text(encoding="utf-8"))


def test_only_long_visible_checks_are_collapsed(tmp_path: Path) -> None:
    long = graded("test_double", "# a line\n" * 13 + CHECK)  # 16 lines without the blank one
    course = make_course(tmp_path / "course", **{"00_long": unit(check=long), "01_short": unit()})
    release(course, course.units_with_solutions())
    collapsed = {"jupyter": {"source_hidden": True}}
    for name, marks in (("00_long", [None, collapsed["jupyter"], None]), ("01_short", [None, None, None])):
        cells = by_id(read(course, name))
        assert list(cells) == ["double", "test_double", "test_double_hidden"]
        assert [cell.metadata.get("jupyter") for cell in cells.values()] == marks


@pytest.mark.parametrize("name", OURS.units_with_solutions())
def test_what_is_collapsed_in_our_units(fresh: dict[str, str], name: str) -> None:
    for cell in nbformat.reads(fresh[name], as_version=4).cells:
        is_check = cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")
        assert ("jupyter" in cell.metadata) == (is_check and cell.source.count("\n") >= 15)


def test_the_setting_gives_questions_their_points(tmp_path: Path) -> None:
    course = tiny_course.make_course(tmp_path / "c", text=tiny_course.TEXT + tiny_course.QUESTION, question_points=1.5)
    question = by_id(read(course, tiny_course.UNIT))["question_sign"]
    assert question.source == "*Write your answer here: double-click this cell.*"
    assert (question.metadata.nbgrader.points, question.metadata.get("editable", True)) == (1.5, True)
    instructors = nbformat.read(course.source / tiny_course.UNIT / f"{tiny_course.UNIT}.ipynb", as_version=4)
    assert by_id(instructors)["question_sign"].metadata.nbgrader.points == 1.5


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("points = -1", "expected c.Questions.points to be a number of 0 or more, got -1"),
        ("points = 'two'", "expected c.Questions.points to be a number of 0 or more, got 'two'"),
        ("points = float('nan')", "expected c.Questions.points to be a number of 0 or more, got nan"),
        ("point = 2", "expected c.Questions to set points, got point"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, words: str) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Questions.{setting}\n")
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(app, ["release"])
    assert (result.exit_code, result.stderr) == (1, f"{words}\n")


def test_only_the_notebook_is_released(tiny: Course) -> None:
    (tiny.source / "00_tiny" / "notes.txt").write_text("return x * secret")
    (tiny.source / "00_tiny" / "old.ipynb").write_text("{}")
    release(tiny, ["00_tiny"])
    assert [path.name for path in tiny.notebooks.rglob("*") if path.is_file()] == ["00_tiny.ipynb"]


def test_front_matter_does_not_reach_a_release(tmp_path: Path) -> None:
    pairing = "jupytext: {formats: 'ipynb,md:myst', text_representation: {extension: .md, format_name: myst}}"
    text = f"---\n{pairing}\nanswer: return x * secret  # a remark on the answer\n---\n\n{unit()}"
    course = make_course(tmp_path / "course", **{"00_tiny": text})
    release(course, ["00_tiny"])
    for path in (released(course, "00_tiny"), course.source / "00_tiny" / "00_tiny.ipynb"):
        assert set(nbformat.read(path, as_version=4).metadata) == {"kernelspec", "language_info"}
    assert not leaks(text, released(course, "00_tiny").read_text(encoding="utf-8"))


def test_another_process_gives_the_same_bytes(tiny: Course, tmp_path: Path) -> None:
    course = make_course(tmp_path / "elsewhere", **{"00_tiny": unit(code("1 + 1\n"))})
    environment = os.environ | {"PYTHONHASHSEED": "17", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    command = [sys.executable, "-m", "course_lib.cli", "release"]
    subprocess.run(command, cwd=course.root, env=environment, check=True, capture_output=True)
    for path in ("notebooks/00_tiny/00_tiny.ipynb", "build/source/00_tiny/00_tiny.ipynb"):
        assert (course.root / path).read_bytes() == (tiny.root / path).read_bytes()


def test_a_cell_keeps_its_id_when_others_change(tmp_path: Path) -> None:
    repeated = "Said twice.\n\n+++\n\nSaid twice.\n"
    course = make_course(tmp_path / "course", **{"00_tiny": f"{unit(code('1 + 1' + chr(10)))}\n{repeated}"})
    before = read_unit(course.solutions / "00_tiny" / "00_tiny.md").cells
    write(
        course,
        "00_tiny",
        f"# Another title\n\n{code('new = 1' + chr(10))}\n{unit(code('1 + 1' + chr(10)))}\n{repeated}",
    )
    after = read_unit(course.solutions / "00_tiny" / "00_tiny.md").cells
    kept = [(cell.id, cell.source) for cell in before]
    assert [(cell.id, cell.source) for cell in after if (cell.id, cell.source) in kept] == kept
    assert len({cell.id for cell in after}) == len(after) == len(before) + 2


def test_a_changed_answer_changes_no_id(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    before = [cell.id for cell in read_unit(course.solutions / "00_tiny" / "00_tiny.md").cells]
    write(course, "00_tiny", unit().replace("x * secret", "secret * x"))
    assert [cell.id for cell in read_unit(course.solutions / "00_tiny" / "00_tiny.md").cells] == before


@pytest.mark.parametrize("drift", ["none", "edited", "missing", "text"])
def test_check_finds_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drift: str) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit(), "01_plain": TITLE})
    release(course, course.units_with_solutions())
    notebook = released(course, "00_tiny")
    if drift == "edited":
        notebook.write_text(notebook.read_text() + "\n")
    elif drift == "missing":
        notebook.unlink()
    elif drift == "text":
        write(course, "00_tiny", f"{unit()}\nMore words.\n")
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(app, ["release", "--check"])
    said = f"{course.notebooks} is up to date\n" if drift == "none" else "00_tiny: differs; run `course release`\n"
    assert (result.output, result.exit_code) == (said, int(drift != "none"))
    assert {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()} == before
    assert CliRunner().invoke(app, ["release"]).exit_code == 0
    assert CliRunner().invoke(app, ["release", "--check"]).exit_code == 0


def test_a_unit_by_part_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit(), "01_plain": TITLE})
    monkeypatch.chdir(course.root)
    assert CliRunner().invoke(app, ["release", "plain"]).output == "01_plain: released\n"
    assert not released(course, "00_tiny").exists()
    unknown = CliRunner().invoke(app, ["release", "02"])
    assert (unknown.output, unknown.exit_code) == ("expected a unit, one of 00_tiny, 01_plain; got '02'\n", 2)


def test_the_instructor_notebook_keeps_its_answers(tiny: Course) -> None:
    notebook = nbformat.read(build_source(tiny, "00_tiny"), as_version=4)
    MetadataValidator().validate_nb(notebook)
    assert "return x * secret" in by_id(notebook)["double"].source


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.txt"
    write_aside(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_aside(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]
