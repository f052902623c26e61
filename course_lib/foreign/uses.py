"""What a test uses that only exists in the process of the code that it tests, read from its text."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from course_lib.code_names.cells import parse
from course_lib.code_names.free_names import global_symbols
from course_lib.code_names.paths import imported, path_of, paths

# What code accesses, and how to describe it. Each name includes everything in it.
_REACHES = {
    "uses IPython": "get_ipython IPython ipykernel In Out display",
    "looks at the notebook's names": "globals locals vars dir __main__ sys.modules builtins __builtins__ gc",
    "runs text as code": "exec eval compile __import__ importlib runpy",
    "looks at source code": "inspect ast dis tokenize",
    "replaces parts of a program": "unittest.mock mock pytest.monkeypatch",
    "captures what is printed, or gives input": "contextlib.redirect_stdout contextlib.redirect_stderr sys.stdout "
    "sys.stderr sys.stdin input",
    "reads or writes files": "open os pathlib shutil glob tempfile fileinput subprocess",
    "looks at figures": "matplotlib pylab plotchecker",
}
_WORDS = {name: words for words, names in _REACHES.items() for name in names.split()}
_SEEDS = {"seed", "set_seed", "set_random_seed", "manual_seed", "set_state"}


@dataclass(frozen=True)
class Uses:
    """The global names of a piece of code.

    Attributes
    ----------
    wanted : frozenset of str
        Names that it uses and does not make itself, without Python's own.
    own : frozenset of str
        Python's own names that it uses, such as ``sum``.
    made : frozenset of str
        Names that it makes, replaces or deletes.
    imports : frozenset of str
        Those of them that are imports.
    within : frozenset of str
        Names that its functions and classes use, whenever they are called.
    """

    wanted: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()


def uses_of(source: str) -> Uses:
    """Read which global names a cell uses and makes; nothing if it cannot be read."""
    statements = parse(source)
    if not statements:
        return Uses()
    module = ast.Module(statements, [])
    try:
        symbols = [*global_symbols(ast.unparse(module))]
    except (SyntaxError, ValueError, RecursionError):
        return Uses()
    used, stored, imports, within = set[str](), set[str](), set[str](), set[str]()
    for symbol, is_top in symbols:
        name = symbol.get_name()
        if symbol.is_referenced():
            used.add(name)
            within |= set() if is_top else {name}
        if symbol.is_assigned() or symbol.is_imported():
            stored.add(name)
        imports |= {name} if is_top and symbol.is_imported() else set()
    stored |= {
        node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)
    } & used
    own = used & {*dir(builtins)}
    return Uses(*map(frozenset, (used - stored - own, own - stored, stored, imports, within)))


def needs_process(source: str, wanted: frozenset[str], before: Iterable[ast.stmt] = ()) -> str:
    """Say why the text of a test shows that it must run in the learner's process; empty if it does not show that.

    Parameters
    ----------
    source : str
        The test.
    wanted : frozenset of str
        The names that it uses and does not make; see `Uses`.
    before : iterable of ast.stmt
        The statements of the cells before it, whose imports it may use.
    """
    try:
        tree = ast.parse(source)
        compile(tree, "<test>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return "is not plain Python: a magic, a shell command or a top-level await"
    names = dict(pair for each in (*before, tree) for pair in imported(each))
    return next(_reasons(tree, names, wanted), "")


def _reasons(tree: ast.Module, names: dict[str, str], wanted: frozenset[str]) -> Iterator[str]:
    known = {path.split(".")[0] for path in names.values()} | {*dir(builtins)} | {"get_ipython", "In", "Out", "display"}
    for path in paths(tree, names):
        parts = path.replace("()", "").split(".")
        starts = (".".join(parts[: length + 1]) for length in range(len(parts)))
        words = next((_WORDS[start] for start in starts if start in _WORDS), "")
        if words and parts[0] in known:
            yield f"{words} ({path[:40]})"
    for node in ast.walk(tree):
        match node:
            case ast.Attribute():
                yield from _of_attribute(node, names, wanted)
            case ast.Call(func=ast.Name("setattr" | "delattr"), args=[first, *_]) if (
                _root(first) in wanted | names.keys()
            ):
                yield f"changes an attribute ({ast.unparse(node)[:40]})"
            case ast.Call(func=ast.Name("isinstance" | "issubclass"), args=[_, kinds]) if (
                classes := _names(kinds) & wanted
            ):
                yield f"asks for a class of the notebook ({', '.join(sorted(classes))})"
            case ast.ExceptHandler(type=ast.expr() as kinds) if classes := _names(kinds) & wanted:
                yield f"catches an error of the notebook's ({', '.join(sorted(classes))})"


def _of_attribute(node: ast.Attribute, names: dict[str, str], wanted: frozenset[str]) -> Iterator[str]:
    root = _root(node)
    if not isinstance(node.ctx, ast.Load) and root in wanted | names.keys():
        yield f"changes an attribute ({ast.unparse(node)[:40]})"
    elif node.attr in _SEEDS:
        yield f"sets the seed of random numbers ({path_of(node, names)[:40] or node.attr})"
    elif node.attr.startswith("__") and node.attr.endswith("__") and root in wanted:
        yield f"looks into an object ({ast.unparse(node)[:40]})"


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _root(node: ast.AST) -> str:
    """Return the name at the start of an expression such as ``a.b[0].c``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return _name(node)
