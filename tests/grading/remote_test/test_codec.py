"""Plain data goes to another process and back as it was; whatever else comes is refused, and does nothing."""

import io
import json
import pickle
import struct
from collections import OrderedDict, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from ml_dtypes import bfloat16

from course_lib.grading.remote_test import codec
from course_lib.grading.remote_test.array_codec import KINDS
from course_lib.grading.remote_test.codec import MAX_MEMBERS, Buffers, ChannelError, Decoder, Encoder, Tree

BASE = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, slice, range, type(None), type(...))
NUMBERS = stn.scalar_dtypes().filter(lambda dtype: dtype.kind in "biufc" and dtype.itemsize <= 16)
ARRAYS = stn.arrays(NUMBERS, stn.array_shapes(min_dims=0, min_side=0, max_side=4))
KEYS = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
RANGES = st.builds(range, st.integers(0, 9))
LEAVES = KEYS | st.complex_numbers() | st.floats() | ARRAYS | st.just(...) | st.slices(9) | RANGES
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=12,
)


def refuse(*tree: object) -> Any:
    raise TypeError(f"not plain: {tree}")


def written(value: object) -> tuple[Tree, Buffers]:
    encoder = Encoder(refuse)
    tree = json.loads(json.dumps(encoder.write(value)))
    return tree, [bytearray(buffer) for buffer in encoder.buffers]


def read(tree: Tree, buffers: Buffers) -> Any:
    return Decoder(buffers, refuse).read(tree)


def there_and_back(value: object) -> Any:
    return read(*written(value))


