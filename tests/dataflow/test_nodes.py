from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course_lib import dataflow
from course_lib.dataflow import (
    BatchData,
    CacheData,
    DataFlow,
    DataFromList,
    DataFromSource,
    ImageFromFile,
    JoinData,
    LMDBData,
    LocallyShuffleData,
    MapData,
    MapDataComponent,
    PrintData,
    ProxyDataFlow,
    RepeatedData,
)
from course_lib.dataflow.show import described
from course_lib.images import ImageError, ImageNet, write_lmdb

lengths, seeds = st.integers(0, 30), st.integers(0, 5)


def numbers(length: int, **order: Any) -> DataFromList:
    """The datapoints [0], [1]…"""
    return DataFromList([[number] for number in range(length)], **order)


def flat(flow: DataFlow) -> list[Any]:
    """The first component of each datapoint of the next epoch."""
    return [datapoint[0] for datapoint in flow]


class Steps(DataFlow):
    """A dataflow as a learner writes it, which notes what happens to it."""

    def __init__(self) -> None:
        self.resets = 0

    def __iter__(self) -> Iterator[list[Any]]:
        yield from ([number] for number in range(5))

    def __len__(self) -> int:
        return 5

    def reset_state(self) -> None:
        self.resets += 1


class Countdown(ProxyDataFlow):
    """A node as a learner writes it."""

    def __iter__(self) -> Iterator[list[Any]]:
        return ([-datapoint[0]] for datapoint in self.flow)


NODES: list[Callable[[DataFlow], DataFlow]] = [
    lambda flow: MapData(flow, lambda datapoint: datapoint),
    lambda flow: MapDataComponent(flow, lambda number: number),
    lambda flow: dataflow.AugmentImageComponent(flow, []),
    lambda flow: dataflow.AugmentImageComponents(flow, [], index=()),
    lambda flow: BatchData(flow, 1),
    lambda flow: RepeatedData(flow, 1),
    lambda flow: JoinData([flow]),
    lambda flow: LocallyShuffleData(flow, 1),
    CacheData,
    PrintData,
    dataflow.PrefetchData,
    Countdown,
]


@pytest.mark.parametrize("node", NODES)
def test_every_node_forwards_its_length_and_the_reset(node: Callable[[DataFlow], DataFlow]) -> None:
    steps = Steps()
    flow = node(node(steps))
    assert len(flow) == 5
    assert len(list(flow)) == 5
    flow.reset_state()
    assert steps.resets == 1


@pytest.mark.parametrize("node", [*NODES[:6], *NODES[7:]])
def test_every_node_stands_on_a_dataflow_alone(node: Callable[[Any], DataFlow]) -> None:
    with pytest.raises(ValueError, match="expected to stand on a dataflow, got list"):
        node([[1], [2]])


def test_a_dataflow_without_iter_or_length_says_so() -> None:
    with pytest.raises(NotImplementedError, match="DataFlow has no __iter__ yet"):
        iter(DataFlow())
    with pytest.raises(TypeError, match="does not know its length"):
        len(DataFlow())


def test_datapoints_of_a_list_keep_their_order_and_the_list_stays_as_it_was() -> None:
    items = [[1, "a"], (2, "b")]
    flow = DataFromList(items)
    for datapoint in flow:
        datapoint[0] = None
    assert list(flow) == [[1, "a"], [2, "b"]]


@given(st.integers(2, 30), seeds)
def test_a_shuffled_epoch_holds_everything_once_and_a_seed_gives_the_same_epochs(length: int, seed: int) -> None:
    flow, twin = numbers(length, shuffle=True, seed=seed), numbers(length, shuffle=True, seed=seed)
    epochs = [flat(flow) for _ in range(3)]
    assert all(sorted(epoch) == list(range(length)) for epoch in epochs)
    assert epochs == [flat(twin) for _ in range(3)]
    flow.reset_state()
    assert flat(flow) == epochs[0]


def test_epochs_and_flows_without_a_seed_are_shuffled_differently() -> None:
    one, other = numbers(50, shuffle=True), numbers(50, shuffle=True)
    assert len({tuple(flat(flow)) for flow in (one, one, other)}) == 3


