"""What running a cell, and calling its functions later, may change: names, objects and libraries.

It is read from the text, carefully: what may be changed counts as changed. Only the functions of libraries are trusted
to change neither their arguments nor the library, unless their name says so.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from course_lib.code_names.cells import parse
from course_lib.code_names.definitions import defined, is_constant, only_defines
from course_lib.code_names.scopes import Comprehension, Scope, bound_by, local_names
from course_lib.native.cells import as_python

# After these, the text does not tell which names and attributes there are.
_DYNAMIC_NAMES = """__builtins__ __code__ __dict__ __globals__ __import__ compile delattr eval exec get_ipython globals
    import_module locals reload setattr vars"""
_DYNAMIC = {*_DYNAMIC_NAMES.split()}
_OF_CLASS = re.compile(r"cls\b|type\(|.*\b__class__\b")
_HARMLESS_MAGICS = {"config", "ls", "matplotlib", "pinfo", "pinfo2", "precision", "pwd", "who", "whos"}
# Methods that do not change their object.
_READING_NAMES = """all any argmax argmin astype casefold clip copy count cumsum decode dot encode endswith flatten
    format get index isdigit items join keys lower max mean min numpy prod ravel repeat replace reshape round split
    splitlines squeeze startswith std strip sum title tolist transpose upper values var"""
_READING = {*_READING_NAMES.split()}
# Functions that change a library, and those that change an argument.
_SETTING = ("set_", "seed", "enable_", "disable_", "register", "run_functions_eagerly", "filterwarnings", "patch")
_FILLING = {"copyto", "fill_diagonal", "heappop", "heappush", "insort", "place", "put", "putmask", "shuffle"}


@dataclass
class Effects:
    """What a cell does to global names, and to what they refer to.

    Attributes
    ----------
    defines : set of str
        Names to which it gives a value, or which it deletes.
    objects : set of str
        Those of them that may refer to something that can be changed: not to a module, constant, function or class.
    modules : set of str
        Names that it imports.
    uses : set of str
        Names that its code mentions, also in functions.
    computes : bool
        Whether it does more than import, and define functions, classes and constants.
    sets : set of str
        Names whose attributes or items it changes when it runs; modules also by a call without a result.
    called : set of str
        Names that get another value, or whose attributes or items change, when its functions are called.
    passed : set of str
        Names of what may change then, because a method of it is called, or it is passed on.
    dynamic, dynamic_called : str
        Why the text does not tell what changes when it runs, and when its functions are called; usually empty.
    """

    defines: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    computes: bool = False
    sets: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    dynamic: str = ""
    dynamic_called: str = ""


def effects(cell: str, modules: Collection[str] = ()) -> Effects:
    """Read a cell.

    Parameters
    ----------
    cell : str
        As in the notebook.
    modules : collection of str
        Names that other cells import.

    Returns
    -------
    Effects
        A cell that cannot be read, because it is no Python or too long, is dynamic.
    """
    statements = parse(cell)
    if as_python(cell) is not cell:  # a C++ function, which runs in a separate process, and has no state here
        return Effects(defines={name for statement in statements for name, _ in defined(statement)})
    found = Effects(modules=imports(cell))
    if not statements and any(line.strip() and not line.lstrip().startswith("#") for line in cell.splitlines()):
        found.dynamic = "it cannot be read as Python"
    reader = _Reader(found, {*modules, *found.modules})
    for statement in statements:
        found.computes |= not only_defines(statement)
        reader.visit(statement)
    return found


def imports(cell: str) -> set[str]:
    """Return the names that a cell imports, also in functions."""
    nodes = (node for statement in parse(cell) for node in ast.walk(statement))
    return {name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for name in bound_by(node)} - {"*"}


class _Reader(ast.NodeVisitor):
    """Reads statements into `Effects`, and knows which names are local to the functions around a node."""

    def __init__(self, found: Effects, modules: set[str]) -> None:
        self.found, self.modules = found, modules
        self._scopes: list[set[str]] = []
        self._depth = 0  # functions around the node

    def visit(self, node: ast.AST) -> None:
        """Read a node, and those in it."""
        constant = isinstance(node, Scope | ast.Import | ast.ImportFrom)
        for name in bound_by(node):
            if name == "*":
                self._is_dynamic("it imports everything from a module")
            else:
                self._bind(name, constant)
        super().visit(node)

    @contextmanager
    def _inside(self, names: set[str], function: bool = False) -> Iterator[None]:
        self._scopes.append(names)
        self._depth += function
        yield
        self._depth -= function
        self._scopes.pop()

    def _is_global(self, name: str) -> bool:
        return not any(name in names for names in self._scopes)

    def _bind(self, name: str, constant: bool) -> None:
        if self._is_global(name):
            self.found.defines.add(name)
            if self._depth:
                self.found.called.add(name)
            if not constant:
                self.found.objects.add(name)

    def _change(self, names: Iterable[str]) -> None:
        (self.found.called if self._depth else self.found.sets).update(names)

    def _pass_on(self, names: Iterable[str]) -> None:
        if self._depth:
            self.found.passed.update(names)

    def _is_dynamic(self, why: str) -> None:
        if self._depth:
            self.found.dynamic_called = self.found.dynamic_called or why
        else:
            self.found.dynamic = self.found.dynamic or why

    def _roots(self, *nodes: ast.expr) -> set[str]:
        """Return the global names with which ``a.b[c].d`` and the like begin."""
        found = set()
        for node in nodes:
            root = node
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Starred):
                root = root.value
            if isinstance(root, ast.Name) and self._is_global(root.id):
                found.add(root.id)
        return found

    def visit_Name(self, node: ast.Name) -> None:
        """Note a global name."""
        if self._is_global(node.id):
            self.found.uses.add(node.id)
            if node.id in _DYNAMIC:
                self._is_dynamic(f"it uses {node.id}")

    def visit_Attribute(self, node: ast.Attribute | ast.Subscript) -> None:
        """Note a changed attribute or item."""
        if not isinstance(node.ctx, ast.Load):
            self._change(self._roots(node))
            if _OF_CLASS.match(ast.unparse(node.value)):
                self._is_dynamic("it changes a class")
        if isinstance(node, ast.Attribute) and node.attr in _DYNAMIC:
            self._is_dynamic(f"it uses {node.attr}")
        self.generic_visit(node)

    visit_Subscript = visit_Attribute  # noqa: N815

    def visit_Assign(self, node: ast.Assign) -> None:
        """Note constants as such; another name for the same object passes it on."""
        self._pass_on(self._roots(node.value))
        before = set(self.found.objects)
        self.generic_visit(node)
        if is_constant(node.value):
            self.found.objects = before | {name for name in self.found.objects if name in before}

    def visit_Return(self, node: ast.Return) -> None:
        """Note an object that is passed on."""
        self._pass_on(self._roots(*filter(None, [node.value])))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Note a call of a library that is made for its effect."""
        if isinstance(node.value, ast.Call) and not self._depth:
            self._change(self._roots(node.value.func) & self.modules)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note what a call may change."""
        arguments = self._roots(*node.args, *(keyword.value for keyword in node.keywords))
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        roots = self._roots(node.func)
        if name == "run_line_magic" and any(getattr(each, "value", "") in _HARMLESS_MAGICS for each in node.args[:1]):
            return
        if roots & self.modules:
            if name.startswith(_SETTING):
                self._change(roots)
            elif name in _FILLING or any(keyword.arg == "out" for keyword in node.keywords):
                self._pass_on(arguments)
        elif isinstance(node.func, ast.Attribute) and roots:
            self._pass_on(arguments | (roots if name not in _READING else set()))
        elif not hasattr(builtins, name) or name == "next":
            self._pass_on(arguments)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Read a function; a default value that can be changed is a state."""
        defaults = (*node.args.defaults, *node.args.kw_defaults)
        if any(isinstance(each, ast.List | ast.Dict | ast.Set | ast.Call) for each in defaults):
            self.found.called.add(node.name)
        for part in (*node.decorator_list, node.args, *filter(None, [node.returns])):
            self.visit(part)
        with self._inside(local_names(node), function=True):
            for statement in node.body:
                self.visit(statement)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Read a function without a name."""
        self.visit(node.args)
        with self._inside(local_names(node), function=True):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Read a class; an attribute of it that can be changed is a state."""
        if not all(is_constant(part.value) for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign)):
            self.found.called.add(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        own = local_names(node)
        for statement in node.body:
            if isinstance(statement, Scope):  # its name is the class's, but it does not see the class's names
                super().visit(statement)
            else:
                with self._inside(own):
                    self.visit(statement)

    def _comprehension(self, node: Comprehension) -> None:
        with self._inside(local_names(node)):
            self.generic_visit(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815
