"""Integers of every kind as arguments, all over the library, and values that are not integers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from course_lib.color import hue_chroma_histogram
from course_lib.dataflow import (
    AugmentImageComponents,
    BatchData,
    CacheData,
    DataFromList,
    Flip,
    LocallyShuffleData,
    MapDataComponent,
    PrefetchData,
    RepeatedData,
    image_dataset,
)
from course_lib.hypercolumns import dense_hypercolumn
from course_lib.images import Files, Lmdb, write_lmdb
from course_lib.images.shipped import mosaics, shipped
from course_lib.integers import as_integer, count
from course_lib.ops import label_map
from course_lib.unpooling import max_pool_with_switches
from course_lib.upsampling import bilinear_class_weights, kernel_size, transposed_upsample

FLOW = DataFromList([[np.full((4, 4), number), number, number] for number in range(8)])
MAP = np.random.default_rng(0).random((1, 4, 4, 3), np.float32)
PHOTO = shipped("coffee.png")
KINDS: list[Callable[[int], Any]] = [np.int8, np.uint8, np.int64, np.uint64, np.array, tf.constant]
USES: dict[str, Callable[[Any], Any]] = {
    "seed of a flow": lambda n: list(DataFromList([[i] for i in range(9)], shuffle=True, seed=n)),
    "seed of a buffer": lambda n: list(LocallyShuffleData(DataFromList([[i] for i in range(9)]), n, seed=n)),
    "seed of a cache": lambda n: [d[1] for d in CacheData(FLOW, shuffle=True, seed=n)],
    "seed of a source": lambda n: [name for name, _ in Files([PHOTO] * 3, ["a", "b", "c"], seed=n)],
    "batch size": lambda n: [d[1].tolist() for d in BatchData(FLOW, n)],
    "times": lambda n: len(RepeatedData(FLOW, n)),
    "component": lambda n: [d[2] for d in MapDataComponent(FLOW, lambda value: value + 1, index=n)],
    "components": lambda n: len(list(AugmentImageComponents(FLOW, [Flip()], index=[n - 2], seed=n))),
    "workers": lambda n: [d[1] for d in PrefetchData(FLOW, buffer=n, workers=n)],
    "mosaics": lambda n: [image for _, image, _ in mosaics(n, (n + 6, n + 7), n, n + 1)],
    "bins": lambda n: hue_chroma_histogram(np.ones((4, 2)), n + 1),
    "factor": lambda n: (kernel_size(n), transposed_upsample(MAP, n), label_map(MAP, n)),
    "classes": lambda n: bilinear_class_weights(n, n),
    "windows": lambda n: (max_pool_with_switches(MAP, n, n), max_pool_with_switches(MAP, (n, n))),
    "size": lambda n: dense_hypercolumn([MAP], (n, n)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", USES)
def test_integers_of_every_kind_are_integers(use: str, kind: Callable[[int], Any]) -> None:
    got, expected = USES[use](kind(2)), USES[use](2)
    tf.nest.map_structure(np.testing.assert_array_equal, got, expected)


@pytest.mark.parametrize(
    "wrong", [True, np.True_, 2.0, np.float64(2), "2", b"2", None, [2], np.array([2]), np.array(2.0)]
)
@pytest.mark.parametrize("use", sorted({*USES} - {"mosaics", "bins", "components"}))
def test_what_is_no_integer_is_refused(use: str, wrong: Any) -> None:
    if wrong is None and use.startswith("seed"):
        return  # it draws one
    with pytest.raises(ValueError, match=r"expected .*, got "):
        USES[use](wrong)


def test_sizes_of_a_dataset_of_images() -> None:
    height, width, count, seed = (kind(number) for kind, number in zip(KINDS, (4, 6, 2, 0), strict=False))
    batch = next(iter(image_dataset([PHOTO] * 3, (height, width), count, seed=seed)))
    assert [each.shape[:3] for each in batch] == [(2, 4, 6)] * 2


def test_as_integer() -> None:
    assert [as_integer(value) for value in (2, -3, 0, 2**70, np.uint64(2**64 - 1))] == [2, -3, 0, 2**70, 2**64 - 1]
    assert {type(as_integer(value)) for value in (np.int8(2), np.array(2), tf.constant(2))} == {int}
    wrong: list[Any] = [True, np.False_, tf.constant(True), 1.0, 1j, "1", None, [1], {}]
    assert {as_integer(value) for value in wrong} == {None}


def test_count() -> None:
    assert [count("steps", number) for number in (1, np.int8(7))] == [1, 7]
    assert count("seed", 0, least=0) == 0
    with pytest.raises(ValueError, match=r"^expected steps to be a whole number of 1 or more, got 0$"):
        count("steps", 0)
    with pytest.raises(ValueError, match=r"^expected seed to be a whole number of 0 or more, got 1.0$"):
        count("seed", 1.0, least=0)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_every_kind(kind: Callable[[int], Any], tmp_path: Path) -> None:
    image = np.zeros((1, 2, 3), np.uint8)
    write_lmdb(tmp_path / "db", [("a", image, kind(7))])
    assert [label for _, _, label in Lmdb(tmp_path / "db", labels=True)] == [7]
    for wrong in (True, 7.0, "7", 2**31, -(2**31) - 1):
        with pytest.raises(ValueError, match="expected a whole number as label"):
            write_lmdb(tmp_path / "db", [("a", image, wrong)])