def test_shuffling_puts_every_datapoint_at_every_place() -> None:
    flow = numbers(4, shuffle=True, seed=0)
    seen = Counter((place, number) for _ in range(800) for place, number in enumerate(flat(flow)))
    assert len(seen) == 16
    assert min(seen.values()) > 150  # 200 on average, with a deviation of 12
    assert max(seen.values()) < 250


def test_a_map_changes_and_drops_datapoints() -> None:
    flow = MapData(numbers(6), lambda datapoint: (datapoint[0], datapoint[0] ** 2) if datapoint[0] % 2 else None)
    assert list(flow) == [[1, 1], [3, 9], [5, 25]]
    assert flow.may_drop


def test_a_map_of_one_component_leaves_the_others() -> None:
    items = [[1, "a"], [2, "b"]]
    flow = MapDataComponent(DataFromList(items), str.upper, index=-1)
    assert list(flow) == [[1, "A"], [2, "B"]]
    assert items == [[1, "a"], [2, "b"]]


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (MapData(numbers(1), lambda datapoint: datapoint[0]), r"to return a datapoint \(a list\) or None, got int"),
        (MapDataComponent(numbers(1), lambda number: None), "got None: is a return missing"),
        (MapDataComponent(numbers(1), abs, index=1), "with a component 1, got one with 1 components"),
        (BatchData(DataFromList([[np.ones(2)], [np.ones(3)]]), 2), r"component 0 to have one shape .*\(2,\), \(3,\)"),
        (
            BatchData(DataFromList([[1], ["1"]]), 2),
            "component 0 to have one type in the whole batch, got int64 and str",
        ),
        (BatchData(DataFromList([[b"1"], ["1"]]), 2), "component 0 to have one type .*, got object and str"),
        (BatchData(DataFromList([[1], [None]]), 2), "component 0 to have one type .*, got int64 and object"),
        (BatchData(DataFromList([[True], [2]]), 2), "component 0 to have one type .*, got bool and int64"),
        (BatchData(DataFromList([[2**63 + 1], [-1]]), 2), "component 0 to have one type .*, got int64 and uint64"),
        (BatchData(DataFromList([[2**53 + 1], [0.5]]), 2), "component 0 to have one type .*, got float64 and int64"),
        (BatchData(DataFromList([[1], [1, 2]]), 2), r"to have as many components, got \[1, 2\]"),
    ],
)
def test_what_goes_wrong_inside_a_node_is_explained(flow: DataFlow, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(flow)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BatchData(numbers(1), 0), "expected the batch size to be a whole number of 1 or more, got 0"),
        (lambda: RepeatedData(numbers(1), 0), "expected the number of times, unless -1, to be .* got 0"),
        (lambda: LocallyShuffleData(numbers(1), 2.0), "expected the buffer size to be .* got 2.0"),  # type: ignore[arg-type]
        (lambda: MapDataComponent(numbers(1), abs, index=0.5), "expected the index of a component as a whole number"),  # type: ignore[arg-type]
        (lambda: numbers(1, seed=-1), "expected a seed of 0 or more, or None, got -1"),
        (lambda: DataFromList([np.ones(3)]), r"expected datapoints, each a list .* got ndarray"),  # type: ignore[list-item]
        (lambda: JoinData([]), "expected dataflows to join, got"),
        (lambda: ImageFromFile([]), "expected one or more image files, got none"),
        (lambda: ImageFromFile(["a.png"], channel=2), "expected 1 or 3 channels, got 2"),  # type: ignore[arg-type]
        (lambda: PrintData(numbers(1), 0), "expected the number of datapoints to print to be"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


@given(lengths, st.integers(1, 8), st.booleans())
def test_batches_hold_the_datapoints_in_order(length: int, size: int, remainder: bool) -> None:
    flow = BatchData(numbers(length), size, remainder)
    batches = [batch.tolist() for (batch,) in flow]
    assert len(batches) == len(flow)
    assert all(len(batch) == size for batch in batches[: length // size])
    kept = length if remainder else length - length % size
    assert [number for batch in batches for number in batch] == list(range(kept))


def test_components_of_a_batch_keep_their_types() -> None:
    images = [np.full((2, 3), number, np.uint8) for number in range(4)]
    flow = BatchData(DataFromList([[image, 0.5, "name"] for image in images]), 4)
    ((image, number, name),) = flow
    assert (image.shape, image.dtype) == ((4, 2, 3), np.uint8)
    assert (number.dtype, name.tolist()) == (np.float64, ["name"] * 4)
    mixed = DataFromList([[1, np.uint8(3), b"a\0", 1.5], [2.5, 300, b"", float("nan")]])
    ((number, label, content, ratio),) = BatchData(mixed, 2)
    assert (number.tolist(), label.tolist(), content.tolist()) == ([1.0, 2.5], [3, 300], [b"a\0", b""])
    np.testing.assert_array_equal(ratio, [1.5, np.nan])
    assert flow.batched


@given(st.integers(1, 10), st.integers(1, 4), seeds)
def test_repeating_is_one_epoch_after_the_other(length: int, times: int, seed: int) -> None:
    flow, twin = (numbers(length, shuffle=True, seed=seed) for _ in range(2))
    repeated = RepeatedData(flow, times)
    assert len(repeated) == times * length
    for _ in range(2):
        assert flat(repeated) == [number for _ in range(times) for number in flat(twin)]


def test_repeating_for_ever_has_no_length_and_no_end() -> None:
    flow = RepeatedData(numbers(3), -1)
    with pytest.raises(TypeError, match="without end"):
        len(flow)
    taken = [datapoint[0] for datapoint, _ in zip(flow, range(8), strict=False)]
    assert taken == [0, 1, 2, 0, 1, 2, 0, 1]


def test_nothing_repeated_for_ever_is_nothing() -> None:
    assert list(RepeatedData(numbers(0), -1)) == []
    assert list(RepeatedData(MapData(numbers(3), lambda datapoint: None), -1)) == []


def test_joined_components_stand_side_by_side_until_the_shortest_ends() -> None:
    flow = JoinData([numbers(5), DataFromList([["a", 1.0], ["b", 2.0], ["c", 3.0]])])
    assert len(flow) == 3
    assert list(flow) == [[0, "a", 1.0], [1, "b", 2.0], [2, "c", 3.0]]


def test_pairs_stay_pairs_when_one_half_is_dropped() -> None:
    odd = MapData(numbers(6), lambda datapoint: datapoint if datapoint[0] % 2 else None)
    assert list(JoinData([odd, numbers(6)])) == [[1, 1], [3, 3], [5, 5]]


@given(lengths, st.integers(1, 12), seeds)
def test_local_shuffling_loses_nothing_and_hurries_nothing_beyond_its_buffer(length: int, size: int, seed: int) -> None:
    flow, twin = (LocallyShuffleData(numbers(length), size, seed) for _ in range(2))
    epochs = [flat(flow) for _ in range(2)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(length))
        assert all(number - place < size for place, number in enumerate(epoch))
    assert epochs == [flat(twin) for _ in range(2)]


def test_local_shuffling_differs_from_epoch_to_epoch() -> None:
    flow = LocallyShuffleData(numbers(40), 20, seed=3)
    assert flat(flow) != flat(flow)


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_cache_works_once_and_gives_everything_in_every_epoch(shuffle: bool) -> None:
    worked: list[int] = []
    flow = CacheData(MapDataComponent(numbers(20), lambda n: worked.append(n) or n), shuffle, seed=1)  # type: ignore[func-returns-value]
    next(iter(flow))  # an epoch that is broken off leaves no cache
    epochs = [flat(flow) for _ in range(3)]
    assert worked == [0, *range(20)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(20))] * 3
    assert (epochs[1] != epochs[2]) == shuffle


def test_the_first_datapoints_are_described_once(capsys: pytest.CaptureFixture[str]) -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    flow = PrintData(DataFromList([[image, 7, "cat"]] * 3), num=2)
    assert len(list(flow)) == len(list(flow)) == 3
    said = capsys.readouterr().out.splitlines()
    assert said == [
        line
        for number in range(2)
        for line in (
            f"Datapoint {number}: 3 components",
            "  0: ndarray (2, 2, 3) uint8 in [0, 11]",
            "  1: int 7",
            "  2: str 'cat'",
        )
    ]


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (np.array([True, False]), "ndarray (2,) bool in [0, 1]"),
        (np.zeros((0, 3)), "ndarray (0, 3) float64"),
        (np.array(["a"]), "ndarray (1,) <U1"),
        (np.float32(0.5), "float32 () float32 in [0.5, 0.5]"),
        ("x" * 100, "str '" + "x" * 56 + "..."),
    ],
)
def test_components_of_all_kinds_are_described(component: object, words: str) -> None:
    assert described(component) == words


