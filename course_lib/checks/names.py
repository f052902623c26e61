"""The names that a function uses, read from its compiled code."""

import contextlib
import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from course_lib.checks.remote import Remote

NOTEBOOK = "__main__"  # the module of code in a notebook
CPP = "course_lib.native"  # the module of the class of a function in C++


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
        notebook that it uses, and in its defaults; if a global name refers to a function or module, also its own name
        and the modules that contain it. Local names, annotations and comments do not count. A method of an object
        reaches everything that its class reaches.
    """
    if isinstance(function, Remote):
        return function.remote_names_used()
    used: set[str] = set()
    owner = type(function.__self__) if inspect.ismethod(function) else function
    _follow(owner, notebook_scope(function), used, [])
    return used


def as_written(function: object, name: str) -> str:
    """Find the expression through which a function uses a name, which may be under another name.

    Parameters
    ----------
    function : callable
        The learner's.
    name : str
        A name that `names_used` has found.

    Returns
    -------
    str
        For example ``upsampling.bilinear_kernel`` for ``course_lib``; the name itself if it is written so.
    """
    if isinstance(function, Remote):
        return function.remote_as_written(name)
    return _written(function, name, []) or name


def _written(function: object, name: str, seen: list[object]) -> str:
    bare = _bare(function)
    if any(bare is other for other in seen):
        return ""
    seen.append(bare)
    scope = notebook_scope(bare) or {}
    members = [bare] if inspect.isfunction(bare) else list(getattr(bare, "__dict__", {}).values())
    for code in (member.__code__ for member in members if inspect.isfunction(member)):
        for chain in _chains(code):
            parts = chain.split(".")
            if name in parts:
                return ".".join(parts[: parts.index(name) + 1])
            found = scope.get(parts[0])
            reached: set[str] = set()
            if found is not None:
                _follow(found, scope, reached, [])
            if name in reached:
                return _written(found, name, seen) if _is_own(found, scope) else chain
    return ""


def _chains(code: CodeType) -> Iterator[str]:
    """Yield each name that code loads, together with its attributes that are used."""
    chain: list[str] = []
    for instruction in dis.get_instructions(code):
        if chain and instruction.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
            yield ".".join(chain)
            chain = []
        if instruction.opcode in dis.hasname and instruction.opname.startswith(("LOAD_", "IMPORT_")):
            chain.append(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _chains(constant)


def is_empty(function: object) -> bool:
    """Tell whether a function does nothing at all: its body is ``...``, ``pass`` or ``return None``."""
    if isinstance(function, Remote):
        return function.remote_is_empty()
    bare = _bare(function)
    nothing = ("RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST")
    return inspect.isfunction(bare) and all(each.opname in nothing for each in dis.get_instructions(bare))


def in_cpp(function: object) -> bool:
    """Tell whether a function is made by a cell that begins with ``%%cpp``."""
    if isinstance(function, Remote):
        return function.remote_in_cpp()
    return type(function).__module__.startswith(CPP)


def cell_of(thing: object) -> str:
    """Name the notebook cell in which a function, class, object or generator is written; empty if unknown."""
    if isinstance(thing, Remote):
        return ""  # an error from another process has its lines
    code = getattr(thing, "gi_code", None) or getattr(_function_of(thing), "__code__", None)
    return code.co_filename if isinstance(code, CodeType) else ""


def notebook_scope(function: object) -> dict[str, object] | None:
    """Return the global names of the notebook that defines a function, class or object; None if no notebook does."""
    if isinstance(function, Remote):
        return None
    scope = getattr(_function_of(function), "__globals__", {})
    return scope if scope.get("__name__") == NOTEBOOK else None


def _function_of(thing: object) -> object:
    """Return the function itself, or a method of a class or object."""
    bare = _bare(thing)
    if inspect.isroutine(bare):
        return bare
    own = bare if inspect.isclass(bare) else type(bare)
    return next((value for value in vars(own).values() if inspect.isfunction(value)), bare)


def _bare(thing: Any) -> Any:
    """Remove decorators and `functools.partial`."""
    while inner := getattr(thing, "__wrapped__", None) or (callable(thing) and getattr(thing, "func", None)):
        thing = inner
    return thing


def _follow(thing: Any, scope: dict[str, object] | None, used: set[str], seen: list[object]) -> None:
    """Add the names that a function, class or module uses; what is outside of the notebook is not followed."""
    if any(thing is other for other in seen):
        return
    seen.append(thing)
    if inspect.isclass(thing) and thing.__module__ == NOTEBOOK:
        for value in (*vars(thing).values(), *thing.__bases__):
            if callable(value):
                _follow(value, scope, used, seen)
    elif inspect.isfunction(bare := _bare(thing)) and bare.__globals__ is scope:
        _follow_function(bare, used, seen)
    elif callable(thing) or inspect.ismodule(thing):
        for name in ("__name__", "__module__"):
            used.update(str(getattr(bare, name, "")).split("."))
        if type(thing).__module__ == NOTEBOOK:
            _follow(type(thing), scope, used, seen)


def _follow_function(function: Any, used: set[str], seen: list[object]) -> None:
    """Add the names that the code of a function of the notebook uses, and its defaults and closure."""
    scope = function.__globals__
    for name, is_global in loaded(function.__code__):
        found = scope.get(name) if is_global else None
        if not (_is_own(found, scope) and _cell(found) == _cell(function)):  # a helper may have any name
            used.update(name.split("."))
        if found is not None:
            _follow(found, scope, used, seen)
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        _follow(value, scope, used, seen)
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # still empty
            _follow(cell.cell_contents, scope, used, seen)


def _is_own(thing: Any, scope: dict[str, object] | None) -> bool:
    """Tell whether a function or class was written in the notebook itself."""
    if inspect.isclass(thing):
        return thing.__module__ == NOTEBOOK
    return inspect.isfunction(thing) and thing.__globals__ is scope


def _cell(thing: Any) -> str | None:
    """Name the cell in which a function or class is written."""
    functions = (value for value in (thing, *vars(thing).values()) if inspect.isfunction(value))
    return next((function.__code__.co_filename for function in functions), None)


def loaded(code: CodeType) -> Iterator[tuple[str, bool]]:
    """Yield each name that code loads or imports, and whether it is global."""
    for instruction in dis.get_instructions(code):
        if instruction.opcode in dis.hasname and instruction.opname.startswith(("LOAD_", "IMPORT_")):
            yield instruction.argval, instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from loaded(constant)
