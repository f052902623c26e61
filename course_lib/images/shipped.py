"""Images that need no download: photographs that come with scikit-image, and mosaics of its textures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from numpy.typing import NDArray

from course_lib.images.decode import Pixels, read_image
from course_lib.images.folder import Files
from course_lib.integers import as_integer

PHOTOGRAPHS = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)
TEXTURES = ("brick", "grass", "gravel")
TEXTURE_SIZE = 512

Labeled = tuple[str, Pixels, Pixels]


def shipped(file: str) -> Path:
    """Where scikit-image keeps a file of its own."""
    return Path(skimage.__file__).parent / "data" / file


def photographs(seed: int | None = None) -> Files:
    """Photographs that come with scikit-image; yields ``(name, image)``, the image ``(H, W, 3)`` uint8.

    Parameters
    ----------
    seed : int, optional
        Shuffles, as for `Source`; else they are sorted by name.

    Returns
    -------
    Files
        Nine photographs, 300 to 1411 pixels high, named as scikit-image's files are: "astronaut" to "rocket".
        The rocket's file is in Adobe RGB, and is converted to sRGB; `skimage.data.rocket` does not do that.

    Raises
    ------
    ValueError
        If the seed is negative or no whole number.
    """
    paths = [shipped(file) for file in PHOTOGRAPHS]
    return Files(paths, [path.stem for path in paths], seed=seed, broken="raise")


@dataclass(frozen=True)
class Mosaics:
    """Mosaics of textures, as `mosaics` makes them; each is made when it is reached, and the same in each epoch."""

    count: int
    size: tuple[int, int]
    seed: int
    cells: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Labeled]:
        textures = [read_image(shipped(f"{texture}.png"), channels=1) for texture in TEXTURES]
        for index in range(self.count):
            rng = np.random.default_rng([self.seed, index])
            yield f"mosaic_{index:04d}", *_mosaic(textures, self.size, self.cells, rng)


def mosaics(count: int, size: int | tuple[int, int], seed: int, cells: int = 12) -> Mosaics:
    """Mosaics of brick, grass and gravel with exact labels.

    The regions are the Voronoi cells of random sites. Each shows its texture from a random place on.

    Parameters
    ----------
    count : int
        How many, 1 or more.
    size : int or (int, int)
        The side, or height and width, 1 to 512 pixels.
    seed : int
        0 or more; the same seed gives the same mosaics, and the first ones do not depend on ``count``.
    cells : int
        How many regions, 1 up to the number of pixels. With three or more, all textures are there.

    Returns
    -------
    Mosaics
        Yields ``(name, image, labels)``: the image ``(H, W, 3)`` uint8, gray; the labels ``(H, W)``
        uint8, the index into `TEXTURES` of every pixel.

    Raises
    ------
    ValueError
        If a number is out of these bounds.
    """
    sides: Any = (size, size) if np.ndim(size) == 0 else size
    height, width = sides
    for what, number, least, most in (
        ("count", count, 1, None),
        ("height", height, 1, TEXTURE_SIZE),
        ("width", width, 1, TEXTURE_SIZE),
        ("seed", seed, 0, None),
        ("number of cells", cells, 1, height * width),
    ):
        whole = as_integer(number)
        if whole is None or whole < least or (most is not None and whole > most):
            bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
            raise ValueError(f"expected a {what} {bounds}, got {number!r}")
    return Mosaics(int(count), (int(height), int(width)), int(seed), int(cells))


def _mosaic(
    textures: list[Pixels], size: tuple[int, int], cells: int, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """Make the image and the labels of one mosaic."""
    height, width = size
    regions = _voronoi(size, cells, rng)
    kinds = (rng.permutation(cells) + rng.integers(len(textures))) % len(textures)
    image = np.empty((height, width, 3), np.uint8)
    for region, kind in enumerate(kinds):
        top, left = rng.integers(TEXTURE_SIZE + 1 - np.array(size))
        inside = regions == region
        image[inside] = textures[kind][top : top + height, left : left + width][inside]
    return image, kinds[regions].astype(np.uint8)


def _voronoi(size: tuple[int, int], cells: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give every pixel ``(H, W)`` the number of the nearest random site, in [0, cells)."""
    height, width = size
    rows, columns = np.divmod(rng.choice(height * width, cells, replace=False), width)
    down = (np.arange(height)[:, None] - rows) ** 2
    across = (np.arange(width)[:, None] - columns) ** 2
    return (down[:, None] + across).argmin(axis=-1)
