import gc
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageCms
from skimage.color import rgb2lab
from skimage.transform import resize

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.dataflow import (
    BatchData,
    DataFlow,
    DataFromList,
    MapData,
    PrefetchData,
    RepeatedData,
    image_dataset,
    to_dataset,
)
from course_lib.images.shipped import PHOTOGRAPHS, shipped

pytestmark = pytest.mark.slow

PHOTOS = [shipped(file) for file in PHOTOGRAPHS]
FEW = PHOTOS[:3]


def numbers(length: int, **order: Any) -> DataFromList:
    """The datapoints [0], [1]…"""
    return DataFromList([[number] for number in range(length)], **order)


def values(dataset: Any) -> list[Any]:
    """The first component of each element."""
    return [element[0].numpy().tolist() for element in dataset]


def test_a_dataset_has_the_specs_of_the_first_datapoint() -> None:
    image = np.zeros((2, 3, 1), np.uint8)
    dataset = to_dataset(DataFromList([[image, 1, 2.5, "name", tf.ones(4, tf.float16)]] * 3))
    specs = dataset.element_spec
    assert [spec.dtype for spec in specs] == [tf.uint8, tf.int32, tf.float32, tf.string, tf.float16]
    assert [spec.shape.as_list() for spec in specs] == [[2, 3, 1], [], [], [], [4]]
    assert dataset.cardinality().numpy() == 3
    (first, *_) = dataset
    np.testing.assert_array_equal(first[0], image)
    assert [first[1].numpy(), first[2].numpy(), first[3].numpy()] == [1, 2.5, b"name"]


def test_of_batches_the_first_axis_stays_open() -> None:
    flow = PrefetchData(BatchData(DataFromList([[np.ones((4, 5)), 1]] * 5), 2, remainder=True))
    dataset = to_dataset(flow)
    assert [spec.shape.as_list() for spec in dataset.element_spec] == [[None, 4, 5], [None]]
    assert [batch.shape[0] for batch, _ in dataset] == [2, 2, 1]


def test_a_dataset_goes_through_the_epochs_of_its_flow_from_the_first() -> None:
    flow, twin = (numbers(12, shuffle=True, seed=4) for _ in range(2))
    list(flow)
    dataset = to_dataset(flow)
    for _ in range(3):
        assert values(dataset) == [datapoint[0] for datapoint in twin]


@pytest.mark.parametrize(
    ("flow", "cardinality", "length"),
    [
        (
            MapData(numbers(6), lambda datapoint: datapoint if datapoint[0] % 3 else None),
            tf.data.UNKNOWN_CARDINALITY,
            4,
        ),
        (RepeatedData(numbers(6), 2), 12, 12),
        (numbers(6), 6, 6),
    ],
)
def test_the_cardinality_is_the_length_where_that_is_certain(flow: DataFlow, cardinality: int, length: int) -> None:
    dataset = to_dataset(flow)
    assert dataset.cardinality().numpy() == cardinality
    assert len(list(dataset)) == length


