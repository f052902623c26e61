from copy import deepcopy
from dataclasses import replace

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.answers import read_answers
from course_lib.course import Course
from course_lib.grading.restore.audit_flags import find_audit_flags
from course_lib.grading.restore.reading import Cell
from course_lib.grading.restore.template import Template, visible
from course_lib.release import read_unit
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

COURSE = Course(ROOT)
TEST = "from course_lib.checks import call, passed\ncall(double, 1.0)\npassed('double', points=1)"
MARK = {"grade": True, "solution": False, "locked": True, "points": 1, "schema_version": 3, "task": False}


def template() -> Template:
    """Of one exercise with one test."""
    solution = {**MARK, "grade": False, "solution": True, "grade_id": "double"}
    cells = [
        new_markdown_cell("# A unit", id="title"),
        new_code_cell("import numpy as np\nfrom course_lib import plots", id="imports"),
        new_code_cell("def double(x):\n    raise NotImplementedError", id="double", metadata={"nbgrader": solution}),
        new_code_cell(TEST, id="test", metadata={"nbgrader": {**MARK, "grade_id": "test_double"}}),
    ]
    return Template.of(new_notebook(cells=cells))


def as_handed_in(template: Template) -> list[Cell]:
    def cell(number: int, node: NotebookNode) -> Cell:
        metadata = deepcopy(node.metadata)
        return Cell(number, node.cell_type, visible(node.source), node.id, metadata.get("nbgrader", {}))

    return [cell(number, node) for number, node in enumerate(template.cells, 1)]


def notes(code: str, *more: str) -> list[str]:
    """Notes about a solution cell, which is the third one, and about cells behind all others."""
    cells = as_handed_in(template())
    cells[2] = replace(cells[2], source=code)
    cells += [Cell(number, "code", text) for number, text in enumerate(more, 5)]
    return find_audit_flags(cells, template())


@pytest.mark.parametrize("unit", COURSE.units_with_solutions())
def test_right_answers_give_no_notes(unit: str) -> None:
    folder = COURSE.solutions / unit
    real = Template.of(read_unit(folder / f"{unit}.md"))
    assert find_audit_flags(as_handed_in(real), real) == []
    for answer in read_answers(folder):
        cells = as_handed_in(real)
        index = real.by_name[answer.exercise]
        cells[index] = replace(cells[index], source=answer.code)
        if answer.right:
            assert find_audit_flags(cells, real) == []


ORDINARY = [
    "",
    "# only words",
    "def double(x):\n    return 2 * x",
    "%matplotlib inline\n%time x = 1",
    "%%time\nimport gc\ngc.collect()",
    "np.sinc?",
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "import sys\nsys.setrecursionlimit(9)\nprint(sys.version, file=sys.stderr)",
    "import matplotlib.pyplot as plt\nplt.title = 'a usual slip'",
    "np.random.seed(0)\nnp.set_printoptions(precision=3)\nnp.testing.assert_allclose(1, 1)",
    "from scipy import signal\nsignal.convolve([1], [1])",
    "In, Out = 3, 4\nprint(In + Out)",
    "for _i in range(3):\n    print(_i)",
    "import re\nre.compile('x')\nmodel.compile()\nmodel.eval()",
    "class Layer:\n    def __init__(self):\n        self.call = 1\n    def call(self, x):\n        return x",
    "def mine():\n    passed = 1\n    return [call for call in (passed,)]",
    "import inspect\ninspect.signature(double)",
    "import os\nos.path.join('a', 'b')\nos.environ['A'] = 'b'",
    "from course_lib.checks import call, passed",
    "from course_lib import plots\nplots.images({})",
    "from IPython.display import display\ndisplay(1)",
    "import importlib\nimportlib.reload(plots)",
    "x = 5 \\\n% 3",
    "%%cpp sample\nvoid sample(int* out) {\n  out[0] =\n!out[1] && std::clamp(out[2], 0, 1);  // opened (again)\n}",
    "def (",
    "\x00",
    "(" * 300,
    "-" * 50_000 + "1",
    "x" + ".y" * 20_000,
]


@pytest.mark.parametrize("code", ORDINARY, ids=range(len(ORDINARY)))
def test_ordinary_code_gives_no_notes(code: str) -> None:
    assert notes(code) == []


def test_the_same_names_in_other_cells_are_the_learners_own() -> None:
    assert notes("signal = np.zeros(3)\ncompile = 2", "print(signal[0], signal.shape, compile)") == []


