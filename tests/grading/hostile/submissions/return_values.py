"""Submissions that return objects which lie, or are too much."""

from tests.grading.hostile.submissions.case import COUNTING, Case

ALL_THINGS = """
class Evil:
    __hash__ = None
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
    __bool__ = lambda self: True
    __float__ = lambda self: 9.0
    __int__ = __index__ = __len__ = lambda self: 1
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = lambda self, other: 0
    __array__ = lambda self, *args, **kwargs: __import__('numpy').ones(2)
    __array_ufunc__ = __array_function__ = lambda self, *args, **kwargs: True
    __array_priority__ = 10**9
    __class__ = property(lambda self: float)
    __deepcopy__ = __copy__ = lambda self, *args: self
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *args, **kwargs: self
"""
RETURNS = {
    "equals everything": Case(0, f"{ALL_THINGS}\ndef double(x):\n    return Evil()"),
    "is everything": Case(0, f"{ALL_THINGS}\ndouble = Evil()"),
    "counts with everything": Case(
        0, f"{ALL_THINGS}\ndef upto(n):\n    return [Evil() for _ in range(n)]", unit=COUNTING
    ),
    "subclass of ndarray": Case(
        0,
        """import numpy as np
class A(np.ndarray):
    __eq__ = __lt__ = lambda self, other: np.bool_(True)
    __array_ufunc__ = __array_function__ = lambda self, *args, **kwargs: np.bool_(True)
    __array_wrap__ = __array_finalize__ = lambda self, *args, **kwargs: None
def double(x):
    return np.zeros(np.shape(x)).view(A)
""",
        message="got",
    ),
    "subclass of float": Case(
        0,
        """class F(float):
    __hash__ = float.__hash__
    __eq__ = __lt__ = __le__ = __bool__ = lambda *args: True
    __sub__ = __rsub__ = __abs__ = lambda *args: 0.0
def double(x):
    return F(9)
""",
        message="got",
    ),
    "subclass of str": Case(
        0,
        """class S(str):
    __hash__ = str.__hash__
    __eq__ = __lt__ = lambda *args: True
    __array__ = lambda *args, **kwargs: 4.0
def double(x):
    return S('4.0')
""",
    ),
    "subclass of list": Case(
        0,
        "class L(list):\n    __eq__ = lambda *args: True\n    __contains__ = lambda *args: True\n"
        "def upto(n):\n    return L([7] * n)",
        unit=COUNTING,
    ),
    "returns 300 MB": Case(0, "import numpy as np\ndef double(x):\n    return np.zeros(300_000_000, np.uint8)"),
    "returns 10 million objects": Case(0, "def double(x):\n    return list(range(10_000_000))"),
    "returns itself": Case(0, "def double(x):\n    x = []\n    x.append(x)\n    return x", message="hold itself"),
    "returns a deep list": Case(
        0, "def double(x):\n    x = 4.0\n    for _ in range(100_000):\n        x = [x]\n    return x"
    ),
    "returns a long text": Case(0, "def double(x):\n    return 'x' * 10_000_000"),
    "returns an empty array of any size": Case(
        0, "import numpy as np\ndef double(x):\n    return np.zeros((0, 2**40))"
    ),
    "returns a long number": Case(0, "def double(x):\n    return 10**1_000_000"),
    "returns an endless generator": Case(0, "import itertools\ndef double(x):\n    return itertools.count()"),
    "counts on and on": Case(
        0,
        "import itertools\ndef upto(n):\n    yield from itertools.count()",
        unit=COUNTING,
        message="stopped after|no end",
    ),
    "lies about its length": Case(
        0,
        "class L:\n    __len__ = lambda self: 2**60\n    __iter__ = lambda self: iter([0, 1, 2, 7])\n"
        "def upto(n):\n    return L()",
        unit=COUNTING,
        message="Error",
    ),
    "a set of numbers that collide": Case(
        0,
        "class S(set):\n    __iter__ = lambda self: iter([k * (2**61 - 1) for k in range(150_000)])\n"
        "def double(x):\n    return S()",
    ),
    "changes what it is given": Case(
        0,
        "import numpy as np\ndef double(x):\n    if isinstance(x, list):\n        x[:] = [0.0] * len(x)\n"
        "    return 0 * np.asarray(x)",
    ),
}
