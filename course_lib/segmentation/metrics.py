"""Scores of label maps, all from one matrix of counts.

The four scores are those of Long, Shelhamer and Darrell [1]_. A class can be absent: no pixel has it in truth, or none
in the predictions. A quotient with denominator 0 is then left out of a mean, as in the evaluation code that the authors
released (``nanmean`` in ``lib/score_util.py`` of [2]_):

- A class that occurs neither in truth nor in the predictions has no IU, and is left out of the mean IU.
- A class that is predicted and does not occur in truth has an IU of 0, which counts in the mean IU; it has no accuracy,
  and is left out of the mean accuracy. Its weight in the frequency-weighted IU is 0.

Add the matrices of several images, and score the sum: the mean over images is another number.

References
----------
.. [1] Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
.. [2] Shelhamer, Rakelly, Hoffman and Darrell, "Clockwork Convnets for Video Semantic Segmentation", ECCV 2016
   workshops; https://github.com/shelhamer/clockwork-fcn.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer

__all__ = ["confusion_matrix", "frequency_weighted_iou", "mean_accuracy", "mean_iou", "pixel_accuracy"]


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, classes: int, ignore: int | None = 255
) -> NDArray[np.int64]:
    """Count how often each class was predicted where each class is true.

    Parameters
    ----------
    labels : array_like
        The truth, any shape, integers, each in [0, classes) or ``ignore``.
    predictions : array_like
        The same shape, integers in [0, classes), also where the label is ``ignore``.
    classes : int
        1 or more.
    ignore : int or None
        Pixels with this label do not count. With None every pixel counts.

    Returns
    -------
    ndarray
        Shape ``(classes, classes)``, int64: row i, column j counts the pixels of class i that were predicted to be j.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    number = as_integer(classes)
    if number is None or number < 1:
        raise ValueError(f"expected a whole number of classes of 1 or more, got {classes!r}")
    if ignore is not None and as_integer(ignore) is None:
        raise ValueError(f"expected a whole number to ignore, or None, got {ignore!r}")
    truth, guess = _integers(labels, "labels"), _integers(predictions, "predictions")
    if truth.shape != guess.shape:
        raise ValueError(f"expected a prediction for each label, got shapes {guess.shape} and {truth.shape}")
    counts = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    truth = truth[counts]
    _within(truth, number, "labels", "" if ignore is None else f" or {ignore}")
    _within(guess, number, "predictions")
    pairs = truth.astype(np.int64) * number + guess[counts].astype(np.int64)
    return np.bincount(pairs, minlength=number**2).reshape(number, number)


def pixel_accuracy(matrix: ArrayLike) -> float:
    """Return the share of the pixels whose class was predicted.

    Parameters
    ----------
    matrix : array_like
        Shape ``(classes, classes)``, counts as `confusion_matrix` returns them; at least one pixel.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the matrix is not as above.
    """
    counts = _counts(matrix)
    return float(np.trace(counts) / counts.sum())


def mean_accuracy(matrix: ArrayLike) -> float:
    """Return the mean, over the classes that occur in truth, of the share of their pixels that were predicted.

    Parameters
    ----------
    matrix : array_like
        As for `pixel_accuracy`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        As for `pixel_accuracy`.
    """
    counts = _counts(matrix)
    true = counts.sum(axis=1)
    present = true > 0
    return float((np.diag(counts)[present] / true[present]).mean())


def mean_iou(matrix: ArrayLike) -> float:
    """Return the mean intersection over union, over the classes that occur in truth or in the predictions.

    The intersection of a class is the set of pixels that have it in truth and in the predictions; the union, that of
    those that have it in at least one of the two.

    Parameters
    ----------
    matrix : array_like
        As for `pixel_accuracy`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        As for `pixel_accuracy`.
    """
    counts = _counts(matrix)
    union = _union(counts)
    present = union > 0
    return float((np.diag(counts)[present] / union[present]).mean())


def frequency_weighted_iou(matrix: ArrayLike) -> float:
    """Return the mean intersection over union, weighted by how many pixels have the class in truth.

    Parameters
    ----------
    matrix : array_like
        As for `pixel_accuracy`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        As for `pixel_accuracy`.
    """
    counts = _counts(matrix)
    true = counts.sum(axis=1)
    present = true > 0
    iou = np.diag(counts)[present] / _union(counts)[present]
    return float((true[present] * iou).sum() / true.sum())


def _union(counts: NDArray[Any]) -> NDArray[Any]:
    """Count, for each class, the pixels that have it in truth, in the predictions or in both."""
    return counts.sum(axis=1) + counts.sum(axis=0) - np.diag(counts)


def _integers(values: ArrayLike, what: str) -> NDArray[Any]:
    """Check integers."""
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"expected {what} as integers, got {array.dtype}")
    return array


def _within(values: NDArray[Any], classes: int, what: str, extra: str = "") -> None:
    """Refuse numbers that are not a class."""
    if values.size and (values.min() < 0 or values.max() >= classes):
        raise ValueError(f"expected {what} in [0, {classes}){extra}, got {what} from {values.min()} to {values.max()}")


def _counts(matrix: ArrayLike) -> NDArray[Any]:
    """Check a confusion matrix, which must count at least one pixel."""
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"expected a confusion matrix of shape (classes, classes), got {counts.shape}")
    if counts.dtype.kind not in "iuf":
        raise ValueError(f"expected a confusion matrix of counts, got {counts.dtype}")
    if not (counts >= 0).all():
        raise ValueError(f"expected a confusion matrix of counts of 0 or more, got {counts.min()} among them")
    if not counts.any():
        raise ValueError("expected a confusion matrix with at least one pixel, got only zeros: no pixel counted")
    return counts
