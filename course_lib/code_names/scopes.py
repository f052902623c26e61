"""Which names are local to a function or class."""

import ast

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def local_names(scope: Scope | Comprehension) -> set[str]:
    """Return the names that a function, class, lambda or comprehension binds for itself."""
    if isinstance(scope, Comprehension):
        return {node.id for part in scope.generators for node in ast.walk(part.target) if isinstance(node, ast.Name)}
    names, free = set[str](), set[str]()
    if not isinstance(scope, ast.ClassDef):
        names |= {node.arg for node in ast.walk(scope.args) if isinstance(node, ast.arg)}
    waiting: list[ast.AST] = [scope.body] if isinstance(scope, ast.Lambda) else [*scope.body]
    while waiting:
        node = waiting.pop()
        names.update(bound_by(node))
        if isinstance(node, ast.Global | ast.Nonlocal):
            free.update(node.names)
        elif isinstance(node, Comprehension):  # only := in it binds a name outside of it
            names |= {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
        elif not isinstance(node, Scope):
            waiting += ast.iter_child_nodes(node)
    return names - free


def bound_by(node: ast.AST) -> list[str]:
    """Return the names that a node itself binds or deletes, without the nodes in it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return [node.id]
        case ast.Import() | ast.ImportFrom():
            return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return [node.name] if node.name else []
        case ast.MatchMapping():
            return [node.rest] if node.rest else []
    return []
