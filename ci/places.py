"""Where answers of a bank are tried: in this process, or as in a grade, in another one than their tests."""

import contextlib
import io
import linecache
import signal
from collections.abc import Iterator
from types import FrameType

from nbformat import NotebookNode

from course_lib.checks import CheckFailed
from course_lib.grading.kernel.learner import Learner
from course_lib.grading.kernel.limits import Limits
from course_lib.grading.trusted.run import run_test

LIMIT_S = 30  # that a cell, an answer or a test may take
# How the global names of a kernel are kept and put back.
KEEP = "__import__('builtins').kept = dict(globals())"
PUT_BACK = "(lambda names, kept: (names.clear(), names.update(kept)))(globals(), __import__('builtins').kept)"


class Here:
    """The process itself, as in a learner's own notebook: cells and tests have the same global names."""

    def __init__(self, limit: int = LIMIT_S) -> None:
        self._limit = limit
        self._names: dict[str, object] = {"__name__": "__main__"}

    def run(self, code: str, name: str) -> str:
        """Run a cell so that `inspect.getsource` finds its source; return what failed, in words."""
        filename = f"<{name}>"
        linecache.cache[filename] = (len(code), None, io.StringIO(code).readlines(), filename)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                with _time_limit(self._limit):
                    exec(compile(code, filename, "exec"), self._names)
            except CheckFailed as failed:
                return failed.message
            except (Exception, SystemExit) as error:
                return f"{type(error).__name__}: {error}"
        return ""

    def test(self, test: NotebookNode) -> str:
        """Run a test; return what failed, in words."""
        return self.run(test.source, test.metadata.nbgrader["grade_id"])

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Forget at the end what was defined within."""
        before = dict(self._names)
        yield
        self._names.clear()  # the same one again, so that all functions share it as in a notebook
        self._names.update(before)


@contextlib.contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Stop what runs in the main thread for too long."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def apart(limit: int = LIMIT_S) -> Iterator["Apart"]:
    """Start a kernel in which cells and answers run, while tests run in this process."""
    with Learner(Limits(cell_s=limit, submission_s=float("inf")), isolated=False) as learner:
        yield Apart(learner, limit)


class Apart:
    """A kernel of its own for cells and answers; see `apart`."""

    def __init__(self, learner: Learner, limit: int) -> None:
        self._learner, self._limit = learner, limit
        self._cells: list[str] = []

    def run(self, code: str, name: str) -> str:
        """Run a cell in the kernel; return what failed, in words."""
        self._cells.append(code)
        return _failure(self._learner.run_cell(code))

    def test(self, test: NotebookNode) -> str:
        """Run a test here; return what failed, in words."""
        return _failure(run_test(test.source, self._learner, self._cells, self._limit))

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Forget at the end what was defined within."""
        self._learner.run_cell(KEEP)
        before = len(self._cells)
        yield
        del self._cells[before:]
        self._learner.run_cell(PUT_BACK)


def _failure(outputs: list[NotebookNode]) -> str:
    """Say what error the outputs hold; empty if none."""
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return ""
    return str(errors[-1].evalue if errors[-1].ename == "CheckFailed" else f"{errors[-1].ename}: {errors[-1].evalue}")
