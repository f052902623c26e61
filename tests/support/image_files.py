"""Tiny image files of every kind, for the tests of the sources of images."""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]
HEIGHT, WIDTH = 12, 17
PNG = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def pixels(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """Random colors, ``(H, W, 3)``."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(image: Array | Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Hold an image in a file of the form."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, form, **options)
    return file.getvalue()


def png(
    samples: Array,
    depth: int,
    color_type: int,
    chunks: Sequence[tuple[bytes, bytes]] = (),
    *,
    interlaced: bool = False,
) -> bytes:
    """Write a PNG by hand.

    Parameters
    ----------
    samples : ndarray
        Shape ``(H, W, C)``: the samples in the file, 0 to ``2**depth - 1``.
    depth, color_type : int
        As in the head of the file.
    chunks : sequence of (bytes, bytes)
        What stands before the pixels, such as a palette.
    interlaced : bool
        Whether the pixels come in Adam7's seven passes.
    """
    height, width = samples.shape[:2]
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    parts = [samples[top::down, left::across] for top, left, down, across in passes]
    rows = b"".join(b"\0" + _packed(row.ravel(), depth) for part in parts if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlaced)
    listed = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG + b"".join(chunk(*each) for each in listed)


def _packed(samples: Array, depth: int) -> bytes:
    """Write samples of 1 to 16 bits one behind the other."""
    bits = samples[:, None] >> np.arange(depth)[::-1] & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def deep_png(samples: Array, color_type: int) -> bytes:
    """Write a 16-bit PNG: samples ``(H, W, C)``, color type 0 gray, 2 RGB."""
    return png(samples, 16, color_type)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write one chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """Write a PNG of a hundred bytes that claims to be of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(50))) + chunk(b"IEND", b"")


def with_gamma(file: bytes, gamma: float) -> bytes:
    """Say in a PNG how its numbers become light."""
    place = file.index(b"IDAT") - 4
    return file[:place] + chunk(b"gAMA", struct.pack(">I", round(100_000 / gamma))) + file[place:]


def rotated(image: Array, orientation: int, form: str = "PNG") -> bytes:
    """Hold an image in a file that says how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, form, exif=exif)


def unusual_files() -> dict[str, bytes]:
    """One file of each unusual kind, and the word for it."""
    image = Image.fromarray(pixels())
    frames = [Image.fromarray(pixels(seed)) for seed in (1, 2)]
    return {
        "gray": encoded(image.convert("L"), "JPEG"),
        "transparent": encoded(image.convert("RGBA")),
        "CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "16-bit": deep_png(pixels().astype(int) * 257, 2),
        "rotated": rotated(pixels(), 6, "JPEG"),
        "animated": encoded(image, "GIF", save_all=True, append_images=frames),
        "not in sRGB": with_gamma(encoded(image), 1.0),
    }


def fill(folder: Path, count: int) -> list[str]:
    """Write PNG files into a folder, each of other colors, and name them in order."""
    names = [f"{index:03d}.png" for index in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        (folder / name).write_bytes(encoded(pixels(seed)))
    return names
