"""Try every answer of a unit's bank in place of the solution."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from nbformat import NotebookNode

from course_lib.answers import Answer
from course_lib.cells import exercise_of, is_exercise, is_test
from course_lib.errors import CourseError

LIMIT_S = 30  # the time limit of a cell, an answer or a test


@dataclass(frozen=True)
class Trial:
    """The result of one answer.

    Attributes
    ----------
    answer : Answer
        The answer that was tried.
    passed, tests : int
        The number of the exercise's test cells that it passed, and of all.
    feedback : str
        The messages of failed tests; empty if all passed.
    plain : bool
        Whether the answer ran in another process than its tests, but would have the same result in theirs: only plain
        data went from one to the other, they share no names, and no test failed that was told of names in the text of
        the cells, which a notebook does not read.
    """

    answer: Answer
    passed: int
    tests: int
    feedback: str
    plain: bool = field(default=False, compare=False)

    @property
    def accepted(self) -> bool:
        """Tell whether it earned every point."""
        return self.passed == self.tests

    @property
    def diagnosed(self) -> bool:
        """Tell whether the feedback contains all the words that the bank names."""
        return all(words in self.feedback for words in self.answer.says)

    @property
    def as_expected(self) -> bool:
        """Tell whether a right answer earned every point, or a wrong one lost points and was told the cause."""
        return self.accepted if self.answer.right else not self.accepted and self.diagnosed


class Place(Protocol):
    """Where cells run; see `course_lib.trials.here` and `course_lib.trials.apart`.

    Attributes
    ----------
    plain : bool
        As `Trial.plain`, for the tests of the last attempt.
    """

    plain: bool

    def run(self, code: str, name: str) -> str:
        """Run a cell; return what failed, in words."""

    def test(self, test: NotebookNode) -> str:
        """Run a test; return what failed, in words."""

    def attempt(self) -> AbstractContextManager[None]:
        """Forget at the end what was defined within."""


def try_answers(notebook: NotebookNode, answers: Sequence[Answer], place: Place, repeat: int = 1) -> list[Trial]:
    """Run a unit's cells in order, and try all answers at each solution.

    Cells tagged ``demo`` are left out, and those after the last exercise that has answers. Each answer starts from the
    state of the notebook before its exercise, with the right solutions of earlier exercises.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's.
    answers : sequence of Answer
        Answers to any of its exercises.
    place : Place
        Where the cells run.
    repeat : int
        The number of times that each answer is tried.

    Returns
    -------
    list of Trial
        In the order of the notebook, then of the answers.

    Raises
    ------
    CourseError
        If a cell of the notebook itself fails.
    """
    trials: list[Trial] = []
    waiting = {answer.exercise for answer in answers}
    for cell in running_cells(notebook):
        if not waiting:
            break
        if is_exercise(cell):
            exercise = cell.metadata.nbgrader["grade_id"]
            tests = tests_of(notebook, exercise)
            own = [answer for answer in answers if answer.exercise == exercise]
            trials += [_try(answer, tests, place) for answer in own for _ in range(repeat)]
            waiting.discard(exercise)
        if failure := place.run(cell.source, f"cell {cell.id}"):
            raise CourseError(f"cell {cell.id}: {failure}")
    return trials


def running_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """List the cells that always run: all code except tests and demonstrations."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not is_test(cell) and "demo" not in cell.metadata.get("tags", [])
    ]


def tests_of(notebook: NotebookNode, exercise: str) -> list[NotebookNode]:
    """List the test cells of an exercise."""
    tests = [cell for cell in notebook.cells if is_test(cell)]
    return [test for test in tests if exercise_of(test.metadata.nbgrader["grade_id"]) == exercise]


def _try(answer: Answer, tests: Sequence[NotebookNode], place: Place) -> Trial:
    """Run one answer and its exercise's tests."""
    with place.attempt():
        if failure := place.run(answer.code, f"answer in line {answer.line}"):
            return Trial(answer, 0, len(tests), failure)
        failures = [failure for test in tests if (failure := place.test(test))]
    return Trial(answer, len(tests) - len(failures), len(tests), "\n".join(failures), place.plain)
