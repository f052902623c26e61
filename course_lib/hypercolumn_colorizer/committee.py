"""Training a committee: heads with some photographs withheld from each, and a factor for how far to trust them."""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color.scale import AB_BOUND
from course_lib.hypercolumn_colorizer import features
from course_lib.hypercolumn_colorizer.colorizer import HypercolumnColorizer
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.examples import LabeledSites, collect
from course_lib.hypercolumn_colorizer.head import HIDDEN, head, probabilities
from course_lib.hypercolumn_colorizer.training import train_head
from course_lib.integers import count

FEWEST = 3  # the fewest photographs from which some are withheld


def train(  # noqa: PLR0913
    photographs: Mapping[str, ArrayLike],
    seed: int = 0,
    *,
    heads: int = 4,
    sites: int = 6000,
    epochs: int = 10,
    hidden: int = HIDDEN,
    masks: Mapping[str, ArrayLike] | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    trunk: keras.Model | None = None,
) -> HypercolumnColorizer:
    """Train a colorizer on photographs.

    The photographs are shuffled and divided among the heads; each head is trained on all except its own, and so makes
    an independent prediction for photographs that it has not seen. Where heads disagree, their mean is paler. Each head
    then colors the sites of its withheld photographs, and the factor in [0, 1] that brings these colors nearest to the
    truth becomes the colorizer's factor. With one head, or with two photographs, nothing is withheld, and the factor is
    1: this is right for coloring the rest of the same photographs.

    With a folder, training can be interrupted at any moment. The same call then resumes after the last epoch, even in
    another process, with the same weights as without the interruption.

    Parameters
    ----------
    photographs : mapping of str to array_like
        Normalized Lab, ``(H, W, 3)`` each, of any sizes. A mapping that reads files on demand saves memory: each
        photograph is read once.
    seed : int
        0 or more; determines the sites, the withheld photographs, and the heads.
    heads : int
        The number of heads, 1 or more. Training time is proportional to it.
    sites : int
        Pixels that are used in each photograph, 1 or more; fewer if their hypercolumns would take more than 1 GB.
    epochs : int
        How often each head sees all its sites, 1 or more.
    hidden : int
        Units of the heads' hidden layer, 1 or more.
    masks : mapping of str to array_like, optional
        For some photographs, ``(H, W)`` bool: the pixels whose color may be used. The lightness of all pixels is used.
    folder : str or Path, optional
        Where checkpoints are kept, one for each head.
    progress : callable, optional
        Called with the number of steps done, and of all: each photograph and each epoch of each head counts as one.
    trunk : keras.Model, optional
        As `features.trunk` makes it; by default that of HED.

    Returns
    -------
    HypercolumnColorizer
        The heads, the factor and the trunk.

    Raises
    ------
    ValueError
        If an argument is not as above, or a checkpoint is damaged or of another training.
    FloatingPointError
        If the loss is not finite after an epoch.
    """
    count("seed", seed, least=0), count("heads", heads), count("sites", sites)
    count("epochs", epochs), count("hidden", hidden)
    if not isinstance(photographs, Mapping) or not photographs:
        raise ValueError(f"expected a dictionary of 1 photograph or more by name, got {type(photographs).__name__}")
    unknown = sorted({*(masks or {})} - {*photographs})
    if unknown:
        raise ValueError(f"expected masks of photographs among {', '.join(photographs)}, got {', '.join(unknown)}")
    counter = _Counter(len(photographs) + heads * epochs, progress)
    trunk = features.trunk() if trunk is None else trunk
    examples = collect(photographs, sites, seed, masks or {}, trunk, counter.add)
    settings = {"photographs": [*photographs], "heads": heads, "examples": _fingerprint(examples)}
    denied = deal(len(photographs), heads, seed)
    committee = []
    for number, places in enumerate(denied):
        member = head(features.channels(trunk), hidden, seed=_seed(seed, number))
        rows = np.flatnonzero(~np.isin(examples.photograph, places))
        train_head(
            member,
            examples,
            rows,
            epochs=epochs,
            seed=_seed(seed, number),
            settings=settings,
            path=None if folder is None else Path(folder) / f"head_{number}.npz",
            done=counter.add,
        )
        committee.append(member)
    return HypercolumnColorizer(committee, color_factor(committee, denied, examples), trunk)


def color_factor(heads: list[keras.Model], denied: list[NDArray[np.intp]], examples: LabeledSites) -> float:
    """Return the factor that brings the color of heads nearest to the truth, on their withheld photographs.

    Parameters
    ----------
    heads : list of keras.Model
        Trained.
    denied : list of ndarray
        For each head, the places of the photographs that it has not seen.
    examples : LabeledSites
        Of all photographs.

    Returns
    -------
    float
        In [0, 1]: the factor with the least squared error of a and b. 1 if nothing was withheld, or everything is gray.
    """
    along = square = 0.0
    for member, places in zip(heads, denied, strict=True):
        rows = np.isin(examples.photograph, places)
        color = expected_color(*probabilities(member, examples.columns[rows])) / AB_BOUND
        along += float(np.vdot(color, examples.ab[rows]))
        square += float(np.vdot(color, color))
    return float(np.clip(along / square, 0, 1)) if square else 1.0


def deal(photographs: int, heads: int, seed: int) -> list[NDArray[np.intp]]:
    """Divide the places of photographs among the heads from which they are withheld, as evenly as possible."""
    if photographs < FEWEST or heads < 2:
        return [np.empty(0, np.intp)] * heads
    return np.array_split(np.random.default_rng(seed).permutation(photographs), heads)


def _seed(seed: int, number: int) -> int:
    """Return another seed for each head."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _fingerprint(examples: LabeledSites) -> int:
    """Return a hash of the sites, features and colors."""
    crc = 0
    for array in (examples.columns, *examples.targets, examples.photograph):
        crc = zlib.crc32(array.tobytes(), crc)
    return crc


class _Counter:
    """Count steps, and report them."""

    def __init__(self, total: int, progress: Callable[[int, int], None] | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self) -> None:
        """Count one more."""
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)