def test_sizes_that_vary_need_a_signature() -> None:
    flow = DataFromList([[np.ones((2, 3))], [np.ones((2, 4))]])
    words = r"datapoint 1, component 0: expected float64 \(2, 3\), got float64 \(2, 4\).*unless .* signature"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(to_dataset(flow))
    dataset = to_dataset(flow, (tf.TensorSpec((2, None), tf.float64),))
    assert [element[0].shape for element in dataset] == [(2, 3), (2, 4)]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ([np.float32(1)], "datapoint 1, component 0: expected float64"),
        ([np.float64(1), 2], "datapoint 1: expected 1 components, got 2"),
    ],
)
def test_a_datapoint_that_does_not_fit_is_explained(second: list[Any], words: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(to_dataset(DataFromList([[np.float64(0)], second])))


def second_of(first: Any, second: Any) -> Any:
    """Return what becomes of a component after a first one."""
    return list(to_dataset(DataFromList([[first], [second]])))[1][0].numpy()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (1, 2, np.int32(2)),
        (3_000_000_000, -1, np.int64(-1)),
        (2.5, 1, np.float32(1)),
        (2.5, 0.1, np.float32(0.1)),
        (2.5, float("inf"), np.float32(np.inf)),
        (2.5, float("nan"), np.float32(np.nan)),
        (2.5, 1 << 24, np.float32(1 << 24)),
        (1j, 2, np.complex128(2)),
        (1j, 2.5, np.complex128(2.5)),
        (True, False, np.bool(False)),
        ([1, 2], (3, 4), np.array([3, 4], np.int32)),
        ([1, 2], range(2), np.array([0, 1], np.int32)),
        ([[]], [[]], np.zeros((1, 0), np.float32)),
        (np.uint64(1), np.uint64(2**64 - 1), np.uint64(2**64 - 1)),
        (np.array(4), np.int64(5), np.int64(5)),
        (np.array([1], ">i4"), np.array([258], ">i4"), np.array([258], np.int32)),
        (np.float16(1), tf.constant(2, tf.float16), np.float16(2)),
        (tf.constant(1, tf.bfloat16), 2.5, tf.constant(2.5, tf.bfloat16).numpy()),
    ],
)
def test_values_that_the_type_of_the_first_one_holds(first: Any, second: Any, expected: Any) -> None:
    got = second_of(first, second)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (1, 2.5, r"datapoint 1, component 0: expected int32 \(\), got float 2.5. The first datapoint decides"),
        (1, 2.0, "expected int32 .*, got float 2.0"),
        (1, 3_000_000_000, "expected int32 .*, got int 3000000000"),
        (1, 2**70, "expected int32 .*, got int 1180591620717411303424"),
        (1, [2], r"expected int32 \(\), got list \[2\]"),
        (1, True, "expected int32 .*, got bool True"),
        (True, 1, "expected bool .*, got int 1"),
        (1, "2", "expected int32 .*, got str '2'"),
        (1, None, "expected int32 .*, got NoneType None"),
        (1, 1j, "expected int32 .*, got complex 1j"),
        (1, np.int64(2), r"expected int32 .*, got int64 \(\)"),
        (2.5, (1 << 24) + 1, "expected float32 .*, got int 16777217"),
        (2.5, 1e300, r"expected float32 .*, got float 1e\+300"),
        (2.5, 1j, "expected float32 .*, got complex 1j"),
        ([1, 2], [3, 4.5], "expected int32 .*, got list"),
        ([1, 2], [[1], [2, 3]], "expected int32 .*, got list"),
        ([1, 2], [3], r"expected int32 \(2,\), got list \[3\]"),
        ("a", 1, "expected string .*, got int 1"),
        ("a", None, "expected string .*, got NoneType None"),
        ("a", np.array([None]), r"expected string .*, got object \(1,\)"),
        (np.float32(1), np.float64(1), r"expected float32 .*, got float64 \(\)"),
        (np.int64(1), np.datetime64("2020-01-01"), r"expected int64 .*, got datetime64\[D\] \(\)"),
        (np.int64(1), tf.constant(1), r"expected int64 .*, got int32 \(\)"),
    ],
)
def test_values_that_the_type_of_the_first_one_cannot_hold(first: Any, second: Any, words: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        second_of(first, second)


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**63 - 1])
def test_a_signature_widens_what_comes_later(number: int) -> None:
    dataset = to_dataset(DataFromList([[1], [number]]), (tf.TensorSpec((), tf.int64),))
    assert values(dataset) == [1, number]


NAMES = ["a", "Größe", "", "x" * 40]


