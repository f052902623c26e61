"""Entering a unit's cells into the gradebook, even if the unit has changed since submissions were graded."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    TaskCell,
)
from nbgrader.preprocessors import SaveCells


class SaveChangedCells(SaveCells):
    """Enter cells like nbgrader's step, which refuses to add or remove any once there are submissions.

    A new test or question has no points in submissions that were graded before, and is marked for review there if it is
    worth any. When a cell is removed, its points and comments are removed too, including those that people gave. All
    others are kept.
    """

    def _create_notebook(self, nb: NotebookNode) -> None:
        with suppress(MissingEntry):
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
            if notebook.submissions:
                self._match(notebook)
        super()._create_notebook(nb)

    def _match(self, notebook: Notebook) -> None:
        """Make the gradebook's cells the same as the unit's current cells."""
        book = self.gradebook
        kinds: list[tuple[list[BaseCell | SourceCell], dict[str, Any], Callable[..., Any]]] = [
            (notebook.grade_cells, self.new_grade_cells, book.update_or_create_grade_cell),
            (notebook.solution_cells, self.new_solution_cells, book.update_or_create_solution_cell),
            (notebook.task_cells, self.new_task_cells, book.update_or_create_task_cell),
            (notebook.source_cells, self.new_source_cells, book.update_or_create_source_cell),
        ]
        for there, wanted, create in kinds:
            names = {cell.name for cell in there}
            for cell in [cell for cell in there if cell.name not in wanted]:
                self._remove(cell)
            for name in wanted.keys() - names:
                self._fill(notebook, create(name, self.notebook_id, self.assignment_id, **wanted[name]))
        book.db.commit()

    def _remove(self, cell: BaseCell | SourceCell) -> None:
        for entries in (Grade, Comment):
            self.gradebook.db.query(entries).filter_by(cell_id=cell.id).delete()
        self.gradebook.db.delete(cell)

    def _fill(self, notebook: Notebook, cell: BaseCell | SourceCell) -> None:
        """Give existing submissions the entries that nbgrader expects for each cell."""
        for submitted in notebook.submissions:
            if isinstance(cell, GradeCell | TaskCell):
                self.gradebook.db.add(Grade(cell_id=cell.id, notebook=submitted, needs_manual_grade=cell.max_score > 0))
            if isinstance(cell, SolutionCell | TaskCell):
                self.gradebook.db.add(Comment(cell_id=cell.id, notebook=submitted))
