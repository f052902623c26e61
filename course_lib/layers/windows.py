"""The windows of a map, as a convolution lays them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import tensorflow as tf

from course_lib.integers import as_integer

__all__ = ["Pair", "Windows", "pair"]

Pair = tuple[int, int]


def pair(value: int | Sequence[int], name: str) -> Pair:
    """Take in two whole numbers of 1 or more, for down and across, or one for both."""
    numbers = value if isinstance(value, tuple | list) else (value, value)
    whole = [as_integer(number) or 0 for number in numbers]
    if len(whole) != 2 or min(whole) < 1:
        raise ValueError(f"expected {name} to be one or two whole numbers of 1 or more, got {value!r}")
    return whole[0], whole[1]


@dataclass(frozen=True)
class Windows:
    """The windows of a map, one for each place.

    Attributes
    ----------
    sides, taps, strides, places : (int, int)
        Height and width of the map and of a window, the steps from a window to the next, the number of windows.
    before : (int, int)
        Rows of zeros above the map, and columns of zeros to its left.
    """

    sides: Pair
    taps: Pair
    strides: Pair
    places: Pair
    before: Pair

    @classmethod
    def of(cls, sides: Sequence[int | None], taps: Pair, strides: Pair, padding: str) -> "Windows":
        """Lay out windows as TensorFlow's convolutions do.

        Raises
        ------
        ValueError
            If a side is unknown, no window fits, or the padding is neither ``"valid"`` nor ``"same"``.
        """
        height, width = sides
        if not height or not width:
            raise ValueError(f"expected maps of known height and width, 1 or more, got {height} × {width}")
        if padding not in ("valid", "same"):
            raise ValueError(f'expected padding "valid" or "same", got {padding!r}')
        if padding == "valid" and (height < taps[0] or width < taps[1]):
            raise ValueError(f"expected maps of {taps[0]} × {taps[1]} pixels or more, got {height} × {width}")

        def along(side: int, tap: int, step: int) -> Pair:
            """Return how many windows there are along one axis, and the zeros before the first pixel."""
            if padding == "valid":
                return (side - tap) // step + 1, 0
            number = -(-side // step)
            return number, max((number - 1) * step + tap - side, 0) // 2

        down, across = along(height, taps[0], strides[0]), along(width, taps[1], strides[1])
        return cls((height, width), taps, strides, (down[0], across[0]), (down[1], across[1]))

    def take(self, maps: tf.Tensor) -> tf.Tensor:
        """Take all windows out of maps, ``(B, H, W, C)``.

        Returns
        -------
        tf.Tensor
            Shape ``(OH * OW, B, KH * KW * C)``: the places come first, as a batched matrix product wants them.
        """
        (rows, columns), (s, t) = self.taps, self.strides
        high, wide = ((n - 1) * step + 1 for n, step in zip(self.places, self.strides, strict=True))
        margins = [
            (before, max(reach + tap - 1 - before - side, 0))
            for side, tap, before, reach in zip(self.sides, self.taps, self.before, (high, wide), strict=True)
        ]
        maps = tf.pad(tf.transpose(maps, (1, 2, 0, 3)), [*margins, (0, 0), (0, 0)])
        maps = tf.concat([maps[:, j : j + wide : t] for j in range(columns)], axis=-1)
        maps = tf.concat([maps[i : i + high : s] for i in range(rows)], axis=-1)
        return tf.reshape(maps, (self.places[0] * self.places[1], -1, maps.shape[-1]))

    def add(self, values: tf.Tensor) -> tf.Tensor:
        """Add up windows, shape ``(OH * OW, B, KH * KW * C)``, where they overlap: the transpose of `take`.

        Returns
        -------
        tf.Tensor
            Shape ``(B, H, W, C)``.
        """
        channels = values.shape[-1] // (self.taps[0] * self.taps[1])
        values = tf.reshape(values, (*self.places, -1, *self.taps, channels))
        taps = product(*map(range, self.taps))
        total = reduce(tf.add, (self._spread(values[:, :, :, i, j], (i, j)) for i, j in taps))
        (height, width), (above, left) = self.sides, self.before
        below, right = (
            max(before + side - there, 0)
            for before, side, there in zip(self.before, self.sides, total.shape[:2], strict=True)
        )
        total = tf.pad(total, [(0, below), (0, right), (0, 0), (0, 0)])
        return tf.transpose(total[above : above + height, left : left + width], (2, 0, 1, 3))

    def _spread(self, values: tf.Tensor, tap: Pair) -> tf.Tensor:
        """Bring one tap of all windows, shape ``(OH, OW, B, C)``, to the pixels that it met, with zeros between."""
        (down, across), (s, t) = self.places, self.strides
        if (s, t) != (1, 1):
            apart = tf.pad(values[:, None, :, None], [(0, 0), (0, s - 1), (0, 0), (0, t - 1), (0, 0), (0, 0)])
            values = tf.reshape(apart, (down * s, across * t, -1, values.shape[-1]))
        margins = [(first, size - 1 - first) for first, size in zip(tap, self.taps, strict=True)]
        return tf.pad(values, [*margins, (0, 0), (0, 0)])