def test_speed_is_measured_over_as_many_epochs_as_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    flow = MapDataComponent(numbers(4), lambda n: seen.append(n) or n)  # type: ignore[func-returns-value]
    speed = dataflow.TestDataSpeed(flow, 10).start()
    assert seen == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert f"{speed:.1f} datapoints a second (10 in " in capsys.readouterr().out


def test_the_speed_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="got an empty one"):
        dataflow.TestDataSpeed(numbers(0), 10).start()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Five tiny images; the third is not an image, and the fifth is cut off."""
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        Image.fromarray(np.full((4, 6, 3), 10 * number, np.uint8)).save(path)
    paths[2].write_text("no image")
    paths[4].write_bytes(paths[4].read_bytes()[:50])
    return paths


def test_images_come_from_files_and_broken_ones_are_named_once(files: list[Path]) -> None:
    flow = ImageFromFile(files)
    with pytest.warns(UserWarning, match="skipped") as caught:
        epochs = [list(flow) for _ in range(3)]
    assert [str(warning.message).split(".png")[0][-1] for warning in caught] == ["2", "4"]
    for epoch in epochs:
        assert [image.shape for (image,) in epoch] == [(4, 6, 3)] * 3
        assert [int(image.mean()) for (image,) in epoch] == [0, 10, 30]
    assert sorted(flow.source.skipped) == sorted([str(files[2]), str(files[4])])
    assert flow.may_drop
    assert len(flow) == 5


def test_a_broken_file_is_an_error_if_so_chosen(files: list[Path]) -> None:
    flow = ImageFromFile(files, broken="raise")
    assert not flow.may_drop
    datapoints = iter(flow)
    next(datapoints), next(datapoints)
    with pytest.raises(ImageError, match=r"2\.png"):
        next(datapoints)


def test_images_are_read_in_gray(files: list[Path]) -> None:
    ((image,), *_) = ImageFromFile(map(str, files[3:4]), channel=1)
    assert image.shape == (4, 6, 1)
    assert image.dtype == np.uint8
    assert set(image.ravel().tolist()) == {30}


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_images_are_shuffled_like_lists(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("images")
    for number in range(8):
        Image.fromarray(np.full((1, 1, 3), number, np.uint8)).save(folder / f"{number}.png")
    flow = ImageFromFile(sorted(folder.iterdir()), shuffle=True, seed=seed)
    expected = numbers(8, shuffle=True, seed=seed)
    for _ in range(2):
        assert [int(image.max()) for (image,) in flow] == flat(expected)


def test_images_and_labels_come_from_a_database(tmp_path: Path) -> None:
    items = [(f"image {number}", np.full((2, 3, 3), number, np.uint8), 5 + number) for number in range(3)]
    write_lmdb(tmp_path / "lmdb", items)
    for labels in (False, True):
        flow = LMDBData(tmp_path / "lmdb", labels=labels)
        assert len(flow) == 3
        for datapoint, (_, image, label) in zip(flow, items, strict=True):
            np.testing.assert_array_equal(datapoint[0], image)
            assert datapoint[1:] == ([label] if labels else [])


def test_any_source_of_images_is_a_dataflow(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(np.full((2, 2, 3), number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "val.txt").write_text("0.png 7\n2.png 9\n")
    flow = DataFromSource(ImageNet(tmp_path, tmp_path / "val.txt"))
    assert [(int(image.max()), label) for image, label in flow] == [(0, 7), (2, 9)]