@pytest.mark.parametrize("encode", [str, str.encode, lambda name: name.encode() + b"\0", np.str_])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_names_alone_and_in_batches(size: int, encode: Callable[[str], Any]) -> None:
    names = [encode(name) for name in NAMES]
    expected = [name.encode() if isinstance(name, str) else name for name in names]
    assert [element[0].numpy() for element in to_dataset(DataFromList([[name] for name in names]))] == expected
    dataset = to_dataset(BatchData(DataFromList([[name] for name in names]), size, remainder=True))
    assert dataset.element_spec == (tf.TensorSpec([None], tf.string),)
    assert [name for batch in values(dataset) for name in batch] == expected


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (numbers(0), "got an empty one: give its signature"),
        (DataFromList([[1, object()]]), "expected component 1 to be a tensor, got object"),
        (DataFromList([[None]]), "expected component 0 to be a tensor, got NoneType None"),
        (DataFromList([[2**63]]), "expected component 0 to be a tensor, got int 9223372036854775808: .*out-of-range"),
        (DataFromList([[1e300]]), r"expected component 0 to be a tensor, got float 1e\+300"),
        (DataFromList([[[1, "a"]]]), r"expected component 0 to be a tensor, got list \[1, 'a'\]: .*mixed types"),
        (DataFromList([[[[1], [1, 2]]]]), "expected component 0 to be a tensor, got list .*non-rectangular"),
        (DataFromList([[np.datetime64("2020-01-01")]]), r"to be a tensor, got datetime64\[D\] \(\)"),
        (DataFromList([[np.longdouble(1)]]), "expected component 0 to be a tensor, got .*128"),
    ],
)
def test_no_dataset_without_tensors(flow: DataFlow, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        to_dataset(flow)


def test_a_dataset_that_is_left_ends_the_workers_of_its_flow() -> None:
    dataset = to_dataset(PrefetchData(RepeatedData(numbers(3), -1), 4, 2), (tf.TensorSpec((), tf.int64),))
    assert [element[0].numpy() for element in dataset.take(5)] == [0, 1, 2, 0, 1]
    iterator = iter(dataset)
    next(iterator)
    del iterator, dataset
    gc.collect()
    assert [thread for thread in threading.enumerate() if thread.name == "PrefetchData"] == []


def test_a_model_is_trained_on_a_dataflow() -> None:
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    flow = BatchData(DataFromList([[row, 3 * row] for row in x], shuffle=True, seed=0), 8)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, use_bias=False)])
    model.compile(tf.keras.optimizers.SGD(0.5), "mse")
    model.fit(to_dataset(flow), epochs=8, verbose=0)
    assert float(model.weights[0][0, 0]) == pytest.approx(3, abs=0.01)


