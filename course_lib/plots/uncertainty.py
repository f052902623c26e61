"""How uncertain a colorizer is about each pixel, beside its error."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from course_lib.plots.base import WIDTH, DescribedFigure
from course_lib.plots.picture_rows import BAR, Picture, check_rgb, picture_rows

TITLES = ("prediction", "uncertainty", "true error")
LARGE = 99  # percent of the values of all maps; larger ones get the last color
STEP = 10.0  # Lab units: the scale ends at a multiple of it


def uncertainty(pictures: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike | None]]) -> DescribedFigure:
    """Show in a row for each photograph its prediction, how uncertain each pixel is, and its true error.

    Parameters
    ----------
    pictures : mapping of str to (prediction, uncertainty, error)
        Title of each row, the colored picture ``(H, W, 3)``, RGB, uint8 or in [0, 1], and two maps ``(H, W)`` in Lab
        units. The error is None if the truth is not known.

    Returns
    -------
    DescribedFigure
        All maps have one scale. Below each is its root mean square, and below the error its correlation with the
        uncertainty over all pixels. The text alternative gives the same numbers.

    Raises
    ------
    ValueError
        If there are no rows, a map differs in size from its picture, or values are not as above.
    """
    if not pictures:
        raise ValueError("expected one row or more, got none")
    predictions = {title: check_rgb(title, prediction) for title, (prediction, _, _) in pictures.items()}
    maps = {
        title: [
            None if values is None else _map(f"{name} of {title}", values, predictions[title].shape[:2])
            for name, values in zip(TITLES[1:], pair, strict=True)
        ]
        for title, (_, *pair) in pictures.items()
    }
    known = [values for row in maps.values() for values in row if values is not None]
    largest = np.percentile(np.concatenate([values.ravel() for values in known]), LARGE)
    limit = STEP * max(1, math.ceil(largest / STEP))
    columns = TITLES if any(error is not None for _, error in maps.values()) else TITLES[:2]
    figure, cells = picture_rows(predictions, columns, (WIDTH - BAR) / len(columns))
    figure.alternative = "Predictions, and maps in Lab units."
    for (first, *others), (title, prediction) in zip(cells, predictions.items(), strict=True):
        first.imshow(prediction)
        words = []
        for ax, name, values in zip(others, columns[1:], maps[title], strict=False):
            if values is None:
                ax.axis("off")
                continue
            drawn = _draw(ax, values, limit)
            words.append(f"{name} {ax.get_xlabel()}")
        spread, error = maps[title]
        if spread is not None and error is not None:
            related = _correlation(spread, error)
            others[-1].set_xlabel(f"{others[-1].get_xlabel()}, {related}")
            words[-1] += f", {related} with the uncertainty"
        figure.alternative += f" {title}: {'; '.join(words)}."
    figure.colorbar(drawn, ax=[ax for row in cells for ax in row], label="Lab units", extend="max", aspect=30)
    return figure


def _map(name: str, values: ArrayLike, size: tuple[int, ...]) -> Picture:
    array = np.asarray(values, float)
    if array.shape != size:
        raise ValueError(f"expected a map of shape {size} for the {name}, got {array.shape}")
    if not (np.isfinite(array).all() and array.min() >= 0):
        raise ValueError(f"expected finite values of 0 or more for the {name}, got others")
    return array


def _draw(ax: Axes, values: Picture, limit: float) -> AxesImage:
    ax.set_xlabel(f"RMS {math.sqrt((values**2).mean()):.1f}")
    return ax.imshow(values, cmap="cividis", vmin=0, vmax=limit)


def _correlation(one: Picture, other: Picture) -> str:
    if not (np.ptp(one) and np.ptp(other)):
        return "no correlation"
    return f"correlation {np.corrcoef(one.ravel(), other.ravel())[0, 1]:.2f}"