HOOKS = "touches hooks of IPython or Python"
FRAMES = "looks at frames or at objects in memory"
READS = "reads what other cells held or showed"
PROCESSES = "starts or ends processes"
NETWORK = "uses the network"
WRITES = "writes into a library"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("get_ipython().input_transformers_post.append(f)", f"{HOOKS}: get_ipython().input_transformers_post.append"),
        ("ip = get_ipython()\nip.ast_transformers.append(f)", f"{HOOKS}: get_ipython()"),
        ("from IPython import get_ipython as g\ng().run_cell = f", f"{HOOKS}: get_ipython().run_cell"),
        ("import IPython\nIPython.get_ipython().events.register('x', f)", f"{HOOKS}: get_ipython().events.register"),
        ("import sys\nsys.displayhook = f", f"{HOOKS}: sys.displayhook"),
        ("import sys as s\ns.settrace(f)", f"{HOOKS}: sys.settrace"),
        ("import sys\ngetattr(sys, 'settrace')(f)", f"{HOOKS}: sys.settrace"),
        ("class E(Exception):\n    def _render_traceback_(self): ...", f"{HOOKS}: _render_traceback_"),
        ("AssertionError._render_traceback_ = f", f"{HOOKS}: AssertionError._render_traceback_"),
        ("from IPython.core import inputtransformer2", f"{HOOKS}: IPython.core.inputtransformer2"),
        ("import builtins\nbuiltins.print = f", f"{HOOKS}: builtins.print"),
        ("import sys\nsys._getframe(1)", f"{FRAMES}: sys._getframe"),
        ("from inspect import currentframe\ncurrentframe()", f"{FRAMES}: inspect.currentframe"),
        ("import gc\ngc.get_objects()", f"{FRAMES}: gc.get_objects"),
        ("def double(x):\n    return frame.f_back", f"{FRAMES}: frame.f_back"),
        ("In[-1]", f"{READS}: In"),
        ("def double(x):\n    return _oh", f"{READS}: _oh"),
        ("import subprocess\nsubprocess.run(['x'])", f"{PROCESSES}: subprocess.run"),
        ("import os\nos._exit(0)", f"{PROCESSES}: os._exit"),
        ("from os import fork", f"{PROCESSES}: os.fork"),
        ("if True:\n    !rm -rf /", "starts a program: !rm -rf /"),
        ("files = !ls", "starts a program: !ls"),
        ("%pip install x", "starts a program: %pip install x"),
        ("%%bash\nls", "starts a program: %%bash"),
        ("import socket", f"{NETWORK}: socket"),
        ("import urllib.request as u\nu.urlopen('x')", f"{NETWORK}: urllib.request.urlopen"),
        ("def double(x):\n    import requests", f"{NETWORK}: requests"),
        ("exec('x')", "runs text as code: exec"),
        ("__import__('os')", "runs text as code: __import__"),
        ("import course_lib.grading.scores", "looks into the grader: course_lib.grading.scores"),
        ("import course_lib.checks\ncourse_lib.checks.call = f", f"{WRITES}: course_lib.checks.call"),
        ("from course_lib import checks as c\nc.calls.call = f", f"{WRITES}: course_lib.checks.calls.call"),
        ("np.testing.assert_allclose = f", f"{WRITES}: numpy.testing.assert_allclose"),
        ("setattr(np, 'allclose', f)", f"{WRITES}: numpy.allclose"),
        ("np.__dict__['abs'] = f", f"{WRITES}: numpy.__dict__"),
        ("del np.abs", f"{WRITES}: numpy.abs"),
        ("def call(*_): ...", "gives another meaning to call, which tests use"),
        ("if True:\n    passed = print", "gives another meaning to passed, which tests use"),
        ("def double(x):\n    global passed\n    passed = print", "gives another meaning to passed, which tests use"),
        ("from mine import call", "gives another meaning to call, which tests use"),
        ("%%cpp call\nvoid call();", "gives another meaning to call, which tests use"),
        ('%%cpp sample\nint x = system("ls");', f"{PROCESSES}: system"),
        ("%%cpp sample\n# include </etc/passwd>", "includes a file: # include </etc/passwd>"),
        ("%%cpp sample\n__attribute__((constructor)) void first() {}", "looks past C++: constructor"),
        ('%%cpp sample\nstd::ifstream file("x");', "reads or writes files: ifstream"),
    ],
)
def test_facts_are_named_with_their_cell(code: str, expected: str) -> None:
    assert f"cell 3 {expected}" in notes(code)
    assert f"cell 5 {expected}" in notes("def double(x): ...", code)


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("sample.race = f", "race"),
        ("sample.__class__.__call__ = f", "__class__.__call__"),
        ("type(sample).__call__ = f", "__class__.__call__"),
        ("setattr(type(sample), 'race', f)", "__class__.race"),
        ("sample.__dict__['race'] = f", "__dict__"),
    ],
)
def test_what_is_written_into_a_kernel_is_named(code: str, path: str) -> None:
    assert f"cell 5 {WRITES}: course_lib.native.sample.{path}" in notes("%%cpp sample\nint x;", code)
    assert notes("def sample(): ...", code.replace("sample", "table")) == []


def test_each_fact_once() -> None:
    assert notes("import socket\nsocket.socket()\nsocket.socket()") == [
        "cell 3 uses the network: socket",
        "cell 3 uses the network: socket.socket",
    ]


def test_a_changed_test() -> None:
    cells = as_handed_in(template())
    points = {**cells[3].nbgrader, "points": 100}
    cells[3] = replace(cells[3], source="pass", tags=("skip-execution", "mine"), nbgrader=points)
    assert find_audit_flags(cells, template()) == [
        "cell 4 changes the test 'test_double'",
        "cell 4 tags the test 'test_double' as skip-execution",
        "cell 4 gives the test 'test_double' other points: 100",
    ]


def test_a_deleted_test_is_mended_and_no_note() -> None:
    assert find_audit_flags(as_handed_in(template())[:3], template()) == []


def test_words_and_very_long_cells() -> None:
    assert find_audit_flags([Cell(1, "markdown", "import socket")], template()) == []
    too_long = [f"cell {number} was not looked through: there is too much text" for number in (5, 6)]
    assert notes("import socket", "#" * 500_000, "x = 1") == ["cell 3 uses the network: socket", *too_long]
    assert notes("\n" * 100_000 + " " * 90_000 + "def (") == []


def test_the_list_is_bounded() -> None:
    found = notes("", *["import socket"] * 70)
    assert len(found) == 51
    assert found[-1] == "and 20 more"
