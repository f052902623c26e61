"""Which names a statement, a cell and a text define, and as what."""

import ast
import re
from collections.abc import Iterator

from course_lib.code_names.cells import parse
from course_lib.native.cells import as_python

_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_IMPORT = re.compile(r"^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(.+)", re.MULTILINE)
Definition = ast.stmt | ast.expr | frozenset[str]  # a function or class, an expression, or the words of an import


def defined(statement: ast.stmt) -> Iterator[tuple[str, Definition]]:
    """Yield the names that a statement itself defines, and as what."""
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
    """Yield the names in the target of an assignment, each with its own value if it can be determined."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        pairs = zip(target.elts, values if len(values) == len(target.elts) else [value] * len(target.elts), strict=True)
        for part, own in pairs:
            yield from _assigned(part.value if isinstance(part, ast.Starred) else part, own)


def defined_at_margin(source: str) -> set[str]:
    """Return the names that a text defines at its left margin; unlike a parser, this works despite a syntax error."""
    return {function or variable for function, variable in _DEFINED.findall(as_python(source))}


def names_of(source: str) -> set[str]:
    """Return the names that a cell would define if all of it ran."""
    names = defined_at_margin(source) | {name for name, _ in _definitions(source)}
    for imported in _IMPORT.findall(source):  # also in a cell that cannot be parsed
        names |= {part.split()[-1].split(".")[0] for part in imported.strip("()").split(",") if part.strip()}
    return names


def assigned(source: str) -> set[str]:
    """Return the names to which a cell assigns something other than its functions and classes."""
    return {name for name, definition in _definitions(source) if isinstance(definition, ast.expr)}


def _definitions(source: str) -> Iterator[tuple[str, Definition]]:
    """Yield the definitions in the statements of a cell, including blocks, but not those in functions and classes."""
    waiting: list[ast.AST] = [*parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield from defined(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            blocks = ast.iter_child_nodes(node)
            waiting += [each for each in blocks if isinstance(each, ast.stmt | ast.ExceptHandler | ast.match_case)]


def only_defines(statement: ast.stmt) -> bool:
    """Tell whether a statement computes nothing, apart from decorators and default values."""
    match statement:
        case ast.Expr():
            return isinstance(statement.value, ast.Constant)  # a docstring
        case ast.Assign() | ast.AnnAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return is_constant(statement.value) and all(isinstance(target, ast.Name) for target in targets)
        case ast.ClassDef():
            return all(map(only_defines, statement.body))
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom | ast.Pass)


def is_constant(value: ast.expr | None) -> bool:
    """Tell whether a value cannot be changed: a number, a text, a tuple of these, or a function."""
    if isinstance(value, ast.Tuple):
        return all(map(is_constant, value.elts))
    if isinstance(value, ast.UnaryOp):
        return is_constant(value.operand)
    return value is None or isinstance(value, ast.Constant | ast.Lambda)
