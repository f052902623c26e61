"""What the report says of each cell: seconds and peak memory."""

import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ci.cells import Cell, measured_cells
from ci.execution import execute
from ci.memory import MemoryWatch, resident

pytestmark = pytest.mark.slow

ALLOCATE = "import numpy as np\nheld = np.ones(300_000_000, np.uint8)"
SPIKE = "# for a while\nimport time\nheld = np.ones(300_000_000, np.uint8)\ntime.sleep(2)\ndel held"
IN_A_CHILD = """import subprocess, sys
program = "held = bytearray(b'x') * 300_000_000; print('ready', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cell]:
    """The cells of an executed notebook, by name."""
    folder = tmp_path_factory.mktemp("cells")
    marked = {"nbgrader": {"grade_id": "sleeping", "schema_version": 3, "grade": False, "solution": True}}
    contents = [
        new_markdown_cell("Words."),
        new_code_cell("empty = 0"),
        new_code_cell("\n# a comment\nimport time\ntime.sleep(0.5)", metadata=marked),
        new_code_cell(ALLOCATE),
        new_code_cell("del held"),
        new_code_cell(SPIKE),
        new_code_cell("after = 0"),
        new_code_cell(IN_A_CHILD),
        new_code_cell("child.communicate(b'\\n')"),
        new_code_cell("1 / 0  # " + 100 * "x"),
        new_code_cell("never = 1"),
    ]
    notebook = new_notebook(
        cells=contents, metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": ""}}
    )
    nbformat.write(notebook, folder / "in.ipynb")
    assert execute(folder / "in.ipynb", folder / "out.ipynb", {}, 60, False, lambda cell, cells: None) is None
    return {cell.name: cell for cell in measured_cells(nbformat.read(folder / "out.ipynb", as_version=4))}


def test_code_cells_that_ran_are_measured_and_named(cells: dict[str, Cell]) -> None:
    assert [cell.number for cell in cells.values()] == list(range(2, 11))
    assert list(cells)[:4] == ["empty = 0", "sleeping", "import numpy as np", "del held"]
    assert list(cells)[-1] == "1 / 0  # " + 51 * "x" + "…"


def test_seconds_are_no_less_than_a_cell_sleeps(cells: dict[str, Cell]) -> None:
    assert cells["sleeping"].seconds >= 0.5


def test_what_a_cell_allocates_counts(cells: dict[str, Cell]) -> None:
    empty = cells["empty = 0"].peak_mb
    assert empty > 10
    assert cells["import numpy as np"].peak_mb >= empty + 250


def test_what_a_cell_frees_before_it_ends_counts(cells: dict[str, Cell]) -> None:
    assert cells["# for a while"].peak_mb >= cells["after = 0"].peak_mb + 250


def test_processes_below_the_kernel_count(cells: dict[str, Cell]) -> None:
    assert cells["import subprocess, sys"].peak_mb >= cells["after = 0"].peak_mb + 250


def test_a_process_that_has_ended_takes_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        process = psutil.Process(child.pid)
    assert resident(process) == 0


def test_a_forked_copy_does_not_count() -> None:
    program = """import os, time
held = bytearray(b"x") * 300_000_000
copy = os.fork()
if not copy:
    time.sleep(100)
print(copy, flush=True)
input()"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        copy = psutil.Process(int(process.stdout.readline()))
        assert copy.memory_info().rss > 300e6
        assert 300e6 < resident(psutil.Process(process.pid)) < 450e6
        copy.kill()
        process.communicate("\n")


def test_no_cell_no_peak() -> None:
    with MemoryWatch() as memory:
        memory.end()
    assert memory.peaks == {}


def test_a_cell_that_is_stopped_is_measured(tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_code_cell("import time\ntime.sleep(100)"), new_code_cell("1")])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    stopped = execute(tmp_path / "in.ipynb", tmp_path / "out.ipynb", {}, 1, False, lambda cell, cells: None)
    assert stopped is not None
    (cell,) = measured_cells(nbformat.read(tmp_path / "out.ipynb", as_version=4))
    assert cell.number == 1
    assert cell.seconds >= 1
    assert cell.peak_mb > 10
