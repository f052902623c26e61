"""Random changes of images: the same for all components of a datapoint that are given together.

Every datapoint has its own random generator, seeded by the seed, the epoch and the datapoint's number.
So the same seed gives the same crops and flips, however many workers share the epoch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow, chosen_seed, component_index
from course_lib.dataflow.maps import component, replaced
from course_lib.integers import count

Array = NDArray[Any]


class Augmentor(ABC):
    """One change of an image: `draw` chooses it at random once, `apply` makes it on all images that belong together."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Any:
        """Draw the random values for images of this height and width; none by default."""
        return None

    @abstractmethod
    def apply(self, image: Array, drawn: Any) -> Array:
        """Change an image ``(H, W)`` or ``(H, W, C)`` as drawn, into a new array or a view."""


class Resize(Augmentor):
    """Resize to a height and width.

    An image ``(H, W, C)`` is interpolated linearly, with a wider kernel where it shrinks, which prevents aliasing. A
    map ``(H, W)`` contains labels, which cannot be averaged: each pixel gets the nearest label.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = _height_width(shape)

    def apply(self, image: Array, drawn: Any) -> Array:
        """Resize an image of uint8 or float32, or a map of labels of any integer type."""
        if image.ndim == 2:
            rows, columns = (
                (np.arange(new) * 2 + 1) * old // (2 * new) for new, old in zip(self.shape, image.shape, strict=True)
            )
            return image[rows[:, None], columns]
        if image.dtype == np.uint8 and image.shape[2] == 3:
            return self._interpolated(image)
        return np.stack([self._interpolated(image[..., channel]) for channel in range(image.shape[2])], axis=-1)

    def _interpolated(self, image: Array) -> Array:
        """Resize an image that Pillow can resize in one call: three channels of uint8, or one of uint8 or float32."""
        if image.dtype not in {np.dtype(np.uint8), np.dtype(np.float32)}:
            raise ValueError(f"expected an image of uint8 or float32, got {image.dtype}")
        height, width = self.shape
        return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


class RandomCrop(Augmentor):
    """Crop a window at a random place.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the window in pixels; images must be at least as large.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = _height_width(shape)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> tuple[int, int]:
        """Draw the upper left corner; every window inside the image is equally likely."""
        room = [outer - inner for outer, inner in zip(shape, self.shape, strict=True)]
        if min(room) < 0:
            raise ValueError(f"expected an image of at least {self.shape} pixels to crop, got {shape}")
        return int(rng.integers(room[0] + 1)), int(rng.integers(room[1] + 1))

    def apply(self, image: Array, drawn: tuple[int, int]) -> Array:
        """Cut the window out."""
        (top, left), (height, width) = drawn, self.shape
        return image[top : top + height, left : left + width]


class Flip(Augmentor):
    """Mirror each image with probability 1/2.

    Parameters
    ----------
    horizontal : bool
        True swaps left and right, False top and bottom.
    """

    def __init__(self, horizontal: bool = True) -> None:
        self.horizontal = horizontal

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> bool:
        """Draw whether to mirror."""
        return bool(rng.integers(2))

    def apply(self, image: Array, drawn: bool) -> Array:
        """Mirror the image, or leave it as it is."""
        if not drawn:
            return image
        return image[:, ::-1] if self.horizontal else image[::-1]


class MapImage(Augmentor):
    """Apply a function of your own to every image.

    Parameters
    ----------
    func : callable
        Takes an image and returns one.
    """

    def __init__(self, func: Callable[[Array], Array]) -> None:
        self.func = func

    def apply(self, image: Array, drawn: Any) -> Array:
        """Apply the function."""
        return self.func(image)


class AugmentImageComponents(ProxyDataFlow):
    """Change several images of a datapoint in the same way, such as an image and its map of labels.

    Parameters
    ----------
    flow : DataFlow
        Where the datapoints come from.
    augmentors : sequence of Augmentor
        Applied one after the other.
    index : sequence of int
        The indices of the components; each ``(H, W)`` or ``(H, W, C)``, all of the same height and width.
    seed : int, optional
        0 or more; the same seed gives the same changes. None draws one.

    Raises
    ------
    ValueError
        If an element of `augmentors` is not an `Augmentor`. While iterating, if a component is missing, is not an
        image, or has another size than the others.
    """

    def __init__(
        self,
        flow: DataFlow,
        augmentors: Sequence[Augmentor],
        index: Sequence[int] = (0, 1),
        seed: int | None = None,
    ) -> None:
        super().__init__(flow)
        for augmentor in augmentors:
            if not isinstance(augmentor, Augmentor):
                raise ValueError(f"expected augmentors such as Flip(), got {augmentor!r}")
        self.augmentors = list(augmentors)
        self.index = tuple(component_index(each) for each in index)
        self.seed = chosen_seed(seed)
        self.splits = flow.splits

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield the changed datapoints; see `DataFlow.share`."""
        for turn, datapoint in enumerate(self.flow.share(epoch, worker, workers)):
            number = worker + turn * workers
            rng = np.random.default_rng([self.seed, epoch, number])
            yield None if datapoint is None else self._augmented(datapoint, rng)

    def _augmented(self, datapoint: Datapoint, rng: np.random.Generator) -> Datapoint:
        """Change the images of one datapoint."""
        images = [component(datapoint, index) for index in self.index]
        for augmentor in self.augmentors:
            drawn = augmentor.draw(rng, _common_size(images))
            images = [augmentor.apply(image, drawn) for image in images]
        for index, image in zip(self.index, images, strict=True):
            datapoint = replaced(datapoint, index, image)
        return datapoint


class AugmentImageComponent(AugmentImageComponents):
    """Change one image of a datapoint: `AugmentImageComponents` with a single index."""

    def __init__(
        self, flow: DataFlow, augmentors: Sequence[Augmentor], index: int = 0, seed: int | None = None
    ) -> None:
        super().__init__(flow, augmentors, (index,), seed)


def _common_size(images: list[Any]) -> tuple[int, int]:
    """Return the common height and width of all images."""
    shapes = [np.shape(image) for image in images]
    if any(len(shape) not in {2, 3} for shape in shapes):
        raise ValueError(f"expected images (H, W) or (H, W, C), got {shapes}")
    if len({shape[:2] for shape in shapes}) != 1:
        raise ValueError(f"expected images of one height and width to change alike, got {shapes}")
    return shapes[0][0], shapes[0][1]


def _height_width(shape: tuple[int, int]) -> tuple[int, int]:
    """Check a height and a width."""
    if len(shape) != 2:
        raise ValueError(f"expected (height, width), got {shape!r}")
    return count("the height", shape[0]), count("the width", shape[1])
