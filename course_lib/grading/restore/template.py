"""What a graded notebook must contain: the instructor's notebook without its answers."""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode
from nbgrader.preprocessors import ComputeChecksums, LockCells
from nbgrader.utils import is_solution

from course_lib.cells import ANSWER_STUB, CODE_STUBS
from course_lib.release_steps import ClearAnswers, DropExplanations

_HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*\n?|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Template:
    """The cells of a unit as nbgrader releases them, but with the hidden tests.

    Attributes
    ----------
    cells : list of NotebookNode
        The cells; solution cells contain the untouched stub.
    metadata : NotebookNode
        The notebook's.
    """

    cells: list[NotebookNode]
    metadata: NotebookNode

    @classmethod
    def of(cls, source: NotebookNode) -> "Template":
        """Make a template of an instructor's notebook, without the answers; the notebook is not changed."""
        notebook = deepcopy(source)
        answered = [cell for cell in notebook.cells if is_solution(cell) and "BEGIN SOLUTION" in cell.source]
        clear = ClearAnswers(code_stub=CODE_STUBS, text_stub=ANSWER_STUB)
        clear.preprocess(NotebookNode(cells=answered, metadata={}), {})
        for step in (DropExplanations(), LockCells(), ComputeChecksums()):
            notebook, _ = step.preprocess(notebook, {})
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell |= {"outputs": [], "execution_count": None}
        return cls(notebook.cells, notebook.metadata)

    @cached_property
    def solutions(self) -> list[int]:
        """Places of the cells that learners fill in."""
        return [index for index, cell in enumerate(self.cells) if is_solution(cell)]

    @cached_property
    def fixed(self) -> list[int]:
        """Places of the cells that nobody may change, mainly tests."""
        return [index for index, cell in enumerate(self.cells) if self.name(index) and not is_solution(cell)]

    def name(self, index: int) -> str:
        """Name a graded cell by its grade_id; empty for any other cell."""
        return str(self.cells[index].metadata.get("nbgrader", {}).get("grade_id", ""))

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Find a graded cell by its grade_id."""
        return {self.name(index): index for index in (*self.solutions, *self.fixed)}

    @cached_property
    def by_id(self) -> dict[str, int]:
        """Find a cell by its cell id."""
        return {cell.id: index for index, cell in enumerate(self.cells)}

    @cached_property
    def others(self) -> dict[tuple[str, str], list[int]]:
        """Find the cells that are not graded by their kind and text."""
        found: dict[tuple[str, str], list[int]] = {}
        for index, cell in enumerate(self.cells):
            if not cell.metadata.get("nbgrader"):
                found.setdefault((cell.cell_type, cell.source), []).append(index)
        return found

    @cached_property
    def texts(self) -> list[tuple[str, str]]:
        """Return each cell's text as graders and as learners see it, without surrounding space."""
        return [(cell.source.strip(), visible(cell.source).strip()) for cell in self.cells]


def visible(source: str) -> str:
    """Return a cell's text without hidden tests."""
    return _HIDDEN.sub("", source).rstrip("\n")
