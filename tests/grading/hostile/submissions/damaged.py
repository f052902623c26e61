"""Notebooks in which cells were deleted, copied, tagged or changed."""

import copy
from collections.abc import Callable

from tests.grading.hostile.submissions.case import Case, Notebook
from tests.support.tiny_course import HALF_RIGHT, RIGHT, WRONG, cell


def without(*names: str) -> Callable[[Notebook], None]:
    """Leave out cells."""

    def change(notebook: Notebook) -> None:
        notebook["cells"] = [
            part for part in notebook["cells"] if part["metadata"].get("nbgrader", {}).get("grade_id") not in names
        ]

    return change


def twice(name: str, first: str | None = None) -> Callable[[Notebook], None]:
    """Copy a cell to the end; the one before may have another text."""

    def change(notebook: Notebook) -> None:
        notebook["cells"].append(copy.deepcopy(cell(notebook, name)))
        if first is not None:
            cell(notebook, name)["source"] = first

    return change


def of_kind(kind: str, *names: str) -> Callable[[Notebook], None]:
    """Make code cells something else."""

    def change(notebook: Notebook) -> None:
        for name in names:
            found = cell(notebook, name)
            found["cell_type"] = kind
            del found["outputs"], found["execution_count"]

    return change


def marked(*names: str, **marks: object) -> Callable[[Notebook], None]:
    """Change what cells say to nbgrader."""

    def change(notebook: Notebook) -> None:
        for found in [cell(notebook, name) for name in names]:
            found["metadata"]["nbgrader"] |= marks

    return change


def tagged(*tags: object) -> Callable[[Notebook], None]:
    """Tag every cell."""

    def change(notebook: Notebook) -> None:
        for part in notebook["cells"]:
            part["metadata"]["tags"] = list(tags)

    return change


def written(name: str, source: str) -> Callable[[Notebook], None]:
    """Change the text of a cell."""
    return lambda notebook: cell(notebook, name).update(source=source)


def with_bonus(notebook: Notebook) -> None:
    """Add a test of one's own, and raise the points of the others."""
    bonus = copy.deepcopy(cell(notebook, "test_double"))
    bonus["metadata"]["nbgrader"] |= {"grade_id": "test_double_bonus", "points": 100}
    notebook["cells"].append(bonus | {"id": "bonus", "source": "100"})


def with_outputs(notebook: Notebook) -> None:
    """Hand the results of the tests in."""
    for part in notebook["cells"]:
        if part["cell_type"] == "code":
            shown = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 4}
            part |= {"outputs": [shown], "execution_count": 4}


def with_kernel(notebook: Notebook) -> None:
    """Name a kernel that nobody has."""
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "Evil", "language": "bash"}


TESTS = ("test_double", "test_double_hidden")
DAMAGED = {
    "deleted a test": Case(0, WRONG, without("test_double"), changes="deleted, put back: 'test_double'"),
    "deleted the tests": Case(
        3, RIGHT, without(*TESTS), changes="deleted, put back: 'test_double', 'test_double_hidden'"
    ),
    "deleted the answer": Case(0, RIGHT, without("double"), changes="deleted, put back untouched: 'double'"),
    "duplicated a test": Case(
        3, RIGHT, twice("test_double"), changes="copied, once is enough: 'test_double' (2 times)"
    ),
    "duplicated the hidden test": Case(1, HALF_RIGHT, twice("test_double_hidden"), changes="once is enough"),
    "duplicated the answer": Case(3, RIGHT, twice("double", WRONG), changes="the last one that was worked on counts"),
    "duplicated the wrong one": Case(
        0, WRONG, twice("double", RIGHT), changes="the last one that was worked on counts"
    ),
    "text for tests": Case(0, WRONG, of_kind("markdown", *TESTS), changes="made a markdown cell, code again"),
    "raw tests": Case(3, RIGHT, of_kind("raw", *TESTS), changes="made a raw cell, code again"),
    "text for an answer": Case(3, RIGHT, of_kind("markdown", "double"), changes="made a markdown cell, code again"),
    "renamed tests": Case(
        0,
        WRONG,
        lambda notebook: [marked(name, grade_id=f"my_{name}")(notebook) for name in TESTS],
        changes="grade_id lost or changed, recognized by its text or cell id: 'test_double'",
    ),
    "renamed the answer": Case(
        3, RIGHT, marked("double", grade_id="mine"), changes="grade_id lost or changed, recognized by"
    ),
    "swapped names": Case(
        0,
        WRONG,
        lambda notebook: [
            marked("test_double", grade_id="x")(notebook),
            marked("double", grade_id="test_double")(notebook),
            marked("x", grade_id="double")(notebook),
        ],
        changes="grade_id lost",
    ),
    "reordered": Case(3, RIGHT, lambda notebook: notebook["cells"].reverse(), changes="moved, put back in its place"),
    "tests first": Case(
        0,
        WRONG,
        lambda notebook: notebook["cells"].sort(key=lambda part: "test" not in str(part["metadata"])),
        changes="moved, put back in its place",
    ),
    "tagged to be skipped": Case(
        0,
        WRONG,
        tagged("skip-execution", "demo", "raises-exception"),
        changes="tags taken away",
        audit_flags="tags the test 'test_double' as skip-execution",
    ),
    "tagged and right": Case(3, RIGHT, tagged("demo", 7, None), changes="tags taken away"),
    "edited the tests": Case(
        0,
        WRONG,
        lambda notebook: [written(name, "pass")(notebook) for name in TESTS],
        changes="changed, restored: 'test_double', 'test_double_hidden'",
        audit_flags="changes the test 'test_double'",
    ),
    "emptied a test": Case(
        0, WRONG, written("test_double", ""), changes="changed, restored", audit_flags="changes the test"
    ),
    "raised the points": Case(
        3,
        RIGHT,
        marked(*TESTS, points=1000),
        changes="metadata changed, restored: 'test_double' (points)",
        audit_flags="gives the test 'test_double' other points: 1000",
    ),
    "unlocked and ungraded": Case(
        0,
        WRONG,
        marked(*TESTS, grade=False, solution=True, locked=False, task=True),
        changes="metadata changed, restored",
    ),
    "added a test": Case(0, WRONG, with_bonus),
    "handed in results": Case(0, WRONG, with_outputs),
    "schema version 1": Case(3, RIGHT, marked("double", *TESTS, schema_version=1), changes="(schema_version)"),
    "schema version 99": Case(0, WRONG, marked("double", *TESTS, schema_version=99), changes="(schema_version)"),
    "schema version three": Case(
        3, RIGHT, marked("double", *TESTS, schema_version="three"), changes="(schema_version)"
    ),
    "no schema": Case(1, HALF_RIGHT, marked("double", *TESTS, schema_version=None), changes="(schema_version)"),
    "no kernel": Case(3, RIGHT, lambda notebook: notebook["metadata"].clear(), changes="no kernel was named: put back"),
    "another kernel": Case(3, RIGHT, with_kernel),
}
