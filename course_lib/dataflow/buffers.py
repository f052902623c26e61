"""Nodes that keep datapoints in memory: to shuffle them, or to yield them again."""

from collections.abc import Iterator

import numpy as np

from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow, chosen_seed
from course_lib.integers import count


class LocallyShuffleData(ProxyDataFlow):
    """Shuffle within a buffer: each datapoint is drawn from the ``buffer_size`` datapoints in the buffer.

    A datapoint comes at most ``buffer_size - 1`` places early, but may come arbitrarily late. If the source can
    shuffle, that is better: every order is possible, and no memory is needed.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    buffer_size : int
        1 or more; 1 leaves the order as it is.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.

    Raises
    ------
    ValueError
        If `buffer_size` is not a positive integer, or `seed` is not an integer of 0 or more.
    """

    def __init__(self, flow: DataFlow, buffer_size: int, seed: int | None = None) -> None:
        super().__init__(flow)
        self.buffer_size = count("the buffer size", buffer_size)
        self.seed = chosen_seed(seed)

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch, shuffled."""
        rng = np.random.default_rng([self.seed, epoch])
        buffer: list[Datapoint] = []
        for datapoint in self.flow.datapoints(epoch):
            buffer.append(datapoint)
            if len(buffer) == self.buffer_size:
                yield _drawn(buffer, rng)
        while buffer:
            yield _drawn(buffer, rng)


def _drawn(buffer: list[Datapoint], rng: np.random.Generator) -> Datapoint:
    """Remove one datapoint from the buffer."""
    place = int(rng.integers(len(buffer)))
    buffer[place], buffer[-1] = buffer[-1], buffer[place]
    return buffer.pop()


class CacheData(ProxyDataFlow):
    """Keep the datapoints of the first epoch that is iterated to its end, and yield them again in every later one.

    The nodes before it work in one epoch only: put random changes after it. Components are the same objects each time,
    so do not change them in place. A cache belongs to one process: put a `PrefetchData` with processes before it.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    shuffle : bool
        Whether each later epoch is shuffled differently.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.
    """

    def __init__(self, flow: DataFlow, shuffle: bool = False, seed: int | None = None) -> None:
        super().__init__(flow)
        self.shuffle = shuffle
        self.seed = chosen_seed(seed)
        self._kept: list[Datapoint] | None = None

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch, from the cache if there is one."""
        if self._kept is not None:
            order = np.arange(len(self._kept))
            if self.shuffle:
                order = np.random.default_rng([self.seed, epoch]).permutation(len(self._kept))
            yield from (list(self._kept[index]) for index in order)
            return
        kept = []
        for datapoint in self.flow.datapoints(epoch):
            kept.append(list(datapoint))
            yield datapoint
        self._kept = kept
