"""Which names the text of a cell defines, and as what."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from course_lib.native.cells import as_python

Definition = ast.stmt | ast.expr | frozenset[str]  # a function or class, an expression, or the words of an import

# IPython reads the whole cell anew for each of its magics.
LONGEST = 20_000  # characters
MOST_ESCAPES = 30
_ESCAPES = re.compile(r"[%!?]|^\s*[,;/]", re.MULTILINE)
# First lines after which the rest of a cell is run as if they were not there.
_RUN_AS_IT_IS = re.compile(r"\A(?:\s*%%(?:time|capture)\b[^\n]*\n)+")


@lru_cache(maxsize=1000)  # every test of a notebook comes with the cells before it
def parse(cell: str) -> list[ast.stmt]:
    """Take a cell apart; one that is no Python cannot have run, and one with very many magics is not read."""
    text = as_python(_RUN_AS_IT_IS.sub("", cell))
    for reading in (str, _without_magics):
        with suppress(SyntaxError, ValueError, RuntimeError, MemoryError):  # also of nesting too deep
            tree = ast.parse(reading(text))
            compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            return tree.body
    return []


def _without_magics(cell: str) -> str:
    """Write IPython's own lines as Python."""
    if len(cell) > LONGEST or len(_ESCAPES.findall(cell)) > MOST_ESCAPES:
        raise ValueError(f"expected at most {LONGEST} characters and {MOST_ESCAPES} magics")
    return TransformerManager().transform_cell(cell)


def defined(statement: ast.stmt) -> Iterator[tuple[str, Definition]]:
    """Yield the names that a statement defines by itself, and as what."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name, statement
            return
        case ast.Import():
            for alias in statement.names:
                whole, first = alias.name.split("."), alias.name.partition(".")[0]
                yield (alias.asname, frozenset(whole)) if alias.asname else (first, frozenset([first]))
        case ast.ImportFrom():
            module = (statement.module or "").split(".")
            for alias in statement.names:
                yield alias.asname or alias.name, frozenset({*module, alias.name} - {"*", ""})
    for target, value in _assignments(statement):
        yield from _assigned(target, value)


def _assignments(statement: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    """List the targets and values of a statement that gives names to values."""
    found: list[tuple[ast.expr, ast.expr]] = [
        (node.target, node.value) for node in ast.walk(statement) if isinstance(node, ast.NamedExpr)
    ]
    match statement:
        case ast.Assign():
            found += [(target, statement.value) for target in statement.targets]
        case ast.AnnAssign() | ast.AugAssign() if statement.value:
            found.append((statement.target, statement.value))
        case ast.For() | ast.AsyncFor():
            found.append((statement.target, statement.iter))
        case ast.With() | ast.AsyncWith():
            found += [(item.optional_vars, item.context_expr) for item in statement.items if item.optional_vars]
    return found


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Definition]]:
    """Yield the names in the target of an assignment, each with its own value where that can be told."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        pairs = zip(target.elts, values if len(values) == len(target.elts) else [value] * len(target.elts), strict=True)
        for part, own in pairs:
            yield from _assigned(part.value if isinstance(part, ast.Starred) else part, own)
