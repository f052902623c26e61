"""Graded cells, as nbgrader marks them."""

from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

TEST_PREFIX = "test_"  # of the grade_id of a test; other names are those of exercises


def graded_cell(
    source: str, grade_id: str, points: float = 1, outputs: Sequence[NotebookNode] = (), **more: Any
) -> NotebookNode:
    """Make the cell of an exercise, or of a test if its name says so; a test has points."""
    is_test = grade_id.startswith(TEST_PREFIX)
    mark = {"schema_version": 3, "grade_id": grade_id, "grade": is_test, "solution": not is_test, "locked": is_test}
    mark |= {"task": False} | ({"points": points} if is_test else {})
    return new_code_cell(source, metadata={"nbgrader": mark}, outputs=list(outputs), **more)
