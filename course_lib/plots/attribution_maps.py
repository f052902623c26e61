"""Attribution maps: where they peak, how concentrated they are, and how they become colors."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray
from skimage.color import rgb2gray
from skimage.util import img_as_float

from course_lib.plots.base import DescribedFigure

Floats = NDArray[np.float64]
Kind = Literal["signed", "unsigned", "color"]

COLORMAPS = {"signed": "PuOr", "unsigned": "inferno"}
SCALES: dict[Kind, str] = {
    "signed": "map with signs: below 0, 0, above 0",
    "unsigned": "map without signs: from 0 up",
    "color": "by color channel: gray is 0, lighter above, darker below",
}
LARGE = 99  # percent of a map's values that are not 0; larger ones have the same color
PALE, OPAQUE = 0.35, 0.8  # of a picture under a map: its darkest gray; of the map: the strongest values
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
        some = self.strength[self.strength > 0]
        limit = np.percentile(some, LARGE) if some.size else 1.0
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

    def peak_is_below_zero(self) -> bool:
        """Tell whether the largest strength is that of a negative value of a signed map."""
        return self.kind == "signed" and float(self.values.flat[np.argmax(self.strength)]) < 0

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
    array = np.asarray(picture)
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or not array.size:
        raise ValueError(f"expected a picture (H, W) or (H, W, 3) for {name}, got shape {array.shape}")
    return np.clip(img_as_float(array), 0, 1)


def draw_picture(ax: Axes, picture: Floats) -> None:
    """Draw a picture, gray or in color."""
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1)


def draw_attribution(ax: Axes, attribution: AttributionMap, size: tuple[int, int], under: Floats | None = None) -> None:
    """Draw a map as large as a picture; over a picture, the clearer the stronger it is."""
    height, width = size
    colors = attribution.colors()
    if under is not None:
        gray = rgb2gray(under) if under.ndim == 3 else under
        draw_picture(ax, PALE + (1 - PALE) * gray)
        if attribution.kind == "signed":
            colors = _mapped("signed", 0.5 + 0.4 * np.sign(attribution.values))
        colors = np.dstack([colors, OPAQUE * AttributionMap(attribution.strength).scaled()])
    ax.imshow(colors, extent=(-0.5, width - 0.5, height - 0.5, -0.5))


def add_legend(figure: DescribedFigure, kinds: Collection[Kind], marks: Mapping[str, Line2D] | None = None) -> None:
    """Say below a figure how each kind of map is colored, as a row of patches, and what its marks mean."""
    used = [kind for kind in SCALES if kind in kinds]
    handles: list[Any] = [  # Matplotlib draws tuples of patches, but its types do not say so
        tuple(Patch(color=tuple(color)) for color in (_by_channel() if kind == "color" else _mapped(kind, STEPS)))
        for kind in used
    ]
    marks = marks or {}
    figure.legend(
        [*handles, *marks.values()],
        [*(SCALES[kind] for kind in used), *marks],
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
        handlelength=6,
        loc="outside lower center",
        ncols=2,
    )


def _by_channel() -> Floats:
    """Return colors that begin with gray and turn lighter and darker, one channel after the other."""
    signs = (-1) ** (np.arange(len(STEPS)) // 3)
    channels = np.eye(3)[np.arange(len(STEPS)) % 3]
    return (1 + (STEPS * signs)[:, None] * channels) / 2
