"""A trained colorizer: a committee of heads on one trunk."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import histogram_to_ab
from course_lib.color.scale import AB_BOUND
from course_lib.hypercolumn_colorizer import features, head_file, tiles
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.dense import Folded, fold
from course_lib.hypercolumn_colorizer.hints import Hint, apply_hints

Floats = NDArray[np.float32]
Decoding = Literal["expected", "median"]

DECODERS = {"expected": expected_color, "median": histogram_to_ab}


class HypercolumnColorizer:
    """Predicts histograms of hue and chroma for every pixel of a gray picture, and one color from them.

    L and ab are on the scale of `normalize_lab`.

    Parameters
    ----------
    heads : sequence of keras.Model
        One or more trained heads from `head.head`. Their histograms are averaged. They must not be changed afterwards.
    color : float
        The factor for predicted color, in [0, 1]: less than 1 if the heads cannot be trusted.
    trunk : keras.Model, optional
        As `features.trunk` makes it; by default that of HED.

    Raises
    ------
    ValueError
        If `heads` is empty, a head does not take the trunk's hypercolumns, or the factor is not in [0, 1].
    """

    def __init__(self, heads: Sequence[keras.Model], color: float = 1.0, trunk: keras.Model | None = None) -> None:
        self.heads, self.color = list(heads), _factor(color)
        self.trunk = features.trunk() if trunk is None else trunk
        channels = features.channels(self.trunk)
        found = [each.input_shape[-1] for each in self.heads]
        if not found or {*found} != {channels}:
            raise ValueError(f"expected 1 head or more that takes {channels} channels, got {found}")

    @cached_property
    def _folded(self) -> Folded:
        return fold(self.heads)

    def histograms(self, L: ArrayLike) -> tuple[Floats, Floats]:
        """Predict the histograms of every pixel, averaged over the heads.

        Parameters
        ----------
        L : array_like
            Normalized, ``(H, W, 1)``, of any size.

        Returns
        -------
        hue, chroma : ndarray
            Shape ``(H, W, bins)``, float32; each sums to 1.

        Raises
        ------
        ValueError
            If L is not as above.
        """
        return tiles.histograms(self.trunk, self._folded, features.lightness(L))

    def colorize(
        self,
        L: ArrayLike,
        hints: Sequence[Hint] = (),
        decoding: Decoding = "expected",
        color: float | None = None,
    ) -> Floats:
        """Predict the color of every pixel.

        Without hints, the expected color needs little memory: a large picture's histograms are never all in memory at
        once.

        Parameters
        ----------
        L : array_like
            Normalized, ``(H, W, 1)``, of any size.
        hints : sequence of Hint
            The color of some pixels, which spreads to similar pixels.
        decoding : {"expected", "median"}
            The expected color of the histograms, or their median chroma at the mean hue, which is more vivid.
        color : float, optional
            The factor for predicted chroma, in [0, 1], but not for that of hints. By default the colorizer's factor.

        Returns
        -------
        ndarray
            Shape ``(H, W, 2)``, float32: normalized ab.

        Raises
        ------
        ValueError
            If an argument is not as above, or a hint lies outside the picture.
        """
        array = features.lightness(L)
        if decoding not in DECODERS:
            raise ValueError(f'expected decoding "expected" or "median", got {decoding!r}')
        factor = self.color if color is None else _factor(color)
        if not hints and decoding == "expected":
            return tiles.colors(self.trunk, self._folded, array) * np.float32(factor / AB_BOUND)
        hue, chroma = self.histograms(array)
        ab = DECODERS[decoding](*apply_hints(hue, _faded(chroma, factor), array, hints))
        return ab / np.float32(AB_BOUND)

    def save(self, path: str | Path) -> None:
        """Write the heads and the factor to one file, without the trunk; a reader never finds an incomplete file."""
        head_file.save_heads(Path(path), self.heads, self.color)

    @classmethod
    def load(cls, path: str | Path, trunk: keras.Model | None = None) -> "HypercolumnColorizer":
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.
        trunk : keras.Model, optional
            The trunk that the heads were trained on; by default that of HED.

        Returns
        -------
        HypercolumnColorizer
            It predicts the same as the saved one.

        Raises
        ------
        ValueError
            If it is another kind of file, is damaged, or belongs to another trunk.
        FileNotFoundError
            If there is no such file.
        """
        return cls(*head_file.load_heads(Path(path)), trunk)


def _faded(chroma: Floats, factor: float) -> Floats:
    """Multiply the chroma of histograms ``(..., bins)``: each bin votes for its new place."""
    bins = np.arange(chroma.shape[-1])
    votes = np.maximum(0, 1 - np.abs(factor * bins[:, None] - bins))
    return chroma @ votes.astype(np.float32)


def _factor(color: float) -> float:
    """Check a factor for color."""
    if not 0 <= color <= 1:
        raise ValueError(f"expected a color factor in [0, 1], got {color!r}")
    return float(color)
