"""The benchmark of dataflows compares ways that do the same, with peers that are locked like the course itself."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import dataflow, dataflow_ways
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

Wrong = Callable[[NDArray[Any]], NDArray[Any]]
LOCK = (ROOT / "benchmarks" / "peers.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("photographs") / "256"
    dataflow.write_photographs(folder, dataflow_ways.SIZE)
    return dataflow.names_in(folder)[: dataflow_ways.BATCH]


@pytest.fixture(scope="module")
def expected(files: list[str]) -> NDArray[np.float32]:
    return dataflow.expected_lab(files)


def as_batches(lab: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], ...]]:
    return [(lab[..., :1], lab[..., 1:])]


# The others fork, or start processes of their own: for the benchmark alone.
@pytest.mark.parametrize(
    "way", [way for way in dataflow_ways.WAYS if re.match(r"image_dataset|DataFlow.*threads|tf\.data", way)]
)
def test_a_way_gives_what_pillow_and_scikit_image_give(
    way: str, files: list[str], expected: NDArray[np.float32]
) -> None:
    dataflow.check(dataflow.first_batches(way, files), expected)


def test_the_order_in_a_batch_does_not_count(expected: NDArray[np.float32]) -> None:
    dataflow.check(as_batches(expected[::-1]), expected)


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_one_wrong_pixel_is_noticed(expected: NDArray[np.float32], value: float) -> None:
    lab = expected.copy()
    lab[3, 100, 200, 1] += value
    with pytest.raises(ValueError, match="expected one of the photographs"):
        dataflow.check(as_batches(lab), expected)


@pytest.mark.parametrize("wrong", [lambda lab: lab.astype(np.float64), lambda lab: lab[:-1]])
def test_batches_of_another_type_or_size_are_noticed(wrong: Wrong, expected: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="expected batches of"):
        dataflow.check(as_batches(wrong(expected)), expected)


def test_the_photographs_are_the_same_each_time(tmp_path: Path, files: list[str]) -> None:
    dataflow.write_photographs(tmp_path / "again", dataflow_ways.SIZE)
    again = dataflow.names_in(tmp_path / "again")[: dataflow_ways.BATCH]
    assert [Path(file).read_bytes() for file in again] == [Path(file).read_bytes() for file in files]


def test_the_lock_of_the_peers_is_hashed_and_says_nothing_of_where_they_come_from() -> None:
    lines = [line for line in re.sub(r"\\\n\s*", "", LOCK).splitlines() if not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if line.startswith("-") or "--hash=sha256:" not in line] == []
    assert "://" not in LOCK


def test_the_lock_of_the_peers_is_made_with_the_command_of_the_makefile() -> None:
    recipe = (
        (ROOT / "ci" / "maintainers.mk").read_text(encoding="utf-8").split("uv pip compile benchmarks/peers.txt")[1]
    )
    arguments = recipe.split("benchmarks/peers.lock")[0].replace("\\\n", " ").replace("--quiet", "").split()
    command = ["uv", "pip", "compile", "benchmarks/peers.txt", *arguments, "benchmarks/peers.lock"]
    assert LOCK.splitlines()[1].split() == ["#", *command]
