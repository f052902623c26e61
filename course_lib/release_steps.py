"""What this course adds to nbgrader's steps from an instructor's notebook to a learner's."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets.config import Config

from course_lib.cells import is_cpp, is_explanation, is_question, is_test

LONG_TEST = 15  # lines; a longer test is collapsed
Resources = dict[str, Any]


class DropExplanations(NbGraderPreprocessor):
    """Drops the cells that explain the instructor's solutions."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Drop them, in place."""
        nb.cells = [cell for cell in nb.cells if not is_explanation(cell)]
        return nb, resources


class ClearAnswers(ClearSolutions):
    """nbgrader's step that puts stubs in the place of answers; a cell of C++ has a stub of its own."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Take the answer out of a cell, in place."""
        language = "cpp" if cell.cell_type == "code" and is_cpp(cell.source) else resources["language"]
        cell, _ = super().preprocess_cell(cell, {**resources, "language": language}, cell_index)
        return cell, resources


class CollapseLongTests(NbGraderPreprocessor):
    """Collapses the code of long tests in JupyterLab, where a click shows it. A test runs all the same."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Collapse a cell, in place."""
        if is_test(cell) and len(cell.source.splitlines()) > LONG_TEST:
            cell.metadata["jupyter"] = {"source_hidden": True}
        return cell, resources


def give_points(notebook: NotebookNode, config: Config) -> None:
    """Give each question of an instructor's notebook, in place, the points that ``c.Questions.points`` sets.

    Parameters
    ----------
    notebook : NotebookNode
        Converted from the text of a unit.
    config : Config
        nbgrader's. Without this setting, a question is worth 0 points, and nobody has to read its answers.

    Raises
    ------
    ValueError
        If the setting has another name, or is not a number of 0 or more.
    """
    settings = {"points": 0, **config.Questions}
    points = settings.pop("points")
    if settings:
        raise ValueError(f"expected c.Questions to set points, got {', '.join(settings)}")
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < float("inf"):
        raise ValueError(f"expected c.Questions.points to be a number of 0 or more, got {points!r}")
    for cell in filter(is_question, notebook.cells):
        cell.metadata.nbgrader.points = points
