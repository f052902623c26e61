"""Predictions of color without a network, which a network must beat."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def gray(L: ArrayLike) -> NDArray[np.float32]:
    """Predict no color.

    Parameters
    ----------
    L : array_like
        Shape ``(B, H, W, 1)``.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, 2)``, float32: a and b, 0 everywhere.

    Raises
    ------
    ValueError
        If the shape is not as above.
    """
    return np.zeros((*_lightness(L)[:-1], 2), np.float32)


def mean_color(L: ArrayLike, ab: ArrayLike) -> NDArray[np.float32]:
    """Predict one color for all pixels of an image: the mean of given ones.

    Parameters
    ----------
    L : array_like
        Shape ``(B, H, W, 1)``.
    ab : array_like
        Shape ``(B, ..., 2)``: the pixels whose mean is the image's color, such as other parts of the same photograph;
        or ``(1, ..., 2)``, one color for all images. Never the truth, which a network does not see either.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, 2)``, float32, on the scale of ``ab``.

    Raises
    ------
    ValueError
        If the shapes are not as above, or ``ab`` has no pixels.
    """
    shape = _lightness(L)
    colors = np.asarray(ab)
    if colors.ndim < 2 or colors.shape[-1] != 2 or colors.shape[0] not in (1, shape[0]) or 0 in colors.shape:
        raise ValueError(
            f"expected ab of shape ({shape[0]}, ..., 2) or (1, ..., 2) with at least one pixel, got {colors.shape}"
        )
    mean = colors.reshape(len(colors), -1, 2).mean(axis=1, dtype=np.float64)
    return np.broadcast_to(mean[:, None, None], (*shape[:-1], 2)).astype(np.float32)


def _lightness(L: ArrayLike) -> tuple[int, ...]:
    """Return the shape of L, ``(B, H, W, 1)``."""
    shape = np.shape(L)
    if len(shape) != 4 or shape[-1] != 1:
        raise ValueError(f"expected L of shape (B, H, W, 1), got {shape}")
    return shape
