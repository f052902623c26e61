"""Trying answers in this process, as in a learner's own notebook."""

import contextlib
import io
import linecache
import signal
from collections.abc import Iterator
from types import FrameType

from nbformat import NotebookNode

from course_lib.checks import CheckFailed
from course_lib.native.cells import as_python
from course_lib.trials.trial import LIMIT_S


class Here:
    """The process itself, as in a learner's own notebook: cells and tests have the same global names."""

    plain = False

    def __init__(self, limit: int = LIMIT_S) -> None:
        self._limit = limit
        self._names: dict[str, object] = {"__name__": "__main__"}

    def run(self, code: str, name: str) -> str:
        """Run a cell so that `inspect.getsource` finds its source; return what failed, in words."""
        filename, code = f"<{name}>", as_python(code)
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
        self._names.clear()  # the same dict, so that all functions share it, as in a notebook
        self._names.update(before)


@contextlib.contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Stop code that runs too long in the main thread."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
