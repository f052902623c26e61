"""Photographs that a network colored: beside the truth, and from epoch to epoch."""

from collections.abc import Mapping

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
CAPTION = 0.3  # inches, below a picture
LARGEST = 60.0  # Lab units: errors from here on get the last color
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
        The error of a pixel is the distance between the two colors (a, b) in Lab units. Below the input and the
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
    heights = [CAPTION + min(TALLEST, across * len(truth) / truth.shape[1]) for _, truth in pictures.values()]
    figure, axes = new_mosaic([[f"{row} {name}" for name in TITLES] for row in range(len(pictures))], heights)
    sentences = []
    for row, (title, (prediction, truth)) in enumerate(pictures.items()):
        cells = [axes[f"{row} {name}"] for name in TITLES]
        lab = rgb2lab(truth)
        gray = lab2rgb(lab * (1, 0, 0))
        errors = np.linalg.norm(rgb2lab(prediction)[..., 1:] - lab[..., 1:], axis=-1)
        rmse = float(np.sqrt((errors**2).mean()))
        captions = [f"gray: {_psnr(gray, truth)}", _psnr(prediction, truth), "", f"RMSE {rmse:.1f}"]
        for ax, picture, words in zip(cells, (gray, prediction, truth, None), captions, strict=True):
            drawn = ax.imshow(errors, cmap="cividis", vmin=0, vmax=LARGEST) if picture is None else ax.imshow(picture)
            _bare(ax, words)
        cells[0].set_ylabel(title)
        sentences.append(f"{title}: prediction {captions[1]}, gray {captions[0][6:]}, error {captions[3]}.")
    for ax, name in zip((axes[f"0 {name}"] for name in TITLES), TITLES, strict=True):
        ax.set_title(name)
    figure.colorbar(drawn, ax=list(axes.values()), label="error in a and b (Lab units)", extend="max", aspect=30)
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


def _bare(ax: Axes, words: str) -> None:
    """Leave of the axes the words below."""
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(words, fontsize=9)
    ax.spines[:].set_visible(False)


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
    across = WIDTH / len(shown)
    heights = [CAPTION + min(TALLEST, across * len(row[0]) / row[0].shape[1]) for row in rows.values()]
    figure, axes = new_mosaic([[f"{row} {epoch}" for epoch in shown] for row in range(len(rows))], heights)
    figure.alternative = "Predictions from epoch to epoch, and their mean chroma in Lab units."
    for row, (title, predictions) in enumerate(rows.items()):
        words = []
        for epoch, prediction in zip(shown, predictions, strict=True):
            chroma = np.linalg.norm(rgb2lab(prediction)[..., 1:], axis=-1).mean()
            axes[f"{row} {epoch}"].imshow(prediction)
            _bare(axes[f"{row} {epoch}"], f"chroma {chroma:.1f}")
            words.append(f"{chroma:.1f} after epoch {epoch}")
        axes[f"{row} {shown[0]}"].set_ylabel(title)
        figure.alternative += f" {title}: {', '.join(words)}."
    for epoch in shown:
        axes[f"0 {epoch}"].set_title(f"epoch {epoch}")
    return figure
