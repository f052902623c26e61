import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.dataflow import (
    AugmentImageComponent,
    BatchData,
    CacheData,
    DataFlow,
    DataFromList,
    JoinData,
    LocallyShuffleData,
    MapData,
    PrefetchData,
    ProxyDataFlow,
    RandomCrop,
    RepeatedData,
)
from course_lib.dataflow.process import COMMAND, WorkerTraceback

pytestmark = pytest.mark.slow

Mode = Literal["thread", "process"]
MODES = ["thread", "process"]
CONSUMER = """
import sys, time
from course_lib.dataflow import DataFromList, MapData, PrefetchData

def work(datapoint):
    if datapoint[0] >= 4:
        time.sleep(600)  # a worker in the middle of its work notices too
    return datapoint

flow = PrefetchData(MapData(DataFromList([[number] for number in range(9)]), work), 2, 2, "process")
for datapoint in flow:
    print(datapoint[0], flush=True)
"""


def numbers(length: int, **order: Any) -> DataFromList:
    """The datapoints [0], [1]…"""
    return DataFromList([[number] for number in range(length)], **order)


def flat(flow: DataFlow) -> list[Any]:
    """The first component of each datapoint of the next epoch."""
    return [datapoint[0] for datapoint in flow]


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """The worker processes that a process has."""
    return [child for child in process.children() if COMMAND in child.cmdline()]


def prefetching_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "PrefetchData"]


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    yield
    assert workers_of(psutil.Process()) == []
    assert prefetching_threads() == []


def pipeline(length: int, seed: int) -> DataFlow:
    """A dataflow with everything that workers can divide."""
    image = np.arange(100).reshape(10, 10)
    pairs = JoinData([numbers(length, shuffle=True, seed=seed), DataFromList([[image]] * length)])
    flow = RepeatedData(MapData(pairs, lambda datapoint: None if datapoint[0] % 3 == 1 else datapoint), 2)
    crops = AugmentImageComponent(flow, [RandomCrop((1, 1))], index=1, seed=seed)
    return MapData(crops, lambda datapoint: [datapoint[0], int(datapoint[1][0, 0])])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 5), st.integers(1, 6), st.integers(0, 3))
def test_threads_give_what_one_alone_gives_in_the_same_order(length: int, workers: int, buffer: int, seed: int) -> None:
    flow = PrefetchData(pipeline(length, seed), buffer, workers)
    twin = pipeline(length, seed)
    assert len(flow) == len(twin)
    for _ in range(2):
        assert list(flow) == list(twin)
    flow.reset_state()
    twin.reset_state()
    assert list(flow) == list(twin)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_processes_give_what_one_alone_gives_in_the_same_order(workers: int) -> None:
    flow, twin = PrefetchData(pipeline(11, 0), 4, workers, "process"), pipeline(11, 0)
    for _ in range(2):
        assert list(flow) == list(twin)


def test_every_datapoint_is_made_once_and_by_all_workers(tmp_path: Path) -> None:
    def note(datapoint: list[int]) -> list[int]:
        (tmp_path / f"{datapoint[0]} {os.getpid()}").touch(exist_ok=False)
        return datapoint

    assert flat(PrefetchData(MapData(numbers(20), note), 4, 2, "process")) == list(range(20))
    made = [path.name.split() for path in tmp_path.iterdir()]
    assert sorted(int(number) for number, _ in made) == list(range(20))
    assert len({pid for _, pid in made} - {str(os.getpid())}) == 2


def test_endless_data_can_be_shared_out() -> None:
    flow = PrefetchData(RepeatedData(numbers(3, shuffle=True, seed=1), -1), 4, 2)
    twin = RepeatedData(numbers(3, shuffle=True, seed=1), -1)
    pairs = [(a, b) for a, b, _ in zip(flow, twin, range(20), strict=False)]
    assert all(a == b for a, b in pairs)
    del flow
    gc.collect()


