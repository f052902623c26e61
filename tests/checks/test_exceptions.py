"""Every rule about exceptions fits one that Python, NumPy, TensorFlow or Keras really raises."""

import re
from collections.abc import Callable

import pytest

from course_lib.checks import call
from course_lib.checks.exceptions import LONGEST, RULES, name_exception_cause, plain_words
from tests.support.learner import learner, message_of

CELL = """
import collections
import operator
import queue
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from keras import layers

x = np.ones((4, 6, 3))
t = tf.ones((2, 3))
picture = tf.ones((1, 4, 6, 3))
kernel = tf.ones((4, 4, 3, 3))
nothing, number, pair = None, 1.0, [1, 2]
whole = np.ones((1, 4, 6, 3), int)
rng = np.random.default_rng(0)
symbol = keras.Input((None, None, 3))
network = keras.Model(symbol, layers.Conv2D(2, 1)(symbol))
sized = keras.Input((4, 6, 3))
fixed = keras.Model(sized, layers.Conv2D(2, 1)(sized))
other_symbol = keras.Input((None, None, 3))
both_sides = keras.Model([symbol, other_symbol], layers.Add()([symbol, other_symbol]))


def write_closed():
    with TemporaryDirectory() as folder:
        writer = tf.summary.create_file_writer(folder)
        writer.close()
        with writer.as_default():
            pass


def write_without_step():
    with TemporaryDirectory() as folder, tf.summary.create_file_writer(folder).as_default():
        tf.summary.scalar("loss", 1.0)


@tf.custom_gradient
def product(a, b):
    return a * b, lambda upstream: upstream * b


def asks_twice():
    with tf.GradientTape() as tape:
        tape.watch(t)
        one, two = t + 1, t + 2
    return tape.gradient(one, t), tape.gradient(two, t)


def forgets_an_input():
    with tf.GradientTape() as tape:
        tape.watch(t)
        result = product(t, 2.0)
    tape.gradient(result, t)


def counts_under_a_tape():
    with tf.GradientTape() as tape:
        tape.watch(t)
        counts = tf.math.bincount([0, 1, 1], t[0], 2)
    tape.gradient(counts, t)


def unwatched_gradient():
    with tf.GradientTape() as tape:
        doubled = t * 2
    return tape.gradient(doubled, t)


class Node:
    def __init__(self):
        self.size = 1

    def bare():
        pass

    def method(self, a):
        return a

    def __len__(self):
        return len(self)


class Wrong:
    def __iter__(self):
        return [1]


class Nothing:
    def __iter__(self):
        pass


def two(a, b):
    return a


def forever(n):
    return forever(n)


def items():
    yield 1


def exhausted():
    yield next(iter([]))


def assign(target, key, value):
    target[key] = value


def started_twice():
    thread = threading.Thread(target=print, args=("",), kwargs={"end": ""})
    thread.start()
    thread.join()
    thread.start()


def grow(things):
    for thing in things:
        things.append(thing)


def unset():
    if len(x) > 9:
        value = 1
    return value


def full():
    small = queue.Queue(1)
    small.put(1)
    small.put_nowait(2)


def claim():
    assert len(x) > 9
"""

