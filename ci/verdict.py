"""Judge an executed notebook: did it run as it should, and how many points did it get."""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ci.cells import Cell, measured_cells
from ci.execution import Failure
from ci.text import plain
from course_lib.cells import cpp_exercises
from course_lib.grading.sandbox.compiler import none_here
from course_lib.grading.scores import ExerciseScore, only_visible_checks, score, withhold_cpp

SHOWN_LINES = 3


@dataclass(frozen=True)
class Outcome:
    """The outcome of a notebook.

    Attributes
    ----------
    unit : str
        The unit's whole name.
    status : str
        ``ok``, ``short`` (ran, but without full marks), ``failed`` or ``timeout``.
    seconds : float
        Wall time; of the run that was kept, if it did not run again.
    points, max_points : float
        Earned and possible.
    error : str or None
        Plain text: what went wrong, and in which cell; if nothing did, what this machine could not grade.
    notebook : Path
        The notebook with its outputs, as far as it came.
    cells : tuple of Cell
        The code cells that ran, in order.
    kept : bool
        Whether it is that of an earlier run, since nothing has changed.
    """

    unit: str
    status: str
    seconds: float
    points: float
    max_points: float
    error: str | None
    notebook: Path
    cells: tuple[Cell, ...] = ()
    kept: bool = False

    @property
    def peak_mb(self) -> int:
        """Megabytes of the kernel and the processes below it, at the most; 0 where no cell ran."""
        return max((cell.peak_mb for cell in self.cells), default=0)

    @property
    def slowest(self) -> Cell | None:
        """The cell that took longest, if any ran."""
        return max(self.cells, key=lambda cell: cell.seconds, default=None)


def points_of(outcome: Outcome) -> str:
    """Write points as in ``22/22``."""
    return f"{outcome.points:g}/{outcome.max_points:g}"


def status_of(outcome: Outcome) -> str:
    """Write a status for people, as in ``ok, unchanged`` where an earlier run was kept."""
    return f"{outcome.status}, unchanged" if outcome.kept else outcome.status


def judge(unit: str, path: Path, stopped: Failure | None, seconds: float, learner: bool) -> Outcome:
    """Judge a notebook by its outputs.

    Parameters
    ----------
    unit : str
        The unit's whole name.
    path : Path
        The executed notebook; it need not exist if it was stopped.
    stopped : Failure or None
        What stopped it, beside errors in its outputs.
    seconds : float
        How long it ran.
    learner : bool
        Judge a released notebook: exercises may raise ``NotImplementedError``, and must get no points.

    Returns
    -------
    Outcome
        The verdict.
    """
    notebook = nbformat.read(path, as_version=4) if path.is_file() else nbformat.v4.new_notebook()
    judged = only_visible_checks(notebook) if learner else deepcopy(notebook)
    reason = uncompiled(notebook)
    if reason:
        withhold_cpp(judged, notebook, reason)
    found = score(judged)
    scores = [s for s in found if not s.question and s.graded]
    points, max_points = sum((s.points for s in scores), 0.0), sum((s.max_points for s in scores), 0.0)
    meant = ("NotImplementedError",) * learner + ("NoCompiler",) * bool(reason)
    failure = stopped or _first_error(notebook, meant)
    error: str | None
    if failure:
        status, error = failure.status, _describe(failure, notebook)
    elif learner and points:
        earned = [s for s in scores if s.points]
        status, error = "failed", "an untouched notebook earns points\n" + _lines(earned)
    elif not learner and points < max_points:
        status, error = "short", _lines([s for s in scores if s.points < s.max_points])
    else:
        status, error = "ok", "\n".join(f"{s.name}: {s.message}" for s in found if not s.graded) or None
    cells = measured_cells(notebook)
    return Outcome(unit, status, round(seconds, 1), points, max_points, error and plain(error), path, cells)


def uncompiled(notebook: NotebookNode) -> str:
    """Say why the exercises in C++ of a notebook cannot be graded here; empty if they can, or if it has none."""
    return none_here() if cpp_exercises(notebook) else ""


def _first_error(notebook: NotebookNode, meant: Collection[str]) -> Failure | None:
    """Find the first error that is neither tagged as intended nor has the name of an intended one."""
    for index, cell in enumerate(notebook.cells):
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename not in meant:
                return Failure("failed", f"{output.ename}: {output.evalue}".rstrip(": "), index)
        if cell.metadata.get("papermill", {}).get("exception"):
            return Failure("failed", "an error without an output", index)
    return None


def _describe(failure: Failure, notebook: NotebookNode) -> str:
    if failure.cell is None or failure.cell >= len(notebook.cells):
        return failure.reason
    lines = notebook.cells[failure.cell].source.strip().splitlines()
    shown = [f"    {line}" for line in lines[:SHOWN_LINES]] + ["    ..."] * (len(lines) > SHOWN_LINES)
    return "\n".join([f"cell {failure.cell + 1} of {len(notebook.cells)}: {failure.reason}", *shown])


def _lines(scores: list[ExerciseScore]) -> str:
    return "\n".join(f"{s.name}: {s.points:g} of {s.max_points:g} points. {s.message}".rstrip() for s in scores)