def same(a: Any, b: Any) -> bool:
    """Tell whether two values are equal, and of the same types all through; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b) if isinstance(a, float | complex) else bool(a == b)


@settings(deadline=None)
@given(VALUES)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    value = there_and_back(value)  # halves of characters are gone after the first time
    assert same(there_and_back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**1000),
        float("nan"),
        -0.0,
        complex(1, float("inf")),
        "ä \x00 😀",
        b"",
        b"\x00\xff",
        np.float32(0.1),
        np.bool_(True),
        np.complex64(1j),
        np.longdouble(1) / 3,
        np.zeros((0, 3), np.int8),
        np.array(5.0),
        np.array([1, 2], ">i4"),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(10)[::-3],
        np.dtype("float16"),
        np.array([1.5, np.nan], bfloat16),
        {1: [(), {}, {"a": set()}], (1, "b"): None},
        [slice(None, 3), slice(1, None, -1), range(5, 0, -2), ...],
    ],
    ids=str,
)
def test_every_kind_of_plain_data_comes_back(value: object) -> None:
    assert same(there_and_back(value), value)


def test_columns_first_stays_columns_first_and_read_only_stays_read_only() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    array.flags.writeable = False
    back = there_and_back(array)
    assert back.flags.f_contiguous
    assert not back.flags.writeable
    assert there_and_back(np.zeros(2)).flags.writeable


def test_tensors_come_back_as_tensors() -> None:
    import tensorflow as tf

    for dtype in (tf.float32, tf.bfloat16, tf.int8, tf.bool, tf.complex64):
        tensor = tf.cast(tf.constant([[1, 0, 3]]), dtype)
        back = there_and_back(tensor)
        assert isinstance(back, tf.Tensor)
        assert back.dtype == dtype
        assert np.array_equal(back.numpy(), tensor.numpy())
        assert there_and_back(dtype) is dtype
    for variable in (tf.Variable([1.0, 2.0]), tf.keras.Variable([1.0, 2.0])):
        assert isinstance(there_and_back(variable), tf.Variable)
        assert there_and_back(variable).numpy().tolist() == [1.0, 2.0]


OTHERS = [np.array(["a"]), np.array([{}]), np.zeros(2, [("a", int)]), object(), len, np, 2**20_000]


@pytest.mark.parametrize("value", OTHERS, ids=range(len(OTHERS)))
def test_what_is_not_plain_is_told_apart(value: object) -> None:
    encoder = Encoder(lambda other: ["other", id(other)])
    assert encoder.write([value]) == ["list", ["other", id(value)]]
    assert Decoder([], lambda *tree: tree).read(["list", ["other", 7]]) == [("other", 7)]


class EvilArray(np.ndarray):
    __hash__ = None

    def __eq__(self, other: object) -> Any:
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *args: object, **kwargs: object) -> Any:
        return True

    def __reduce__(self) -> Any:
        return print, ("stolen",)


class EvilFloat(float):
    __hash__ = float.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __reduce__(self) -> Any:
        return print, ("stolen",)


class EvilText(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


class EvilInt(int):
    def __bool__(self) -> bool:
        return True


class EvilList(list[object]):
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return True

    def __len__(self) -> int:
        return 3


Pair = namedtuple("Pair", ["a", "b"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.zeros(2).view(EvilArray), np.zeros(2)),
        (np.ma.masked_array([1, 2], [True, False]), np.array([1, 2])),
        (EvilFloat(1.5), 1.5),
        (EvilText("a"), "a"),
        (EvilInt(0), 0),
        (EvilList([1]), [1]),
        (Pair(1, 2), (1, 2)),
        (OrderedDict(a=EvilText("b")), {"a": "b"}),
        (np.str_("a"), "a"),
    ],
)
def test_a_subclass_comes_as_what_it_is_derived_from(value: object, expected: object) -> None:
    assert same(there_and_back(value), expected)


def test_what_holds_itself_or_too_much_is_refused() -> None:
    endless: list[object] = []
    endless.append({"again": (endless,)})
    with pytest.raises(ValueError, match="nested at most 40 deep, got more; does it hold itself"):
        written(endless)
    with pytest.raises(ValueError, match="at most 500000 values"):
        written([0] * codec.MAX_NODES)


def test_what_can_be_changed_comes_with_its_number() -> None:
    row, array = [1], np.zeros(2)
    encoder = Encoder(refuse, lambda value: [id(row), id(array)].index(id(value)))
    tree = encoder.write((row, array, row, 3))
    found = Decoder([bytearray(buffer) for buffer in encoder.buffers], lambda *parts: parts).read(tree)
    assert [part[:2] for part in found[:3]] == [("same", 0), ("same", 1), ("same", 0)]
    assert (found[0][2], found[1][2].tolist(), found[3]) == ([1], [0, 0], 3)
    with pytest.raises(ChannelError):
        Decoder([], lambda *parts: parts).read(["same", 1, ["list", ["same", 1, ["list"]]]])


KIND_NAMES = st.sampled_from([*KINDS, *codec._KINDS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | KIND_NAMES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(lambda kind, rest: [kind, *rest], KIND_NAMES, st.lists(inner, max_size=3))
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=10,
)


def is_base(value: Any) -> bool:
    """Tell whether a value consists of base types alone."""
    if isinstance(value, list | tuple | set | frozenset):
        return type(value) in BASE and all(map(is_base, value))
    if isinstance(value, dict):
        return type(value) is dict and all(is_base(part) for pair in value.items() for part in pair)
    numbers = isinstance(value, np.generic) and value.dtype.kind in "biufc"
    return type(value) in BASE or type(value) is np.ndarray or numbers or isinstance(value, np.dtype)


@settings(deadline=None)
@given(JSON, st.lists(st.binary(max_size=200), max_size=2))
def test_any_json_is_base_types_or_refused(tree: object, buffers: list[bytes]) -> None:
    try:
        value = read(tree, [bytearray(buffer) for buffer in buffers])
    except ChannelError:
        return
    assert is_base(value)


NPY = written(np.arange(6.0).reshape(2, 3))[1][0]


@settings(deadline=None)
@given(st.integers(0, len(NPY) - 1), st.binary(min_size=1, max_size=8), st.integers(0, 40))
def test_a_spoiled_array_is_another_array_or_refused(start: int, wrong: bytes, cut: int) -> None:
    spoiled = bytearray(NPY)
    spoiled[start : start + len(wrong)] = wrong
    try:
        value = read(["array", 0, "float64"], [spoiled[: len(spoiled) - cut]])
    except ChannelError:
        return
    assert type(value) is np.ndarray
    assert value.dtype.kind in "biufc"
    assert value.nbytes <= len(NPY)


def forged(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytearray:
    """A file of the format .npy that says whatever one likes."""
    return bytearray(b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode() + content)


@pytest.mark.parametrize(
    "content",
    [
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", bytes(8)),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", bytes(24)),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -1)}", bytes(16)),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", bytes(8)),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000000000000000000000)}"),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 5000 + "}"),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 100 + ")}", bytes(8)),
        forged("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", pickle.dumps([1])),
        forged("{'descr': '|V8', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        forged("{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}", b"\xff" * 8),
        forged("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        forged("{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        forged("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(8), version=b"\x03\x00"),
        bytearray(pickle.dumps(np.zeros(2))),
        bytearray(),
    ],
)
def test_a_forged_array_is_refused(content: bytearray) -> None:
    for kind in KINDS:
        with pytest.raises(ChannelError, match="expected plain data, got something else"):
            read([kind, 0, "float64"], [content])


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "exploded",)

    file = io.BytesIO()
    np.save(file, np.array([Bomb()], dtype=object), allow_pickle=True)
    for content in (file.getvalue(), pickle.dumps(Bomb())):
        with pytest.raises(ChannelError):
            read(["array", 0, "object"], [bytearray(content)])
    assert not list(tmp_path.iterdir())
    pickle.loads(pickle.dumps(Bomb()))
    assert list(tmp_path.iterdir())  # the bomb works


def test_a_truth_value_is_one_bit() -> None:
    tree, (buffer,) = written(np.zeros(4, bool))
    buffer[-4:] = b"\x00\x01\x02\xff"  # type: ignore[index]
    value = read(tree, [buffer])
    assert value.tolist() == [False, True, True, True]
    assert value.sum() == 3


@pytest.mark.parametrize("kind", ["set", "frozenset", "dict"])
def test_sets_and_dicts_have_few_members(kind: str) -> None:
    """Of numbers with the same hash, each one is compared with all before it."""
    tree = [kind, *(k * (2**61 - 1) for k in range(2 * MAX_MEMBERS + 2))]
    with pytest.raises(ChannelError, match="ValueError"):
        Decoder([], lambda *_: None).read(tree)
    with pytest.raises(ValueError, match=f"at most {MAX_MEMBERS} members, got {MAX_MEMBERS + 1}"):
        Encoder(lambda _: None).write(set(range(MAX_MEMBERS + 1)))


def test_the_shape_of_a_tensor_is_a_tuple() -> None:
    import tensorflow as tf

    shape = tf.ones((2, 3)).shape
    assert Encoder(lambda _: None).write(shape) == ["tuple", 2, 3]
