"""Try every answer of a unit's bank in the place of the solution, in one process."""

import contextlib
import io
import linecache
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.answers import Answer
from course_lib.checks import CheckFailed
from course_lib.grading.scores import exercise_of

LIMIT_S = 30

Namespace = dict[str, object]


@dataclass(frozen=True)
class Trial:
    """What came of one answer.

    Attributes
    ----------
    answer : Answer
        What was tried.
    passed, tests : int
        How many of the exercise's test cells it passed, and how many there are.
    feedback : str
        What the failed tests said; empty where all passed.
    """

    answer: Answer
    passed: int
    tests: int
    feedback: str

    @property
    def accepted(self) -> bool:
        """Whether it earned every point."""
        return self.passed == self.tests

    @property
    def diagnosed(self) -> bool:
        """Whether the feedback holds every word that the bank names."""
        return all(words in self.feedback for words in self.answer.says)

    @property
    def as_expected(self) -> bool:
        """Whether a right answer earned every point, and a wrong one lost some and was told why."""
        return self.accepted if self.answer.right else not self.accepted and self.diagnosed


def try_answers(notebook: NotebookNode, answers: list[Answer], limit: int = LIMIT_S) -> list[Trial]:
    """Run a unit's cells in order, and at each solution try all answers to it.

    Cells tagged ``demo`` are left out. Each answer starts from what stands in the notebook up to its
    exercise, with the right solutions of the exercises before.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's.
    answers : list of Answer
        For any of its exercises.
    limit : int
        Seconds that one answer or test may take.

    Returns
    -------
    list of Trial
        In the order of the notebook, then of the answers.
    """
    namespace: Namespace = {"__name__": "__main__"}
    tests = [cell for cell in notebook.cells if is_grade(cell)]
    trials = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_grade(cell) or "demo" in cell.metadata.get("tags", []):
            continue
        if is_solution(cell):
            exercise = cell.metadata.nbgrader["grade_id"]
            own = [test for test in tests if exercise_of(test.metadata.nbgrader["grade_id"]) == exercise]
            for answer in answers:
                if answer.exercise == exercise:
                    before = dict(namespace)
                    trials.append(_try(answer, own, namespace, limit))
                    namespace.clear()  # the same one again, so that all functions share it as in a notebook
                    namespace.update(before)
        with contextlib.redirect_stdout(io.StringIO()):
            _execute(cell.source, namespace, f"cell {cell.id}")
    return trials


def _try(answer: Answer, tests: list[NotebookNode], namespace: Namespace, limit: int) -> Trial:
    """Run one answer and its exercise's tests, whatever they raise."""
    messages = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            with _time_limit(limit):
                _execute(answer.code, namespace, f"answer in line {answer.line}")
        except (Exception, SystemExit) as error:
            return Trial(answer, 0, len(tests), f"{type(error).__name__}: {error}")
        for test in tests:
            try:
                with _time_limit(limit):
                    _execute(test.source, namespace, test.metadata.nbgrader["grade_id"])
            except CheckFailed as failed:
                messages.append(failed.message)
            except (Exception, SystemExit) as error:
                messages.append(f"{type(error).__name__}: {error}")
    return Trial(answer, len(tests) - len(messages), len(tests), "\n".join(messages))


def _execute(code: str, namespace: Namespace, name: str) -> None:
    """Execute a cell so that `inspect.getsource` finds its source, as it does in a notebook."""
    filename = f"<{name}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    exec(compile(code, filename, "exec"), namespace)


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
