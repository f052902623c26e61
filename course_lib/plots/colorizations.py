"""Photographs that a network colored: beside the truth, and from epoch to epoch."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from skimage.color import lab2rgb, rgb2lab

from course_lib.plots.base import WIDTH, DescribedFigure
from course_lib.plots.picture_rows import BAR, check_rgb, picture_rows, psnr

TITLES = ("input", "prediction", "truth", "error")
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
        prediction is the PSNR of each; that of the input is the gray baseline's. The text alternative gives the
        same numbers.

    Raises
    ------
    ValueError
        If there are no rows, or the two pictures of a row differ in size or are not RGB in [0, 1].
    """
    pictures = {title: (check_rgb(title, one), check_rgb(title, other)) for title, (one, other) in rows.items()}
    if not pictures:
        raise ValueError("expected one row or more, got none")
    for title, (prediction, truth) in pictures.items():
        if prediction.shape != truth.shape:
            raise ValueError(f"expected pictures of one size for {title}, got {prediction.shape} and {truth.shape}")
    across = (WIDTH - BAR) / len(TITLES)
    figure, axes = picture_rows({title: truth for title, (_, truth) in pictures.items()}, TITLES, across)
    sentences = []
    for cells, (title, (prediction, truth)) in zip(axes, pictures.items(), strict=True):
        lab = rgb2lab(truth)
        gray = lab2rgb(lab * (1, 0, 0))
        errors = np.sqrt(((rgb2lab(prediction) - lab)[..., 1:] ** 2).mean(axis=-1))
        baseline, ours = psnr(gray, truth), psnr(prediction, truth)
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
        Below each prediction is its mean chroma, that is, how colorful it is in Lab units. The text alternative
        gives the same numbers.

    Raises
    ------
    ValueError
        If there are no pictures, the pictures have no epoch in common, or a prediction is not RGB in [0, 1].
    """
    if not pictures:
        raise ValueError("expected one picture or more, got none")
    common = sorted(set.intersection(*(set(predictions) for predictions in pictures.values())))
    if not common:
        raise ValueError(f"expected an epoch that all pictures have, got none for {', '.join(pictures)}")
    places = np.linspace(0, len(common) - 1, min(COLUMNS, len(common))).round().astype(int)
    shown = [common[place] for place in places]
    rows = {
        title: [check_rgb(f"{title} in epoch {epoch}", predictions[epoch]) for epoch in shown]
        for title, predictions in pictures.items()
    }
    columns = [f"epoch {epoch}" for epoch in shown]
    figure, axes = picture_rows({title: row[0] for title, row in rows.items()}, columns, WIDTH / len(columns))
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
