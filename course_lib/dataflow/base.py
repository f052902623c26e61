"""What a dataflow is: the contract of every node, and the base of nodes that stand on another one.

A *datapoint* is a list of components, for example ``[image, label]``. A *dataflow* yields the datapoints of
one epoch whenever it is iterated; a *node* is a dataflow that stands on others. The names follow tensorpack
(https://tensorpack.readthedocs.io/tutorial/dataflow.html).
"""

import secrets
from collections.abc import Iterator
from typing import Any

from course_lib.integers import as_integer

Datapoint = list[Any]


class DataFlow:
    """An iterable of datapoints.

    Of your own dataflow write ``__iter__``, and ``__len__`` if the length is known. That is all::

        class Squares(DataFlow):
            def __iter__(self):
                for number in range(10):
                    yield [number, number**2]

            def __len__(self):
                return 10

    Where an epoch depends on nothing but its number, write `share` instead of ``__iter__``. Then several
    workers of `PrefetchData` can divide an epoch among themselves: set ``splits`` to True.

    Attributes
    ----------
    splits : bool
        Whether `share` can give each of several workers its own part.
    may_drop : bool
        Whether datapoints can be left out, so that the length is only an upper bound.
    batched : bool
        Whether the first axis of every component counts the members of a batch.
    """

    splits: bool = False
    may_drop: bool = False
    batched: bool = False
    _epoch = 0

    def __iter__(self) -> Iterator[Datapoint]:
        """Yield the datapoints of the next epoch."""
        if type(self).share is DataFlow.share:
            raise NotImplementedError(f"{type(self).__name__} has no __iter__ yet")
        epoch, self._epoch = self._epoch, self._epoch + 1
        return self.datapoints(epoch)

    def __len__(self) -> int:
        """Count the datapoints of an epoch, without those that may be dropped.

        Raises
        ------
        TypeError
            If the number is not known. It is no other error, since ``list(flow)`` asks for the length
            and takes this one as "unknown".
        """
        raise TypeError(f"{type(self).__name__} does not know its length")

    def reset_state(self) -> None:
        """Go back to the first epoch. To be called once before iterating, in the process that iterates.

        A dataflow is often built in one process and iterated in another. What cannot or must not travel,
        such as an open database, or a random generator, whose copies would draw the same numbers in
        every process, is made here and not in ``__init__``. Call it once and not before each epoch: the
        epochs would all be shuffled and augmented alike.

        A node forwards the call to what it stands on. `to_dataset`, `TestDataSpeed` and the worker
        processes of `PrefetchData` call it themselves. The nodes of this library are ready from the
        start: until `reset_state` is called, they are as if it had just been.
        """
        self._epoch = 0

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield every ``workers``-th datapoint of an epoch, beginning with number ``worker``.

        Parameters
        ----------
        epoch : int
            0 or more. The same number gives the same datapoints, in every process.
        worker, workers : int
            ``0 <= worker < workers``; 1 worker has the whole epoch. More than 1 only where ``splits``.

        Yields
        ------
        list or None
            None stands in the place of a datapoint that is dropped. So the workers stay in step, and
            taking one from each in turn gives the order of the whole epoch.
        """
        return iter(self)

    def datapoints(self, epoch: int) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch, but for those that are dropped."""
        return (datapoint for datapoint in self.share(epoch) if datapoint is not None)


class ProxyDataFlow(DataFlow):
    """Base of a node that stands on one other: it has its length and forwards `reset_state`.

    Parameters
    ----------
    flow : DataFlow
        What the node stands on; afterwards its attribute ``flow``.

    Raises
    ------
    ValueError
        If ``flow`` is no dataflow.
    """

    def __init__(self, flow: DataFlow) -> None:
        if not isinstance(flow, DataFlow):
            raise ValueError(f"{type(self).__name__} expected to stand on a dataflow, got {type(flow).__name__}")
        self.flow = flow
        self.may_drop = flow.may_drop
        self.batched = flow.batched

    def __len__(self) -> int:
        """Count the datapoints below."""
        return len(self.flow)

    def reset_state(self) -> None:
        """Go back to the first epoch, here and below."""
        super().reset_state()
        self.flow.reset_state()


def chosen_seed(seed: int | None) -> int:
    """Take a seed, or draw one. It is kept for good, so that all workers shuffle alike.

    Raises
    ------
    ValueError
        If the seed is negative or no whole number.
    """
    if seed is None:
        return secrets.randbits(32)
    number = as_integer(seed)
    if number is None or number < 0:
        raise ValueError(f"expected a seed of 0 or more, or None, got {seed!r}")
    return number


def component_index(index: int) -> int:
    """Take in the index of a component; a negative one counts from the end.

    Raises
    ------
    ValueError
        If it is no whole number.
    """
    whole = as_integer(index)
    if whole is None:
        raise ValueError(f"expected the index of a component as a whole number, got {index!r}")
    return whole
