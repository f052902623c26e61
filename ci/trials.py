"""Try every answer of a unit's bank in the place of the solution."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from nbformat import NotebookNode

from course_lib.answers import Answer
from course_lib.cells import is_exercise, is_test
from course_lib.grading.scores import exercise_of


@dataclass(frozen=True)
class Trial:
    """The result of one answer.

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


class Place(Protocol):
    """Where cells run; see `ci.places`."""

    def run(self, code: str, name: str) -> str:
        """Run a cell; return what failed, in words."""

    def test(self, test: NotebookNode) -> str:
        """Run a test; return what failed, in words."""

    def attempt(self) -> AbstractContextManager[None]:
        """Forget at the end what was defined within."""


def try_answers(notebook: NotebookNode, answers: Sequence[Answer], place: Place) -> list[Trial]:
    """Run a unit's cells in order, and at each solution try all answers to it.

    Cells tagged ``demo`` are left out. Each answer starts from what stands in the notebook up to its
    exercise, with the right solutions of the exercises before.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's.
    answers : sequence of Answer
        For any of its exercises.
    place : Place
        Where they run.

    Returns
    -------
    list of Trial
        In the order of the notebook, then of the answers.

    Raises
    ------
    RuntimeError
        If a cell of the notebook itself fails.
    """
    tests = [cell for cell in notebook.cells if is_test(cell)]
    trials: list[Trial] = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_test(cell) or "demo" in cell.metadata.get("tags", []):
            continue
        if is_exercise(cell):
            exercise = cell.metadata.nbgrader["grade_id"]
            own = [test for test in tests if exercise_of(test.metadata.nbgrader["grade_id"]) == exercise]
            trials += [_try(answer, own, place) for answer in answers if answer.exercise == exercise]
        if failure := place.run(cell.source, f"cell {cell.id}"):
            raise RuntimeError(f"cell {cell.id}: {failure}")
    return trials


def _try(answer: Answer, tests: Sequence[NotebookNode], place: Place) -> Trial:
    """Run one answer and its exercise's tests."""
    with place.attempt():
        if failure := place.run(answer.code, f"answer in line {answer.line}"):
            return Trial(answer, 0, len(tests), failure)
        failures = [failure for test in tests if (failure := place.test(test))]
    return Trial(answer, len(tests) - len(failures), len(tests), "\n".join(failures))
