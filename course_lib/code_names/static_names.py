"""The names that a learner's function uses, read from the text of the learner's cells.

`course_lib.checks.names` reads them from the live function. A test that runs in a different process from the learner's
code has the text, and need not trust that process. No analysis of code detects every disguise, and neither does this
one.
"""

import __future__

import ast
import builtins
import copy
import re
from collections.abc import Iterable
from types import CodeType

from course_lib.checks.names import loaded
from course_lib.code_names.cells import parse
from course_lib.code_names.definitions import Definition, defined
from course_lib.native.cells import MAGIC

# Their arguments may be names in strings.
_BY_NAME = {"getattr", "import_module", "__import__", "attrgetter", "methodcaller"}
_IDENTIFIER = re.compile(r"[^\W\d]\w*")

Reach = tuple[set[str], set[str]]  # names that are used, and global names to be followed


class StaticNames:
    """The global names that a notebook's cells define, and what each of them uses.

    Parameters
    ----------
    cells : iterable of str
        In the order in which they ran. Of several definitions of a name, the last one counts; one inside an ``if``, a
        loop or the like counts in addition to the earlier ones.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        self._definitions: dict[str, list[Definition]] = {}
        self._stars: set[str] = set()  # modules of which everything was imported
        self._words: set[str] = set()
        self._cells: dict[str, int] = {}  # where each name was defined last
        for number, cell in enumerate(cells):
            self._words |= set(_IDENTIFIER.findall(cell))
            for statement in parse(cell):
                self._read(statement, number, replace=True)

    def used_by(self, name: str) -> set[str]:
        """Return the names of functions and modules that a global name can reach.

        Parameters
        ----------
        name : str
            The name of a function, class or object.

        Returns
        -------
        set of str
            As for `course_lib.checks.names.names_used`. For a name that no cell obviously defines, every word of every
            cell.
        """
        if name not in self._definitions:
            return set(self._words)
        used: set[str] = set()
        seen: set[str] = set()
        ahead = {name}
        while ahead:
            name = ahead.pop()
            seen.add(name)
            if name not in self._definitions and not hasattr(builtins, name):
                used |= self._stars | {name}
            for definition in self._definitions.get(name, ()):
                words, names = self._reach(definition)
                used |= words - {helper for helper in names if self._is_helper(helper, name)}  # it may have any name
                ahead |= names - seen
        return used

    def in_cpp(self, name: str) -> bool:
        """Tell whether a global name refers to the function of a C++ cell, and to nothing else."""
        made = self._definitions.get(name, [])
        (wanted,) = (value for statement in parse(f"{MAGIC} {name}") for _, value in defined(statement))
        return len(made) == 1 and _maker(made[0]) == _maker(wanted)

    def _read(self, statement: ast.stmt, cell: int, replace: bool) -> None:
        """Record what a statement defines."""
        for name, definition in defined(statement):
            self._cells[name] = cell
            if name == "*" and isinstance(definition, frozenset):
                self._stars |= definition
            elif replace:
                self._definitions[name] = [definition]
            else:
                self._definitions.setdefault(name, []).append(definition)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for node in ast.walk(statement):
                if isinstance(node, ast.Global):
                    for name in node.names:
                        self._cells[name] = cell
                        self._definitions.setdefault(name, []).append(statement)
            return
        for node in ast.iter_child_nodes(statement):
            inner = node.body if isinstance(node, ast.ExceptHandler | ast.match_case) else [node]
            for each in inner:
                if isinstance(each, ast.stmt):
                    self._read(each, cell, replace=False)

    def _reach(self, definition: Definition) -> Reach:
        if isinstance(definition, frozenset):
            return set(definition), set()
        if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            words, names = _of_code(definition)
            for decorator in definition.decorator_list:
                more = self._of_expression(ast.Call(func=decorator, args=[], keywords=[]))
                words, names = words | more[0], names | more[1]
            return words, names
        return self._of_expression(definition)

    def _of_expression(self, expression: ast.AST) -> Reach:
        """Find the callables that the value of an expression may be or contain."""
        words: set[str] = set()
        names: set[str] = set()
        ahead: list[ast.AST] = [expression]
        while ahead:
            node = ahead.pop()
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
                ahead.append(node.value)
            elif isinstance(node, ast.Lambda):
                more = _of_code(node)
                words, names = words | more[0], names | more[1]
            elif isinstance(node, ast.Call):
                ahead += [*node.args, *node.keywords, *([node.func] if self._may_make_callable(node.func) else [])]
                if _last_name(node.func) in _BY_NAME:
                    quoted = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                    words.update(word for text in quoted if isinstance(text, str) for word in text.split("."))
            else:
                ahead += ast.iter_child_nodes(node)
        return words, names

    def _is_helper(self, name: str, user: str) -> bool:
        """Tell whether a name refers to a function or class in the cell that uses it."""
        own = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        found = self._definitions.get(name, [])
        return bool(found) and all(isinstance(each, own) for each in found) and self._cells[name] == self._cells[user]

    def _may_make_callable(self, function: ast.expr) -> bool:
        """Tell whether the result of a call may be callable; results of libraries' functions count as data."""
        if not isinstance(function, ast.Name | ast.Attribute):
            return True
        if isinstance(function, ast.Name):
            own = self._definitions.get(function.id, [])
            if any(not isinstance(definition, frozenset) for definition in own):
                return True
        return _last_name(function)[:1].isupper()  # a class


def _of_code(node: ast.stmt | ast.Lambda) -> Reach:
    """Read a function, class or lambda like a live one: its compiled code, without annotations."""
    bare = copy.copy(node)
    bare.decorator_list = []  # type: ignore[union-attr]
    tree = ast.Module([ast.copy_location(ast.Expr(bare), node) if isinstance(bare, ast.Lambda) else bare], [])
    code: CodeType = compile(tree, "<cell>", "exec", __future__.annotations.compiler_flag, dont_inherit=True)
    found = list(loaded(code))
    return {part for name, _ in found for part in name.split(".")}, {name for name, is_global in found if is_global}


def _maker(definition: Definition) -> str:
    """Return the called function with its first argument; empty for anything but a call."""
    if not isinstance(definition, ast.Call):
        return ""
    return " ".join(map(ast.dump, [definition.func, *definition.args[:1]]))


def _last_name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
