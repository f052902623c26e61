import pytest

from course_lib.code_names.free_names import free_names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("f(x)\nlen(x)", {"f", "x"}),
        ("import numpy as np\nfrom a.b import c\nnp.ones(c.d.e)", set()),
        ("y = 2\ndel y\nz: int = y", set()),
        ("def g(a, *rest, b=other, **more):\n    c = a\n    return h(c, a, b, rest, more)\ng(1)", {"h", "other"}),
        ("def g():\n    global made\n    made = 1\ng()\nmade", set()),
        ("def outer():\n    value = 1\n    def inner():\n        return value + far\n    return inner", {"far"}),
        ("class A(Base):\n    size = 3\n    def area(self):\n        return self.size * factor", {"Base", "factor"}),
        ("[i * k for i in items if i > least]", {"k", "items", "least"}),
        ("f'{name:>{width}}'; lambda q: q + bias", {"name", "width", "bias"}),
        ("for n in range(3):\n    pass\nwith cm() as m:\n    m(n)\n(w := 1)\nw", {"cm"}),
        ("try:\n    a()\nexcept Odd as error:\n    print(error)", {"a", "Odd"}),
        ("@decorate\ndef f(x: Kind) -> Other: ...", {"decorate", "Kind", "Other"}),
        ("match point:\n    case (u, v):\n        u + v", {"point"}),
    ],
)
def test_names_that_a_text_does_not_define(source: str, names: set[str]) -> None:
    assert free_names(source) == names


def test_what_is_no_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        free_names("def f(:")
