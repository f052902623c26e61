"""Image files to 8-bit arrays: JPEG, PNG and GIF, whatever their color model, depth or orientation."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ExifTags import Base
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

Pixels = NDArray[np.uint8]

# Not `Image.open`: it warns of large images, and tries formats that start other programs.
READERS: dict[bytes, type[ImageFile]] = {
    b"\xff\xd8\xff": JpegImageFile,
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"GIF8": GifImageFile,
}


class ImageError(ValueError):
    """An image that cannot be used: ``name`` says which one, ``reason`` says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class UnusualImageError(ImageError):
    """An image that could be used, were it converted."""


def read_image(file: str | Path | bytes, channels: Literal[1, 3] = 3, *, convert: bool = True) -> Pixels:
    """Read a JPEG, PNG or GIF image, recognized by its first bytes.

    Grey is repeated in three channels, or color reduced to its luma (ITU-R BT.601) in one;
    palettes are looked up; what is transparent is laid on white; CMYK becomes RGB; of 16-bit
    numbers the upper byte is kept; the EXIF orientation is applied; of an animation the first
    frame is taken.

    Parameters
    ----------
    file : str, Path or bytes
        Where the file lies, or what it holds.
    channels : {3, 1}
        RGB or grey.
    convert : bool
        False refuses what is grey (for three channels), transparent, CMYK, 16-bit, rotated or animated.

    Returns
    -------
    ndarray
        Shape ``(H, W, channels)``, uint8.

    Raises
    ------
    ImageError
        If there is no such file, it is no such image, damaged, or has more pixels than
        ``PIL.Image.MAX_IMAGE_PIXELS``.
    UnusualImageError
        If ``convert`` is False, and the image would have to be converted.
    ValueError
        If ``channels`` is another number.
    """
    if isinstance(file, bytes):
        return decode("these bytes", file, channels, convert=convert)
    return decode(str(file), read_bytes(Path(file)), channels, convert=convert)


def decode(name: str, data: bytes, channels: Literal[1, 3] = 3, *, convert: bool = True) -> Pixels:
    """Decode what an image file holds, as `read_image` does; the name is for messages."""
    if channels not in {1, 3}:
        raise ValueError(f"expected 1 or 3 channels, got {channels!r}")
    image = open_image(name, data)
    with _damage_named(name, image.format):
        found = [] if convert else _oddities(image, data, channels)
        pixels = np.array(_upright(image, channels))
    if found:
        raise UnusualImageError(name, f"the image is {' and '.join(found)}")
    return pixels.reshape(*pixels.shape[:2], channels)


def read_bytes(path: Path) -> bytes:
    """Read a file; raise `ImageError` where that is impossible."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(str(path), error.strerror or str(error)) from error


def open_image(name: str, data: bytes) -> ImageFile:
    """Decode what an image file holds, and convert nothing; raise `ImageError` where that is impossible."""
    reader = next((reader for start, reader in READERS.items() if data.startswith(start)), None)
    if reader is None:
        raise ImageError(name, "neither a JPEG, a PNG nor a GIF file" if data else "empty file")
    with _damage_named(name, reader.format):
        image = reader(io.BytesIO(data))
        count, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
        if limit is None or count <= limit:
            image.load()
            return image
    raise ImageError(name, f"{count} pixels are more than the {limit} that PIL.Image.MAX_IMAGE_PIXELS allows")


@contextmanager
def _damage_named(name: str, form: str | None) -> Iterator[None]:
    """Name the file in every error: damaged ones make the decoders raise all kinds."""
    try:
        yield
    except Exception as error:
        raise ImageError(name, f"damaged {form} file: {error}") from error


def _oddities(image: ImageFile, data: bytes, channels: int) -> list[str]:
    """Name what would have to be converted."""
    signs = {
        "grey": channels == 3 and image.mode in {"1", "L", "LA", "I;16"},
        "transparent": image.has_transparency_data,
        "CMYK": image.mode == "CMYK",
        "16-bit": image.format == "PNG" and data[24] == 16,  # Pillow hides the depth of 16-bit color
        "rotated": _orientation(image) != 1,
        "animated": getattr(image, "is_animated", False),
    }
    return [sign for sign, shown in signs.items() if shown]


def _orientation(image: ImageFile) -> int:
    """EXIF orientation, 1 (upright) to 8; 1 where none can be read."""
    try:
        orientation = image.getexif().get(Base.Orientation, 1)
    except Exception:  # the pixels are sound, only what is written about them is not
        return 1
    return orientation if orientation in range(1, 9) else 1


def _upright(image: Image.Image, channels: int) -> Image.Image:
    """Convert to RGB or grey, seen from the right side."""
    if isinstance(image, ImageFile) and _orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB" if channels == 3 else "L")
