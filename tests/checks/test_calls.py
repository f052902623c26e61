"""The messages about calls that go wrong, before any value is compared."""

import copy
import functools
import os
import re
from typing import Any

import numpy as np
import pytest

from course_lib.checks import CheckFailed, Result, call, call_for_effect, raises
from tests.support.learner import learner, message_of

NOTEBOOK = learner("import numpy as np\nimport statistics\n\ndef f(x):\n    return x\n").__globals__


def failed(code: str, *args: object, **kwargs: object) -> list[str]:
    """The lines of a message about a function called f."""
    args, kwargs = copy.deepcopy((args, kwargs))
    return message_of(lambda: call(learner(code, **NOTEBOOK), *args, **kwargs)).splitlines()


def test_what_came_is_kept_with_what_went_in() -> None:
    got = call(learner("def f(x, factor=2):\n    return x * factor"), 3, factor=4)
    assert got == Result(12, "f(3, factor=4)")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (3, "f(3)"),
        (True, "f(True)"),
        (0.1 + 0.2, "f(0.3)"),
        (16_384_000_000, "f(16384000000)"),
        ("edge", "f('edge')"),
        ("x" * 100, f"f('{'x' * 58}…)"),
        (None, "f(None)"),
        ([1, 2], "f([1, 2])"),
        ((1, 2), "f((1, 2))"),
        ([np.array([[1.0, 2.0]]), np.zeros((4, 6))], "f([[[1., 2.]], array 4×6 float64, from 0 to 0])"),
        ([np.zeros(30)] * 4, "f(list of 4)"),
        (list(range(100)), "f(list of 100)"),
        (np.array([1.0, 2.5]), "f([1. , 2.5])"),
        (np.array([[1, 2], [3, 4]]), "f([[1, 2], [3, 4]])"),
        (np.zeros((4, 6), np.float32), "f(array 4×6 float32, from 0 to 0)"),
        (np.zeros((0, 3)), "f(array 0×3 float64, empty)"),
        (np.full((4, 6), np.nan), "f(array 4×6 float64, 24 of them not finite)"),
        (np.full((40, 6), np.nan), "f(array 40×6 float64, 240 of them not finite)"),
        (np.mean, "f(mean)"),
        (np.float64, "f(float64)"),
    ],
)
def test_what_went_in_is_written_as_a_call(argument: object, words: str) -> None:
    assert call(learner("def f(x):\n    return 1"), argument).given == words


@pytest.mark.parametrize("value", [[1.0, 2.0], (1.0, 2.0), np.array([1.0, 2.0])], ids=["list", "tuple", "array"])
def test_numbers_come_in_any_form(value: object) -> None:
    call(learner("def f(x):\n    return x"), value).has_shape(2).equals([1, 2])


def test_tensors_come_as_well() -> None:
    import tensorflow as tf

    code = "def f(x):\n    return tf.constant(x) * 2"
    got = call(learner(code, tf=tf), np.array([1.0, 2.0], np.float32)).has_dtype("float32").equals([2, 4])
    assert "got:          array 2 float32 [2. 4.]" in message_of(lambda: got.equals([1, 3]))
    symbolic = Result(tf.keras.Input((3,)), "f(x)")
    assert "expected:     numbers" in message_of(lambda: symbolic.has_shape(3))
    lines = message_of(
        lambda: call(learner("def f(x):\n    return tf.matmul(x, x)", tf=tf), np.ones((2, 3)))
    ).splitlines()
    assert lines[1].startswith("  your function raised InvalidArgumentError: Matrix size-incompatible")


def test_a_call_that_does_not_fit() -> None:
    assert failed("def f(x, y):\n    return x", 3) == [
        "f(3)",
        "  the call does not fit your function: missing a required argument: 'y'",
        "  likely cause: the first line of the function was changed; yours is f(x, y)",
    ]


def test_a_name_that_was_given_away() -> None:
    for value, words in (
        (np.zeros((40, 6)), "array 40×6 float64, from 0 to 0"),
        (3, "3"),
        ("x", "'x'"),
        (None, "None"),
    ):
        expected = [
            f"your function is gone: its name now stands for {words}",
            "  likely cause: a cell assigns to this name; use another name there and run your function's cell again",
        ]
        function: Any = value
        assert message_of(lambda function=function: call(function, 1)).splitlines() == expected  # type: ignore[misc]
        with pytest.raises(CheckFailed, match="your function is gone"):
            raises(ValueError, function, 1)


