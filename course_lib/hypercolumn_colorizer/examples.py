"""Training data for a head: hypercolumns and histograms at random sites of photographs."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from course_lib.colorization.pictures import lab_picture
from course_lib.hypercolumn_colorizer import features
from course_lib.hypercolumn_colorizer.targets import WINDOW, Targets, histogram_targets
from course_lib.integers import count

MOST_BYTES = 10**9  # of all hypercolumns together: with many photographs, each has fewer sites

Sites = NDArray[np.intp]


class LabeledSites(NamedTuple):
    """N sites of some photographs.

    Attributes
    ----------
    columns : ndarray
        Hypercolumns, ``(N, channels)`` float32.
    targets : Targets
        Histograms, and the weight of the hue.
    ab : ndarray
        The color of the pixel itself, ``(N, 2)`` float32, normalized.
    photograph : ndarray
        The photograph of each site, ``(N,)``: its place among the names.
    """

    columns: NDArray[np.float32]
    targets: Targets
    ab: NDArray[np.float32]
    photograph: NDArray[np.intp]


def choose_sites(shape: tuple[int, int], sites: int, mask: ArrayLike | None, rng: np.random.Generator) -> Sites:
    """Choose different pixels of a picture, all equally likely.

    Parameters
    ----------
    shape : (int, int)
        Height and width.
    sites : int
        The number of pixels; all if there are fewer.
    mask : array_like, optional
        Shape ``(H, W)``, bool: which pixels may be used. No window of a site extends beyond them.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    ndarray
        Shape ``(N, 2)``: rows and columns.

    Raises
    ------
    ValueError
        If the mask has another shape or type, or leaves no site.
    """
    allowed = np.ones(shape, bool) if mask is None else np.asarray(mask)
    if allowed.shape != shape or allowed.dtype != bool:
        raise ValueError(f"expected a mask of shape {shape} and type bool, got {allowed.shape} and {allowed.dtype}")
    # Beyond the border, the picture is mirrored.
    whole = ndimage.minimum_filter(allowed, WINDOW, mode="reflect")
    places = np.flatnonzero(whole)
    if not places.size:
        raise ValueError(f"expected a mask with a window of {WINDOW} x {WINDOW} pixels, got none")
    chosen = rng.choice(places, min(sites, places.size), replace=False)
    return np.stack(np.unravel_index(chosen, shape), axis=-1)


def collect(
    photographs: Mapping[str, ArrayLike],
    sites: int,
    seed: int,
    masks: Mapping[str, ArrayLike],
    trunk: keras.Model,
    done: Callable[[], None],
) -> LabeledSites:
    """Read each photograph once, and keep the data of its sites.

    Parameters
    ----------
    photographs : mapping of str to array_like
        Normalized Lab, ``(H, W, 3)`` each. They are read one at a time.
    sites : int
        The number of sites in a photograph, 1 or more; fewer if all columns would take more than 1 GB.
    seed : int
        0 or more. The sites of a photograph depend on its place among the names.
    masks : mapping of str to array_like
        For some photographs, which pixels may be used.
    trunk : keras.Model
        Makes the features.
    done : callable
        Called after each photograph.

    Returns
    -------
    LabeledSites
        Of all photographs.

    Raises
    ------
    ValueError
        If a photograph or a mask is not as above.
    """
    channels = features.channels(trunk)
    number = max(1, min(count("sites", sites), MOST_BYTES // (4 * channels * len(photographs))))
    columns = np.empty((len(photographs) * number, channels), np.float32)  # joining parts would need twice the memory
    targets, colors, of_photograph, filled = [], [], [], 0
    for place, name in enumerate(photographs):
        lab = lab_picture(name, photographs[name])
        rng = np.random.default_rng([seed, place])
        chosen = choose_sites(lab.shape[:2], number, masks.get(name), rng)
        ab = lab[..., 1:]
        columns[filled : filled + len(chosen)] = features.columns(trunk, lab[..., :1], chosen)
        filled += len(chosen)
        targets.append(histogram_targets(ab, chosen))
        colors.append(ab[tuple(chosen.T)])
        of_photograph.append(np.full(len(chosen), place))
        done()
    return LabeledSites(
        columns[:filled],
        Targets(*(np.concatenate(each) for each in zip(*targets, strict=True))),
        np.concatenate(colors),
        np.concatenate(of_photograph),
    )