# What a learner writes, and the words of the cause.
RAISES = {
    # Python
    "__import__('sys').exit(2)": "end the whole program",
    "forever(1)": "a function calls itself without end",
    "len(Node())": "`len(self)` calls `__len__` again",
    "... * 2": "`...` is still where your code belongs",
    "unset()": "no line that sets `value` has run yet",
    "plt.figure()": "the cell that imports `plt` was not run",
    "factr": "nothing is called `factr`",
    "list(exhausted())": "in a generator, catch StopIteration",
    "next(iter([]))": "`next` found nothing left",
    "started_twice()": "make a new one for each pass, in `__iter__`",
    "threading.Thread().join()": "call `start` first",
    "grow(collections.deque([1]))": "loop over a copy",
    "bytes([189]).decode()": "these bytes are not text",
    "Path('missing/file').read_text()": "to read a file that may be missing, catch the error",
    "float('fast')": "this text is no number",
    "tf.debugging.assert_rank(x, 4)": "the batch axis is missing",
    "Path('/tmp').mkdir()": "it is already there",
    "Image.fromarray(x)": "Pillow wants bytes",
    "queue.Queue().get_nowait()": "the queue was empty",
    "full()": "the queue was full",
    "1 / 0": "something is divided by 0",
    "claim()": "an `assert` in your code",
    "{}['a']": "the dictionary does not have this key",
    "Node().bare()": "the first parameter of a method must be `self`",
    "two(1, 2, 3)": "`two` is called with too many arguments",
    "Node().method(1, 2)": "`method` is called with too many arguments",
    "two(1)": "the call of `two` lacks 'b'",
    "two(1, 2, c=3)": "`two` has no parameter `c`",
    "two(1, 2, b=3)": "`b` is given to `two` twice",
    "nothing(1)": "something is called that is None",
    "x.shape(0)": "parentheses follow a value (`tuple`)",
    "x(0)": "parentheses follow a value (`ndarray`)",
    "iter(Nothing())": "`__iter__` returns nothing",
    "iter(Wrong())": "`__iter__` must return an iterator, not a `list`",
    "len(items())": "a `generator` has no length",
    "items()[0]": "a `generator` has no indices",
    "map(abs, x)[0]": "a `map` has no indices",
    "next([1])": "call `iter` on the `list` first",
    "list(5)": "a loop or an unpacking runs over a single number (`int`)",
    "[a for a, b in [5]]": "a single number (`int`) is unpacked into several names",
    "nothing[0]": "something is None here",
    "None / 50": "something is None here",
    "50 - None": "something is None here",
    "len(None)": "something is None here",
    "[].append(1).shape": "something is None here",
    "len(Wrong())": "objects of type `Wrong` have no length",
    "number[0]": "an index is taken of a single number (`float`)",
    "np.float64(1)[0]": "an index is taken of a single number",
    "Wrong()[0]": "objects of type `Wrong` have no indices",
    "pair[0, 1]": "a list has one axis",
    "[1, 2] * 0.5": "a list times a float",
    "assign((1, 2), 0, 3)": "a tuple cannot be changed",
    "(1, 2).append(3)": "a tuple cannot be changed",
    "np.arrange(3)": "`numpy` has no `arrange`",
    "Node().sizes": "`Node` has no `sizes`",
    "(1, 2)[5]": "the tuple is too short for this index",
    "[].pop()": "nothing is left to take out",
    "collections.deque().popleft()": "nothing is left to take out",
    "[a for a, b in [x.shape]]": "too many values for the 2 on the left",
    "[a for a, b, c, d in [x.shape]]": "not enough values for the 4 on the left",
    "np.ones((10**6, 10**7))": "it asks for more memory than there is",
    # NumPy
    "bool(x)": "need one truth value",
    "max(x[0], x[1])": "need one truth value",
    "assign(np.zeros(4), slice(3), np.ones(4))": "an array of shape (4,) is written into a place of shape (3,)",
    "x + np.ones((3, 4))": "shapes (4,6,3) and (3,4) do not fit",
    "np.add.at(np.zeros((5, 8, 3)), [[0, 1], [2, 3]], np.ones((2, 3)))": "on several axes in a tuple",
    "np.einsum('ij,jk->ik', x[0], x[0])": "compare the shapes (6,3) and (6,3) with your letters",
    "network.layers['conv2d']": "the items of a list have numbers, and no names",
    "np.einsum('hw->h', x)": "`einsum` needs one letter for each axis of each array",
    "np.einsum('bhwc->b', x)": "`einsum` needs one letter for each axis of each array",
    "x @ np.ones((5, 2))": "here 3 and 5 long",
    "np.dot(x[0], x[0])": "here 3 and 6 long",
    "np.concatenate([x[..., :1], x])": "the arrays differ along another axis",
    "np.concatenate([x[..., 0], x])": "arrays with different numbers of axes are joined",
    "np.stack([x[..., :1], x])": "arrays of different shapes are stacked",
    "np.concatenate([np.float64(1), np.float64(2)])": "`np.stack` makes a new axis",
    "np.stack([])": "the list is empty",
    "x.reshape(5, 5)": "72 of them do not fill the shape (5,5), so at least one of its lengths is wrong",
    "np.array([[1, 2], [3]])": "lists of different lengths do not make an array",
    "np.zeros(2, 3)": "a shape is one argument, in parentheses",
    "assign(np.broadcast_to(x, (2, 4, 6, 3)), 0, 0)": "this array must not be written to",
    "rng.integers(0)": "n must be 1 or more",
    "rng.integers(5, 2)": "b must be larger than a",
    "np.zeros(-1)": "a size is negative",
    "np.pad(x, -1)": "a size is negative",
    "np.max([])": "the array is empty",
    "x[:, 6:].argmin()": "does a slice lie outside of its array?",
    "x.transpose(0, 1)": "`transpose` must name each axis of the array once",
    "int(np.nan)": "a number is NaN",
    "int(np.inf)": "a number is infinity",
    "x[:, :, 0, 0]": "there are more indices than axes here",
    "x[5]": "axis 0 has length 4, and its indices start at 0",
    "x.sum(axis=3)": "the array has 3 of them; -1 is the last",
    "np.arange(4).__itruediv__(2)": "which cannot hold float64",
    "np.isfinite(np.array([None]))": "the array does not hold plain numbers",
    "len(type('A', (), {'__len__': lambda self: np.ceil(2.5)})())": "an index or a size is not a whole number",
    "x ^ 2": "`^` is not a power in Python: write `**`",
    "x[np.floor([0.5, 2.5])]": "`.astype(int)` converts them",
    "x[1.0]": "an index or a size is not a whole number",
    "x[: 4 / 2]": "an index or a size is not a whole number",
    "pair[1.0]": "an index or a size is not a whole number",
    "range(4 / 2)": "an index or a size is not a whole number",
    "np.zeros(4 / 2)": "an index or a size is not a whole number",
    "np.zeros((4 / 2, 2))": "an index or a size is not a whole number",
    "float(x)": "an array is used as a single number",
    "x.item()": "an array is used as a single number",
    "[1, 2] / 2": "a list or tuple is not an array",
    "1 - (1, 2)": "a list or tuple is not an array",
    "[1, 2] < 2": "a list is not compared number by number",
    "x.numpy()": "remove `.numpy()`",
    "x.append(1)": "an array cannot grow",
    "x.itemset(0, 1)": "write `x[index] = value`",
    "x.ptp()": "write `np.ptp(x)`",
    "np.sum(x, axis=[0, 1])": "several axes are a tuple: `axis=(1, 2)`",
    "operator.isub(np.ones(3), np.ones((2, 3)))": "the array on the left, (3,), and here the result has",
    "keras.optimizers.SGD().apply_gradients([(x, x)])": "and this is a NumPy array: change it in place",
    "[1, 2].shape": "a list is not an array and has no `shape`",
    "rng.randint(5)": "is called `integers`",
    "rng.rand(5)": "is called `random`",
    "rng.randn(5)": "is called `standard_normal`",
    # TensorFlow
    "tf.nn.conv2d_transpose(picture, kernel, [1, 12, 8, 3], 2)": "output_shape is [batch, height * stride, width",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 3], 3)": "output_shape is [batch, height * stride, width",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 3], 2, 'VALID')": "the padding is SAME",
    "tf.nn.conv2d_transpose(picture[0], kernel, [8, 12, 3], 2)": "the batch axis is missing",
    "tf.nn.conv2d_transpose(picture, kernel[..., 0], [1, 8, 12, 3], 2)": "the weights need four axes",
    "tf.nn.conv2d(picture, kernel[..., 0], 1, 'SAME')": "[height, width, input channels, output channels]",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 1], 2)": "the numbers of channels do not fit",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 3], 2, 'same')": "in capitals",
    "tf.nn.conv2d_transpose(whole, np.ones((4, 4, 3, 3), int), [1, 8, 12, 3], 2)": "cannot take int64",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 3], 0)": "the stride must be 1 or more",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8.0, 12.0, 3], 2)": "an index or a size is not a whole number",
    "tf.nn.conv2d_transpose(picture, kernel, [1, 8, 12, 3])": "called with too few arguments",
    "tf.nn.conv2d(picture, tf.ones((9, 9, 3, 3)), 1, 'VALID')": "the picture is smaller than the kernel",
    "t + tf.ones((2, 3), tf.float64)": "here are float and double",
    "tf.matmul(t, t)": "is one transposed?",
    "t + tf.ones((4,))": "shapes [2,3] and [4] do not fit",
    "tf.concat([t, tf.ones((2, 4))], 0)": "tensors of different shapes are joined",
    "tf.concat([t, t[0]], 0)": "tensors with different numbers of axes are joined",
    "tf.stack([t, t[:, :2]])": "tensors of different shapes are joined",
    "tf.scatter_nd([[1, 3]], [5.0], [2, 3])": "the place [1, 3] lies outside of the shape [2,3]",
    "tf.gather_nd(t, [[2, 0]])": "the place [2, 0] lies outside of the shape [2,3]",
    "tf.tensor_scatter_nd_add(t, [[-1, 0]], [5.0])": "the place [-1, 0] lies outside of the shape [2,3]",
    "tf.scatter_nd([[1], [0]], [[1.0, 2.0]], [3])": "without it, `indices` must have the shape of `updates`",
    "tf.tensor_scatter_nd_add(t, [[0, 0], [0, 1]], [5.0])": "without it, `indices` must have the shape of `updates`",
    "tf.scatter_nd([1, 0], [5.0, 6.0], [3])": "one number for each axis of the result",
    "tf.tensor_scatter_nd_add(t[0], [1, 0], [5.0, 6.0])": "one number for each axis of the result",
    "tf.sparse.to_dense(tf.SparseTensor([[0, 3]], [5.0], [2, 3]))": "the place [0,3] lies outside of the shape [2,3]",
    "tf.SparseTensor([[[0, 1]]], [5.0], [2, 3])": "a tensor with 2 axes is needed here",
    "tf.sparse.to_dense(tf.SparseTensor([[2], [0]], [5.0, 6.0], [3]))": "the places are not in order",
    "tf.sparse.to_dense(tf.SparseTensor([[2], [2]], [5.0, 6.0], [3]))": "the place [2] occurs twice",
    "tf.reshape(t, (4, 2))": "6 of them do not fill a shape of 8, so at least one of its lengths is wrong",
    "tf.transpose(t, [0, 1, 2])": "`tf.transpose` must name each axis of the tensor once",
    "t[:, :, 0]": "an index is too large for its axis, or there are more indices than axes",
    "tf.squeeze(t, 0)": "`squeeze` removes only axes of length 1",
    "tf.reduce_sum(t, axis=4)": "there is no such axis",
    "tf.convert_to_tensor([[1, 2], [3]])": "lists of different lengths do not make a tensor",
    "write_closed()": "this writer was closed",
    "write_without_step()": "the step is missing, or None",
    "tf.constant([None])": "something is None here",
    "tf.image.resize(t, (3, 3))": "an image needs an axis for its channels",
    "len(tf.constant(3))": "a loop, or `len`, is applied to a single number",
    "assign(t, 0, 0)": "a tensor cannot be changed in place",
    "assign(t, t[0] == 0, 0)": "nothing can be written into a tensor",
    "pair[np.array([0, 1])]": "Lists take no array as an index",
    "counts_under_a_tape()": "TensorFlow has no gradient for the operation DenseBincount",
    "t[:, [1, 0]]": "a tensor takes no list or array as an index: use `tf.gather`",
    "t[range(2), [1, 0]]": "a tensor takes no list or array as an index: use `tf.gather`",
    "t[np.array([1, 0])]": "a tensor takes no list or array as an index: use `tf.gather`",
    "t[0.5]": "an index or a size is not a whole number",
    "tf.abs(unwatched_gradient())": "the computation (NumPy, `model.predict` and a new `tf.constant` cut the path)",
    "unwatched_gradient().numpy()": "`tape.gradient` where the tape did not watch the tensor",
    "asks_twice()": "a tape gives its gradients only once",
    "forgets_an_input()": "`backward` must return a gradient for each input of the function: 2, in the order",
    # Keras
    "losses.MeanSquaredError()": "nothing is called `losses`: write `keras.losses`",
    "layers.Add()(picture)": "a layer that joins, such as `Add`, takes a list of tensors, and was given one",
    "keras.Model(keras.Input((3,)), network.output)": "does it have all of `model.inputs`",
    "both_sides(np.ones((2, 1, 4, 4, 3)))": "the network takes 2 inputs, and was given 1: pass a list",
    "network.get_layer('a')": "does a loop take a name, which is a string, letter by letter?",
    "fixed(np.ones((4, 6, 3)))": "the batch axis is missing",
    "keras.Model(picture, network.output)": "is made of tensors without numbers, such as `model.inputs`",
    "layers.Conv2D(3, 4).set_weights([1])": "this layer has no weights yet: `build` it",
    "layers.Dense(3).input": "a layer has an `input` once it was called",
    "keras.backend.function": "Keras 3 has no `keras.backend.function`: its operations are in `keras.ops`",
    "tf.tanh(symbol)": "use Keras layers or functions of `keras.ops`",
    "np.concatenate([symbol, symbol], axis=-1)": "its tensors have no numbers yet",
    "symbol.numpy()": "its tensors have no numbers yet",
    "layers.Concatenate()([picture, picture[:, ::2]])": "do they have the same height and width",
    "layers.Add()([picture, picture[..., :2]])": "shapes (4, 6, 3) and (4, 6, 2) cannot be added",
    "layers.Concatenate()(picture, picture)": "takes a list of them",
    "layers.ReLU()(layers.BatchNormalization())": "`Layer(…)` only makes a layer",
    "layers.Conv2D(3, 4, stride=2)(picture)": "`Conv2D` has no argument `stride`",
    "layers.Conv2D(3, 4, activation='than')(picture)": "Keras has no activation function `than`",
    "layers.Conv2D(3, 4)(picture[0])": "shape (B, H, W, C), and here are 3 axes",
    "network(picture[0, ..., 0])": "takes a batch of shape (B, H, W, 3), and was given (4, 6)",
    "network(picture[..., :1])": "takes 3 channels, which are the last axis, and was given shape (1, 4, 6, 1)",
    "t.astype('float32')": "a TensorFlow tensor is not a NumPy array and has no `astype`",
}

