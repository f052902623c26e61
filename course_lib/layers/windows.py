"""The windows of a map, as a convolution lays them out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from course_lib.integers import as_integer

__all__ = ["Pair", "Windows", "pair"]

Pair = tuple[int, int]


def pair(value: int | Sequence[int], name: str) -> Pair:
    """Check two positive integers, for down and across, or one for both."""
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

    def prepare(self, maps: tf.Tensor) -> tf.Tensor:
        """Pad maps, ``(B, H, W, C)``, and move the axes of their pixels to the front, for a batched matrix product.

        Returns
        -------
        tf.Tensor
            Shape ``(H', W', B, C)``, for `row` and `all`.
        """
        reaches = [(n - 1) * step + tap for n, step, tap in zip(self.places, self.strides, self.taps, strict=True)]
        margins = [
            (before, max(reach - before - side, 0))
            for before, reach, side in zip(self.before, reaches, self.sides, strict=True)
        ]
        maps = tf.transpose(maps, (1, 2, 0, 3))
        return tf.pad(maps, [*margins, (0, 0), (0, 0)]) if any(map(any, margins)) else maps

    def row(self, pixels: tf.Tensor, p: int) -> tf.Tensor:
        """Return the windows of one row of places, shape ``(OW, B, KH * KW * C)``."""
        lines = [pixels[p * self.strides[0] + i] for i in range(self.taps[0])]
        return tf.concat([self._columns(line, j, axis=0) for line in lines for j in range(self.taps[1])], axis=-1)

    def all(self, pixels: tf.Tensor) -> tf.Tensor:
        """Return the windows of all places, shape ``(OH * OW, B, KH * KW * C)``."""
        wide = tf.concat([self._columns(pixels, j, axis=1) for j in range(self.taps[1])], axis=-1)
        last = (self.places[0] - 1) * self.strides[0] + 1
        windows = tf.concat([wide[i : i + last : self.strides[0]] for i in range(self.taps[0])], axis=-1)
        return tf.reshape(windows, (self.places[0] * self.places[1], -1, windows.shape[-1]))

    def _columns(self, pixels: tf.Tensor, j: int, axis: int) -> tf.Tensor:
        """Return the pixels in column `j` of each window."""
        last = (self.places[1] - 1) * self.strides[1] + 1
        return pixels[(slice(None),) * axis + (slice(j, j + last, self.strides[1]),)]

    def add(self, rows: Iterable[tf.Tensor]) -> tf.Tensor:
        """Add up windows where they overlap: the transpose of extracting them.

        Parameters
        ----------
        rows : iterable of tf.Tensor
            The windows of each row of places, shape ``(OW, B, KH * KW * C)``, as from `row`.

        Returns
        -------
        tf.Tensor
            Shape ``(B, H, W, C)``.
        """
        pixels: list[list[tf.Tensor]] = [[] for _ in range(self.sides[0])]
        for p, row in enumerate(rows):
            channels = row.shape[-1] // (self.taps[0] * self.taps[1])
            windows = tf.reshape(row, (self.places[1], -1, *self.taps, channels))
            lines = self._add_columns(windows)
            for i in range(self.taps[0]):
                y = p * self.strides[0] + i - self.before[0]
                if 0 <= y < self.sides[0]:
                    pixels[y].append(lines[:, :, i])
        nothing = tf.zeros_like(next(filter(None, pixels))[0])
        total = tf.stack([tf.add_n(parts) if parts else nothing for parts in pixels])
        return tf.transpose(total, (2, 0, 1, 3))

    def _add_columns(self, windows: tf.Tensor) -> tf.Tensor:
        """Add up one row of windows, shape ``(OW, B, KH, KW, C)``, to lines of pixels, shape ``(W, B, KH, C)``."""
        across, stride, taps = self.places[1], self.strides[1], self.taps[1]
        apart = tf.pad(windows[:, None], [(0, 0), (0, stride - 1), *[(0, 0)] * 4]) if stride > 1 else windows
        apart = tf.reshape(apart, (across * stride, -1, *windows.shape[2:]))
        short = max(self.before[1] + self.sides[1] - (across * stride + taps - 1), 0)
        parts = [tf.pad(apart[:, :, :, j], [(j, taps - 1 - j + short), *[(0, 0)] * 3]) for j in range(taps)]
        return tf.add_n(parts)[self.before[1] : self.before[1] + self.sides[1]]