def lab_by_hand(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Pillow's decoder, an exact mean over areas in NumPy or scikit-image's interpolation, scikit-image's Lab."""
    opened = Image.open(path).convert("RGB")
    if profile := opened.info.get("icc_profile"):
        ImageCms.profileToProfile(opened, io.BytesIO(profile), ImageCms.createProfile("sRGB"), inPlace=True)
    image = np.asarray(opened).astype(float)
    if image.shape[0] >= shape[0] and image.shape[1] >= shape[1]:
        image = area_mean(area_mean(image, shape[0]).swapaxes(0, 1), shape[1]).swapaxes(0, 1)
    else:
        image = resize(image, shape, order=1, mode="edge", anti_aliasing=False)
    lab = rgb2lab(np.round(image) / 255)
    return lab / [50, 110, 110] - [1, 0, 0]


def area_mean(image: np.ndarray, size: int) -> np.ndarray:
    """Mean over ``size`` equal parts of the first axis, by differences of the integral."""
    integral = np.concatenate([np.zeros_like(image[:1]), image.cumsum(axis=0)])
    places = np.linspace(0, len(image), size + 1)
    before = np.minimum(places.astype(int), len(image) - 1)
    rest = (places - before)[:, None, None]
    at = integral[before] * (1 - rest) + integral[before + 1] * rest
    return np.diff(at, axis=0) * size / len(image)


def joined(dataset: Any) -> np.ndarray:
    """All images of a dataset, as normalized Lab (N, H, W, 3)."""
    return np.concatenate([np.concatenate(pair, axis=-1) for pair in dataset])


@pytest.mark.parametrize("shape", [(256, 256), (96, 200), (300, 450)])
def test_images_agree_with_pillow_and_scikit_image(shape: tuple[int, int]) -> None:
    dataset = image_dataset(PHOTOS, shape, batch_size=4)
    assert [spec.shape.as_list() for spec in dataset.element_spec] == [[None, *shape, 1], [None, *shape, 2]]
    assert [spec.dtype for spec in dataset.element_spec] == [tf.float32] * 2
    assert [len(L) for L, _ in dataset] == [4, 4, 1]
    for path, got in zip(PHOTOS, joined(dataset), strict=True):
        difference = np.abs(got - lab_by_hand(path, shape))
        assert difference.mean() < 0.004, path  # about 0 but for JPEGs that are decoded at half their size
        assert np.percentile(difference, 99) < 0.03, path
        assert np.abs(got).max() <= 1 + 1e-6


def test_all_files_are_there_once_and_a_seed_gives_the_same_epochs() -> None:
    def epochs(seed: int | None) -> list[np.ndarray]:
        dataset = image_dataset(PHOTOS, (8, 8), 4, seed)
        return [joined(dataset) for _ in range(3)]

    ordered, shuffled, twin = epochs(None)[0], epochs(3), epochs(3)
    np.testing.assert_array_equal(shuffled, twin)
    keys = {image.tobytes(): number for number, image in enumerate(ordered)}
    orders = [[keys[image.tobytes()] for image in epoch] for epoch in shuffled]
    assert all(sorted(order) == list(range(9)) for order in orders)
    assert len({tuple(order) for order in [*orders, range(9)]}) == 4


def break_file(path: Path, how: str) -> None:
    data = path.read_bytes()
    middle = len(data) // 2
    broken = {
        "empty": b"",
        "text": b"no image at all" * 100,
        "cut off": data[:middle],
        "damaged inside": data[:middle] + b"\xff\xb5" * 40 + data[middle + 80 :],
    }
    path.write_bytes(broken[how])


@pytest.mark.parametrize("extension", ["jpg", "png"])
@pytest.mark.parametrize("how", ["empty", "text", "cut off", "damaged inside"])
def test_broken_files_are_skipped_or_an_error(how: str, extension: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.{extension}" for number in range(5)]
    for number, path in enumerate(paths):
        noise = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(noise).save(path)
    break_file(paths[2], how)
    dataset = image_dataset(paths, (8, 8), 2)
    with pytest.warns(UserWarning, match=rf"skipped .*2\.{extension}: ") as caught:
        epochs = [joined(dataset) for _ in range(2)]
    assert len(caught) == 1
    expected = joined(image_dataset([*paths[:2], *paths[3:]], (8, 8), 2, broken="raise"))
    for epoch in epochs:
        np.testing.assert_array_equal(epoch, expected)
    with pytest.raises(tf.errors.OpError, match=paths[2].name):
        list(image_dataset(paths, (8, 8), 2, broken="raise"))


def test_a_missing_file_is_skipped_or_an_error(tmp_path: Path) -> None:
    files = [*FEW, tmp_path / "missing.png"]
    with pytest.warns(UserWarning, match=r"skipped .*missing\.png"):
        assert len(joined(image_dataset(files, (8, 8)))) == 3
    with pytest.raises(tf.errors.OpError, match=r"missing\.png"):
        list(image_dataset(files, (8, 8), broken="raise"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"files": []}, "expected one or more image files"),
        ({"size": (0, 3)}, "expected the height to be a whole number of 1 or more, got 0"),
        ({"batch_size": 0}, "expected the batch size to be"),
        ({"seed": -1}, "expected a seed of 0 or more"),
        ({"broken": "ignore"}, "expected broken to be one of skip, raise, got 'ignore'"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        image_dataset(**{"files": FEW, **arguments})
