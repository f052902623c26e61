"""What all sources have in common: the order of an epoch, and the handling of unexpected images."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from course_lib.images.decode import ImageError, Pixels, UnusualImageError
from course_lib.integers import as_integer

Unusual = Literal["convert", "skip", "raise"]
Broken = Literal["skip", "raise"]
Named = tuple[str, Pixels]
Item = TypeVar("Item")


class Source(ABC, Generic[Item]):
    """Named images; each iteration is one epoch.

    Parameters
    ----------
    names : iterable of str
        One for each image, in order.
    seed : int, optional
        Shuffles, differently in each epoch; see `epoch_order`.
    unusual : {"convert", "skip", "raise"}
        What happens with images that are gray, transparent, CMYK, 16-bit, rotated, animated or not in sRGB.
    broken : {"skip", "raise"}
        What happens with files that are missing, damaged, too large, or not images.

    Attributes
    ----------
    names : list of str
        The names of all images, including skipped ones; their number is the length of the source.
    unusual, broken : str
        As given.
    skipped : dict
        The reason for each image skipped so far, by name. Each gives one warning, which is not repeated in later
        epochs; a copy in another process has its own count.

    Raises
    ------
    ValueError
        If an argument has another value. While iterating: `ImageError` when the image is reached, if ``"raise"`` was
        chosen; and `ValueError` at the end of an epoch that skipped everything.
    """

    def __init__(
        self,
        names: Iterable[str],
        *,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        number = None if seed is None else as_integer(seed)
        if seed is not None and (number is None or number < 0):
            raise ValueError(f"expected a seed of 0 or more, or None, got {seed!r}")
        for what, choice, choices in (("unusual", unusual, get_args(Unusual)), ("broken", broken, get_args(Broken))):
            if choice not in choices:
                raise ValueError(f"expected {what} to be one of {', '.join(choices)}, got {choice!r}")
        self.names = list(names)
        self.skipped: dict[str, str] = {}
        self._seed, self._epoch = number, 0
        self.unusual, self.broken = unusual, broken

    @abstractmethod
    def read(self, index: int) -> Item:
        """Read one image; raise `ImageError` if that is impossible, `UnusualImageError` unless it is converted."""

    def read_or_skip(self, index: int) -> Item | None:
        """Read one image; None if it is skipped, with a warning the first time."""
        try:
            return self.read(index)
        except ImageError as error:
            if (self.unusual if isinstance(error, UnusualImageError) else self.broken) == "raise":
                raise
            name = self.names[index]
            if name not in self.skipped:
                warnings.warn(f"skipped {error}", stacklevel=3)
            self.skipped[name] = error.reason
            return None

    @property
    def may_skip(self) -> bool:
        """Tell whether an epoch may have fewer images than the source."""
        return "skip" in {self.unusual, self.broken}

    @property
    def converts(self) -> bool:
        """Tell whether unusual images are converted."""
        return self.unusual == "convert"

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Item]:
        order = epoch_order(len(self), self._seed, self._epoch)
        self._epoch += 1
        return self._items(order)

    def _items(self, order: NDArray[np.intp]) -> Iterator[Item]:
        empty = True
        for index in order.tolist():
            item = self.read_or_skip(index)
            if item is not None:
                empty = False
                yield item
        if empty:
            raise ValueError(f"expected images, but all {len(self)} were skipped: {self.skipped}")


def epoch_order(length: int, seed: int | None, epoch: int) -> NDArray[np.intp]:
    """Shuffle ``range(length)`` for an epoch.

    Parameters
    ----------
    length : int
        The number of elements.
    seed : int or None
        0 or more; None does not shuffle.
    epoch : int
        Counted from 0; each epoch has a different order.

    Returns
    -------
    ndarray
        ``(length,)`` int.
    """
    if seed is None:
        return np.arange(length)
    return np.random.default_rng([seed, epoch]).permutation(length)
