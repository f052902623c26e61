"""Grading one submission: mend it, run its cells in the learner's kernel and its tests here, count points."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.grading.kernel.learner import Learner, LearnerDied
from course_lib.grading.kernel.limits import limits_in_use
from course_lib.grading.kernel.outputs import error
from course_lib.grading.outcome import GRADED, Job, Outcome, not_graded
from course_lib.grading.scores import faults, score
from course_lib.grading.submission.normalize import normalize
from course_lib.grading.trusted.run import run_test


def grade_one(job: Job) -> Outcome:
    """Grade a submission; whatever is wrong with it, the outcome says.

    Parameters
    ----------
    job : Job
        The submission, and all that it takes.

    Returns
    -------
    Outcome
        Where the kernel died, with the points of the tests before that.
    """
    start = time.monotonic()
    try:
        normalized = normalize(job.submission, nbformat.reads(job.source, as_version=4))
    except ValueError as refused:
        return not_graded(job, printable(str(refused)))
    run = _Run(job, normalized.notebook)
    try:
        run.all_cells()
    except LearnerDied as died:
        return not_graded(job, f"the kernel did not start: {died}", final=False)
    notebook = nbformat.reads(printable(nbformat.writes(normalized.notebook)), as_version=4)
    exercises = score(notebook)
    wrong = [f"the kernel died in {run.death}"] if run.death else faults(notebook)
    outcome = Outcome(
        job.student,
        job.unit,
        f"error: {printable('; '.join(wrong))}" if wrong else GRADED,
        exercises,
        nbformat.writes(notebook),
        [printable(text) for text in normalized.mended],
        [printable(text) for text in normalized.notes],
        seconds=time.monotonic() - start,
        isolated=job.isolated,
    )
    return replace(outcome, log=_log(job, outcome, run.log))


def _log(job: Job, outcome: Outcome, cells: Sequence[str]) -> str:
    """Write down what an instructor needs to see why an outcome is as it is."""
    limits = f"limits: {job.limits}, kept by {limits_in_use()}" if job.isolated else "not isolated"
    mended, notes = (f"mended: {text}" for text in outcome.mended), (f"note: {text}" for text in outcome.notes)
    points = f"{outcome.points:g} of {outcome.max_points:g} points, {outcome.seconds:.1f} s"
    return "\n".join([job.version, limits, *mended, *notes, *map(printable, cells), outcome.status, points, ""])


def printable(text: str) -> str:
    """Replace halves of characters, which JSON can hold and no file."""
    return text.encode("utf-8", "replace").decode()


@dataclass
class _Run:
    """The run of a notebook's cells; their outputs are written into it.

    Attributes
    ----------
    job : Job
        The submission.
    notebook : NotebookNode
        The mended one.
    death : str
        Where and why the kernel died; empty as long as it lives.
    log : list of str
        A line for each cell that ran.
    """

    job: Job
    notebook: NotebookNode
    death: str = ""
    log: list[str] = field(default_factory=list)
    _sources: list[str] = field(default_factory=list)
    _deadline: float = 0

    def all_cells(self) -> None:
        """Run every cell but demonstrations; raise `LearnerDied` if the kernel does not even start."""
        with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
            for name, content in self.job.data.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            with Learner(self.job.limits, self.job.isolated, Path(folder)) as learner:
                self._deadline = time.monotonic() + self.job.limits.submission_s
                for number, cell in enumerate(self.notebook.cells, start=1):
                    if cell.cell_type == "code" and not _is_demo(cell):
                        self._cell(learner, number, cell)

    def _cell(self, learner: Learner, number: int, cell: NotebookNode) -> None:
        start = time.monotonic()
        name = f"cell {number}{_name(cell)}"
        if not self.death:
            try:
                cell.outputs = self._outputs(learner, cell)
            except LearnerDied as died:
                self.death = f"{name}: {died}"
        if self.death:
            cell.outputs = [error("KernelDied", f"the kernel died in {self.death}")]
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
        said = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
        self.log.append(f"{name}: {time.monotonic() - start:.1f} s {' '.join(said)}".rstrip(": "))

    def _outputs(self, learner: Learner, cell: NotebookNode) -> list[NotebookNode]:
        """Run a test here, and anything else in the learner's kernel."""
        if is_grade(cell) and not is_solution(cell):
            seconds = min(self.job.limits.cell_s, self._deadline - time.monotonic())
            return run_test(cell.source, learner, self._sources, seconds)
        self._sources.append(cell.source)
        return learner.run_cell(cell.source)


def _is_demo(cell: NotebookNode) -> bool:
    """Tell whether a cell is a show that no test needs."""
    return "demo" in cell.metadata.get("tags", []) and not is_grade(cell) and not is_solution(cell)


def _name(cell: NotebookNode) -> str:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return f" ({grade_id})" if grade_id else ""
