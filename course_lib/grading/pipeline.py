"""Grading one submission: restore it, run its cells in the learner's kernel and its tests here, count points."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import is_grade, is_solution

from course_lib.cells import cpp_exercises, exercise_of
from course_lib.grading.models import GRADED, GradingJob, GradingResult, not_graded, printable
from course_lib.grading.remote_test.run_test import run_test
from course_lib.grading.restore.figures import add_figures
from course_lib.grading.restore.normalize import normalize
from course_lib.grading.sandbox.compiler import none_in_grade
from course_lib.grading.sandbox.kernel_client import KernelClient, KernelDiedError, KernelStartError
from course_lib.grading.sandbox.limits import limits_in_use
from course_lib.grading.sandbox.outputs import error
from course_lib.grading.scores import faults, score, withhold_cpp

KERNELS = 4  # that a submission may use up, one after the other
# Whenever a cell or test was stopped, those after it have this share of its time, but at least so many seconds. They
# often call the same function, and would take hours of a night.
LATER, ENOUGH = 0.1, 10
AGAIN = 2  # times as long as at first: what a cell has that runs again, in the kernel after one that died
SHOWN = 50_000_000  # characters of all outputs together, but for those of tests
TOO_MUCH = f"[left out: the cells of this notebook show more than {SHOWN // 1_000_000} MB]"


def grade_one(job: GradingJob) -> GradingResult:
    """Grade a submission; whatever is wrong with it, the outcome says.

    Parameters
    ----------
    job : GradingJob
        The submission, and all that it takes.

    Returns
    -------
    GradingResult
        Where a kernel died, with the points of all tests that came to an end.
    """
    start = time.monotonic()
    source = nbformat.reads(job.source, as_version=4)
    try:
        normalized = normalize(job.submission, source)
    except ValueError as refused:
        return not_graded(job, printable(str(refused)))
    run = _Run(job, normalized.notebook)
    try:
        run.all_cells()
    except KernelStartError as failed:
        return not_graded(job, f"the kernel did not start: {failed}", final=False)
    notebook = nbformat.reads(printable(nbformat.writes(normalized.notebook)), as_version=4)
    add_figures(notebook, job.submission)
    if cpp_exercises(source) and (reason := none_in_grade(job.isolated)):
        withhold_cpp(notebook, source, reason)
    exercises = score(notebook, normalized.missing)
    wrong = [f"the kernel died in {death}" for death in run.deaths] + faults(notebook)
    wrong += [f"{each.name}: {each.message}" for each in exercises if each.undecided]
    outcome = GradingResult(
        job.student,
        job.unit,
        f"error: {printable('; '.join(wrong))}" if wrong else GRADED,
        exercises,
        nbformat.writes(notebook),
        [printable(text) for text in normalized.changes],
        [printable(text) for text in (*job.audit_flags, *normalized.audit_flags)],
        seconds=time.monotonic() - start,
        isolated=job.isolated,
    )
    return replace(outcome, log=_log(job, outcome, run.log))


def _log(job: GradingJob, outcome: GradingResult, cells: Sequence[str]) -> str:
    """Write down what an instructor needs to see why an outcome is as it is."""
    limits = f"limits: {job.limits}, kept by {limits_in_use()}" if job.isolated else "not isolated"
    changes = (f"change: {text}" for text in outcome.changes)
    flags = (f"flag: {text}" for text in outcome.audit_flags)
    points = f"{outcome.points:g} of {outcome.max_points:g} points, {outcome.seconds:.1f} s"
    return "\n".join([job.version, limits, *changes, *flags, *map(printable, cells), outcome.status, points, ""])


@dataclass
class _Run:
    """The run of a notebook's cells; their outputs are written into it.

    Attributes
    ----------
    job : GradingJob
        The submission.
    notebook : NotebookNode
        The restored one.
    deaths : list of str
        Where and why kernels died; the cells after that run in another one, which has run the cells before it again.
    log : list of str
        A line for each cell that ran.
    """

    job: GradingJob
    notebook: NotebookNode
    deaths: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    _sources: list[str] = field(default_factory=list)
    _took: list[float] = field(default_factory=list)
    _answers_died: dict[str, str] = field(default_factory=dict)
    _shown: int = 0
    _cell_s: float = 0
    _deadline: float = 0

    def all_cells(self) -> None:
        """Run every cell but demonstrations; raise `KernelStartError` if a kernel does not even start."""
        everything = enumerate(self.notebook.cells, start=1)
        cells = iter([(number, cell) for number, cell in everything if cell.cell_type == "code" and not _is_demo(cell)])
        with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
            for name, content in self.job.data.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._cell_s = self.job.limits.cell_s
            self._deadline = time.monotonic() + self.job.limits.submission_s
            while self._in_one_kernel(Path(folder), cells) and self._may_go_on():
                pass
        for number, cell in cells:
            self._done(number, cell, time.monotonic(), [_death(self.deaths[-1])])

    def _may_go_on(self) -> bool:
        return len(self.deaths) < KERNELS and time.monotonic() < self._deadline

    def _in_one_kernel(self, folder: Path, cells: Iterator[tuple[int, NotebookNode]]) -> bool:
        """Run cells until the last one, or one that kills the kernel; tell whether cells are left that could run."""
        began = len(self.deaths)
        starting = KernelClient(self.job.limits, self.job.isolated, folder, self._deadline)
        with starting as learner, suppress(KernelDiedError):  # in a cell that ran well before
            for source, took in zip(self._sources, self._took, strict=True):
                self._timed(max(self._cell_s, AGAIN * took), partial(learner.run_cell, source))
            for number, cell in cells:
                self._cell(learner, number, cell)
                if len(self.deaths) > began:
                    return True
        return False

    def _cell(self, learner: KernelClient, number: int, cell: NotebookNode) -> None:
        start = time.monotonic()
        try:
            outputs = self._outputs(learner, cell)
        except KernelDiedError as died:
            self.deaths.append(f"cell {number}{_name(cell)}: {died}")
            outputs = [_death(self.deaths[-1])]
            if is_solution(cell):
                self._answers_died[cell.metadata.nbgrader.grade_id] = self.deaths[-1]
        self._done(number, cell, start, outputs)

    def _done(self, number: int, cell: NotebookNode, start: float, outputs: list[NotebookNode]) -> None:
        """Record the outcome of a cell."""
        cell.outputs = outputs
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
        said = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
        self.log.append(f"cell {number}{_name(cell)}: {time.monotonic() - start:.1f} s {' '.join(said)}".rstrip(": "))

    def _outputs(self, learner: KernelClient, cell: NotebookNode) -> list[NotebookNode]:
        """Run a test here, and anything else in the learner's kernel."""
        if is_grade(cell) and not is_solution(cell):
            outputs = self._timed(self._cell_s, partial(run_test, cell.source, learner, self._sources))
            death = self._answers_died.get(exercise_of(cell.metadata.nbgrader.grade_id), "")
            return [_death(death)] if death and any(output.output_type == "error" for output in outputs) else outputs
        start, seconds = time.monotonic(), self._cell_s
        outputs = self._timed(seconds, partial(learner.run_cell, cell.source))
        took = time.monotonic() - start
        self._sources.append(cell.source)
        self._took.append(took if took < seconds else 0)
        self._shown += len(json.dumps(outputs))
        return outputs if not outputs or self._shown <= SHOWN else [new_output("stream", name="stderr", text=TOO_MUCH)]

    def _timed(self, seconds: float, run: Callable[[float], list[NotebookNode]]) -> list[NotebookNode]:
        """Run something that may take so many seconds; if it takes them all, what comes after it has fewer."""
        start = time.monotonic()
        try:
            return run(min(seconds, self._deadline - start))
        finally:  # also where it had to be killed
            if time.monotonic() - start >= seconds:
                self._cell_s = min(self._cell_s, max(LATER * self._cell_s, ENOUGH))


def _death(words: str) -> NotebookNode:
    return error("KernelDied", f"the kernel died in {words}")


def _is_demo(cell: NotebookNode) -> bool:
    """Tell whether a cell is a show that no test needs."""
    return "demo" in cell.metadata.get("tags", []) and not is_grade(cell) and not is_solution(cell)


def _name(cell: NotebookNode) -> str:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return f" ({grade_id})" if grade_id else ""
