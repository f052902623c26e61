"""The same pictures, colored after every epoch and written as PNG files."""

import glob
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from course_lib.colorization.pictures import RGB, colored, lightness_picture, named, predicted_ab
from course_lib.files import remove_leftovers, write_aside
from course_lib.integers import count

MOST_EPOCHS = 9999  # the most that four digits can number; names with a fifth digit would be sorted before others
LONGEST = 200  # bytes: file systems allow 255, of which _epoch_0001.png and the ending of temporary files need some
_NAME = re.compile(r"\w[\w .-]*")
_FILE = re.compile(r"(.+)_epoch_(\d{4})\.png")


class ExportPredictions(keras.callbacks.Callback):
    """Color the same pictures after every epoch, and write each as ``NAME_epoch_0001.png``.

    Epochs count from 1, and continue with `fit`: with ``initial_epoch=7`` the first file is that of epoch 8. Files of
    an earlier training for epochs that this one has not reached yet are removed when it begins.

    The lightness of a file is that of its picture, to the rounding of RGB to 8 bits: a color that sRGB cannot show at
    that lightness is written with less chroma. The network predicts in inference mode. A file is written under a
    temporary name and renamed, so that it is never incomplete.

    Parameters
    ----------
    pictures : mapping of str to array_like
        For each picture a name to begin its files with, of letters, digits, spaces and ``_.-``, up to 200 bytes,
        and its normalized L: shape ``(H, W)``, floats in [-1, 1]. They are copied.
    folder : str or Path
        The folder for the files; it is made if needed.
    every : int
        Epochs from one export to the next, 1 or more.

    Raises
    ------
    ValueError
        If there are no pictures, one has another shape or values outside the range, a name cannot begin a file's name
        or differs from another only in case, or ``every`` is not a positive integer. When training begins: if
        the network does not take a picture's sides or does not return ``(H, W, 2)``, or if there are more than 9999
        epochs, whose files would not sort.
    FloatingPointError
        After an epoch, if the network predicts a color that is not finite.
    """

    def __init__(self, pictures: Mapping[str, ArrayLike], folder: str | Path, every: int = 1) -> None:
        super().__init__()
        given = named(pictures)
        if not given:
            raise ValueError("expected one picture or more, got none")
        _check_names(list(given))
        self.pictures = {name: lightness_picture(name, values) for name, values in given.items()}
        self.folder = Path(folder)
        self.every = count("every", every)
        self._begun = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Refuse pictures that the network does not take, before the first step."""
        if self.params["epochs"] > MOST_EPOCHS:
            raise ValueError(f"expected {MOST_EPOCHS} epochs at most, got {self.params['epochs']}")
        for name, L in self.pictures.items():
            predicted_ab(self.model, name, L)
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """When training begins, remove exports of later epochs, and incomplete files."""
        if not self._begun:
            for name in self.pictures:
                remove_leftovers(self.folder, f"{glob.escape(name)}_epoch_????.png")
            for name, exports in _exports(self.folder).items():
                for number, path in exports.items():
                    if name in self.pictures and number > epoch:
                        path.unlink()
        self._begun = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write every picture with the network's current colors."""
        if (epoch + 1) % self.every == 0:
            for name, L in self.pictures.items():
                ab = predicted_ab(self.model, name, L)
                if not np.isfinite(ab).all():
                    raise FloatingPointError(
                        f"expected a finite color for every pixel of {name}, got NaN or infinity after epoch "
                        f"{epoch + 1}: did the training diverge?"
                    )
                png = encoded("PNG", Image.fromarray(colored(L, ab)))
                write_aside(self.folder / f"{name}_epoch_{epoch + 1:04d}.png", png)


def _check_names(names: Sequence[str]) -> None:
    """Refuse names that cannot begin a file's name, or that are the same on some file systems."""
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"expected names of letters, digits, spaces and _.-, to begin a file's name, got {name!r}")
        if len(name.encode()) > LONGEST:
            raise ValueError(f"expected names of {LONGEST} bytes at most, got one of {len(name.encode())}: {name}")
    folded = [name.casefold() for name in names]
    twice = [name for name, same in zip(names, folded, strict=True) if folded.count(same) > 1]
    if twice:
        raise ValueError(f"expected names that differ in more than upper and lower case, got {' and '.join(twice)}")


def read_exports(folder: str | Path) -> dict[str, dict[int, RGB]]:
    """Read what `ExportPredictions` wrote.

    Parameters
    ----------
    folder : str or Path
        The folder; other files in it are ignored.

    Returns
    -------
    dict of str to (dict of int to ndarray)
        For each picture, sorted by name, its exports by epoch, in order: ``(H, W, 3)`` uint8.

    Raises
    ------
    ValueError
        If there are no exports in the folder.
    """
    found = _exports(Path(folder))
    if not found:
        raise ValueError(f"expected files such as astronaut_epoch_0001.png in {folder}, got none")
    return {name: {epoch: _pixels(path) for epoch, path in files.items()} for name, files in found.items()}


def _exports(folder: Path) -> dict[str, dict[int, Path]]:
    """Find the exports in a folder, by picture and epoch."""
    exports: dict[str, dict[int, Path]] = {}
    for path in sorted(folder.glob("*.png")):
        parts = _FILE.fullmatch(path.name)
        if parts:
            exports.setdefault(parts[1], {})[int(parts[2])] = path
    return exports


def _pixels(path: Path) -> RGB:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def encoded(kind: str, image: Image.Image, **options: Any) -> bytes:
    """Return the bytes of a file that Pillow would write."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
