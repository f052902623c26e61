"""The kinds of cells that a unit is made of."""

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.native.cells import STUB, as_python

# What a learner finds in place of an answer, in the language of the cell.
CODE_STUBS = {"python": "# Your code here.\nraise NotImplementedError", "cpp": STUB}
ANSWER_STUB = "*Write your answer here: double-click this cell.*"  # what a learner finds below a question
EXPLANATION = "explanation"


def is_exercise(cell: NotebookNode) -> bool:
    """Tell whether a cell is for the code that solves an exercise."""
    return is_solution(cell) and not is_grade(cell)


def is_cpp(source: str) -> bool:
    """Tell whether the text of a code cell is C++, which begins with ``%%cpp``."""
    return as_python(source) is not source


def cpp_exercises(notebook: NotebookNode) -> set[str]:
    """Name the exercises of a notebook that are written in C++."""
    return {cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_exercise(cell) and is_cpp(cell.source)}


def is_test(cell: NotebookNode) -> bool:
    """Tell whether a cell tests an exercise."""
    return is_grade(cell) and not is_solution(cell)


def exercise_of(test_id: str) -> str:
    """Name the exercise that a test cell belongs to (``test_x`` and ``test_x_hidden`` test ``x``)."""
    return test_id.removeprefix("test_").removesuffix("_hidden")


def is_question(cell: NotebookNode) -> bool:
    """Tell whether a cell is for an answer in words, which a person reads."""
    return is_grade(cell) and is_solution(cell)


def is_answered(question: NotebookNode) -> bool:
    """Tell whether somebody has written an answer to a question."""
    return question.source.strip() not in ("", ANSWER_STUB)


def is_explanation(cell: NotebookNode) -> bool:
    """Tell whether a cell explains the instructor's solution; it is left out of learners' notebooks."""
    return EXPLANATION in cell.metadata.get("tags", [])


def is_demo(cell: NotebookNode) -> bool:
    """Tell whether a cell is a demonstration, which no test needs."""
    return "demo" in cell.metadata.get("tags", []) and not is_grade(cell) and not is_solution(cell)