@pytest.mark.parametrize("mode", MODES)
def test_one_worker_takes_what_cannot_be_divided(mode: Mode) -> None:
    def flow() -> DataFlow:
        return BatchData(LocallyShuffleData(numbers(9, shuffle=True, seed=1), 4, seed=2), 2, remainder=True)

    prefetched, twin = PrefetchData(flow(), 3, mode=mode), flow()
    for _ in range(2):
        assert [batch.tolist() for (batch,) in prefetched] == [batch.tolist() for (batch,) in twin]


class Doubled(ProxyDataFlow):
    """A node as a learner writes it."""

    def __iter__(self) -> Iterator[list[Any]]:
        return ([2 * datapoint[0]] for datapoint in self.flow)


@pytest.mark.parametrize(
    ("flow", "culprit"),
    [
        (MapData(BatchData(numbers(4), 2), list), "BatchData"),
        (LocallyShuffleData(CacheData(numbers(4)), 2), "CacheData"),
        (MapData(Doubled(numbers(4)), list), "Doubled"),
        (BatchData(PrefetchData(numbers(4)), 2), "PrefetchData"),
    ],
)
def test_several_workers_refuse_what_cannot_be_divided(flow: DataFlow, culprit: str) -> None:
    with pytest.raises(ValueError, match=f"2 workers can divide, but {culprit} cannot be: put PrefetchData below it"):
        PrefetchData(flow, workers=2)
    assert len(list(PrefetchData(flow))) == len(flow)


def test_a_node_of_ones_own_is_reset_in_its_process() -> None:
    class Opened(DataFlow):
        def __iter__(self) -> Iterator[list[Any]]:
            return iter([[self.where], [self.lock is not None]])

        def reset_state(self) -> None:
            self.where, self.lock = os.getpid(), threading.Lock()  # a lock cannot be pickled

    flow = PrefetchData(Opened(), mode="process")
    flow.reset_state()
    where, has_lock = flat(flow)
    assert where != os.getpid()
    assert has_lock


@pytest.mark.parametrize("mode", MODES)
def test_an_error_arrives_at_its_datapoint_with_its_type_and_origin(mode: Mode) -> None:
    class Unlucky(Exception):
        pass

    def broken(datapoint: list[int]) -> list[int]:
        if datapoint[0] == 5:
            raise Unlucky("five")
        return datapoint

    seen: list[int] = []
    with pytest.raises(Unlucky, match=r"^five$") as caught:
        note(PrefetchData(MapData(numbers(9), broken), 3, 2, mode), seen)
    assert seen == [0, 1, 2, 3, 4]
    if mode == "process":
        assert isinstance(caught.value.__cause__, WorkerTraceback)
        assert "in broken" in str(caught.value.__cause__)
        assert 'raise Unlucky("five")' in str(caught.value.__cause__)
    else:
        assert caught.traceback[-1].name == "broken"


def note(flow: DataFlow, seen: list[int]) -> None:
    """Keep what comes, also where an error comes afterwards."""
    for datapoint in flow:
        seen.append(datapoint[0])  # noqa: PERF401 - an error leaves what came before it


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", [SystemExit("bye"), KeyboardInterrupt("stop"), StopIteration("early")])
def test_even_what_ends_programs_is_passed_on(mode: Mode, error: BaseException) -> None:
    def leave(datapoint: list[int]) -> list[int]:
        raise error

    flow = PrefetchData(MapData(numbers(3), leave), mode=mode)
    # A generator must not let StopIteration through: Python makes a RuntimeError of it.
    expected = RuntimeError if isinstance(error, StopIteration) else type(error)
    with pytest.raises(expected):
        list(flow)


def test_an_error_that_cannot_be_pickled_is_told() -> None:
    class Complicated(Exception):
        def __init__(self, one: int, other: int) -> None:
            super().__init__(f"{one} and {other}")

    def broken(datapoint: list[int]) -> list[int]:
        raise Complicated(1, 2)

    with pytest.raises(RuntimeError, match=r"^Complicated: 1 and 2$"):
        list(PrefetchData(MapData(numbers(1), broken), mode="process"))


def test_a_worker_that_dies_is_an_error() -> None:
    def die(datapoint: list[int]) -> list[int]:
        os.kill(os.getpid(), signal.SIGKILL)
        return datapoint

    with pytest.raises(RuntimeError, match="ended in the middle of its work, with status -9"):
        list(PrefetchData(MapData(numbers(3), die), workers=2, mode="process"))


