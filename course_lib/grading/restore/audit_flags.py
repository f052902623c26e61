"""Facts for the instructor about code that could change how a notebook is graded, read from its text."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from course_lib.cells import is_cpp
from course_lib.code_names.cells import parse_roughly
from course_lib.code_names.paths import bound, imported, named_attribute, path_of, paths
from course_lib.grading.restore.match import claims
from course_lib.grading.restore.reading import Cell
from course_lib.grading.restore.template import Template

MAX_FLAGS = 50
MAX_TEXT_CHARS = 500_000  # the most characters that are searched, in all cells together
_SKIPS = {"skip-execution", "raises-exception"}  # tags that change how a cell is run
# What code accesses, and how to describe it. Each name includes everything in it.
_REACHES = {
    "touches hooks of IPython or Python": """get_ipython IPython.core IPython.utils ipykernel sys.displayhook
        sys.excepthook sys.settrace sys.setprofile sys.addaudithook sys.meta_path sys.modules threading.settrace
        builtins __builtins__ __main__ ctypes""",
    "looks at frames or at objects in memory": """sys._getframe sys._current_frames inspect.currentframe inspect.stack
        inspect.trace inspect.getouterframes gc.get_objects gc.get_referrers gc.get_referents""",
    "reads what other cells held or showed": "In Out _ih _oh _i _ii _iii _dh",
    "starts or ends processes": """subprocess multiprocessing pty signal os.system os.popen os.fork os.forkpty os.kill
        os.killpg os._exit os.abort os.execv os.execve os.execvp os.execl os.execlp os.spawnv os.spawnl os.spawnvp
        os.posix_spawn""",
    "uses the network": """socket urllib.request urllib3 http.client http.server ftplib smtplib xmlrpc requests httpx
        aiohttp websocket websockets paramiko""",
    "runs text as code": "exec eval compile __import__ importlib.import_module",
    "looks into the grader": "course_lib.grading nbgrader",
}
_WORDS = {name: words for words, names in _REACHES.items() for name in names.split()}
_NAMES = {"get_ipython", "In", "Out", "_ih", "_oh", "_i", "_ii", "_iii", "_dh", "__builtins__", "__import__"}
_BUILT_IN = _NAMES | {"exec", "eval", "compile"}
_ATTRIBUTES = {
    "_render_traceback_": "touches hooks of IPython or Python",
    **dict.fromkeys(
        ("f_back", "f_globals", "f_locals", "tb_frame", "__globals__"), "looks at frames or at objects in memory"
    ),
}
_PATCHED = {"course_lib", "numpy", "tensorflow", "keras", "skimage", "sys", "builtins", "IPython", "inspect"}
_HARMLESS = re.compile(r"get_ipython\(\)\.(run_line_magic|run_cell_magic|magic)")
_PROGRAM = re.compile(r"^[ \t]*+(?:\w[\w, ]*+=[ \t]*+)?(!.*|%(?:sx|system|pip|conda)\b.*)", re.MULTILINE)
# The same in C++, which is not parsed: words that a kernel never needs.
_CPP = {
    "starts or ends processes": r"(?:system|popen|v?fork|clone|exec[lv]\w*|posix_spawn\w*|kill|signal|_?exit)\s*\(",
    "uses the network": r"(?:socket|connect|getaddrinfo)\s*\(",
    "reads or writes files": r"(?:f?open(?:at)?|mmap)\s*\(|[io]?fstream\b",
    "includes a file": r"#\s*(?:include|embed)\b[^\n]*|\.incbin\b",
    "looks past C++": r"(?:asm|__asm__|syscall|dlopen|dlsym)\b|\bconstructor\b",
}
_IN_CPP = {words: re.compile(rf"(?<![\w.]){pattern}") for words, pattern in _CPP.items()}
_SCRIPT = re.compile(r"\s*%%(?:!|bash|sh|script|system|sx|perl|ruby|python3?|pypy)")


def find_audit_flags(cells: Sequence[Cell], template: Template) -> list[str]:
    """List what an instructor may want to look at; none of it proves cheating.

    The text is read, not run, so a determined learner can hide things from it. Cells that are the same as in the
    release are left out.

    Parameters
    ----------
    cells : sequence of Cell
        The submitted cells.
    template : Template
        The template of the unit.

    Returns
    -------
    list of str
        ``cell <number> <fact>``, in the order of the notebook.
    """
    flags = []
    released = {text for texts in template.texts for text in texts}
    lengths = accumulate(len(cell.source) for cell in cells)
    seen = {cell.number for cell, length in zip(cells, lengths, strict=True) if length <= MAX_TEXT_CHARS}
    trees = {cell.number: parse_roughly(cell.source) for cell in cells if cell.kind == "code" and cell.number in seen}
    names = dict(pair for tree in trees.values() if tree for pair in imported(tree))
    kernels = [tree for cell in cells if (tree := trees.get(cell.number)) and is_cpp(cell.source)]
    names |= {name: f"course_lib.native.{name}" for tree in kernels for name in bound(tree)}
    own = {name for tree in trees.values() if tree for name in bound(tree)}
    helpers = _helpers(template)
    for cell in cells:
        facts = list(_changed(cell, template))
        tree = trees.get(cell.number)
        if cell.number not in seen:
            facts.append("was not looked through: there is too much text")
        elif cell.kind == "code" and cell.source.strip() not in released:
            cpp = is_cpp(cell.source)
            facts += _in_cpp(cell.source) if cpp else _programs(cell.source)
            if tree:
                reached = set() if cpp else {*_reached(tree, names, own), *_patched(tree, names)}
                facts += sorted(reached | {*_redefined(tree, helpers)})
        flags += [f"cell {cell.number} {fact}" for fact in facts]
    return flags[:MAX_FLAGS] + [f"and {len(flags) - MAX_FLAGS} more"] * (len(flags) > MAX_FLAGS)


def _changed(cell: Cell, template: Template) -> Iterator[str]:
    """Yield the changes to a test."""
    claimed = claims(cell, template)
    if not claimed or not claimed <= {*template.fixed}:
        return
    index = min(claimed)
    if cell.source.strip() not in template.texts[index]:
        yield f"changes the test '{template.name(index)}'"
    for tag in sorted(_SKIPS & {*cell.tags}):
        yield f"tags the test '{template.name(index)}' as {tag}"
    points = template.cells[index].metadata.nbgrader.get("points")
    if cell.nbgrader.get("points", points) != points:
        yield f"gives the test '{template.name(index)}' other points: {cell.nbgrader['points']!r:.20}"


def _programs(source: str) -> list[str]:
    lines = [source.split("\n", 1)[0]] if _SCRIPT.match(source) else _PROGRAM.findall(source)
    return [f"starts a program: {line.strip()[:60]}" for line in lines]


def _in_cpp(source: str) -> Iterator[str]:
    """Yield what a C++ cell accesses."""
    for words, pattern in _IN_CPP.items():
        for found in dict.fromkeys(match[0].strip(" (") for match in pattern.finditer(source)):
            yield f"{words}: {found[:60]}"


def _reached(tree: ast.AST, names: dict[str, str], own: set[str]) -> Iterator[str]:
    """Yield what a cell accesses in Python, IPython and imported modules, but not in the learner's own names."""
    known = {path.split(".")[0] for path in names.values()} | (_BUILT_IN - own)
    for path in paths(tree, names):
        parts = path.split(".")
        starts = (".".join(parts[: length + 1]) for length in range(len(parts)))
        words = next((_WORDS[start] for start in starts if start in _WORDS), "") if parts[0] in known else ""
        if path.startswith("get_ipython()") and not _HARMLESS.match(path):
            words = _WORDS["get_ipython"]
        words = words or next((_ATTRIBUTES[part] for part in parts if part in _ATTRIBUTES), "")
        if words:
            yield f"{words}: {path[:60]}"
    for name in _ATTRIBUTES.keys() & bound(tree):
        yield f"{_ATTRIBUTES[name]}: {name}"