# A machine's memory, or another machine's library, decides whether these are raised.
ELSEWHERE = ("OOM|failed to allocate",)


@pytest.fixture(scope="module")
def notebook() -> Callable[[str], Callable[[int], object]]:
    """Make a function of an expression; the cells before are run once."""
    names = learner(CELL, "two").__globals__

    def function(expression: str) -> Callable[[int], object]:
        return learner(f"def f(_):\n    return {expression}", two=names["two"])

    return function


@pytest.mark.parametrize(("expression", "words"), RAISES.items(), ids=RAISES)
def test_an_exception_has_a_likely_cause(
    notebook: Callable[[str], Callable[[int], object]], expression: str, words: str
) -> None:
    message = message_of(lambda: call(notebook(expression), 1))
    assert message.splitlines()[1].startswith("  your function raised ")
    assert words in message.partition("\n  likely cause: ")[2]


def test_no_rule_is_without_its_exception(notebook: Callable[[str], Callable[[int], object]]) -> None:
    used = set()
    for expression in RAISES:
        with pytest.raises((Exception, SystemExit)) as raised:
            notebook(expression)(1)
        name, text = raised.type.__name__, str(raised.value)
        used.add(next(rule for rule in RULES if re.fullmatch(rule[0], name) and re.search(rule[1], text)))
    assert [rule[1] for rule in RULES if rule not in used] == [*ELSEWHERE]


