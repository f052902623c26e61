"""PNG files of every bit depth: the stored samples, and 8-bit colors where Pillow differs from browsers."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImagePalette
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

GRAY, RGB, GRAY_ALPHA, RGB_ALPHA = 0, 2, 4, 6  # color types; 3 is a palette
Samples = NDArray[np.uint8] | NDArray[np.uint16]


def depth_and_color_type(data: bytes) -> tuple[int, int]:
    """Read the number of bits of a sample, 1 to 16, and the color type."""
    return data[24], data[25]


def complete_palette(image: ImageFile) -> None:
    """Fill missing colors of a palette with its last color, as Chromium does, before the image is loaded.

    Pillow makes them gray.
    """
    if image.mode == "P" and image.palette is not None:
        colors = bytes(image.palette.getdata()[1])
        missing = 256 - len(colors) // 3
        image.palette = ImagePalette.raw("RGB", colors + missing * colors[-3:])


def eight_bit(image: ImageFile, data: bytes) -> Image.Image:
    """Convert a loaded image to 8 bits per sample, with transparency in an alpha channel.

    Of 16 bits, the upper 8 are kept, as in browsers. Pillow scales gray, but not its transparent color.
    """
    depth, kind = depth_and_color_type(data)
    colors = image.convert("LA") if kind == GRAY_ALPHA else _upper_bits(image)
    if "transparency" in image.info and depth != 8 and kind in {GRAY, RGB}:
        transparent = np.atleast_1d(image.info["transparency"])
        if depth == 1:
            transparent = transparent // 255  # the only kind that Pillow scales
        opaque = (stored_samples(image, data) != transparent).any(axis=-1)
        colors = colors.copy()
        colors.putalpha(Image.fromarray(opaque.astype(np.uint8) * 255))
    return colors


def stored_samples(image: ImageFile, data: bytes) -> Samples:
    """Return the samples stored in a file, for a loaded image: shape ``(H, W, C)``, uint8, or uint16 for 16 bits.

    With a palette, they are indices.
    """
    depth, kind = depth_and_color_type(data)
    pixels = np.asarray(image)
    if depth < 8 and kind == GRAY and image.mode == "L":
        pixels = pixels // (255 // (2**depth - 1))  # Pillow has scaled them to 8 bits
    elif depth == 16 and kind == RGB:
        pixels = pixels.astype(np.uint16) << 8 | _decode_again(data, "RGB;16L")
    elif depth == 16 and kind == GRAY_ALPHA:
        octets = _decode_again(data, "RGBA").astype(np.uint16)  # the four bytes of a pixel, as they are
        pixels = octets[..., ::2] << 8 | octets[..., 1::2]
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def _decode_again(data: bytes, rawmode: str) -> NDArray[np.uint8]:
    """Decode again with another raw mode, which selects the bytes of a pixel: Pillow keeps only the upper ones."""
    image = PngImageFile(io.BytesIO(data))
    image.tile = [tile._replace(args=rawmode) for tile in image.tile]
    return np.asarray(image)


def _upper_bits(image: Image.Image) -> Image.Image:
    """Keep the upper 8 bits of 16-bit gray; Pillow has done so for 16-bit colors."""
    if image.mode == "I;16":
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("L") if image.mode == "1" else image