def _patched(tree: ast.AST, names: dict[str, str]) -> Iterator[str]:
    """Yield what a cell changes in libraries that tests use."""
    for node in ast.walk(tree):
        path = ""
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            path = path_of(node, names)
        elif isinstance(node, ast.Call) and (attribute := named_attribute(node, "setattr")):
            path = f"{path_of(node.args[0], names)}.{attribute}"
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            path = path_of(node.value, names)
            path = path if path.endswith(".__dict__") else ""
        if path.split(".")[0] in _PATCHED & {name.split(".")[0] for name in names.values()}:
            yield f"writes into a library: {path[:60]}"


def _helpers(template: Template) -> set[str]:
    """Return the names that tests import from the course."""
    trees = (parse_roughly(template.cells[index].source) for index in template.fixed)
    pairs = (pair for tree in trees if tree for pair in imported(tree))
    return {name for name, path in pairs if path.startswith("course_lib.checks.")}


def _redefined(tree: ast.Module, helpers: set[str]) -> Iterator[str]:
    """Yield the helpers of tests that a cell redefines, at its top level or as a global name."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        given: set[str] = set()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            within = (name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names)
            given = {node.name, *within}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            given = {node.id}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            given = {name for name, path in imported(node) if not path.startswith("course_lib.checks.")}
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            waiting += ast.iter_child_nodes(node)
        for name in given & helpers:
            yield f"gives another meaning to {name}, which tests use"
