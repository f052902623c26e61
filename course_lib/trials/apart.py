"""Trying answers as in a grade: in a kernel, while their tests run in this process."""

import contextlib
from collections.abc import Iterator
from functools import partial

from nbformat import NotebookNode

from course_lib.cells import exercise_of
from course_lib.grading.remote_test.run_test import converse, execute
from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.limits import Limits
from course_lib.trials.shared_names import shared_names
from course_lib.trials.trial import LIMIT_S

# Saving and restoring the global names of a kernel.
KEEP = "__import__('builtins').kept = dict(globals())"
PUT_BACK = "(lambda names, kept: (names.clear(), names.update(kept)))(globals(), __import__('builtins').kept)"


@contextlib.contextmanager
def apart(limit: int = LIMIT_S, isolated: bool = False) -> Iterator["Apart"]:
    """Start a kernel in which cells and answers run, while tests run in this process.

    Parameters
    ----------
    limit : int
        Seconds that a cell, an answer or a test may take.
    isolated : bool
        Whether it runs in the sandbox, as learners' answers must; answers of a bank are trusted.
    """
    with KernelClient(Limits(cell_s=limit, submission_s=float("inf")), isolated) as learner:
        yield Apart(learner, limit)


class Apart:
    """A separate kernel for cells and answers; see `apart`."""

    def __init__(self, learner: KernelClient, limit: int) -> None:
        self._learner, self._limit = learner, limit
        self._cells: list[str] = []
        self.plain = True

    def run(self, code: str, name: str) -> str:
        """Run a cell in the kernel; return what failed, in words."""
        self._cells.append(code)
        return _failure(self._learner.run_cell(code))

    def test(self, test: NotebookNode) -> str:
        """Run a test here; return what failed, in words."""
        _, outputs, session = converse(partial(execute, test.source), self._learner, self._cells, self._limit)
        failure = _failure(outputs)
        # In a notebook nothing reads the text of the cells: a test that fails because of it could pass there.
        self.plain &= session.completed and not session.opaque and not (failure and session.by_text)
        self.plain &= not shared_names(self._cells, exercise_of(test.metadata.nbgrader["grade_id"]), test.source)
        return failure

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Forget at the end what was defined within."""
        self._learner.run_cell(KEEP)
        before = len(self._cells)
        self.plain = True
        yield
        del self._cells[before:]
        self._learner.run_cell(PUT_BACK)


def _failure(outputs: list[NotebookNode]) -> str:
    """Return the error in the outputs; empty if there is no error."""
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return ""
    return str(errors[-1].evalue if errors[-1].ename == "CheckFailed" else f"{errors[-1].ename}: {errors[-1].evalue}")
