"""What this course adds to nbgrader's steps from an instructor's notebook to a learner's."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets.config import Config

from course_lib.cells import cpp_exercises, exercise_of, is_cpp, is_explanation, is_question, is_test
from course_lib.errors import CourseError

LONG_TEST = 15  # lines; a longer test is collapsed
Resources = dict[str, Any]


class DropExplanations(NbGraderPreprocessor):
    """Drops the cells that explain the instructor's solutions."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Drop them, in place."""
        nb.cells = [cell for cell in nb.cells if not is_explanation(cell)]
        return nb, resources


class ClearAnswers(ClearSolutions):
    """nbgrader's step that replaces answers with stubs; a cell of C++ gets a different stub."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Remove the answer from a cell, in place."""
        language = "cpp" if cell.cell_type == "code" and is_cpp(cell.source) else resources["language"]
        cell, _ = super().preprocess_cell(cell, {**resources, "language": language}, cell_index)
        return cell, resources


class CollapseLongTests(NbGraderPreprocessor):
    """Collapses the code of long tests in JupyterLab, where a click shows it. A collapsed test still runs."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Collapse a cell, in place."""
        if is_test(cell) and len(cell.source.splitlines()) > LONG_TEST:
            cell.metadata["jupyter"] = {"source_hidden": True}
        return cell, resources


def give_points(notebook: NotebookNode, config: Config) -> None:
    """Set the points of questions and exercises in C++, in place, as an instructor's settings say.

    Parameters
    ----------
    notebook : NotebookNode
        An instructor notebook, converted from the text of a unit.
    config : Config
        nbgrader's configuration. With ``c.Questions.points``, each question is worth that many points; with 0, the
        default, nobody has to read the answers. With ``c.CppExercises.count = False`` the tests of exercises in C++
        run, but give no points.

    Raises
    ------
    CourseError
        If a setting has another name, or its value is not a number of 0 or more, or not True or False.
    """
    points = _setting(config, "Questions", "points", 0)
    count = _setting(config, "CppExercises", "count", True)
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < float("inf"):
        raise CourseError(f"expected c.Questions.points to be a number of 0 or more, got {points!r}")
    if not isinstance(count, bool):
        raise CourseError(f"expected c.CppExercises.count to be True or False, got {count!r}")
    for cell in filter(is_question, notebook.cells):
        cell.metadata.nbgrader.points = points
    names = set() if count else cpp_exercises(notebook)
    for cell in filter(is_test, notebook.cells):
        if exercise_of(cell.metadata.nbgrader.grade_id) in names:
            cell.metadata.nbgrader.points = 0
            cell.source = re.sub(r"(?m)^(passed\(.*points=)[\d.]+", r"\g<1>0", cell.source)


def _setting(config: Config, section: str, name: str, default: object) -> object:
    """Read the one setting of a section."""
    settings = {name: default, **config[section]}
    value = settings.pop(name)
    if settings:
        raise CourseError(f"expected c.{section} to set {name}, got {', '.join(settings)}")
    return value
