"""Coloring a photograph from file to file."""

import glob
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from course_lib.coloring.hints import FileHint, working_hints
from course_lib.coloring.scale import RGB, Floats, colored, has_color, working_picture
from course_lib.errors import ArgumentError, CourseError
from course_lib.files import remove_leftovers, write_aside
from course_lib.images import ImageError, read_image

GRAY = np.zeros((1, 1, 2), np.float32)  # normalized ab


class Colorizer(Protocol):
    """Something that predicts normalized ab, ``(H, W, 2)``, from normalized L, ``(H, W, 1)``, and hints."""

    def colorize(self, L: Floats, hints: Sequence[Any] = ()) -> Floats:
        """Color a picture."""


def load_colorizer(weights: Path) -> Colorizer:
    """Read a file of weights; raise `ArgumentError` if it does not exist, is another kind of file, or is damaged."""
    try:
        weights.open("rb").close()  # before TensorFlow is imported, which takes seconds
        from course_lib.hypercolumn_colorizer.colorizer import HypercolumnColorizer

        return HypercolumnColorizer.load(weights)
    except OSError as error:
        raise ArgumentError(f"{weights}: {error.strerror or error}") from error
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def result_paths(photographs: Sequence[Path], folder: Path, ending: str) -> dict[Path, Path]:
    """Return the files to write: named like the photographs, with a number if several would have the same name.

    Parameters
    ----------
    photographs : sequence of Path
        Files to read; a file that is listed twice counts once.
    folder : Path
        The folder of the results.
    ending : str
        What replaces a photograph's extension, such as ``.png``.

    Returns
    -------
    dict of Path to Path
        The result of each photograph, in their order. Names do not differ only in upper and lower case.
    """
    results: dict[Path, Path] = {}
    taken: set[str] = set()
    for photograph in dict.fromkeys(photographs):
        name, number = photograph.stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{photograph.stem}_{number}"
        taken.add(name.casefold())
        results[photograph] = folder / f"{name}{ending}"
    return results


def color_file(
    colorizer: Colorizer, photograph: Path, result: Path, hints: Sequence[FileHint] = (), side_by_side: bool = False
) -> None:
    """Color a photograph, and write the result as a PNG file.

    Parameters
    ----------
    colorizer : Colorizer
        It is used at the scale of the photographs that it was trained on.
    photograph : Path
        The file to read.
    result : Path
        The file to write; its folder is made if needed.
    hints : sequence of FileHint
        All for this photograph.
    side_by_side : bool
        Whether the result shows the photograph in gray, then colored, and then the original, if it has color.

    Raises
    ------
    CourseError
        If the result exists already, the photograph cannot be read, a hint is outside of it, or
        the result cannot be written; the message names the file.
    """
    if os.path.lexists(result):
        raise CourseError(f"{photograph}: {result} is there already, and stays as it is")
    try:
        pixels = read_image(photograph)
    except ImageError as error:
        raise CourseError(str(error)) from error
    lab = working_picture(pixels)
    ab = colorizer.colorize(lab[..., :1], working_hints(hints, *pixels.shape[:2]))
    pictures = [colored(pixels, ab)]
    if side_by_side:
        pictures = [colored(pixels, GRAY), *pictures, *([pixels] if has_color(lab) else [])]
    _write_png(result, np.concatenate(pictures, axis=1))


def _write_png(path: Path, pixels: RGB) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    try:
        remove_leftovers(path.parent, glob.escape(path.name))
        write_aside(path, file.getvalue())
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}") from error
