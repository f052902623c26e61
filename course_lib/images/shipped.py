"""Images that need no download: the photographs of scikit-image, and mosaics of its textures."""

from collections.abc import Callable, Iterator, Sequence
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

Labeled = tuple[str, Pixels, Pixels]


def shipped(file: str) -> Path:
    """Return the path of one of scikit-image's own files."""
    return Path(skimage.__file__).parent / "data" / file


def photographs(seed: int | None = None) -> Files:
    """Photographs that come with scikit-image; yields ``(name, image)``, the image ``(H, W, 3)`` uint8.

    Parameters
    ----------
    seed : int, optional
        Shuffles, as for `Source`; by default they are sorted by name.

    Returns
    -------
    Files
        Nine photographs, 300 to 1411 pixels high, named like scikit-image's files: "astronaut" to "rocket".
        The rocket's file is in Adobe RGB, and is converted to sRGB; `skimage.data.rocket` does not do that.

    Raises
    ------
    ValueError
        If the seed is negative or not an integer.
    """
    paths = [shipped(file) for file in PHOTOGRAPHS]
    return Files(paths, [path.stem for path in paths], seed=seed, broken="raise")


class Mosaics:
    """Mosaics of textures with exact labels; each is made on demand, and is the same in every epoch.

    The regions are the Voronoi cells of random sites. Each shows a random part of its texture; a texture that is
    smaller than the region is extended by mirroring. Yields ``(name, image, labels)``: the image ``(H, W, 3)`` uint8,
    gray; the labels ``(H, W)`` uint8, the index into the textures of every pixel.

    Parameters
    ----------
    textures : callable
        Returns the textures, each ``(h, w)`` uint8. It is called once per epoch.
    count, size, cells
        As for `mosaics`.
    seeds : sequence of int
        Each 0 or more; the mosaics depend on all of them.

    Raises
    ------
    ValueError
        If a number is out of its bounds.
    """

    def __init__(
        self,
        textures: Callable[[], Sequence[Pixels]],
        count: int,
        size: int | tuple[int, int],
        seeds: Sequence[int],
        cells: int,
    ) -> None:
        sides: Any = (size, size) if np.ndim(size) == 0 else size
        self._textures = textures
        self._count = _whole("count", count, 1)
        self._size = _whole("height", sides[0], 1), _whole("width", sides[1], 1)
        self._seeds = tuple(_whole("seed", seed, 0) for seed in seeds)
        self._cells = _whole("number of cells", cells, 1, self._size[0] * self._size[1])

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Labeled]:
        textures = self._textures()
        for index in range(self._count):
            rng = np.random.default_rng([*self._seeds, index])
            yield f"mosaic_{index:04d}", *_mosaic(textures, self._size, self._cells, rng)


def _whole(what: str, number: Any, least: int, most: int | None = None) -> int:
    """Check an integer and its bounds."""
    whole = as_integer(number)
    if whole is None or whole < least or (most is not None and whole > most):
        bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise ValueError(f"expected a {what} {bounds}, got {number!r}")
    return whole


def mosaics(count: int, size: int | tuple[int, int], seed: int, cells: int = 12) -> Mosaics:
    """Mosaics of brick, grass and gravel with exact labels.

    Parameters
    ----------
    count : int
        How many, 1 or more.
    size : int or (int, int)
        The side, or height and width, in pixels.
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
    return Mosaics(_plain_textures, count, size, (seed,), cells)


def _plain_textures() -> list[Pixels]:
    """Read brick, grass and gravel as they are."""
    return [read_image(shipped(f"{texture}.png"), channels=1)[..., 0] for texture in TEXTURES]


def _mosaic(
    textures: Sequence[Pixels], size: tuple[int, int], cells: int, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """Make the image and the labels of one mosaic."""
    regions = _voronoi(size, cells, rng)
    kinds = (rng.permutation(cells) + rng.integers(len(textures))) % len(textures)
    image = np.empty((*size, 3), np.uint8)
    for region, kind in enumerate(kinds):
        inside = np.nonzero(regions == region)
        corner = np.min(inside, axis=1)
        extent = np.max(inside, axis=1) - corner + 1
        rows, columns = np.subtract(inside, corner[:, None])
        image[inside] = _crop(textures[kind], extent, rng)[rows, columns, None]
    return image, kinds[regions].astype(np.uint8)


def _crop(texture: Pixels, extent: NDArray[np.intp], rng: np.random.Generator) -> Pixels:
    """Crop a piece of this size from a texture, at a random place; a smaller texture is extended by mirroring."""
    missing = np.maximum(extent - texture.shape, 0)
    large = np.pad(texture, [(0, pixels) for pixels in missing], mode="symmetric")
    top, left = rng.integers(np.array(large.shape) - extent + 1)
    return large[top : top + extent[0], left : left + extent[1]]


def _voronoi(size: tuple[int, int], cells: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Label every pixel ``(H, W)`` with the number of the nearest random site, in [0, cells)."""
    height, width = size
    rows, columns = np.divmod(rng.choice(height * width, cells, replace=False), width)
    down = (np.arange(height)[:, None] - rows) ** 2
    across = (np.arange(width)[:, None] - columns) ** 2
    return (down[:, None] + across).argmin(axis=-1)
