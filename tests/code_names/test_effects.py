import pytest

from course_lib.code_names.effects import Effects, effects

IMPORTS = "import numpy as np\n"


@pytest.mark.parametrize(
    ("cell", "defines", "objects"),
    [
        ("x = 1", {"x"}, set()),
        ("x = (1, 'a', -2.5)", {"x"}, set()),
        ("x = [1]", {"x"}, {"x"}),
        ("x: int = f(1)", {"x"}, {"x"}),
        ("def f(a):\n    b = a\n    return b", {"f"}, set()),
        ("class A:\n    size = 3\n    def area(self):\n        side = self.size\n        return side", {"A"}, set()),
        ("for i in range(3):\n    total = i", {"i", "total"}, {"i", "total"}),
        ("with open('x') as f:\n    pass", {"f"}, {"f"}),
        ("import a.b, c as d\nfrom e import f as g", {"a", "d", "g"}, set()),
        ("[x for x in y if (z := x)]", {"z"}, {"z"}),
        ("def f():\n    global made\n    made = []", {"f", "made"}, {"made"}),
        ("del x", {"x"}, {"x"}),
        ("match p:\n    case [a, *b]:\n        pass", {"a", "b"}, {"a", "b"}),
        ("try:\n    pass\nexcept E as error:\n    pass", {"error"}, {"error"}),
        ("double = lambda x: 2 * x", {"double"}, set()),
    ],
)
def test_names_that_a_cell_defines(cell: str, defines: set[str], objects: set[str]) -> None:
    found = effects(cell)
    assert (found.defines, found.objects) == (defines, objects)


@pytest.mark.parametrize(
    ("cell", "uses"),
    [
        ("def f(a):\n    return a * scale + [k for k in a][0]", {"scale"}),
        ("def f(a):\n    def g(b):\n        return a + b + c\n    return g", {"c"}),
        ("class A(B):\n    size = S\n    def get(self):\n        return size", {"B", "S", "size"}),
        ("def f(a):\n    return [x for x in a] + x", {"x"}),
        ("@wrap\ndef f(a=default) -> Kind: ...", {"wrap", "default", "Kind"}),
        ("%matplotlib inline\nplot(x)", {"plot", "x"}),
    ],
)
def test_names_that_a_cell_uses_in_functions_too(cell: str, uses: set[str]) -> None:
    assert effects(cell).uses == uses


@pytest.mark.parametrize(
    ("cell", "computes"),
    [
        ("'''words'''\nimport a\nx = -1\ndef f(): ...\nclass A:\n    y = 2\n    def g(self): ...", False),
        ("x = f(1)", True),
        ("print(1)", True),
        ("class A:\n    print(1)", True),
        ("for x in y: pass", True),
        ("x.y = 1", True),
    ],
)
def test_whether_a_cell_only_defines(cell: str, computes: bool) -> None:
    assert effects(cell).computes == computes


@pytest.mark.parametrize(
    ("cell", "sets"),
    [
        (f"{IMPORTS}np.clip = mine", {"np"}),
        (f"{IMPORTS}np.random.seed(1)", {"np"}),
        (f"{IMPORTS}seeded = np.random.seed(1)", {"np"}),
        (f"{IMPORTS}x = np.sqrt(2)", set()),
        ("double.calls = 0", {"double"}),
        ("table['a'][0] = 1", {"table"}),
        ("del table['a']", {"table"}),
        ("print(table['a'])", set()),
    ],
)
def test_what_running_a_cell_changes(cell: str, sets: set[str]) -> None:
    assert effects(cell).sets == sets


@pytest.mark.parametrize(
    ("cell", "called", "passed"),
    [
        ("def f():\n    global n\n    n = n + 1", {"n"}, set()),
        ("def f(x):\n    cache[x] = 1\n    return cache", {"cache"}, {"cache"}),
        ("def f(x):\n    f.calls += 1", {"f"}, set()),
        ("def f(x, seen=[]):\n    seen.append(x)", {"f"}, set()),
        ("def f(x, *, seen={}):\n    return x", {"f"}, set()),
        ("class A:\n    seen = []", {"A"}, set()),
        ("class A:\n    def put(self, x):\n        self.x = x", set(), set()),
        (f"{IMPORTS}def f():\n    np.clip = None", {"np"}, set()),
        (f"{IMPORTS}def f():\n    np.random.seed(0)", {"np"}, set()),
        (f"{IMPORTS}def f(x):\n    return np.dot(x, weights) + weights.sum()", set(), set()),
        (f"{IMPORTS}def f(x):\n    np.add(x, 1, out=buffer)", set(), {"buffer"}),
        ("def f():\n    return rng.normal()", set(), {"rng"}),
        ("def f():\n    fill(buffer)", set(), {"buffer"}),
        ("def f():\n    mine = buffer\n    mine[0] = 1", set(), {"buffer"}),
        ("def f(x):\n    x[0] = 1\n    y = x\n    y.sort()", set(), set()),
        ("def f():\n    return len(items) + next(numbers)", set(), {"numbers"}),
    ],
)
def test_what_calling_its_functions_changes(cell: str, called: set[str], passed: set[str]) -> None:
    found = effects(cell)
    assert (found.called, found.passed) == (called, passed)


@pytest.mark.parametrize(
    "cell",
    ["from numpy import *", "exec(text)", "globals()['x'] = 1", "setattr(a, 'b', 1)", "%run other.py", "!ls", "a b c"],
)
def test_a_cell_that_may_do_anything(cell: str) -> None:
    found = effects(cell)
    assert found.dynamic
    assert not found.dynamic_called


@pytest.mark.parametrize(
    "body", ["exec(text)", "vars(x)['y'] = 1", "type(self).count += 1", "self.__class__.count = 1", "x.__dict__"]
)
def test_a_function_that_may_do_anything(body: str) -> None:
    found = effects(f"def f(self, x):\n    {body}")
    assert found.dynamic_called
    assert not found.dynamic


def test_a_function_in_cpp() -> None:
    assert effects("%%cpp sample\nvoid sample(const float* map) { exec(map); }") == Effects(defines={"sample"})


@pytest.mark.parametrize("cell", ["", "# nothing yet", "%matplotlib inline", "x = 1", "f?", "x.run_line_magic()"])
def test_an_ordinary_cell(cell: str) -> None:
    assert not effects(cell).dynamic