def test_what_fits_no_rule_is_shown_alone() -> None:
    assert name_exception_cause("LinAlgError", "Singular matrix") == ""
    code = "import numpy as np\n\ndef f(x):\n    return np.linalg.inv(x * np.zeros((2, 2)))"
    assert message_of(lambda: call(learner(code), 3)).splitlines() == [
        "f(3)",
        "  your function raised LinAlgError: Singular matrix",
        "  in line 4 of its cell: return np.linalg.inv(x * np.zeros((2, 2)))",
        "  with x: 3",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("division by zero", "division by zero"),
        ("", ""),
        ("\n\n  second line\nthird", "second line"),
        (
            "{{function_node __wrapped__AddV2_device_/job:localhost}} Incompatible shapes [Op:AddV2] name: ",
            "Incompatible shapes",
        ),
        ("no kernel\n\t; NodeDef: {{node A}}; Op<name=A; attr=T:type> [Op:A]", "no kernel"),
        ("Operation received an exception:Status: 2, message: no, in file a/b.cc:546 [Op:A]", "no"),
        (
            "Exception encountered when calling Functional.call().\n\n\x1b[1mInvalid input shape\x1b[0m\n\nArguments",
            "Invalid input shape",
        ),
        ("x" * 300, "x" * (LONGEST - 1) + "…"),
    ],
)
def test_only_the_words_that_help_are_shown(text: str, words: str) -> None:
    assert plain_words(text) == words


def test_a_refusal_of_one_s_own_is_told_as_such() -> None:
    cause = "\n  likely cause: your own code refuses this input, which the statement allows"
    for line in ("raise ValueError('too small')", "assert x > 5, 'too small'"):
        code = f"def f(x):\n    if x < 5:\n        {line}\n    return x"
        assert message_of(lambda code=code: call(learner(code), 3)).endswith(cause)  # type: ignore[misc]
    again = "def f(x):\n    try:\n        return x[0]\n    except TypeError as error:\n        raise error"
    assert cause not in message_of(lambda: call(learner(again), 3))


def test_the_line_in_a_generator_is_found() -> None:
    """Python turns StopIteration into RuntimeError outside of the generator."""
    code = "def g():\n    yield next(iter([]))\n\ndef f(x):\n    return list(g())"
    lines = message_of(lambda: call(learner(code), 3)).splitlines()
    assert lines[1:3] == [
        "  your function raised RuntimeError: generator raised StopIteration",
        "  in line 2 of its cell: yield next(iter([]))",
    ]
