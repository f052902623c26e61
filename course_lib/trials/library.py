"""Which files decide what a text of Python does."""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import course_lib
from course_lib.native.cells import as_python

_ROOT = Path(course_lib.__file__).parent
_NAME = re.compile(rf"\b{course_lib.__name__}(?:\.\w+)+")


def fingerprint(root: Path, texts: Iterable[str]) -> str:
    """Hash the files that decide what some texts do.

    These are the modules of the library that they import, directly or indirectly, what lies beside these modules, the
    user operations if one of the modules uses them, and `requirements.lock`.

    Parameters
    ----------
    root : Path
        The root of the course.
    texts : iterable of str
        Python, as for `files_reached`.

    Returns
    -------
    str
        It changes with the name and the content of any of these files; a missing file counts as empty.
    """
    files = files_reached(texts)
    beside = {path for folder in {file.parent for file in files} for path in folder.iterdir()}
    files |= {path for path in beside if path.is_file() and path.suffix != ".py"}
    if any("ops" in path.parts for path in files):
        files |= {path for path in (root / "user_ops").rglob("*") if path.is_file()}
    digest = hashlib.sha256()
    for path in [*sorted(files), root / "requirements.lock"]:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def files_reached(texts: Iterable[str]) -> set[Path]:
    """Find the files of the library that some texts import, directly or indirectly.

    Parameters
    ----------
    texts : iterable of str
        Python. One that cannot be read, such as a cell with a magic command, may reach every file.

    Returns
    -------
    set of Path
        Modules, the packages that contain them, and everything that these import.
    """
    reached: set[Path] = set()
    new = {file for text in texts for file in _named(text)}
    while new:
        reached |= new
        new = {file for path in new for file in _files_of(path)} - reached
    return reached


@cache
def _files_of(path: Path) -> frozenset[Path]:
    return _named(path.read_text(encoding="utf-8"))


@cache
def _named(text: str) -> frozenset[Path]:
    try:
        names = list(_imported(ast.parse(as_python(text))))
    except (SyntaxError, ValueError):
        return frozenset(_ROOT.rglob("*.py"))
    return frozenset(file for name in names for file in _modules(name))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names of everything that is imported, as if each were a module.

    A name in a string other than a docstring counts as well: another process may import it.
    """
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield from _NAME.findall(node.value)


def _modules(name: str) -> Iterator[Path]:
    """Yield the files of a module and of the packages that contain it, as far as the dotted name exists."""
    first, *parts = name.split(".")
    if first != course_lib.__name__:
        return
    for count in range(len(parts) + 1):
        path = _ROOT.joinpath(*parts[:count])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())