def test_what_cannot_be_pickled_is_refused() -> None:
    lock = threading.Lock()
    flow = MapData(numbers(1), lambda datapoint: [lock])
    with pytest.raises(ValueError, match=r"can be pickled for worker processes, got MapData: .*lock"):
        list(PrefetchData(flow, mode="process"))


def test_what_a_map_prints_or_warns_of_does_not_disturb(capfd: pytest.CaptureFixture[str]) -> None:
    def talk(datapoint: list[int]) -> list[int]:
        print("working")
        warnings.warn(f"odd {datapoint[0] % 2}", stacklevel=1)
        return datapoint

    flow = PrefetchData(MapData(numbers(6), talk), workers=2, mode="process")
    with pytest.warns(UserWarning, match="odd") as caught:
        assert flat(flow) == flat(flow) == list(range(6))
    assert sorted(str(warning.message) for warning in caught) == ["odd 0", "odd 1"]
    assert capfd.readouterr().err.count("working") == 12


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("leave", ["break", "error", "close", "delete", "never begin"])
def test_an_abandoned_iterator_leaves_nothing_running(mode: Mode, leave: str) -> None:
    flow = PrefetchData(RepeatedData(numbers(5), -1), 4, 2, mode)
    datapoints = iter(flow)
    if leave != "never begin":
        next(datapoints)
        assert len(prefetching_threads()) == 2
        assert len(workers_of(psutil.Process())) == (2 if mode == "process" else 0)
    if leave == "close":
        datapoints.close()  # type: ignore[attr-defined]
    elif leave == "break":
        for _ in datapoints:
            break
    elif leave == "error":
        with pytest.raises(ZeroDivisionError):
            consume_badly(flow)
    del datapoints
    assert prefetching_threads() == []


def consume_badly(flow: DataFlow) -> None:
    for datapoint in flow:
        print(1 / datapoint[0])


def test_an_iterator_in_a_cycle_is_collected() -> None:
    class Holder:
        pass

    holder = Holder()
    holder.me, holder.datapoints = holder, iter(PrefetchData(RepeatedData(numbers(5), -1), 2, 2))  # type: ignore[attr-defined]
    next(holder.datapoints)  # type: ignore[attr-defined]
    del holder
    gc.collect()
    assert prefetching_threads() == []


def test_nested_prefetching_ends_as_a_whole() -> None:
    inner = PrefetchData(RepeatedData(numbers(5), -1), 2, 2)
    outer = PrefetchData(BatchData(inner, 3), 2)
    (batch,) = next(iter(outer))
    assert batch.tolist() == [0, 1, 2]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_consumer(end: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "consumer.py"
    script.write_text(CONSUMER)
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as consumer:
        assert consumer.stdout is not None
        try:
            assert [consumer.stdout.readline() for _ in range(4)] == ["0\n", "1\n", "2\n", "3\n"]
            workers = workers_of(psutil.Process(consumer.pid))
            assert len(workers) == 2
            consumer.send_signal(end)
            _, alive = psutil.wait_procs(workers, timeout=20)
            assert alive == []
        finally:
            consumer.kill()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PrefetchData(numbers(1), 0), "expected the buffer to be a whole number of 1 or more, got 0"),
        (lambda: PrefetchData(numbers(1), workers=0), "expected the number of workers to be .* got 0"),
        (lambda: PrefetchData(numbers(1), mode="fork"), "expected the mode thread or process, got 'fork'"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_at_most_the_buffer_is_made_ahead() -> None:
    made = []
    flow = PrefetchData(MapData(numbers(100), lambda datapoint: made.append(datapoint) or datapoint), 4, 2)  # type: ignore[func-returns-value]
    datapoints = iter(flow)
    next(datapoints)
    before = -1
    while len(made) != before:
        before = len(made)
        time.sleep(0.2)
    assert 5 <= before <= 1 + 4 + 2  # the one that was taken, those waiting, and one in the hands of each worker
