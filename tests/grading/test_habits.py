"""Harmless things that people write: the same points in their own check, in the runner and in the grade."""

import ast
import builtins
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import is_grade

from ci.execution import execute
from course_lib.course import CONFIG, Course
from course_lib.grading.models import GradingJob
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sandbox.zygote import VARIABLE, start_zygote
from course_lib.grading.scores import ExerciseScore, score
from course_lib.release import KERNEL
from course_lib.workspace import check, own_notebook
from tests.support import habits
from tests.support.cells import graded_cell
from tests.support.habits import LEFT_OUT, entries
from tests.support.paths import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

UNIT = "01_habits"
HEAD = "def f{}(x):\n"
BODY = "    return 2 * np.asarray(x)"
TEST = """from course_lib.checks import call, forbid_names, passed

forbid_names(f{0}, "arange")
call(f{0}, [1.0, 2.0]).equals([2.0, 4.0])
passed("f{0}", points=1)
"""
MANY = 20  # entries of a notebook: papermill writes the whole of it after every cell
LISTS = ("PYTHON", "LINES", "CELLS", "WRAPPERS", "ERRORS", "STATES", "TENSORFLOW")


class Part(NamedTuple):
    """Some entries of a list, which share a notebook."""

    name: str
    entries: list[str]


def parts() -> Iterator[Part]:
    """Divide the lists into notebooks."""
    for name in LISTS:
        everything = entries(getattr(habits, name))
        for first in range(0, len(everything), MANY):
            yield Part(name, everything[first : first + MANY])


def solution(name: str, number: int, entry: str) -> str:
    """Write the cell of a function, with the entry in it where it may stand there."""
    head = HEAD.format(number)
    if name == "PYTHON":
        return f"{entry}\n\n{head}{indent(entry, '    ')}\n{BODY}\n\n{entry}"
    if name == "LINES":
        return f"{entry}\n\n{head}{BODY}\n\n{entry}"
    return f"{entry}\n{head}{BODY}" if name == "WRAPPERS" else head + BODY


def notebook(part: Part, written: bool) -> NotebookNode:
    """Make a notebook, as its learner has written it or as it was released."""
    cells = [new_code_cell("import numpy as np", id="import")]
    for number, entry in enumerate(part.entries):
        source = (
            solution(part.name, number, entry) if written else f"{HEAD.format(number)}    raise NotImplementedError"
        )
        answer = graded_cell(source, f"f{number}")
        test = graded_cell(TEST.format(number), f"test_f{number}", 1)
        answer.id, test.id = f"answer{number}", f"test{number}"
        is_inside = part.name in ("PYTHON", "LINES", "WRAPPERS")
        before = [] if is_inside else [new_code_cell(entry, id=f"before{number}")]
        behind = [new_code_cell(entry, id=f"behind{number}")] if part.name in ("CELLS", "ERRORS") else []
        cells += [*before, answer, test, *behind] if written else [answer, test]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def instructors(released: NotebookNode) -> str:
    """Make the instructor's notebook of a released one."""
    source = nbformat.from_dict(released)
    for cell in source.cells:
        cell.source = cell.source.replace(
            "    raise NotImplementedError", f"    ### BEGIN SOLUTION\n{BODY}\n    ### END SOLUTION"
        )
    return nbformat.writes(source)


@pytest.fixture(scope="module", autouse=True)
def forked() -> Iterator[None]:
    """Let kernels be forks, as in a class."""
    with start_zygote() as path, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(path))
        yield


def by_name(scores: list[ExerciseScore]) -> dict[str, tuple[float, str]]:
    return {each.name: (each.points, each.message) for each in scores}


def everywhere(base: Path, part: Part) -> dict[str, dict[str, tuple[float, str]]]:
    """Run a notebook in every way; return points and message of each exercise, by way and exercise."""
    course = Course(base)
    released, written = notebook(part, written=False), notebook(part, written=True)
    shutil.copy(ROOT / CONFIG, base)
    for path, made in ((base / "notebooks" / UNIT / f"{UNIT}.ipynb", released), (own_notebook(course, UNIT), written)):
        path.parent.mkdir(parents=True)
        nbformat.write(made, path)
    checked = check(course, UNIT)
    ran = base / "ran.ipynb"
    assert execute(own_notebook(course, UNIT), ran, {}, 60, True, lambda cell, cells: None) is None
    job = GradingJob("ada", UNIT, nbformat.writes(written).encode(), instructors(released), Limits(cell_s=60), "1")
    graded = grade_submission(job)
    assert (graded.status, graded.changes) == ("graded", [])
    ways = {"check": checked, "runner": score(nbformat.read(ran, as_version=4)), "grade": graded.exercises}
    return {way: by_name(scores) for way, scores in ways.items()}


@pytest.mark.parametrize("part", [*parts()], ids=lambda part: f"{part.name}: {part.entries[0].splitlines()[0]}")
def test_what_people_write_costs_nothing_anywhere(part: Part, tmp_path: Path) -> None:
    found = everywhere(tmp_path, part)
    wrong = []
    for number, entry in enumerate(part.entries):
        got = {way: scores[f"f{number}"] for way, scores in found.items()}
        if {points for points, _ in got.values()} != {1}:
            wrong.append((entry, got))
    assert wrong == []


def test_every_magic_is_tried() -> None:
    with KernelClient(Limits()) as learner:
        [shown] = learner.run_cell(
            "{name for kind in get_ipython().magics_manager.lsmagic().values() for name in kind}"
        )
    names = ast.literal_eval(shown.data["text/plain"])
    tried = set(re.findall(r"%%?([\w!]+)", "\n".join(getattr(habits, name) for name in LISTS)))
    assert names - tried - LEFT_OUT.keys() == set()


def test_no_visible_check_uses_what_a_star_import_of_numpy_hides() -> None:
    """It runs among the learner's names, where ``from numpy import *`` replaces ``all`` by another function."""
    hidden = {name for name in np.__all__ if hasattr(builtins, name)} - {"bool"}  # which does the same for one value
    assert {"all", "sum"} <= hidden
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and is_grade(cell):
                names = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
                assert names & hidden == set(), f"{path.name}: {cell.metadata.nbgrader.grade_id}"
