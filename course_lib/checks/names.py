"""What a function makes use of, read off its compiled code."""

import contextlib
import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from course_lib.checks.elsewhere import Elsewhere

NOTEBOOK = "__main__"  # what code of a notebook has for its module


def names_used(function: Callable[..., object]) -> set[str]:
    """Collect the names of functions and modules that a function can reach.

    Parameters
    ----------
    function : callable
        The learner's.

    Returns
    -------
    set of str
        Attributes, imports and global names in its body, in the helpers and classes from the same
        notebook that it uses, and in its defaults; where a global name stands for a function or
        module, also that one's own name and the modules it lies in. Local names, annotations and
        comments are not used.
    """
    if isinstance(function, Elsewhere):
        return function.elsewhere_names_used()
    used: set[str] = set()
    _follow(function, notebook_scope(function), used, [])
    return used


def notebook_scope(function: object) -> dict[str, object] | None:
    """Find the global names of the notebook that a function is written in; None if they are not in this process."""
    if isinstance(function, Elsewhere):
        return None
    scope = getattr(_bare(function), "__globals__", {})
    return scope if scope.get("__name__") == NOTEBOOK else None


def _bare(thing: Any) -> Any:
    """Take off decorators and `functools.partial`."""
    while inner := getattr(thing, "__wrapped__", None) or (callable(thing) and getattr(thing, "func", None)):
        thing = inner
    return thing


def _follow(thing: Any, scope: dict[str, object] | None, used: set[str], seen: list[object]) -> None:
    """Add what a function, class or module uses; those from elsewhere are used, but not followed."""
    if any(thing is other for other in seen):
        return
    seen.append(thing)
    if inspect.isclass(thing) and thing.__module__ == NOTEBOOK:
        for value in vars(thing).values():
            if callable(value):
                _follow(value, scope, used, seen)
    elif inspect.isfunction(bare := _bare(thing)) and bare.__globals__ is scope:
        for name, is_global in loaded(bare.__code__):
            used.update(name.split("."))
            if is_global and name in bare.__globals__:
                _follow(bare.__globals__[name], scope, used, seen)
        for value in (*(bare.__defaults__ or ()), *(bare.__kwdefaults__ or {}).values()):
            _follow(value, scope, used, seen)
        for cell in bare.__closure__ or ():
            with contextlib.suppress(ValueError):  # nothing in it yet
                _follow(cell.cell_contents, scope, used, seen)
    elif callable(thing) or inspect.ismodule(thing):
        for name in ("__name__", "__module__"):
            used.update(str(getattr(bare, name, "")).split("."))
        if type(thing).__module__ == NOTEBOOK:
            _follow(type(thing), scope, used, seen)


def loaded(code: CodeType) -> Iterator[tuple[str, bool]]:
    """Yield each name that code loads or imports, and whether it is a global one."""
    for instruction in dis.get_instructions(code):
        if instruction.opcode in dis.hasname and instruction.opname.startswith(("LOAD_", "IMPORT_")):
            yield instruction.argval, instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from loaded(constant)
