"""Nodes that turn one datapoint into another."""

from collections.abc import Callable, Iterator
from typing import Any

from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow, component_index


class MapData(ProxyDataFlow):
    """Apply a function to each datapoint.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    func : callable
        Takes a datapoint and returns one, or None to drop it. The length is then an upper bound.

    Raises
    ------
    ValueError
        While iterating, if the function returns anything but a list, a tuple or None.
    """

    def __init__(self, flow: DataFlow, func: Callable[[Datapoint], Datapoint | tuple[Any, ...] | None]) -> None:
        super().__init__(flow)
        self.func = func
        self.splits = flow.splits
        self.may_drop = True

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield what the function makes of each datapoint; see `DataFlow.share`."""
        below = self.flow.share(epoch, worker, workers)
        return (None if datapoint is None else self._mapped(datapoint) for datapoint in below)

    def _mapped(self, datapoint: Datapoint) -> Datapoint | None:
        """Apply the function, and check what it returns."""
        result = self.func(datapoint)
        if result is not None and not isinstance(result, list | tuple):
            raise ValueError(
                f"expected the function of MapData to return a datapoint (a list) or None, got {type(result).__name__}"
            )
        return None if result is None else list(result)


class MapDataComponent(ProxyDataFlow):
    """Apply a function to one component of each datapoint.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    func : callable
        Takes the component and returns its replacement.
    index : int
        The index of the component; -1 is the last one.

    Raises
    ------
    ValueError
        While iterating, if there is no such component, or the function returns None, as with a forgotten ``return``.
    """

    def __init__(self, flow: DataFlow, func: Callable[[Any], Any], index: int = 0) -> None:
        super().__init__(flow)
        self.func = func
        self.index = component_index(index)
        self.splits = flow.splits

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield each datapoint with its component replaced; see `DataFlow.share`."""
        below = self.flow.share(epoch, worker, workers)
        return (None if datapoint is None else self._mapped(datapoint) for datapoint in below)

    def _mapped(self, datapoint: Datapoint) -> Datapoint:
        """Apply the function to the component."""
        result = self.func(component(datapoint, self.index))
        if result is None:
            raise ValueError(
                "expected the function of MapDataComponent to return a component, got None: "
                "is a return missing? To drop datapoints use MapData"
            )
        return replaced(datapoint, self.index, result)


def component(datapoint: Datapoint, index: int) -> Any:
    """Return a component of a datapoint.

    Raises
    ------
    ValueError
        If it has no such component.
    """
    if not -len(datapoint) <= index < len(datapoint):
        raise ValueError(f"expected a datapoint with a component {index}, got one with {len(datapoint)} components")
    return datapoint[index]


def replaced(datapoint: Datapoint, index: int, value: Any) -> Datapoint:
    """Return a new datapoint with one component replaced: the old one may be in a cache."""
    copy = list(datapoint)
    copy[index] = value
    return copy
