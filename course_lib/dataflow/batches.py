"""Nodes that put datapoints together: into batches, epochs one after the other, flows side by side."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow
from course_lib.integers import as_integer, count

ENDLESS = 1 << 32  # more epochs than an endless repetition goes through, so that the next iteration begins with others


class BatchData(ProxyDataFlow):
    """Stack datapoints: each component gets a new first axis.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    batch_size : int
        1 or more.
    remainder : bool
        Whether the datapoints left at the end of an epoch make a smaller batch; otherwise they are dropped.

    Raises
    ------
    ValueError
        If `batch_size` is not a positive integer. While iterating, if datapoints of a batch differ in their number of
        components or in the shape of a component.
    """

    def __init__(self, flow: DataFlow, batch_size: int, remainder: bool = False) -> None:
        super().__init__(flow)
        self.batch_size = count("the batch size", batch_size)
        self.remainder = remainder
        self.batched = True

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        whole, rest = divmod(len(self.flow), self.batch_size)
        return whole + (self.remainder and rest > 0)

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint]:
        """Yield the batches of an epoch."""
        datapoints = self.flow.datapoints(epoch)
        while batch := list(itertools.islice(datapoints, self.batch_size)):
            if len(batch) == self.batch_size or self.remainder:
                yield _stacked(batch)


def _stacked(batch: list[Datapoint]) -> Datapoint:
    """Stack the components of datapoints."""
    if len({len(datapoint) for datapoint in batch}) != 1:
        raise ValueError(
            f"expected all datapoints of a batch to have as many components, got {[len(point) for point in batch]}"
        )
    stacked: Datapoint = []
    for number, components in enumerate(zip(*batch, strict=True)):
        arrays = [np.asarray(component, object if isinstance(component, bytes) else None) for component in components]
        shapes = sorted({array.shape for array in arrays})
        if len(shapes) != 1:
            raise ValueError(
                f"expected component {number} to have one shape in the whole batch, got {shapes}: resize or crop first"
            )
        stacked.append(np.stack(arrays))
        if not all(_unchanged(array, stacked[-1].dtype) for array in arrays):
            types = sorted({array.dtype.name for array in arrays})
            raise ValueError(
                f"expected component {number} to have one type in the whole batch, got {' and '.join(types)}"
            )
    return stacked


def _unchanged(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    """Tell whether stacking keeps values: NumPy makes strings of numbers beside strings, and rounds large integers."""
    kinds = (array.dtype.kind, dtype.kind)
    if kinds[0] in "iu" and kinds[1] in "iufc":
        return kinds[0] == kinds[1] or bool(np.all(array.astype(object) == array.astype(dtype).astype(object)))
    return kinds[0] == kinds[1] or (kinds[0] in "fc" and kinds[1] in "fc")


class RepeatedData(ProxyDataFlow):
    """Epochs one after the other, as one long epoch.

    As the input of a `PrefetchData`, it keeps the workers running through all of them; otherwise they would be
    restarted for each.

    Parameters
    ----------
    flow : DataFlow
        The dataflow to repeat; each repetition is its next epoch.
    times : int
        1 or more, or -1 for endless repetition; then there is no length.

    Raises
    ------
    ValueError
        If `times` is neither a positive integer nor -1.
    """

    def __init__(self, flow: DataFlow, times: int) -> None:
        super().__init__(flow)
        self.times = -1 if as_integer(times) == -1 else count("the number of times, unless -1,", times)
        self.splits = flow.splits

    def __len__(self) -> int:
        """Count the datapoints of all repetitions.

        Raises
        ------
        TypeError
            If the repetition is endless.
        """
        if self.times == -1:
            raise TypeError("RepeatedData without end has no length")
        return self.times * len(self.flow)

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield the epochs one after the other; see `DataFlow.share`."""
        before = epoch * (ENDLESS if self.times == -1 else self.times)
        for turn in itertools.count() if self.times == -1 else range(self.times):
            # Numbers continue through the repetitions, so a worker's first datapoint differs from repetition to
            # repetition.
            first = (worker - turn * len(self.flow)) % workers if workers > 1 else 0
            useful = False
            for datapoint in self.flow.share(before + turn, first, workers):
                useful = useful or datapoint is not None
                yield datapoint
            if not useful and workers == 1:
                return  # repeating an empty flow endlessly would hang


class JoinData(DataFlow):
    """The components of several flows side by side, as with `zip`: ``[*a, *b]``. It ends with the shortest flow.

    If one flow drops a datapoint, the corresponding ones of the others are dropped too, so that pairs stay pairs.

    Parameters
    ----------
    flows : sequence of DataFlow
        One or more.

    Raises
    ------
    ValueError
        If `flows` is empty, or an element is not a dataflow.
    """

    def __init__(self, flows: Sequence[DataFlow]) -> None:
        if not flows or not all(isinstance(flow, DataFlow) for flow in flows):
            raise ValueError(f"expected dataflows to join, got {[type(flow).__name__ for flow in flows]}")
        self.flows = list(flows)
        self.splits = all(flow.splits for flow in flows)
        self.may_drop = any(flow.may_drop for flow in flows)
        self.batched = all(flow.batched for flow in flows)

    def __len__(self) -> int:
        """Count the datapoints of the shortest flow."""
        return min(len(flow) for flow in self.flows)

    def reset_state(self) -> None:
        """Go back to the first epoch, here and below."""
        super().reset_state()
        for flow in self.flows:
            flow.reset_state()

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield the joined datapoints; see `DataFlow.share`."""
        for parts in zip(*(flow.share(epoch, worker, workers) for flow in self.flows), strict=False):
            whole = [part for part in parts if part is not None]
            yield list(itertools.chain(*whole)) if len(whole) == len(parts) else None
