"""Photographs that a network colored: beside the truth, and from epoch to epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray
from skimage.color import lab2rgb, rgb2lab
from skimage.util import img_as_float

from course_lib.plots.base import WIDTH, DescribedFigure, new_mosaic

Picture = NDArray[np.float64]

TITLES = ("input", "prediction", "truth", "error")
TALLEST = 3.2  # inches: a picture
BAR = 0.9  # inches, across: the color bar with its words
CAPTION, HEAD, LETTER = 0.35, 0.25, 0.09  # inches: words below a picture, above a column, a letter beside
LARGEST = 40.0  # Lab units: errors from here on get the last color
COLUMNS = 6  # epochs that are shown side by side


def colorizations(rows: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> DescribedFigure:
    """Show in a row for each photograph the input, the prediction, the truth, and the error in a and b.

    Parameters
    ----------
    rows : mapping of str to (prediction, truth)
        Title of each row, and two pictures ``(H, W, 3)``, RGB, uint8 or in [0, 1]. The input is the truth without its
        color: gray of the same L.

    Returns
    -------
    DescribedFigure
        The error of a pixel is the root mean square of those of a and b, in Lab units. Below the input and the
        prediction stands the PSNR of each; that of the input is the gray baseline's. The text alternative gives the
        same numbers.

    Raises
    ------
    ValueError
        If there is no row, or the two pictures of one differ in size or are no RGB in [0, 1].
    """
    pictures = {title: (_rgb(title, one), _rgb(title, other)) for title, (one, other) in rows.items()}
    if not pictures:
        raise ValueError("expected one row or more, got none")
    for title, (prediction, truth) in pictures.items():
        if prediction.shape != truth.shape:
            raise ValueError(f"expected pictures of one size for {title}, got {prediction.shape} and {truth.shape}")
    across = (WIDTH - BAR) / len(TITLES)
    figure, axes = _grid({title: truth for title, (_, truth) in pictures.items()}, TITLES, across)
    sentences = []
    for cells, (title, (prediction, truth)) in zip(axes, pictures.items(), strict=True):
        lab = rgb2lab(truth)
        gray = lab2rgb(lab * (1, 0, 0))
        errors = np.sqrt(((rgb2lab(prediction) - lab)[..., 1:] ** 2).mean(axis=-1))
        baseline, ours = _psnr(gray, truth), _psnr(prediction, truth)
        rmse = f"RMSE {np.sqrt((errors**2).mean()):.1f}"
        for ax, picture in zip(cells, (gray, prediction, truth), strict=False):
            ax.imshow(picture)
        drawn = cells[-1].imshow(errors, cmap="cividis", vmin=0, vmax=LARGEST)
        for ax, words in zip(cells, (f"gray: {baseline}", ours, "", f"{rmse} Lab units"), strict=True):
            ax.set_xlabel(words)
        sentences.append(f"{title}: prediction {ours}, gray {baseline}, error {rmse}.")
    figure.colorbar(
        drawn, ax=[ax for cells in axes for ax in cells], label="error in a and b (Lab units)", extend="max", aspect=30
    )
    figure.alternative = (
        "Rows of photographs: input, prediction, truth, error. PSNR in RGB, error in a and b as root mean square in "
        f"Lab units. {' '.join(sentences)}"
    )
    return figure


def _rgb(title: str, picture: ArrayLike) -> Picture:
    """Take in a picture."""
    array = np.asarray(picture)
    if array.ndim != 3 or array.shape[-1] != 3 or not array.size:
        raise ValueError(f"expected pictures of shape (H, W, 3) for {title}, got {array.shape}")
    values = img_as_float(array)
    if not (values.min() >= -1e-3 and values.max() <= 1 + 1e-3):
        raise ValueError(f"expected RGB in [0, 1] for {title}, got values from {values.min():g} to {values.max():g}")
    return np.clip(values, 0, 1).astype(np.float64)


def _psnr(picture: Picture, truth: Picture) -> str:
    error = float(((picture - truth) ** 2).mean())
    return f"{-10 * np.log10(error):.1f} dB" if error else "no error"


def _grid(
    rows: Mapping[str, Picture], columns: Sequence[str], across: float
) -> tuple[DescribedFigure, list[list[Axes]]]:
    """Make a figure with a cell for each picture, in rows as high as the pictures that are given for them."""
    heights = [
        CAPTION + max(LETTER * len(title), min(TALLEST, across * picture.shape[0] / picture.shape[1]))
        for title, picture in rows.items()
    ]
    higher = 1 + HEAD / sum(heights)
    layout = [[f"{row} {column}" for column in columns] for row in range(len(rows))]
    figure, axes = new_mosaic(layout, [higher * height for height in heights])
    for ax in axes.values():
        ax.set(xticks=[], yticks=[])
        ax.xaxis.label.set_fontsize(9)
        ax.spines[:].set_visible(False)
    cells = [[axes[name] for name in names] for names in layout]
    for ax, column in zip(cells[0], columns, strict=True):
        ax.set_title(column)
    for (ax, *_), title in zip(cells, rows, strict=True):
        ax.set_ylabel(title)
    return figure, cells


def epochs(pictures: Mapping[str, Mapping[int, ArrayLike]]) -> DescribedFigure:
    """Show how the predictions for some pictures change from epoch to epoch, a row for each picture.

    Parameters
    ----------
    pictures : mapping of str to (mapping of int to array_like)
        For each picture its predictions by epoch, ``(H, W, 3)`` RGB, uint8 or in [0, 1]; `read_exports` of
        `course_lib.colorization` returns such a mapping. Of more than six epochs, six are shown, evenly spread.

    Returns
    -------
    DescribedFigure
        Below each prediction stands its mean chroma, that is, how colorful it is in Lab units. The text alternative
        gives the same numbers.

    Raises
    ------
    ValueError
        If there is no picture, the pictures have no epoch in common, or a prediction is no RGB in [0, 1].
    """
    if not pictures:
        raise ValueError("expected one picture or more, got none")
    common = sorted(set.intersection(*(set(predictions) for predictions in pictures.values())))
    if not common:
        raise ValueError(f"expected an epoch that all pictures have, got none for {', '.join(pictures)}")
    places = np.linspace(0, len(common) - 1, min(COLUMNS, len(common))).round().astype(int)
    shown = [common[place] for place in places]
    rows = {
        title: [_rgb(f"{title} in epoch {epoch}", predictions[epoch]) for epoch in shown]
        for title, predictions in pictures.items()
    }
    columns = [f"epoch {epoch}" for epoch in shown]
    figure, axes = _grid({title: row[0] for title, row in rows.items()}, columns, WIDTH / len(columns))
    figure.alternative = "Predictions from epoch to epoch, and their mean chroma in Lab units."
    for cells, (title, predictions) in zip(axes, rows.items(), strict=True):
        words = []
        for ax, epoch, prediction in zip(cells, shown, predictions, strict=True):
            chroma = np.linalg.norm(rgb2lab(prediction)[..., 1:], axis=-1).mean()
            ax.imshow(prediction)
            ax.set_xlabel(f"chroma {chroma:.1f} Lab units")
            words.append(f"{chroma:.1f} after epoch {epoch}")
        figure.alternative += f" {title}: {', '.join(words)}."
    return figure
