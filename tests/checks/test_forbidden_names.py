"""An exercise cannot be solved by what its statement rules out, whatever that is called."""

import functools
import re

import numpy as np
import pytest
from skimage import transform
from skimage.transform import rescale
from skimage.transform import rescale as enlarge

from course_lib.checks import CheckFailed, forbid_names
from tests.support.learner import learner

# Names from cells before: a library's function by itself, under another name, and inside something else.
BEFORE = {
    "np": np,
    "transform": transform,
    "rescale": rescale,
    "enlarge": enlarge,
    "partial": functools.partial(rescale, order=1),
    "functools": functools,
}
FORBIDDEN = {
    "direct": "def f(x):\n    return rescale(x, 2)",
    "attribute": "def f(x):\n    return transform.rescale(x, 2)",
    "alias": "def f(x):\n    return enlarge(x, 2)",
    "alias in a cell": "up = transform.rescale\ndef f(x):\n    return up(x, 2)",
    "alias in the function": "def f(x):\n    up = transform.rescale\n    return up(x, 2)",
    "import inside": "def f(x):\n    from skimage.transform import rescale as up\n    return up(x, 2)",
    "import of the module inside": "def f(x):\n    import skimage.transform as images\n    return images.rescale(x, 2)",
    "helper": "def helper(x):\n    return rescale(x, 2)\ndef f(x):\n    return helper(x)",
    "helper of a helper": "def a(x):\n    return rescale(x, 2)\ndef b(x):\n    return a(x)\ndef f(x):\n    return b(x)",
    "helpers in a circle": "def a(x):\n    return f(x)\ndef f(x):\n    return a(x) if x else rescale(x, 2)",
    "lambda": "up = lambda x: rescale(x, 2)\ndef f(x):\n    return up(x)",
    "function inside": "def f(x):\n    def up():\n        return rescale(x, 2)\n    return up()",
    "comprehension": "def f(x):\n    return [rescale(row, 2) for row in x]",
    "class": "class Up:\n    def go(self, x):\n        return rescale(x, 2)\ndef f(x):\n    return Up().go(x)",
    "object": "class A:\n    def __call__(self, x):\n        return rescale(x, 2)\na = A()\ndef f(x):\n    return a(x)",
    "partial": "def f(x):\n    return partial(x, 2)",
    "default": "def f(x, up=enlarge):\n    return up(x, 2)",
    "closure": "def make(up):\n    return lambda x: up(x, 2)\nf = make(enlarge)",
    "decorated": "@functools.lru_cache\ndef f(x):\n    return rescale(x, 2)",
    "partial of a helper": "def a(x, y):\n    return rescale(x, y)\nf = functools.partial(a, y=2)",
    "the library's own": "f = enlarge",
    "a lambda itself": "f = lambda x: rescale(x, 2)",
}
FAIR = {
    "own code": "def f(x):\n    return np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)",
    "local name": "def f(x):\n    rescale = 2\n    return x * rescale",
    "local name in a comprehension": "def f(x):\n    rescale = 2\n    return [rescale * y for y in x]",
    "local name inside": "def f(x):\n    def g(y):\n        rescale = 2\n        return rescale * y\n    return g(x)",
    "argument": "def f(x, rescale=2):\n    return x * rescale",
    "keyword": "def g(x, **options):\n    return x\ndef f(x):\n    return g(x, rescale=2)",
    "annotation": "def f(x: transform.rescale) -> rescale:\n    y: rescale = x\n    return y",
    "words": "def f(x):\n    '''Not with rescale.'''\n    # rescale(x, 2)\n    return 'rescale'",
    "a helper of its own with that name": "def rescale(x, y):\n    return x * y\ndef f(x):\n    return rescale(x, 2)",
    "its own name": "class rescale:\n    size = 2\n    def go(self, x):\n        return rescale.size * x\nf = rescale",
    "another cell": "def other(x):\n    return rescale(x, 2)\ndef f(x):\n    return x",
    "a helper of that name as attribute": "def a(x):\n    return rescale(x, 2)\ndef f(x):\n    return x.a",
    "recursion": "def f(x):\n    return f(x - 1) if x else 0",
    "lambda": "f = lambda x: 2 * x",
    "data": "photo = np.zeros(3)\ndef f(x):\n    return photo + x",
    "empty variable": "def f(x):\n    def g():\n        return later\n    if x:\n        later = 1\n    return g",
}


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_help_is_found(code: str) -> None:
    function = learner(code, **BEFORE)
    with pytest.raises(CheckFailed) as failed:
        forbid_names(function, "resize", "rescale")
    first, second = failed.value.message.splitlines()
    assert re.search(r" uses (`\w+` \()?`rescale`\)?, which the statement does not allow$", first)
    assert second == "  expected: your own code; the statement says what you may use"


@pytest.mark.parametrize("code", FAIR.values(), ids=FAIR)
def test_fair_work_is_left_alone(code: str) -> None:
    forbid_names(learner(code, **BEFORE), "resize", "rescale")


@pytest.mark.parametrize("name", ["alias", "attribute", "import inside", "partial", "the library's own"])
def test_a_module_may_be_forbidden(name: str) -> None:
    with pytest.raises(CheckFailed, match="transform`"):
        forbid_names(learner(FORBIDDEN[name], **BEFORE), "transform")


@pytest.mark.parametrize(
    ("code", "forbidden", "words"),
    [
        (FORBIDDEN["direct"], "rescale", "`rescale`"),
        (FORBIDDEN["attribute"], "rescale", "`rescale`"),
        (FORBIDDEN["attribute"], "skimage", "`transform.rescale` (`skimage`)"),
        (FORBIDDEN["alias"], "rescale", "`enlarge` (`rescale`)"),
        (FORBIDDEN["alias"], "skimage", "`enlarge` (`skimage`)"),
        (FORBIDDEN["helper of a helper"], "skimage", "`rescale` (`skimage`)"),
        (FORBIDDEN["function inside"], "skimage", "`rescale` (`skimage`)"),
        (FORBIDDEN["class"], "rescale", "`rescale`"),
        (FORBIDDEN["import of the module inside"], "skimage", "`skimage`"),
    ],
)
def test_the_name_is_the_one_that_the_learner_wrote(code: str, forbidden: str, words: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        forbid_names(learner(code, **BEFORE), forbidden)
    assert failed.value.message.splitlines()[0] == f"f uses {words}, which the statement does not allow"


def test_a_function_of_tensorflow() -> None:
    import tensorflow as tf

    code = "@tf.function\ndef f(x):\n    return tf.nn.conv2d_transpose(x, x, [1], 1)"
    for text in (code, code.removeprefix("@tf.function\n")):
        with pytest.raises(CheckFailed, match="conv2d_transpose`, which the statement"):
            forbid_names(learner(text, tf=tf), "conv2d_transpose")
        forbid_names(learner(text, tf=tf), "resize", "skimage")


def test_a_name_that_was_given_away() -> None:
    with pytest.raises(CheckFailed, match="your function is gone: its name now stands for 3"):
        forbid_names(3, "rescale")  # type: ignore[arg-type]
