"""Running a notebook: its cells in the learner's kernel, its tests here, and a new kernel if one died."""

import json
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import is_solution

from course_lib.cells import exercise_of, is_demo, is_test
from course_lib.grading.models import GradingJob
from course_lib.grading.remote_test.run_test import run_test
from course_lib.grading.sandbox.kernel_client import KernelClient, KernelDiedError
from course_lib.grading.sandbox.outputs import error

KERNELS = 4  # the most kernels of a submission, one after the other
# After a cell or test was stopped, later ones have this fraction of the limit so far, but at least so many seconds.
# They often call the same function, and would take hours.
AFTER_TIMEOUT_FACTOR = 0.1
MIN_CELL_S = 10
REPLAY_FACTOR = 2  # a cell that runs again, after a kernel died, may take so many times as long
MAX_OUTPUT_CHARS = 50_000_000  # characters of all outputs together, except those of tests
TOO_MUCH = f"[left out: the cells of this notebook show more than {MAX_OUTPUT_CHARS // 1_000_000} MB]"


@dataclass
class NotebookRun:
    """How the run of a notebook went.

    Attributes
    ----------
    deaths : list of str
        Where and why kernels died; later cells ran in a new kernel, after it had run the earlier cells again.
    log : list of str
        A line for each cell that ran.
    in_process : dict of str to str
        The tests that ran in the learner's process, by grade_id, and why; in our own course there are none.
    """

    deaths: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    in_process: dict[str, str] = field(default_factory=dict)


def run_notebook(
    job: GradingJob,
    notebook: NotebookNode,
    chosen: Collection[int] | None = None,
    kind: "Callable[[GradingJob, Path], Runner] | None" = None,
) -> NotebookRun:
    """Run every cell except demonstrations, and write the outputs into the notebook.

    Parameters
    ----------
    job : GradingJob
        The job, with the limits, and the files that the cells may read.
    notebook : NotebookNode
        The restored submission; its cells get outputs and numbers.
    chosen : collection of int, optional
        The places of the cells that run; by default all of them. What the others would define is missing.
    kind : callable, optional
        Makes what runs the cells: a `Runner` by default.

    Returns
    -------
    NotebookRun
        Where kernels died, and a log.

    Raises
    ------
    KernelStartError
        If a kernel does not start.
    """
    with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
        for name, content in job.data.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with (kind or Runner)(job, Path(folder)) as runner:
            for number, cell in enumerate(notebook.cells, start=1):
                if cell.cell_type != "code" or runner.leaves_out(cell):
                    continue
                if chosen is None or number - 1 in chosen:
                    runner.run_cell(number, cell)
                else:
                    runner.pass_over(cell)
        return runner.run


class Runner:
    """Runs cells one after the other, and remembers what the next cell or kernel needs of earlier ones.

    A context manager that ends the kernel.
    """

    def __init__(self, job: GradingJob, folder: Path) -> None:
        self.run = NotebookRun()
        self._job, self._folder = job, folder
        self._kernel = ExitStack()
        self._client: KernelClient | None = None
        self._given_up = False
        self._sources: list[str] = []  # of the cells so far, except tests
        self._ran: list[tuple[str, float]] = []  # those that ran, with their seconds; 0 if it was stopped
        self._answers_died: dict[str, str] = {}  # words by grade_id
        self._shown = 0  # characters
        self._cell_s = job.limits.cell_s
        self._deadline = time.monotonic() + job.limits.submission_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._kernel.close()

    def leaves_out(self, cell: NotebookNode) -> bool:
        """Tell whether a cell is a demonstration, which no test needs."""
        return is_demo(cell)

    def run_cell(self, number: int, cell: NotebookNode) -> None:
        """Run a cell, in a new kernel if one died in the cell before; record its outputs."""
        start = time.monotonic()
        client = self._running_kernel()
        if client is None:
            outputs = [_death(self.run.deaths[-1])]
        else:
            try:
                outputs = self._outputs(client, cell)
            except KernelDiedError as died:
                self._end_kernel()
                self.run.deaths.append(f"cell {number}{_name(cell)}: {died}")
                outputs = [_death(self.run.deaths[-1])]
                if is_solution(cell):
                    self._answers_died[cell.metadata.nbgrader.grade_id] = self.run.deaths[-1]
        cell.outputs = outputs
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
        errors = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
        seconds = time.monotonic() - start
        self.run.log.append(f"cell {number}{_name(cell)}: {seconds:.1f} s {' '.join(errors)}".rstrip(": "))

    def pass_over(self, cell: NotebookNode) -> None:
        """Remember the text of a cell that does not run: tests read there which names a function uses."""
        if not is_test(cell):
            self._sources.append(cell.source)

    def _running_kernel(self) -> KernelClient | None:
        """Return the kernel; if none runs, start one, and run the earlier cells in it. None if no more are allowed."""
        if self._client is None and self._may_start():
            client = self._kernel.enter_context(
                KernelClient(self._job.limits, self._job.isolated, self._folder, self._deadline)
            )
            try:
                for source, took in self._ran:
                    self._timed(max(self._cell_s, REPLAY_FACTOR * took), partial(client.run_cell, source))
            except KernelDiedError:  # in a cell that ran without problems before
                self._end_kernel()
                self._given_up = True
            else:
                self._client = client
        return self._client

    def _may_start(self) -> bool:
        deaths = len(self.run.deaths)
        return not self._given_up and deaths < KERNELS and (deaths == 0 or time.monotonic() < self._deadline)

    def _end_kernel(self) -> None:
        self._client = None
        self._kernel.close()

    def _outputs(self, client: KernelClient, cell: NotebookNode) -> list[NotebookNode]:
        """Run a test here, and anything else in the learner's kernel."""
        if is_test(cell):
            outputs = self._timed(self._cell_s, partial(run_test, cell.source, client, self._sources))
            death = self._answers_died.get(exercise_of(cell.metadata.nbgrader.grade_id), "")
            return [_death(death)] if death and any(output.output_type == "error" for output in outputs) else outputs
        return self._in_kernel(client, cell)

    def _in_kernel(self, client: KernelClient, cell: NotebookNode) -> list[NotebookNode]:
        """Run a cell in the learner's kernel, and in each later one."""
        start, seconds = time.monotonic(), self._cell_s
        outputs = self._timed(seconds, partial(client.run_cell, cell.source))
        took = time.monotonic() - start
        self._sources.append(cell.source)
        self._ran.append((cell.source, took if took < seconds else 0))
        self._shown += len(json.dumps(outputs))
        if outputs and self._shown > MAX_OUTPUT_CHARS:
            return [new_output("stream", name="stderr", text=TOO_MUCH)]
        return outputs

    def _timed(self, seconds: float, run: Callable[[float], list[NotebookNode]]) -> list[NotebookNode]:
        """Run something with a time limit; if it reaches the limit, later cells get a shorter one."""
        start = time.monotonic()
        try:
            return run(min(seconds, self._deadline - start))
        finally:  # also if it had to be killed
            if time.monotonic() - start >= seconds:
                self._cell_s = min(self._cell_s, max(AFTER_TIMEOUT_FACTOR * self._cell_s, MIN_CELL_S))


def _death(words: str) -> NotebookNode:
    return error("KernelDied", f"the kernel died in {words}")


def _name(cell: NotebookNode) -> str:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return f" ({grade_id})" if grade_id else ""
