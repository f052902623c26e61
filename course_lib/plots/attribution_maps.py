"""Attribution maps: where they peak, how concentrated they are, and how they become colors."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray
from skimage.color import rgb2gray
from skimage.util import img_as_float

Floats = NDArray[np.float64]
Kind = Literal["signed", "unsigned", "color"]

COLORMAPS = {"signed": "PuOr", "unsigned": "inferno"}
SCALES: dict[Kind, str] = {
    "signed": "below 0, 0, above 0",
    "unsigned": "from 0 to the largest values",
    "color": "by channel: gray is 0, lighter above, darker below",
}
LARGE = 99.5  # percent of a map's values; larger ones have the same color
STEPS = np.linspace(0, 1, 25)  # of a scale in a legend


@dataclass(frozen=True)
class AttributionMap:
    """A map of a picture's size or smaller, ``(h, w)`` or, by color channel, ``(h, w, 3)``."""

    values: Floats

    @property
    def kind(self) -> Kind:
        """How it is drawn."""
        if self.values.ndim == 3:
            return "color"
        return "signed" if (self.values < 0).any() else "unsigned"

    @property
    def strength(self) -> Floats:
        """The absolute value ``(h, w)``; of three channels, the largest."""
        sizes = np.abs(self.values)
        return sizes.max(axis=2) if sizes.ndim == 3 else sizes

    def scaled(self) -> Floats:
        """Return the values in units of the largest, but for a few: in [-1, 1]."""
        strength = self.strength
        limit = np.percentile(strength, LARGE) or strength.max() or 1.0
        return np.clip(self.values / limit, -1, 1)

    def colors(self) -> Floats:
        """Return RGB in [0, 1], ``(h, w, 3)``."""
        scaled = self.scaled()
        if self.kind == "color":
            return (1 + scaled) / 2
        return _mapped(self.kind, scaled if self.kind == "unsigned" else (1 + scaled) / 2)

    def peak(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return row and column of the largest strength, in pixels of a picture of this size."""
        rows, columns = self._centers(size)
        row, column = np.unravel_index(np.argmax(self.strength), self.strength.shape)
        return float(rows[row]), float(columns[column])

    def share_near_peak(self, size: tuple[int, int], radius: float) -> float:
        """Return which part of the sum of all strengths lies within so many pixels of the peak."""
        rows, columns = self._centers(size)
        row, column = self.peak(size)
        near = np.hypot(rows[:, None] - row, columns - column) <= radius
        return float(self.strength[near].sum() / self.strength.sum())

    def _centers(self, size: tuple[int, int]) -> tuple[Floats, Floats]:
        """Return where the map's rows and columns lie in a picture of this size."""
        height, width = size
        rows, columns = self.values.shape[:2]
        return (np.arange(rows) + 0.5) * height / rows - 0.5, (np.arange(columns) + 0.5) * width / columns - 0.5


def _mapped(kind: Kind, shades: Floats) -> Floats:
    return np.asarray(colormaps[COLORMAPS[kind]](shades)[..., :3], float)


def check_map(name: str, values: ArrayLike) -> AttributionMap:
    """Return a map, or say what is wrong with it as a `ValueError`."""
    array = np.asarray(values, float)
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or not array.size:
        hint = ": take one picture of the batch" if array.ndim == 4 else ""
        raise ValueError(f"expected a map (h, w) or (h, w, 3) for {name}, got shape {array.shape}{hint}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected values that are finite for {name}, got others")
    return AttributionMap(array)


def check_picture(name: str, picture: ArrayLike) -> Floats:
    """Return a picture in [0, 1], or say what is wrong with it as a `ValueError`."""
    shape = np.shape(picture)
    if len(shape) not in (2, 3) or shape[2:] not in ((), (3,)) or not np.size(picture):
        raise ValueError(f"expected a picture (H, W) or (H, W, 3) for {name}, got shape {shape}")
    return np.clip(img_as_float(picture), 0, 1)


def draw_picture(ax: Axes, picture: Floats) -> None:
    """Draw a picture, gray or in color."""
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def draw_attribution(ax: Axes, attribution: AttributionMap, size: tuple[int, int], under: Floats | None = None) -> None:
    """Draw a map as large as a picture; over a picture, the clearer the stronger it is."""
    height, width = size
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    if under is not None:
        gray = rgb2gray(under) if under.ndim == 3 else under
        ax.imshow(0.4 + 0.6 * gray, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    colors = attribution.colors()
    opacity = AttributionMap(attribution.strength).scaled() if under is not None else np.ones(colors.shape[:2])
    ax.imshow(np.dstack([colors, opacity]), extent=extent, interpolation="nearest")


def scale_handles(kinds: Iterable[Kind]) -> tuple[list[tuple[Patch, ...]], list[str]]:
    """Return for a legend how each kind is colored, as a row of patches, and what that means."""
    used = [kind for kind in SCALES if kind in set(kinds)]
    rows = [_gray_to_colors() if kind == "color" else _mapped(kind, STEPS) for kind in used]
    return [tuple(Patch(color=tuple(color)) for color in row) for row in rows], [SCALES[kind] for kind in used]


def _gray_to_colors() -> Floats:
    return (1 + STEPS[:, None] * np.eye(3)[np.arange(len(STEPS)) % 3]) / 2
