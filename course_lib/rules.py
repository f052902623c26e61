"""What a unit must keep to before it may be released."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.answers import MIN_RIGHT, MIN_WRONG, read_answers

REGIONS = ("SOLUTION", "HIDDEN TESTS")
_PASSED = re.compile(r'passed\("(?P<name>\w+)", points=(?P<points>[\d.]+)\)')


def problems(notebook: NotebookNode, text: Path) -> list[str]:
    """Hold an instructor notebook and its answer bank against the rules.

    Parameters
    ----------
    notebook : NotebookNode
        Converted from ``text``.
    text : Path
        ``solutions/NN_unit/NN_unit.md``; its answer bank lies beside it.

    Returns
    -------
    list of str
        One line a problem, with the file, the cell and the rule; empty where all is well.
    """
    cells = [
        *_unique_ids(notebook),
        *_unclosed_regions(notebook),
        *_tests_without_points(notebook),
        *_solutions_without_tests(notebook),
    ]
    return [f"{text}: {cell}" for cell in cells] + list(_answer_bank(notebook, text.with_name("answers.md")))


def exercises(notebook: NotebookNode) -> list[str]:
    """Name the exercises of a notebook, which are the ids of its solution cells, in order."""
    return [_id(cell) for cell in notebook.cells if is_solution(cell)]


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.nbgrader.get("grade_id", ""))


def _name(index: int, cell: NotebookNode) -> str:
    """Name a cell by its id, or by its number and first line."""
    if "nbgrader" in cell.metadata:
        return f"cell '{_id(cell)}'"
    return f"cell {index + 1} ({cell.source.strip().splitlines()[0][:40]!r})"


def _unique_ids(notebook: NotebookNode) -> Iterator[str]:
    counts = Counter(_id(cell) for cell in notebook.cells if "nbgrader" in cell.metadata)
    for grade_id, count in counts.items():
        if count > 1:
            yield f"cell '{grade_id}': a grade_id must be unique, {count} cells have this one"


def _unclosed_regions(notebook: NotebookNode) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        for region in REGIONS:
            marks = re.findall(rf"### (BEGIN|END) {region}", cell.source)
            if marks != ["BEGIN", "END"] * (len(marks) // 2):
                yield (
                    f"{_name(index, cell)}: every '### BEGIN {region}' needs its '### END {region}', "
                    f"found {', '.join(marks)}"
                )


def _tests_without_points(notebook: NotebookNode) -> Iterator[str]:
    for cell in filter(is_grade, notebook.cells):
        points = float(cell.metadata.nbgrader.get("points") or 0)
        said = _PASSED.findall(cell.source)
        exercise = _id(cell).removeprefix("test_").removesuffix("_hidden")
        if points <= 0:
            yield f"cell '{_id(cell)}': a test needs points above 0, found {points:g}"
        elif [(name, float(number)) for name, number in said] != [(exercise, points)]:
            yield f"cell '{_id(cell)}': a test ends with passed(\"{exercise}\", points={points:g}), found {said}"


def _solutions_without_tests(notebook: NotebookNode) -> Iterator[str]:
    tests = {_id(cell) for cell in notebook.cells if is_grade(cell)}
    for exercise in exercises(notebook):
        if f"test_{exercise}" not in tests:
            yield f"cell '{exercise}': a solution needs a visible check called 'test_{exercise}', found none"


def _answer_bank(notebook: NotebookNode, bank: Path) -> Iterator[str]:
    names = exercises(notebook)
    if not names:
        return
    if not bank.is_file():
        yield f"{bank}: cell '{names[0]}': every exercise needs an answer bank, found no such file"
        return
    try:
        answers = read_answers(bank)
    except ValueError as error:
        yield str(error)
        return
    for name in names:
        right = sum(answer.right for answer in answers if answer.exercise == name)
        wrong = sum(not answer.right for answer in answers if answer.exercise == name)
        if right < MIN_RIGHT or wrong < MIN_WRONG:
            yield (
                f"{bank}: cell '{name}': an answer bank holds at least {MIN_RIGHT} right and {MIN_WRONG} wrong "
                f"answers, found {right} and {wrong}"
            )
    for name in dict.fromkeys(answer.exercise for answer in answers):
        if name not in names:
            yield f"{bank}: cell '{name}': the bank answers an exercise that the unit does not have"
