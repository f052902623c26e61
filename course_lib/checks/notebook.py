"""The most frequent accident in a notebook: a cell was not run, or has a syntax error.

After a syntax error, a name keeps its old value in IPython. So a check looks into the session's history: is the last
cell that should define a function also the one with its code?
"""

import ast
import linecache
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from course_lib.checks.failure import CheckFailed, rendered
from course_lib.checks.names import cell_of, notebook_scope

RUN = "run it (Shift + Enter), then this one"
_failed: set[str] = set()  # cells that have raised an error since the first check
_CHECK = re.compile(r"^from course_lib\.checks import\b", re.MULTILINE)  # a cell that contains a check


def install() -> None:
    """Make a notebook say which cell was not run if a check does not know a name; do nothing outside of a notebook."""
    shell = _shell()
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((NameError,), _show)
        shell.events.register("post_run_cell", _remember)


def require_latest(function: object) -> None:
    """Refuse to check an old version of a function whose changed cell has failed.

    Parameters
    ----------
    function : callable
        The learner's function or class.

    Raises
    ------
    CheckFailed
        If the last cell that should define it has failed; the message has the error and what to do.
    """
    shell, name = _shell(), getattr(function, "__name__", "")
    if shell is None or notebook_scope(function) is None or not name.isidentifier():
        return
    ran = "".join(linecache.getlines(cell_of(function))).strip()
    last = _defining(shell, name, ran) if ran else ""
    if not last:
        return
    if problem := syntax_problem(shell, last):
        raise CheckFailed(f"{_with_syntax_error(name, problem)}\n  Until then, {name} is what it was before.")
    if last in _failed:
        raise CheckFailed(f"the cell with {name} failed, so {name} is still what it was before\n  Correct it, {RUN}.")


def not_defined(name: str, shell: Any) -> str:
    """Say why a check does not know a name, and what to do.

    Parameters
    ----------
    name : str
        The name of the learner's function, or of something that a cell of the notebook defines.
    shell : InteractiveShell
        The shell, with the history of the session.
    """
    last = _defining(shell, name)
    if not last:
        return f"the cell with {name} was not run: {RUN}"
    if problem := syntax_problem(shell, last):
        lost = lost_magic(name, last)
        return f"{lost}: {RUN}" if lost else _with_syntax_error(name, problem)
    if "run_cell_magic('cpp'" in shell.transform_cell(last):  # no cell has called `use_cpp_cells` yet
        return f"the cell with {name} was not run, because `%%cpp` is not known yet: run the cells above it, then {RUN}"
    return f"the cell with {name} failed before it defined {name}: correct it, {RUN}"


def lost_magic(name: str, source: str) -> str:
    """Say that a cell of C++ has lost its first line, which identifies it; empty if it has not."""
    if not re.match(rf"\s*(?:(?://|#).*\n\s*)*void\s+{name}\s*\(", source):
        return ""
    return f"the cell with {name} holds C++: its first line must be `%%cpp {name}`"


def syntax_problem(shell: Any, source: str) -> str:
    """Say which syntax error a cell has, and in which line; empty if there is no error."""
    try:
        compile(shell.transform_cell(source), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        line = f"\n  line {error.lineno}: {(error.text or '').strip()}" if error.text else ""
        return f"{type(error).__name__}: {error.msg}{line}"
    except ValueError as error:  # such as a null byte
        return str(error)
    return ""


def _with_syntax_error(name: str, problem: str) -> str:
    return f"the cell with {name} has a syntax error, so nothing in it ran: {problem}\n  Correct it, {RUN}."


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, tb: TracebackType, tb_offset: Any = None
) -> None:
    """Show a NameError; if it is about a name that a check itself uses, without a traceback."""
    name = getattr(error, "name", None)
    if name and kind is NameError and _in_check(tb):
        text = not_defined(name, shell)
        error._render_traceback_ = lambda: rendered(text)  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, tb), tb_offset=tb_offset, running_compiled_code=True)


def _in_check(tb: TracebackType) -> bool:
    """Tell whether an error arose in the code of a check itself, not in code that the check has called."""
    frames = [frame for frame, _ in traceback.walk_tb(tb) if frame.f_globals.get("__name__") == "__main__"]
    files = {frame.f_code.co_filename for frame in frames}
    innermost = [frame for frame, _ in traceback.walk_tb(tb)][-1:]
    source = "".join(linecache.getlines(frames[-1].f_code.co_filename)) if frames else ""
    return len(files) == 1 and innermost == frames[-1:] and bool(_CHECK.search(source))


def _defining(shell: Any, name: str, ran: str = "") -> str:
    """Find the last cell that should define a name; empty if no cell should, or if it is the one that has run."""
    pattern = re.compile(
        rf"^(?:async\s+)?(?:def|class|%%cpp|void)\s+{name}\b|^{name}\s*(?::[^=\n]+)?=[^=]|^(?:from|import)\b.*\b{name}\b",
        re.MULTILINE,
    )
    for cell in reversed(shell.history_manager.input_hist_raw):
        if ran and name in cell and ran in _sources(shell, cell):
            return ""
        if pattern.search(cell):
            return str(cell)
    return ""


def _sources(shell: Any, cell: str) -> Iterator[str]:
    """Yield what a cell runs: its text, and the text below each cell magic at its start, such as ``%%capture``."""
    yield shell.transform_cell(cell).strip()
    while cell.lstrip().startswith("%%"):
        cell = cell.lstrip().partition("\n")[2]
        yield shell.transform_cell(cell).strip()


def _remember(result: Any) -> None:
    """Remember whether a cell has failed, after IPython has run it."""
    (_failed.discard if result.success else _failed.add)(result.info.raw_cell)


def _shell() -> Any:
    """Return the notebook's shell; None outside of a notebook."""
    interactive = sys.modules.get("IPython.core.interactiveshell")
    shell: Any = getattr(interactive, "InteractiveShell", None)
    return shell.instance() if shell is not None and shell.initialized() else None
