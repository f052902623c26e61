"""Looking into a dataflow: what it yields, and how fast."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow
from course_lib.integers import count


class PrintData(ProxyDataFlow):
    """Describe the first datapoints of the first epoch in print, and pass all datapoints on.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    num : int
        How many to print, 1 or more.
    """

    def __init__(self, flow: DataFlow, num: int = 1) -> None:
        super().__init__(flow)
        self.num = count("the number of datapoints to print", num)

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch."""
        for number, datapoint in enumerate(self.flow.datapoints(epoch)):
            if epoch == 0 and number < self.num:
                print(f"Datapoint {number}: {len(datapoint)} component{'s' * (len(datapoint) != 1)}")
                for place, component in enumerate(datapoint):
                    print(f"  {place}: {described(component)}")
            yield datapoint


def described(component: Any) -> str:
    """Describe a component: type, shape, dtype and range of an array; for anything else, its type and beginning.

    Examples
    --------
    >>> described(np.arange(6.0).reshape(2, 3))
    'ndarray (2, 3) float64 in [0, 5]'
    >>> described("cat.jpg")
    "str 'cat.jpg'"
    """
    name = type(component).__name__
    if not (hasattr(component, "shape") and hasattr(component, "dtype")):
        text = repr(component)
        return f"{name} {text if len(text) <= 60 else text[:57] + '...'}"
    array = np.asarray(component)
    text = f"{name} {array.shape} {array.dtype}"
    if not array.size or array.dtype.kind not in "biuf":
        return text
    return f"{text} in [{array.min():.4g}, {array.max():.4g}]"


class TestDataSpeed:
    """Measure how fast a dataflow is.

    Parameters
    ----------
    flow : DataFlow
        It is reset, then iterated, for several epochs if one is not enough.
    size : int
        How many datapoints to take, 1 or more.
    """

    __test__ = False  # this is not a pytest test

    def __init__(self, flow: DataFlow, size: int = 1000) -> None:
        self.flow = flow
        self.size = count("the number of datapoints", size)

    def start(self) -> float:
        """Take the datapoints under a progress bar, and print the speed.

        Returns
        -------
        float
            Datapoints per second, including the time to start workers.

        Raises
        ------
        ValueError
            If the dataflow is empty.
        """
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.flow.reset_state()
        start, taken = time.perf_counter(), 0
        with Progress(*columns, console=Console(), transient=True) as progress:
            task = progress.add_task("datapoints", total=self.size)
            while taken < self.size:
                before = taken
                for _ in zip(range(self.size - taken), self.flow, strict=False):
                    taken += 1
                    progress.advance(task)
                if taken == before:
                    raise ValueError("expected a dataflow with datapoints, got an empty one")
        speed = taken / (time.perf_counter() - start)
        print(f"{speed:.1f} datapoints a second ({taken} in {taken / speed:.2f} s)")
        return speed
