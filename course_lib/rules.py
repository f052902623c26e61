"""The rules that a unit must follow before it may be released."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import is_grade, is_solution

from course_lib.answers import MIN_RIGHT, MIN_WRONG, bank_of, banks, read_bank
from course_lib.cells import EXPLANATION, exercise_of, is_cpp, is_exercise, is_explanation, is_question, is_test
from course_lib.code_names.free_names import free_names
from course_lib.errors import CourseError
from course_lib.native.cells import as_python
from course_lib.text_rules import text_problems

# Which cells may contain which region. nbgrader looks for exactly these words, anywhere in a line.
REGIONS = {"SOLUTION": ("solution", is_solution), "HIDDEN TESTS": ("test", is_grade)}
MARKS = [f"### {end} {region}" for region in REGIONS for end in ("BEGIN", "END")]
METADATA = {"nbgrader", "tags"}  # anything else could carry an answer into a release
_MARK = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
_NEARLY = re.compile(r"\s*(?:#|//)[\W_]*(BEGIN|END)[\W_]*(SOLUTION|HIDDEN[\W_]*TEST)", re.IGNORECASE)
_QUESTION = re.compile(r"question_\w+")
_TAG = re.compile(r"[\w-]+")
_PASSED = re.compile(r'passed\("(?P<name>\w+)", points=(?P<points>[\d.]+)\)')


def problems(notebook: NotebookNode, text: Path) -> list[str]:
    """Check an instructor notebook and its answer banks against the rules.

    Parameters
    ----------
    notebook : NotebookNode
        Converted from ``text``.
    text : Path
        ``NN_unit/NN_unit.md``; its answer banks are beside it.

    Returns
    -------
    list of str
        One line for each problem, with the file, the cell and the rule; empty if there are no problems.
    """
    cells = list(_metadata(notebook))
    if cells:  # the other rules read it
        return [f"{text}: {cell}" for cell in cells]
    cells = [
        *_unique_ids(notebook),
        *_regions(notebook),
        *_tests(notebook),
        *_names_in_tests(notebook),
        *_solutions(notebook),
        *_cpp_cells(notebook),
        *_explanations(notebook),
        *_questions(notebook),
        *text_problems(notebook),
    ]
    return [f"{text}: {cell}" for cell in cells] + list(_answer_banks(notebook, text.parent))


def exercises(notebook: NotebookNode) -> list[str]:
    """Name the exercises of a notebook, which are the ids of its solution cells, in order."""
    return [_id(cell) for cell in notebook.cells if is_exercise(cell)]


def marks_in(cell: NotebookNode) -> list[str]:
    """List the lines that mark regions in such a cell: comments in its language."""
    return [f"// {mark}" for mark in MARKS] if cell.cell_type == "code" and is_cpp(cell.source) else MARKS


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.nbgrader.get("grade_id", ""))


def _name(index: int, cell: NotebookNode) -> str:
    """Name a cell by its id, or by its number and first line."""
    mark = cell.metadata.get("nbgrader")
    if isinstance(mark, dict) and mark.get("grade_id"):
        return f"cell '{mark['grade_id']}'"
    return f"cell {index + 1} ({cell.source.strip().partition(chr(10))[0][:40]!r})"


def _metadata(notebook: NotebookNode) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        name = _name(index, cell)
        others = sorted({*cell.metadata} - METADATA) + ["attachments"] * ("attachments" in cell)
        if others:
            yield f"{name}: a cell's metadata holds {' and '.join(sorted(METADATA))} alone, found {', '.join(others)}"
        tags = cell.metadata.get("tags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
            yield f"{name}: tags are a list of words, found {tags!r}"
        try:
            MetadataValidator().validate_nb(NotebookNode(cells=[cell]))
        except Exception as error:  # errors of jsonschema, of nbgrader, and of metadata that is not a table
            reason = getattr(error, "message", None) or str(error)
            yield f"{name}: nbgrader's metadata must be whole: {' '.join(str(reason).split())}"


def _unique_ids(notebook: NotebookNode) -> Iterator[str]:
    counts = Counter(_id(cell) for cell in notebook.cells if "nbgrader" in cell.metadata)
    for grade_id, count in counts.items():
        if count > 1:
            yield f"cell '{grade_id}': a grade_id must be unique, {count} cells have this one"


def _regions(notebook: NotebookNode) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        name = _name(index, cell)
        lines = cell.source.split("\n")
        for line in lines:
            meant = _MARK.search(line) or (cell.cell_type == "code" and _NEARLY.match(line))
            if meant and line.strip() not in marks_in(cell):
                yield f"{name}: a mark is a line of its own, one of {', '.join(marks_in(cell))}; found {line.strip()!r}"
        for region, (kind, belongs) in REGIONS.items():
            marks = _marks(cell, region)
            if marks != ["BEGIN", "END"] * (len(marks) // 2):
                yield (
                    f"{name}: every '### BEGIN {region}' needs its '### END {region}', in this order, "
                    f"found {', '.join(marks)}"
                )
            if marks and not belongs(cell):
                yield f"{name}: '### BEGIN {region}' belongs in a {kind} cell, but this is not one"


def _marks(cell: NotebookNode, region: str) -> list[str]:
    """List the ends of a kind of region in a cell: ``BEGIN``, ``END`` and so on."""
    return [match[1] for match in _MARK.finditer(cell.source) if match[2] == region]


def _tests(notebook: NotebookNode) -> Iterator[str]:
    names = exercises(notebook)
    for cell in filter(is_test, notebook.cells):
        points = float(cell.metadata.nbgrader.points)
        said = [(name, float(number)) for name, number in _PASSED.findall(cell.source)]
        exercise = exercise_of(_id(cell))
        if exercise not in names or _id(cell) not in (f"test_{exercise}", f"test_{exercise}_hidden"):
            yield f"cell '{_id(cell)}': a test is called test_<exercise> or test_<exercise>_hidden, of {names}"
        elif not 0 < points < float("inf"):
            yield f"cell '{_id(cell)}': a test needs points above 0, found {points:g}"
        elif said != [(exercise, points)]:
            yield f"cell '{_id(cell)}': a test ends with passed(\"{exercise}\", points={points:g}), found {said}"
        if _id(cell).endswith("_hidden") and not _marks(cell, "HIDDEN TESTS"):
            yield f"cell '{_id(cell)}': a hidden test stands between '{MARKS[2]}' and '{MARKS[3]}', found no such marks"


def _names_in_tests(notebook: NotebookNode) -> Iterator[str]:
    """Find tests that rely on cells that are neither exercises nor locked: a learner may change those."""
    given = [cell for cell in notebook.cells if "nbgrader" in cell.metadata and not is_grade(cell)]
    known = "\n".join(as_python(cell.source) for cell in given)
    for cell in filter(is_test, notebook.cells):
        try:
            compile(cell.source, _id(cell), "exec", dont_inherit=True)
        except SyntaxError as error:
            yield f"cell '{_id(cell)}': a test is Python, found line {error.lineno}: {error.msg}"
            continue
        foreign = sorted(name for name in free_names(cell.source) if not _defines(known, name))
        if foreign:
            words = "a test imports or defines what it uses, but for exercises and locked cells"
            yield f"cell '{_id(cell)}': {words}; found {', '.join(foreign)}"


def _defines(source: str, name: str) -> bool:
    return bool(re.search(rf"^(?:def|class) {name}\b|^{name}\b[^=\n]*=", source, re.MULTILINE))


def _solutions(notebook: NotebookNode) -> Iterator[str]:
    tests = {_id(cell) for cell in notebook.cells if is_test(cell)}
    for cell in filter(is_exercise, notebook.cells):
        exercise = _id(cell)
        if not _marks(cell, "SOLUTION"):
            yield f"cell '{exercise}': a solution stands between '{MARKS[0]}' and '{MARKS[1]}', found no such marks"
        if f"test_{exercise}" not in tests:
            yield f"cell '{exercise}': a solution needs a visible check called 'test_{exercise}', found none"


def _cpp_cells(notebook: NotebookNode) -> Iterator[str]:
    """Find C++ cells that name a different exercise from their own, or come before IPython knows ``%%cpp``."""
    known = False
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        known = known or (bool(cell.metadata.get("nbgrader", {}).get("locked")) and "use_cpp_cells()" in cell.source)
        if is_cpp(cell.source) and not known:
            yield f"{_name(index, cell)}: expected a locked cell with 'use_cpp_cells()' before a C++ cell, found none"
        if is_cpp(cell.source) and is_exercise(cell) and cell.source.split()[:2] != ["%%cpp", _id(cell)]:
            found = cell.source.split(chr(10))[0]
            yield f"{_name(index, cell)}: its first line is '%%cpp {_id(cell)}', found {found!r}"


def _explanations(notebook: NotebookNode) -> Iterator[str]:
    """Find explanations that explain nothing, and exercises without one."""
    explained = set()
    for index, cell in enumerate(notebook.cells):
        if not is_explanation(cell):
            continue
        before = notebook.cells[index - 1] if index else None
        if cell.cell_type != "markdown" or "nbgrader" in cell.metadata or not before or not is_exercise(before):
            yield (
                f"{_name(index, cell)}: a cell tagged '{EXPLANATION}' is plain Markdown, directly behind the solution "
                "that it explains; this one is not"
            )
        else:
            explained.add(_id(before))
    for name in exercises(notebook):
        if name not in explained:
            yield f"cell '{name}': a solution needs a cell tagged '{EXPLANATION}' directly after it, found none"


def _questions(notebook: NotebookNode) -> Iterator[str]:
    for cell in filter(is_question, notebook.cells):
        name, lines = _id(cell), cell.source.strip().split("\n")
        if cell.cell_type != "markdown" or not _QUESTION.fullmatch(name):
            yield f"cell '{name}': what is both solution and grade is a question: a Markdown cell, question_<name>"
            continue
        if (lines[0], lines[-1]) != (MARKS[0], MARKS[1]) or len(_marks(cell, "SOLUTION")) != 2:
            yield f"cell '{name}': below a question stands nothing but one '{MARKS[0]}' … '{MARKS[1]}'"
        for part in ("**Model answer.**", "**Rubric.**"):
            if not any(line.startswith(part) for line in lines):
                yield f"cell '{name}': a question needs a paragraph that begins with {part}, found none"
        if cell.metadata.nbgrader.points:
            yield f"cell '{name}': a question has points: 0 here; c.Questions.points sets what it is worth"


def _answer_banks(notebook: NotebookNode, unit: Path) -> Iterator[str]:
    names = exercises(notebook)
    for name in names:
        yield from _answer_bank(bank_of(unit, name))
    for bank in banks(unit):
        if bank.stem not in names:
            yield f"{bank}: expected the name of an exercise of the unit, one of {', '.join(names) or 'none'}"


def _answer_bank(bank: Path) -> Iterator[str]:
    if not bank.is_file():
        yield f"{bank}: every exercise needs an answer bank, found no such file"
        return
    try:
        answers = read_bank(bank)
    except CourseError as error:
        yield from str(error).split("\n")
        return
    right = sum(answer.right for answer in answers)
    wrong = len(answers) - right
    if right < MIN_RIGHT or wrong < MIN_WRONG:
        yield (
            f"{bank}: an answer bank holds at least {MIN_RIGHT} right and {MIN_WRONG} wrong answers, "
            f"found {right} and {wrong}"
        )