def test_a_function_without_a_signature_is_called() -> None:
    call(np.dot, 2, 3).equals(6)


def test_a_function_of_another_kind_has_a_name() -> None:
    partial = functools.partial(learner("def f(x, y):\n    return x + y"), 1)
    assert call(partial, 2) == Result(3, "partial(2)")
    assert call(learner("f = lambda x: x"), 2).value == 2


def test_an_exception_is_told_with_its_line() -> None:
    assert failed("def f(x):\n    y = {}\n    return y['a']  # here", 3) == [
        "f(3)",
        "  your function raised KeyError: 'a'",
        "  in line 3 of its cell: return y['a']  # here",
        "  likely cause: the dictionary does not have this key",
    ]


def test_the_line_is_the_learners_own() -> None:
    """Not one of a library's, and that of the helper if it is the helper that failed."""
    assert (
        failed("def f(x):\n    return statistics.mean(x)", [])[2]
        == "  in line 2 of its cell: return statistics.mean(x)"
    )
    helped = failed("def f(x):\n    return g(x)\n\ndef g(x):\n    return 1 / x", 0)
    assert helped[1:] == [
        "  your function raised ZeroDivisionError: division by zero",
        "  in line 5 of its cell: return 1 / x",
        "  with x: 0",
        "  likely cause: something is divided by 0: is this case handled?",
    ]


def test_an_exception_without_words_or_line() -> None:
    assert failed("def f(x):\n    raise ValueError", 1)[1] == "  your function raised ValueError"
    assert message_of(lambda: call(np.linalg.inv, np.zeros((2, 2)))).splitlines() == [
        "inv([[0., 0.], [0., 0.]])",
        "  your function raised LinAlgError: Singular matrix",
    ]


@pytest.mark.parametrize("code", ["def f(x):\n    raise MemoryError", "def f(x):\n    return np.ones((10**6, 10**7))"])
def test_too_much_memory_has_a_likely_cause(code: str) -> None:
    assert failed(code, 1)[-1].startswith("  likely cause: it asks for more memory than there is")


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("x + 1", "a `return` is missing, or was not reached"),
        ("if x > 5:\n        return x", "a `return` is missing, or was not reached"),
        ("print(x + 1)", "`print` only shows a value: hand it back with `return`"),
        ("return print(x)", "`print` only shows a value: hand it back with `return`"),
        *(
            (body, "a `return` is missing: there is nothing yet that makes a result")
            for body in ("...", "pass", "'a docstring'\n    ...", "return None")
        ),
    ],
)
def test_nothing_is_returned(body: str, cause: str) -> None:
    assert failed(f"def f(x):\n    {body}", 3) == ["f(3)", "  got: None", f"  likely cause: {cause}"]


def test_the_end_of_the_program_is_reported() -> None:
    """Plain Python's `exit` raises SystemExit; that of a notebook returns, and the function goes on."""
    lines = failed("import sys\ndef f(x):\n    sys.exit(1)", 3)
    assert lines[1:3] == ["  your function raised SystemExit: 1", "  in line 3 of its cell: sys.exit(1)"]
    assert lines[-1].startswith("  likely cause: `exit()`, `quit()` and `sys.exit()` end the whole program")
    cause = "  likely cause: `exit()` does not hand back a result: use `return`"
    assert failed("exit = print\ndef f(x):\n    x += 1\n    exit()", 3)[2] == cause


