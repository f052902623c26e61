"""Tiny image files of every kind, for the tests of the sources of images."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]
HEIGHT, WIDTH = 12, 17
PNG = b"\x89PNG\r\n\x1a\n"


def pixels(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """Random colors, ``(H, W, 3)``."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(image: Array | Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Hold an image in a file of the form."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, form, **options)
    return file.getvalue()


def deep_png(numbers: Array, color_type: int) -> bytes:
    """Write a 16-bit PNG by hand: numbers ``(H, W, C)``, color type 0 grey, 2 RGB."""
    height, width = numbers.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return PNG + b"".join(chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write one chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """Write a PNG of a hundred bytes that claims to be of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(50))) + chunk(b"IEND", b"")


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
        "grey": encoded(image.convert("L"), "JPEG"),
        "transparent": encoded(image.convert("RGBA")),
        "CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "16-bit": deep_png(pixels().astype(int) * 257, 2),
        "rotated": rotated(pixels(), 6, "JPEG"),
        "animated": encoded(image, "GIF", save_all=True, append_images=frames),
    }


def fill(folder: Path, count: int) -> list[str]:
    """Write PNG files into a folder, each of other colors, and name them in order."""
    names = [f"{index:03d}.png" for index in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        (folder / name).write_bytes(encoded(pixels(seed)))
    return names
