"""Where each test of a notebook runs: apart from the learner's code, or in its process.

A test runs apart if its text shows that it only calls what the learner has defined. Then its own text, the imports,
functions and constants of the notebook that it uses, and its verdict are out of the learner's reach.
"""

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from course_lib.cells import is_test
from course_lib.code_names.cells import parse
from course_lib.code_names.definitions import defined
from course_lib.foreign.uses import Uses, needs_process, uses_of


@dataclass(frozen=True)
class TestPlan:
    """How to run a test.

    Attributes
    ----------
    why : str
        Why it runs in the learner's process; empty if it runs apart.
    prelude : str
        What runs before it if it runs apart: imports, functions and constants of the notebook, from the instructor.
    names : tuple of str
        Names that it and its prelude look up in the learner's process.
    """

    __test__ = False  # for pytest

    why: str = ""
    prelude: str = ""
    names: tuple[str, ...] = ()


@dataclass
class _Cell:
    """A code cell of the instructor's notebook."""

    source: str
    grade_id: str  # of a test; empty for any other cell
    is_answer: bool
    statements: list[ast.stmt]
    uses: Uses
    stars: Sequence[ast.stmt] = ()  # its ``from … import *``

    @property
    def given(self) -> frozenset[str]:
        """What later cells may use."""
        return self.uses.made


def plan_tests(cells: Sequence[NotebookNode]) -> dict[str, TestPlan]:
    """Decide where the tests of a notebook run.

    Parameters
    ----------
    cells : sequence of NotebookNode
        The notebook with the instructor's answers.

    Returns
    -------
    dict of str to TestPlan
        By the tests' grade_id, in order.
    """
    read = [_read(cell) for cell in cells if cell.cell_type == "code"]
    plans = {cell.grade_id: _plan(place, read) for place, cell in enumerate(read) if cell.grade_id}
    while found := next(_tied(read, plans), None):
        name, why = found
        plans[name] = TestPlan(why)
    return plans


def _read(cell: NotebookNode) -> _Cell:
    name = str(cell.metadata.nbgrader.grade_id) if is_test(cell) else ""
    statements = parse(cell.source)
    stars = [each for each in statements if isinstance(each, ast.ImportFrom) and each.names[0].name == "*"]
    return _Cell(cell.source, name, is_solution(cell), statements, uses_of(cell.source), stars)


def _plan(place: int, cells: Sequence[_Cell]) -> TestPlan:
    """Plan one test; `_tied` then looks at those that depend on each other."""
    test, others = cells[place], [cell for cell in cells if not cell.grade_id]
    before = [statement for cell in cells[:place] for statement in cell.statements]
    why = needs_process(test.source, test.uses.wanted, before)
    within = frozenset().union(*(cell.uses.within for cell in others))
    replaced = (test.uses.made - test.uses.imports) & within
    if not why and replaced:
        why = f"gives another meaning to what the notebook's functions use ({_list(replaced)})"
    shadowed = test.uses.own & frozenset().union(*(cell.given for cell in others))
    if not why and shadowed:
        why = f"uses what the notebook defines in place of Python's own ({_list(shadowed)})"
    if why:
        return TestPlan(why)
    try:
        return _gather(place, cells)
    except _InProcessError as reason:
        return TestPlan(str(reason))


class _InProcessError(Exception):
    """A test has to run in the learner's process; the message says why."""


def _gather(place: int, cells: Sequence[_Cell]) -> TestPlan:
    """Collect what a test needs of the notebook."""
    before = cells[:place]
    stars = [star for cell in before for star in cell.stars]
    if any(cell.stars and cell.is_answer for cell in before):
        raise _InProcessError("uses names that an answer imports with a star")
    kept: dict[int, set[int]] = {}  # statements of the prelude, by cell
    asked: set[str] = set()
    waiting, seen = [*cells[place].uses.wanted], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        makers_of = [index for index in reversed(range(place)) if name in cells[index].given]
        where = next(iter(makers_of), None)
        if where is not None and cells[where].is_answer and name in cells[where].uses.imports:
            where = next((index for index in makers_of if not cells[index].is_answer), where)
        if where is None:
            if not stars:
                raise _InProcessError(f"uses {name}, which no cell before it obviously makes")
            continue
        cell = cells[where]
        makers = [number for number, each in enumerate(cell.statements) if name in {made for made, _ in defined(each)}]
        if len(makers) == 1 and not cell.is_answer and _can_copy(cell.statements[makers[0]]):
            kept.setdefault(where, set()).add(makers[0])
            waiting += uses_of(ast.unparse(cell.statements[makers[0]])).wanted
        elif name in cell.uses.imports:
            raise _InProcessError(f"uses {name}, which an answer imports")
        elif cell.grade_id:
            raise _InProcessError(f"uses {name}, which the test {cell.grade_id} makes")
        else:
            asked.add(name)
    lines = [ast.unparse(star) for star in stars]
    lines += [ast.unparse(cells[cell].statements[number]) for cell in sorted(kept) for number in sorted(kept[cell])]
    return TestPlan(prelude="\n".join(lines), names=tuple(sorted(asked)))


def _can_copy(statement: ast.stmt) -> bool:
    """Tell whether a statement means the same in another process: an import, a function, a constant."""
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            ast.literal_eval(statement.value)
            return True
        return False
    is_function = isinstance(statement, ast.FunctionDef) and not statement.decorator_list
    return is_function or isinstance(statement, ast.Import | ast.ImportFrom)


def _tied(cells: Sequence[_Cell], plans: dict[str, TestPlan]) -> Iterator[tuple[str, str]]:
    """Yield tests that must run in the learner's process because a cell that runs there uses what they make."""
    for place, test in enumerate(cells):
        if not test.grade_id or plans[test.grade_id].why:
            continue
        here = frozenset().union(*(cell.given for cell in cells[:place] if not cell.grade_id))
        for later in cells[place + 1 :]:
            if later.grade_id and not plans[later.grade_id].why:
                continue
            if shared := (test.given - here) & later.uses.wanted:
                yield test.grade_id, f"makes what a later cell uses ({_list(shared)})"
                break


def _list(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