@pytest.mark.parametrize(
    ("code", "argument", "kind"),
    [
        ("def f(x):\n    x += 1\n    return x", np.zeros(3), "array"),
        ("def f(x):\n    x *= 2\n    return x", np.array([1.0, np.nan]), "array"),
        ("def f(x):\n    x[0] = 5\n    return x", [1, 2], "list"),
        ("def f(x):\n    x[0] = 5\n    return x", [[1], {}], "list"),
        ("def f(x):\n    x[1] = 5\n    return x", [[1], {}], "list"),
        ("def f(x):\n    x[0] = np.zeros(2)\n    return x", [1, 2], "list"),
        ("def f(x):\n    x.append(1)\n    return x", [1, 2], "list"),
        ("def f(x):\n    x['a'] = 1\n    return 1", {}, "dict"),
        ("def f(x):\n    x['a'] = 1\n    return 1", {"a": 2}, "dict"),
        ("def f(x):\n    x['a'].pop()\n    return 1", {"a": [2]}, "list"),
        ("def f(x):\n    x['a'][0][1] = 0\n    return 1", {"a": (np.ones(2), 1)}, "array"),
        ("def f(x):\n    x.shape = (3, 1)\n    return 1", np.zeros(3), "array"),
    ],
)
def test_a_changed_input_is_noticed(code: str, argument: object, kind: str) -> None:
    assert failed(code, argument)[1:] == [
        "  your function changed its input",
        f"  likely cause: it writes into the {kind} that it was given; work on a copy",
    ]
    assert failed(code.replace("(x)", "(*, x)"), x=argument)[1] == "  your function changed its input"


@pytest.mark.parametrize("argument", [np.array([np.nan, 1]), [np.nan], [1, "a", None], {"a": [1j * np.nan]}, "x", ()])
def test_an_input_that_stays_is_no_change(argument: object) -> None:
    assert call(learner("def f(x):\n    return 1"), argument).value == 1


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("return ...", "`...` is still where your code belongs"),
        ("return ValueError('too small')", "the error was returned, not raised: write `raise`, not `return`"),
        ("return ValueError", "the error was returned, not raised: write `raise`, not `return`"),
        ("yield x", "a function with `yield` makes a generator, and nothing in it has run yet: use `return`"),
        ("return map(abs, x)", "a map makes its items only when asked: make it a `list` or an array"),
        ("return x.sum", "a function or class was returned, not its result: are the parentheses of a call missing?"),
        ("return np.mean", "a function or class was returned, not its result: are the parentheses of a call missing?"),
        (
            "import keras\n    return keras.layers.ReLU()",
            "a layer was returned, not its result: `Layer(…)` only makes a layer, `Layer(…)(x)` is its result",
        ),
        (
            "import keras\n    return keras.layers.ReLU()(keras.Input((2,)))",
            (
                "a tensor of a network that is being built has no numbers: "
                "call a model, such as `keras.Model(inputs, outputs)`"
            ),
        ),
        ("return [None, 1]", "one of its items is None: a method such as `append` or `sort` returns nothing"),
        ("return 'words'", "the result is of type str"),
        ("return {'a': 1}", "the result is of type dict"),
    ],
)
def test_what_holds_no_numbers_has_a_likely_cause(body: str, cause: str) -> None:
    code = f"def f(x):\n    {body}"
    lines = message_of(lambda: call(learner(code, np=np), np.zeros(2)).has_shape(2)).splitlines()
    assert lines[1] == "  expected:     numbers"
    assert lines[2].startswith("  got:          ")
    assert lines[3] == f"  likely cause: {cause}"


@pytest.mark.parametrize("value", [object(), [[1, 2], [3]], (np.zeros(2), np.zeros(3))])
def test_what_holds_no_numbers(value: object) -> None:
    lines = message_of(lambda: call(learner("def f(x):\n    return x[0]"), [value]).has_shape(2)).splitlines()
    words = r"there are no numbers in something of type \w+|this (list|tuple) has parts of different shapes"
    assert re.fullmatch(f"  why:          ({words})", lines[3])


def test_what_is_not_written_yet_is_no_failure() -> None:
    stub = learner("def f(x):\n    # Your code here.\n    raise NotImplementedError")
    for untouched in (
        lambda: call(stub, 1),
        lambda: raises(ValueError, stub, 1),
        lambda: raises(RuntimeError, stub, 1),
    ):
        with pytest.raises(NotImplementedError):
            untouched()


def test_a_function_that_is_called_for_its_effect_need_not_return_anything() -> None:
    assert call_for_effect(learner("def f(x):\n    print(x)"), 3) == Result(None, "f(3)")
    assert call_for_effect(learner("def f(x):\n    return 2 * x"), 3).value == 6
    with open(os.devnull) as file:
        assert call_for_effect(learner("def f(x, file):\n    file.fileno()"), [1], file).value is None
    changed = message_of(lambda: call_for_effect(learner("def f(x):\n    x.clear()"), [1]))
    assert "your function changed its input" in changed
