"""Bad input: the public functions say what was expected and what they got; the native operations refuse it."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from course_lib.ops import library, max_unpool, sparse_extractor
from tests.support.op_oracles import LAYOUTS, random

pytestmark = pytest.mark.slow

POINTS = np.zeros((2, 3, 2), np.float32)
MAPS = np.ones((2, 4, 5, 3), np.float32)
POOLED, ARGMAX = np.ones((2, 2, 2, 3), np.float32), np.zeros((2, 2, 2, 3), np.int64)
SHAPE = (2, 4, 5, 3)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"centroids": POINTS[0]}, r"expected centroids of shape \(B, L, 2\) with \(y, x\) last, got \(3, 2\)"),
        ({"centroids": POINTS[None]}, r"expected centroids of shape .*, got \(1, 2, 3, 2\)"),
        ({"centroids": np.zeros((2, 3, 3))}, r"expected centroids of shape .*, got \(2, 3, 3\)"),
        ({"centroids": 5.0}, r"expected centroids of shape .*, got \(\)"),
        ({"centroids": POINTS.astype("float16")}, "expected centroids of type float32, got float16, which .*autocast"),
        ({"centroids": tf.cast(POINTS, "bfloat16")}, "expected centroids of type float32, got bfloat16"),
        ({"centroids": POINTS.astype(complex)}, "expected centroids of type float32, got complex128"),
        ({"centroids": np.full((2, 3, 2), "a")}, "expected centroids of type float32, got string"),
        ({"centroids": [[1, 2], [3]]}, "expected centroids as a tensor or an array, got list"),
        ({"centroids": None}, "expected centroids as a tensor or an array, got NoneType"),
        ({"centroids": POINTS[:1]}, "expected centroids and activations for the same number of images, got 1 and 2"),
        ({"activations": MAPS[0]}, r"expected activations of shape \(B, H, W, C\), got \(4, 5, 3\)"),
        ({"activations": MAPS[None]}, r"expected activations of shape \(B, H, W, C\), got \(1, 2, 4, 5, 3\)"),
        ({"activations": MAPS.astype(int)}, "expected activations of type float16, .* or float64, got int64"),
        ({"activations": MAPS.astype(complex)}, "expected activations of type .*, got complex128"),
        ({"activations": None}, "expected activations as a tensor or an array, got NoneType"),
        ({"activations": np.ones((2, 0, 5, 3))}, r"expected maps of 1 x 1 or more, got \(B, H, W, C\) = \(2, 0"),
        ({"activations": np.ones((2, 4, 0, 3))}, r"expected maps of 1 x 1 or more, got .*\(2, 4, 0, 3\)"),
        ({"activations": np.ones((2, 3, 4, 0)), "data_format": "NCHW"}, r"got \(B, C, H, W\) = \(2, 3, 4, 0\)"),
        ({"activations": MAPS[0], "data_format": "NCHW"}, r"expected activations of shape \(B, C, H, W\), got"),
        ({"scale": 0}, r"expected a finite scale above 0 \(at least 1.2e-38\), got 0"),
        ({"scale": -2.0}, "expected a finite scale above 0 .*, got -2.0"),
        ({"scale": float("nan")}, "expected a finite scale above 0 .*, got nan"),
        ({"scale": float("inf")}, "expected a finite scale above 0 .*, got inf"),
        ({"scale": 1e-40}, "expected a finite scale above 0 .*, got 1e-40"),
        ({"scale": 1e39}, "expected a finite scale above 0 .*, got 1e\\+39"),
        ({"scale": "2"}, "expected a finite scale above 0 .*, got '2'"),
        ({"scale": (2, 2)}, r"expected a finite scale above 0 .*, got \(2, 2\)"),
        ({"scale": True}, "expected a finite scale above 0 .*, got True"),
        ({"scale": None}, "expected a finite scale above 0 .*, got None"),
        ({"offset": 0}, r"expected an offset of two finite numbers \(y, x\), got 0"),
        ({"offset": (1,)}, r"expected an offset of two finite numbers \(y, x\), got \(1,\)"),
        ({"offset": (1, 2, 3)}, r"expected an offset .*, got \(1, 2, 3\)"),
        ({"offset": (0, float("nan"))}, r"expected an offset .*, got \(0, nan\)"),
        ({"offset": (float("-inf"), 0)}, r"expected an offset .*, got \(-inf, 0\)"),
        ({"offset": (1e39, 0)}, "expected an offset .*, got"),
        ({"offset": "ab"}, "expected an offset .*, got 'ab'"),
        ({"offset": None}, "expected an offset .*, got None"),
        ({"data_format": "HWC"}, 'expected data_format "NHWC" or "NCHW", got \'HWC\''),
        ({"data_format": "nhwc"}, "expected data_format .*, got 'nhwc'"),
        ({"data_format": None}, "expected data_format .*, got None"),
        ({"data_format": ["NHWC"]}, "expected data_format .*, got"),
    ],
)
def test_wrong_arguments_of_sparse_extractor(change: dict[str, Any], words: str) -> None:
    arguments: dict[str, Any] = {
        "centroids": POINTS,
        "activations": MAPS,
        "scale": 2,
        "offset": (0, 0),
        "data_format": "NHWC",
    }
    assert sparse_extractor(**arguments).shape == (6, 3)
    with pytest.raises(ValueError, match=words):
        sparse_extractor(**{**arguments, **change})


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pooled": POOLED[0]}, r"expected pooled values of shape \(B, H, W, C\), got \(2, 2, 3\)"),
        ({"pooled": POOLED.astype(int)}, "expected pooled values of type float16, .*, got int64"),
        ({"pooled": None}, "expected pooled values as a tensor or an array, got NoneType"),
        ({"argmax": ARGMAX[0]}, r"expected argmax of the pooled values' shape \(2, 2, 2, 3\), got \(2, 2, 3\)"),
        ({"argmax": ARGMAX[:, :1]}, r"expected argmax of the pooled values' shape .*, got \(2, 1, 2, 3\)"),
        ({"argmax": ARGMAX.astype(float)}, "expected argmax of type int64 or int32, got float64"),
        ({"argmax": ARGMAX.astype("uint8")}, "expected argmax of type int64 or int32, got uint8"),
        ({"argmax": None}, "expected argmax as a tensor or an array, got NoneType"),
        ({"output_shape": (2, 4, 5)}, r"expected output_shape of four whole numbers .*, got int32 of shape \(3,\)"),
        ({"output_shape": (2.0, 4, 5, 3)}, r"expected output_shape of four whole numbers .*, got float32"),
        ({"output_shape": 7}, r"expected output_shape of four whole numbers .*, got int32 of shape \(\)"),
        ({"output_shape": (None, 4, 5, 3)}, "expected output_shape, four whole numbers, as a tensor or an array"),
        ({"output_shape": tf.TensorShape((None, 4, 5, 3))}, "expected output_shape, four whole numbers, as a tensor"),
        ({"output_shape": (1, 4, 5, 3)}, r"channels as pooled values of shape \(2, 2, 2, 3\), got \(1, 4"),
        ({"output_shape": (2, 4, 5, 4)}, r"as many images and channels as .*, got \(2, 4, 5, 4\)"),
        ({"output_shape": (2, -4, 5, 3)}, r"expected output_shape .*, got \(2, -4, 5, 3\)"),
        ({"include_batch_in_index": "no"}, "expected include_batch_in_index to be True or False, got 'no'"),
        ({"include_batch_in_index": 2}, "expected include_batch_in_index to be True or False, got 2"),
    ],
)
def test_wrong_arguments_of_max_unpool(change: dict[str, Any], words: str) -> None:
    arguments: dict[str, Any] = {
        "pooled": POOLED,
        "argmax": ARGMAX,
        "output_shape": SHAPE,
        "include_batch_in_index": False,
    }
    assert max_unpool(**arguments).shape == SHAPE
    with pytest.raises(ValueError, match=words):
        max_unpool(**{**arguments, **change})


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("points", "maps"), [(POINTS[0], MAPS), (POINTS, MAPS[0]), (POINTS[:1], MAPS), (POINTS[..., :1], MAPS)]
)
@pytest.mark.parametrize("data_format", LAYOUTS)
def test_shapes_that_turn_out_wrong_in_a_graph(points: Any, maps: Any, data_format: str) -> None:
    anything = tf.TensorSpec(None, tf.float32)
    graph = tf.function(lambda c, a: sparse_extractor(c, a, 1, data_format=data_format), [anything, anything])
    assert graph(POINTS, MAPS).shape[0] == 6
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(points, maps)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("pooled", "argmax", "shape"),
    [
        (POOLED[0], ARGMAX[0], SHAPE),
        (POOLED, ARGMAX[:1], SHAPE),
        (POOLED, ARGMAX[:, :1], SHAPE),
        (POOLED, ARGMAX, SHAPE[:3]),
        (POOLED, ARGMAX, (1, 4, 5, 3)),
        (POOLED, ARGMAX, (2, 4, 5, 2)),
        (POOLED, ARGMAX, (2, -4, 5, 3)),
        (POOLED, ARGMAX, (2, -4, -5, 3)),
    ],
)
def test_unpooling_that_turns_out_wrong_in_a_graph(pooled: Any, argmax: Any, shape: Any) -> None:
    numbers, switches, sides = (tf.TensorSpec(None, dtype) for dtype in ("float32", "int64", "int64"))
    graph = tf.function(max_unpool, [numbers, switches, sides])
    assert graph(POOLED, ARGMAX, tf.constant(SHAPE, tf.int64)).shape == SHAPE
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        graph(pooled, argmax, tf.constant(shape, tf.int64))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("batch_in_index", [False, True])
@pytest.mark.parametrize("index", [-1, 60, 120, -(2**63), 2**63 - 1, 2**32])
def test_switches_outside_of_their_image(index: int, batch_in_index: bool) -> None:
    first = 60 if batch_in_index else 0
    argmax = ARGMAX.copy()
    argmax[1] += first
    max_unpool(POOLED, argmax, SHAPE, batch_in_index)
    argmax[1, 1, 1, 2] = index if abs(index) > 2**31 else first + index
    with tf.device("CPU"), pytest.raises(tf.errors.InvalidArgumentError):
        max_unpool(POOLED, argmax, SHAPE, batch_in_index)


@pytest.mark.usefixtures("backend")
def test_other_kinds_of_input() -> None:
    expected = sparse_extractor(POINTS, MAPS, 2, (1, 1)).numpy()
    variable = tf.Variable(MAPS)
    scale: Any = np.float32(2)
    offset: Any = np.ones(2)
    for points in (POINTS.tolist(), POINTS.astype("int32"), POINTS.astype("float64"), tf.Variable(POINTS)):
        got = sparse_extractor(points, variable, scale, offset)
        np.testing.assert_array_equal(got, expected)
    same = max_unpool(POOLED, ARGMAX, SHAPE)
    for shape in (list(SHAPE), np.array(SHAPE), tf.constant(SHAPE), tf.TensorShape(SHAPE), (tf.constant(2), 4, 5, 3)):
        np.testing.assert_array_equal(max_unpool(POOLED, ARGMAX.astype("int32"), shape), same)


def test_a_wrong_name_of_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELWISE_OPS", "refrence")
    with pytest.raises(ValueError, match="PIXELWISE_OPS to be \"reference\" or unset, got 'refrence'"):
        sparse_extractor(POINTS, MAPS, 1)


# The native operations check again: nobody may read or write outside by going around the public functions.

COLUMNS = np.ones((6, 3), np.float32)
GOOD = {"scale": 2.0, "offset": [0.0, 0.0], "data_format": "NHWC"}


@pytest.mark.usefixtures("native_only")
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    ("name", "inputs", "change"),
    [
        *[
            ("sparse_extractor", inputs, {})
            for inputs in [
                (POINTS[0], MAPS), (POINTS[..., :1], MAPS), (POINTS, MAPS[0]), (POINTS[:1], MAPS), (POINTS, MAPS[:0]),
                (POINTS, MAPS[:, :0]), (POINTS, MAPS[:, :, :0]), (np.float32(1), MAPS), (POINTS, np.float32(1)),
            ]
        ],
        *[
            ("sparse_extractor", (POINTS, MAPS), change)
            for change in [
                {"scale": 0.0}, {"scale": -1.0}, {"scale": float("nan")}, {"scale": float("inf")}, {"offset": [0.0]},
                {"offset": [0.0] * 3}, {"offset": [float("nan"), 0.0]}, {"offset": [0.0, float("inf")]}, {"offset": []},
                {"data_format": "CHWN"},
            ]
        ],
        *[
            ("sparse_extractor_grad", inputs, {})
            for inputs in [
                (COLUMNS[:5], POINTS, SHAPE), (COLUMNS[:, :2], POINTS, SHAPE), (COLUMNS[0], POINTS, SHAPE),
                (COLUMNS, POINTS[0], SHAPE), (COLUMNS, POINTS[..., :1], SHAPE), (COLUMNS, POINTS, SHAPE[:3]),
                (COLUMNS, POINTS, (1, 4, 5, 3)), (COLUMNS, POINTS, (2, -4, 5, 3)), (COLUMNS, POINTS, (2, 0, 5, 3)),
                (COLUMNS, POINTS, (2, 4, 0, 3)), (COLUMNS, POINTS, (2, 2**40, 2**40, 3)), (COLUMNS, POINTS, 3),
                (COLUMNS, POINTS, (SHAPE,)),
            ]
        ],
        ("sparse_extractor_grad", (COLUMNS, POINTS, SHAPE), {"scale": 0.0}),
        *[
            ("sparse_extractor_centroid_grad", inputs, {})
            for inputs in [
                (COLUMNS[:5], POINTS, MAPS), (COLUMNS[:, :2], POINTS, MAPS), (COLUMNS[0], POINTS, MAPS),
                (COLUMNS, POINTS[0], MAPS), (COLUMNS, POINTS, MAPS[0]), (COLUMNS, POINTS, MAPS[:1]),
                (COLUMNS, POINTS, MAPS[:, :0]),
            ]
        ],
        ("sparse_extractor_centroid_grad", (COLUMNS, POINTS, MAPS), {"offset": [0.0]}),
    ],
)  # fmt: skip
def test_native_extractors_refuse(name: str, inputs: tuple[Any, ...], change: dict[str, Any], graph: bool) -> None:
    call = getattr(library.load(), f"pixelwise_{name}")
    inputs = tuple(np.asarray(each, np.int64 if isinstance(each, tuple | int) else None) for each in inputs)
    refuses(lambda *each: call(*each, **{**GOOD, **change}), inputs, graph)


@pytest.mark.usefixtures("native_only")
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        *[
            ("max_unpool", inputs)
            for inputs in [
                (POOLED[0], ARGMAX[0], SHAPE), (POOLED, ARGMAX[0], SHAPE), (POOLED, ARGMAX[:, :1], SHAPE),
                (POOLED, ARGMAX, SHAPE[:3]), (POOLED, ARGMAX, (1, 4, 5, 3)), (POOLED, ARGMAX, (2, 4, 5, 2)),
                (POOLED, ARGMAX, (2, -4, -5, 3)), (POOLED, ARGMAX, (2, 2**40, 2**40, 3)), (POOLED, ARGMAX, 3),
                (POOLED, ARGMAX - 1, SHAPE), (POOLED, ARGMAX + 60, SHAPE), (POOLED, ARGMAX, (2, 0, 5, 3)),
            ]
        ],
        *[
            ("max_unpool_grad", inputs)
            for inputs in [
                (MAPS[0], ARGMAX), (MAPS, ARGMAX[0]), (MAPS[:1], ARGMAX), (MAPS[..., :2], ARGMAX), (MAPS, ARGMAX - 1),
                (MAPS, ARGMAX + 60), (MAPS[:, :0], ARGMAX), (np.float32(1), ARGMAX),
            ]
        ],
    ],
)  # fmt: skip
def test_native_unpooling_refuses(name: str, inputs: tuple[Any, ...], graph: bool) -> None:
    call = getattr(library.load(), f"pixelwise_{name}")
    inputs = tuple(np.asarray(each, np.int64 if isinstance(each, tuple | int) else None) for each in inputs)
    with tf.device("CPU"):
        refuses(lambda *each: call(*each, include_batch_in_index=False), inputs, graph)


def refuses(call: Any, inputs: tuple[Any, ...], graph: bool) -> None:
    """Call an operation with shapes known beforehand, or known only when it runs."""
    specs = [tf.TensorSpec(None, each.dtype) for each in inputs]
    run = tf.function(call, specs) if graph else call
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError) if graph else tf.errors.InvalidArgumentError):
        run(*inputs)


@pytest.mark.usefixtures("native_only")
def test_native_operations_infer_shapes() -> None:
    native: Any = library.load()
    maps = random(2, 4, 5, 9)
    images = tf.TensorSpec((None, None, None, 3), tf.float16)
    locations = tf.TensorSpec((None, 7, 2), tf.float32)
    sample = tf.function(lambda c, a: native.pixelwise_sparse_extractor(c, a, **GOOD), [locations, images])
    assert sample.get_concrete_function().output_shapes.as_list() == [None, 3]
    known = tf.function(lambda: native.pixelwise_sparse_extractor(POINTS, maps, **GOOD), [])
    assert known.get_concrete_function().output_shapes.as_list() == [6, 9]
    unpool = tf.function(lambda: native.pixelwise_max_unpool(POOLED, ARGMAX, np.array(SHAPE, np.int64), False), [])
    assert unpool.get_concrete_function().output_shapes.as_list() == list(SHAPE)
    wrong = tf.function(lambda c, a: native.pixelwise_sparse_extractor(c, a, **GOOD))
    with pytest.raises(ValueError, match=r"must be rank 3"):
        wrong.get_concrete_function(tf.TensorSpec((2, 3), tf.float32), images)
