"""What a function makes use of is read off the text of cells as it is read off the function itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.checks.names import names_used
from course_lib.code_names.static_names import StaticNames
from tests.checks.test_forbidden_names import BEFORE, FAIR, FORBIDDEN
from tests.support.learner import learner

pytestmark = pytest.mark.slow

# The names of BEFORE as cells of a notebook define them.
CELLS = """
import functools

import numpy as np
from skimage import transform
from skimage.transform import rescale
from skimage.transform import rescale as enlarge

partial = functools.partial(rescale, order=1)
"""


def used(*cells: str, name: str = "f") -> set[str]:
    return StaticNames([CELLS, *cells]).used_by(name)


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_help_is_found(code: str) -> None:
    assert "rescale" in used(code)
    assert "rescale" in names_used(learner(code, **BEFORE))


@pytest.mark.parametrize("code", FAIR.values(), ids=FAIR)
def test_fair_work_is_left_alone(code: str) -> None:
    assert not {"resize", "rescale"} & used(code)


@pytest.mark.parametrize("name", ["alias", "attribute", "import inside", "partial", "the library's own"])
def test_a_module_may_be_forbidden(name: str) -> None:
    assert "transform" in used(FORBIDDEN[name])


@pytest.mark.parametrize(
    "code",
    [
        "from skimage.transform import *\ndef f(x):\n    return rescale(x, 2)",
        "from skimage.transform import *\nup = rescale\ndef f(x):\n    return up(x, 2)",
        "up, down = transform.rescale, transform.resize\ndef f(x):\n    return up(x, 2)",
        "[up, *rest] = rescale, 1\ndef f(x):\n    return up(x, 2)",
        "up = again = rescale\ndef f(x):\n    return again(x, 2)",
        "up: object = rescale\ndef f(x):\n    return up(x, 2)",
        "up = [rescale][0]\ndef f(x):\n    return up(x, 2)",
        "tools = {'up': rescale}\ndef f(x):\n    return tools['up'](x, 2)",
        "up = rescale if 1 else None\ndef f(x):\n    return up(x, 2)",
        "up = getattr(transform, 'rescale')\ndef f(x):\n    return up(x, 2)",
        "import importlib\nup = importlib.import_module('skimage.transform').rescale\ndef f(x):\n    return up(x, 2)",
        "if (up := rescale):\n    pass\ndef f(x):\n    return up(x, 2)",
        "for up in [rescale]:\n    pass\ndef f(x):\n    return up(x, 2)",
        "with open('x') as file, rescale as up:\n    pass\ndef f(x):\n    return up(x, 2)",
        "try:\n    from skimage.transform import rescale as up\nexcept ImportError:\n    up = 0\ndef f(x):\n    up(x)",
        "match 1:\n    case 1:\n        up = rescale\ndef f(x):\n    return up(x)",
        "def setup():\n    global up\n    up = rescale\nsetup()\ndef f(x):\n    return up(x)",
        "def swap(function):\n    return rescale\n@swap\ndef f(x):\n    return x",
        "def wrap(up):\n    return lambda function: up\n@wrap(rescale)\ndef f(x):\n    return x",
        "class Base:\n    def go(self, x):\n        rescale(x)\nclass Up(Base):\n    pass\ndef f(x):\n    Up().go(x)",
        "class Up(object):\n    go = staticmethod(rescale)\ndef f(x):\n    return Up.go(x)",
        "class Tools:\n    pass\ntools = Tools()\nup = Tools(rescale)\ndef f(x):\n    return up(x)",
        "import skimage.transform as t\ndef f(x):\n    return t.rescale(x)",
        "%matplotlib inline\n!ls\ndef f(x):\n    return rescale(x)",
        "def f(x):\n    async def g():\n        return rescale(x)\n    return g",
        "f = lambda x, up=rescale: up(x)",
    ],
)
def test_disguises_are_seen_through(code: str) -> None:
    assert "rescale" in used(code)


@pytest.mark.parametrize(
    "code",
    [
        "photo = rescale(np.zeros((3, 3)), 2)\ndef f(x):\n    return photo + x",
        "photo = rescale(np.zeros((3, 3)), 2)[0] / 255 @ np.eye(3)\ndef f(x):\n    return photo + x",
        "photos = [rescale(x, 2) for x in (np.zeros(3), np.ones(3))]\ndef f(x):\n    return photos",
        "rows = np.asarray(rescale(np.eye(3), 2)).shape[0]\ndef f(x):\n    return rows",
        "@functools.lru_cache(maxsize=3)\ndef f(x):\n    return x",
        "def f(x):\n    return undefined(x)",
        "f = 3",
    ],
)
def test_data_that_a_library_made_is_no_help(code: str) -> None:
    assert "rescale" not in used(code)


def test_a_helper_in_the_same_cell_may_have_any_name() -> None:
    helper = "def rescale(x):\n    return resize(x)\n"
    code = "class f:\n    end = 3\n    def go(self, x):\n        return rescale(x) + f.end\n"
    assert not {"rescale", "f"} & used(helper + code)
    assert {"rescale", "resize"} <= used(helper, code)  # that of another exercise may be ruled out
    assert "resize" in used(helper + code)


def test_the_last_definition_counts() -> None:
    tried, own = "def f(x):\n    return rescale(x)", "def f(x):\n    return x"
    assert "rescale" not in used(tried, own)
    assert "rescale" in used(own, tried)
    assert "rescale" in used(tried, f"if np:\n    {own.replace(chr(10), chr(10) + '    ')}")
    helper = "def g(x):\n    return rescale(x)"
    assert "rescale" not in used(helper, "def f(x):\n    return g(x)", "def g(x):\n    return x")


def test_a_name_that_no_cell_defines_may_be_anything() -> None:
    hidden = "globals()['f'] = rescale"
    assert {"rescale", "globals", "numpy"} <= used(hidden)
    assert {"rescale"} <= used("def f(x) return rescale(x)")


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None)
@given(st.text() | st.text("()[]{}=:,. \n@*defrtunglobcs"))
def test_any_text_can_be_read(cell: str) -> None:
    StaticNames([CELLS, cell, "def f(x):\n    return rescale(x)"]).used_by("f")


@pytest.mark.parametrize("cell", ["(" * 10_000, "-" * 100_000 + "1", "a" + ".a" * 20_000, "\x00", "x = 1\n" * 10_000])
def test_no_text_is_too_much(cell: str) -> None:
    assert "rescale" in used(cell, "def f(x):\n    return rescale(x)")


@pytest.mark.parametrize("magic", ["%%time\n", "%%capture said\n", "\n%%time\n"])
def test_a_cell_that_is_timed_or_captured_is_read_like_others(magic: str) -> None:
    cell = f"{magic}def f(x):\n    return helper(x)"
    assert StaticNames(["import numpy as np\nnp.arange(3)", cell]).used_by("f") == {"helper"}


@pytest.mark.parametrize("magics", ["%matplotlib inline\n", "!ls\n", "f?\n", "files = !ls\n" * 10])
def test_a_cell_with_magics_is_read_as_python(magics: str) -> None:
    cell = f"{magics}def f(x):\n    return helper(x)"
    assert StaticNames(["import numpy as np\nnp.arange(3)", cell]).used_by("f") == {"helper"}


@pytest.mark.parametrize("magics", ["a?\n" * 600, "!ls\n" * 600, "/f x\n" * 600, "%time\n" + "x = 1\n" * 10_000])
def test_a_cell_with_very_many_magics_may_do_anything(magics: str) -> None:
    """IPython needs minutes to read such a cell."""
    assert "rescale" in used(f"{magics}def f(x):\n    return x")
