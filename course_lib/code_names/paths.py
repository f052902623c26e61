"""What a cell imports, binds and accesses."""

import ast
from collections.abc import Iterator


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each imported name, and what it refers to."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _statements(tree: ast.AST) -> list[ast.AST]:
    """List a tree, or a statement, and the statements in it; searching every expression takes ten times as long."""
    blocks = ast.stmt | ast.ExceptHandler | ast.match_case
    found = [tree]
    for node in found:
        found += [child for child in ast.iter_child_nodes(node) if isinstance(child, blocks)]
    return found


def bound(tree: ast.AST) -> Iterator[str]:
    """Yield each name that a cell binds anywhere, other than by an import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def path_of(node: ast.AST, names: dict[str, str]) -> str:
    """Return the full path of a name or of an attribute; empty for anything else."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call) and (attribute := named_attribute(node, "getattr")):
            parts.append(attribute)
            node = node.args[0]
        elif isinstance(node, ast.Call) and _called(node, names) == "type" and len(node.args) == 1:
            parts.append("__class__")
            node = node.args[0]
        elif isinstance(node, ast.Call) and _called(node, names) == "get_ipython":
            return ".".join(["get_ipython()", *reversed(parts)])
        else:
            return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _called(call: ast.Call, names: dict[str, str]) -> str:
    """Return the name of the function or method that is called, without its path; empty for any other callable."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return names.get(name, name).rpartition(".")[2]


def named_attribute(call: ast.Call, function: str) -> str:
    """Return the attribute's name in ``getattr(x, "name")`` and similar calls; empty for any other call."""
    if _called(call, {}) == function and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        return str(call.args[1].value)
    return ""


def paths(tree: ast.AST, names: dict[str, str]) -> Iterator[str]:
    """Yield the full path of everything that is named or imported."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if path := path_of(node, names):
            yield path
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "get_ipython")
        else:
            waiting += ast.iter_child_nodes(node)
