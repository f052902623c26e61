"""What all sources have in common: the order of an epoch, and what becomes of images not as expected."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, Literal, TypeVar, get_args

import numpy as np

from course_lib.images.decode import ImageError, Pixels, UnusualImageError
from course_lib.integers import as_integer

Unusual = Literal["convert", "skip", "raise"]
Broken = Literal["skip", "raise"]
Named = tuple[str, Pixels]
Item = TypeVar("Item")


class Source(ABC, Generic[Item]):
    """Named images, one epoch an iteration.

    Parameters
    ----------
    names : iterable of str
        One for each image, in order.
    seed : int, optional
        Shuffles: epoch ``e``, counted from 0, has the order of
        ``np.random.default_rng([seed, e]).permutation(len(self))``.
    unusual : {"convert", "skip", "raise"}
        What becomes of images that are gray, transparent, CMYK, 16-bit, rotated, animated or not in sRGB.
    broken : {"skip", "raise"}
        What becomes of files that are missing, damaged, too large, or no images.

    Attributes
    ----------
    names : list of str
        Of all images, those skipped included; their number is the length of the source.
    skipped : dict
        The reason for each name left out so far. Each is warned about once, not again in later epochs;
        a copy in another process counts for itself.

    Raises
    ------
    ValueError
        If an argument is none of these. While iterating: `ImageError`, as chosen, when the image is
        reached; and `ValueError` at the end of an epoch that skipped everything.
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
        self._unusual, self._broken = unusual, broken

    @abstractmethod
    def _read(self, index: int) -> Item:
        """Read one image; raise `ImageError` where that is impossible, `UnusualImageError` unless `_convert`."""

    @property
    def _convert(self) -> bool:
        return self._unusual == "convert"

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Item]:
        order = list(range(len(self)))
        if self._seed is not None:
            order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self)).tolist()
        self._epoch += 1
        return self._items(order)

    def _items(self, order: list[int]) -> Iterator[Item]:
        empty = True
        for index in order:
            try:
                item = self._read(index)
            except ImageError as error:
                self._leave_out(self.names[index], error)
            else:
                empty = False
                yield item
        if empty:
            raise ValueError(f"expected images, but all {len(self)} were skipped: {self.skipped}")

    def _leave_out(self, name: str, error: ImageError) -> None:
        """Raise what is to be raised; count the rest, and warn about what is new."""
        choice = self._unusual if isinstance(error, UnusualImageError) else self._broken
        if choice == "raise":
            raise error
        if name not in self.skipped:
            warnings.warn(f"skipped {error}", stacklevel=3)
        self.skipped[name] = error.reason
