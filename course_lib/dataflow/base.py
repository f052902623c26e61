"""What a dataflow is: the contract of every node, and the base of nodes that have an input node.

A *datapoint* is a list of components, for example ``[image, label]``. A *dataflow* yields the datapoints of
one epoch whenever it is iterated; a *node* is a dataflow that takes its datapoints from others. The names follow
tensorpack (https://tensorpack.readthedocs.io/tutorial/dataflow.html).
"""

import secrets
from collections.abc import Iterator
from typing import Any

from course_lib.integers import as_integer

Datapoint = list[Any]


class DataFlow:
    """An iterable of datapoints.

    For your own dataflow, write ``__iter__``, and ``__len__`` if the length is known. That is all::

        class Squares(DataFlow):
            def __iter__(self):
                for number in range(10):
                    yield [number, number**2]

            def __len__(self):
                return 10

    If an epoch depends on nothing but its number, write `share` instead of ``__iter__``. Then several
    workers of `PrefetchData` can divide an epoch among themselves: set ``splits`` to True.

    Attributes
    ----------
    splits : bool
        Whether `share` can give each of several workers its own part.
    may_drop : bool
        Whether datapoints can be left out, so that the length is only an upper bound.
    batched : bool
        Whether the first axis of every component is the batch axis.
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
            If the number is not known. It must be this error, because ``list(flow)`` asks for the length and takes a
            TypeError as "unknown".
        """
        raise TypeError(f"{type(self).__name__} does not know its length")

    def reset_state(self) -> None:
        """Go back to the first epoch. Call it once before iterating, in the process that iterates.

        A dataflow is often built in one process and iterated in another. What cannot or must not be sent to another
        process is made here and not in ``__init__``: an open database, for example, or a random generator, whose copies
        would draw the same numbers in every process. Call it once, not before each epoch: otherwise all epochs would be
        shuffled and augmented in the same way.

        A node forwards the call to its inputs. `to_dataset`, `TestDataSpeed` and the worker
        processes of `PrefetchData` call it themselves. The nodes of this library are ready from the
        start: they behave as if `reset_state` had just been called.
        """
        self._epoch = 0

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield every ``workers``-th datapoint of an epoch, beginning with number ``worker``.

        Parameters
        ----------
        epoch : int
            0 or more. The same number gives the same datapoints, in every process.
        worker, workers : int
            ``0 <= worker < workers``; a single worker gets the whole epoch. More than 1 only if ``splits`` is True.

        Yields
        ------
        list or None
            None takes the place of a datapoint that is dropped. So the workers stay in step, and
            taking one from each in turn gives the order of the whole epoch.
        """
        return iter(self)

    def datapoints(self, epoch: int) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch, except those that are dropped."""
        return (datapoint for datapoint in self.share(epoch) if datapoint is not None)


class ProxyDataFlow(DataFlow):
    """Base of a node with one input: it has the input's length and forwards `reset_state`.

    Parameters
    ----------
    flow : DataFlow
        The input of the node; stored as its attribute ``flow``.

    Raises
    ------
    ValueError
        If ``flow`` is not a dataflow.
    """

    def __init__(self, flow: DataFlow) -> None:
        if not isinstance(flow, DataFlow):
            raise ValueError(f"{type(self).__name__} expected to stand on a dataflow, got {type(flow).__name__}")
        self.flow = flow
        self.may_drop = flow.may_drop
        self.batched = flow.batched

    def __len__(self) -> int:
        """Count the datapoints of the input."""
        return len(self.flow)

    def reset_state(self) -> None:
        """Go back to the first epoch, here and below."""
        super().reset_state()
        self.flow.reset_state()


def chosen_seed(seed: int | None) -> int:
    """Check a seed, or draw one. It never changes afterwards, so that all workers shuffle in the same way.

    Raises
    ------
    ValueError
        If the seed is not an integer of 0 or more.
    """
    if seed is None:
        return secrets.randbits(32)
    number = as_integer(seed)
    if number is None or number < 0:
        raise ValueError(f"expected a seed of 0 or more, or None, got {seed!r}")
    return number


def component_index(index: int) -> int:
    """Check the index of a component; a negative one counts from the end.

    Raises
    ------
    ValueError
        If it is not an integer.
    """
    whole = as_integer(index)
    if whole is None:
        raise ValueError(f"expected the index of a component as a whole number, got {index!r}")
    return whole
