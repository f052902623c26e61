"""The lines of a learner's notebook in an error's traceback, and their variables."""

import ast
import linecache
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import NamedTuple

from course_lib.checks.describe import describe_size

MOST = 6  # the most variables that are shown


class Line(NamedTuple):
    """A line of a learner's notebook in an error's traceback.

    Attributes
    ----------
    function : str
        The function that contains it.
    number : int
        Counted within the cell, from 1.
    text : str
        The line itself.
    own : bool
        Whether it is in the cell of the function or class that was tested, not in another cell of the notebook.
    values : str
        The sizes and values of the variables in the expression that failed.
    """

    function: str
    number: int
    text: str
    own: bool
    values: str


def lines_of(error: BaseException, scope: dict[str, object] | None, cell: str) -> tuple[Line, ...]:
    """Find the lines of a notebook that show where an error came from.

    Parameters
    ----------
    error : BaseException
        With its traceback; or an exception from another process, with its ``learners_lines``.
    scope : dict or None
        The global names of the learner's notebook.
    cell : str
        The file name of the cell of what was tested, as from `cell_of`.

    Returns
    -------
    tuple of Line
        The innermost line in that cell, and the innermost line of all if it is in another cell, such as a given one.
    """
    brought = getattr(error, "learners_lines", None)
    if brought is not None:
        return tuple(line for line in brought if isinstance(line, Line))
    # What ends a generator is an error of its own; the line is that of its cause.
    deepest = error.__cause__ if isinstance(error.__cause__, StopIteration) else error
    steps = [step for step in _steps(deepest.__traceback__) if step.tb_frame.f_globals is scope]
    own = [step for step in steps if step.tb_frame.f_code.co_filename == cell]
    chosen = own[-1:] if own and own[-1] is steps[-1] else own[-1:] + steps[-1:]
    return tuple(_line(step, cell) for step in chosen)


def _steps(step: TracebackType | None) -> Iterator[TracebackType]:
    while step is not None:
        yield step
        step = step.tb_next


def _line(step: TracebackType, cell: str) -> Line:
    code, number = step.tb_frame.f_code, step.tb_lineno
    text = linecache.getline(code.co_filename, number).strip()
    return Line(code.co_qualname, number, text, code.co_filename == cell, _values(step))


def _values(step: TracebackType) -> str:
    """Describe the variables in the expression that failed, if they contain numbers."""
    shown: dict[bool, list[str]] = {True: [], False: []}  # arrays first: usually the shapes do not fit
    with suppress(SyntaxError, ValueError, LookupError):
        for name in _names(step):
            words = describe_size(step.tb_frame.f_locals[name]) if name in step.tb_frame.f_locals else ""
            if words:
                shown[" " in words].append(f"{name}: {words}")
    return "; ".join([*shown[True], *shown[False]][:MOST])


def _names(step: TracebackType) -> list[str]:
    """List the variables in the expression that failed, in their order."""
    frame: FrameType = step.tb_frame
    first, last, start, end = list(frame.f_code.co_positions())[step.tb_lasti // 2]
    if first is None or last is None or start is None or end is None:
        return []
    lines = [line.encode() for line in linecache.getlines(frame.f_code.co_filename)[first - 1 : last]]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    tree = ast.parse(b"(" + b"".join(lines) + b")" if last > first else lines[0])
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in sorted(names, key=lambda node: (node.lineno, node.col_offset))))
