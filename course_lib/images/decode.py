"""Image files to 8-bit arrays: JPEG, PNG and GIF, whatever their color model, depth or orientation."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from course_lib.images import exif, png, profiles

Pixels = NDArray[np.uint8]


class _Jpeg(JpegImageFile):
    """A JPEG without its resolution: reading it takes time, and warns about damage that does not matter."""

    def _read_dpi_from_exif(self) -> None:
        pass


# Not `Image.open`: it warns about large images, and tries formats that start other programs.
READERS: dict[bytes, type[ImageFile]] = {
    b"\xff\xd8\xff": _Jpeg,
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"GIF8": GifImageFile,
}
# Formats that often have a wrong extension, recognized by the bytes at some place.
OTHERS = (
    (0, b"RIFF", "WebP"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyp", "HEIC"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"BM", "BMP"),
    (0, b"\0\5\x16\7", "AppleDouble"),
)
RATIOS = (8, 4, 2)  # by which a JPEG can be made smaller while it is decoded


class ImageError(ValueError):
    """An image that cannot be used: ``name`` says which one, ``reason`` says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        # A file name that is not UTF-8 contains surrogates, which no notebook can print.
        return f"{self.name}: {self.reason}".encode(errors="backslashreplace").decode()


class UnusualImageError(ImageError):
    """An image that can be used only if it is converted."""


def read_image(file: str | Path | bytes, channels: Literal[1, 3] = 3, *, convert: bool = True) -> Pixels:
    """Read a JPEG, PNG or GIF image, recognized by its first bytes, as a browser shows it.

    Gray is repeated in three channels, or color reduced to its luma (ITU-R BT.601) in one;
    palettes are looked up; transparent parts are laid on white; CMYK becomes RGB; 16-bit numbers are reduced to their
    upper byte; the EXIF orientation is applied; of an animation, the first frame is used. Colors are converted to sRGB
    by an embedded ICC profile or, in a PNG without a profile, by its gamma and chromaticities.

    As in Chromium, an orientation counts only if it is a single SHORT in EXIF data before the pixels, not in XMP. The
    ICC profile of a CMYK image and a PNG's cICP chunk are not considered.

    Parameters
    ----------
    file : str, Path or bytes
        The path of the file, or its contents.
    channels : {3, 1}
        RGB or gray.
    convert : bool
        False refuses images that are gray (for three channels), transparent, CMYK, 16-bit, rotated, animated, or not in
        sRGB.

    Returns
    -------
    ndarray
        Shape ``(H, W, channels)``, uint8.

    Raises
    ------
    ImageError
        If there is no such file, it is not such an image, is damaged, or has more pixels than
        ``PIL.Image.MAX_IMAGE_PIXELS``.
    UnusualImageError
        If ``convert`` is False, and the image would have to be converted.
    ValueError
        If ``channels`` is neither 1 nor 3.
    """
    if isinstance(file, bytes):
        return decode("these bytes", file, channels, convert=convert)
    return decode(str(file), read_bytes(Path(file)), channels, convert=convert)


def decode(
    name: str,
    data: bytes,
    channels: Literal[1, 3] = 3,
    *,
    convert: bool = True,
    for_size: tuple[int, int] | None = None,
) -> Pixels:
    """Decode the contents of an image file, as `read_image` does.

    Parameters
    ----------
    name : str
        For messages.
    data, channels, convert
        As for `read_image`.
    for_size : (int, int), optional
        Height and width to which the image will be resized. A JPEG much larger than that is decoded at 1/2,
        1/4 or 1/8 of its size, if that divides both sides and leaves them at least twice as large.

    Returns
    -------
    ndarray
        Shape ``(H, W, channels)``, uint8.
    """
    if channels not in {1, 3}:
        raise ValueError(f"expected 1 or 3 channels, got {channels!r}")
    image = _opened(name, data)
    with _damage_named(name, image.format):
        # Chunks of a PNG after its pixels do not count; they are read with the pixels.
        orientation = exif.orientation(image.info.get("exif", b""))
        if for_size and isinstance(image, JpegImageFile):
            _reduce(image, for_size[::-1] if orientation < 5 else for_size)
        colors, alpha = _colors_and_alpha(image, data)
        profile = profiles.embedded_profile(image, colors.mode)
        shown = _on_white(profiles.to_srgb(colors, profile), alpha)
        pixels = np.array(exif.upright(_in_mode(shown, "RGB" if channels == 3 else "L"), orientation))
        signs = {
            "gray": channels == 3 and colors.mode == "L",
            "transparent": alpha is not None,
            "CMYK": colors.mode == "CMYK",
            "16-bit": image.format == "PNG" and png.depth_and_color_type(data)[0] == 16,
            "rotated": orientation != exif.UPRIGHT,
            "animated": not convert and getattr(image, "is_animated", False),
            "not in sRGB": profiles.changes_colors(profile, colors.mode),
        }
    found = [] if convert else [sign for sign, shown in signs.items() if shown]
    if found:
        raise UnusualImageError(name, f"the image is {' and '.join(found)}")
    return pixels.reshape(*pixels.shape[:2], channels)


def is_plain(data: bytes) -> bool:
    """Tell whether a file is a JPEG or PNG that any decoder reads as `read_image` does; only its head is read."""
    try:
        image = _opened("", data)
        orientation = exif.orientation(image.info.get("exif", b""))
        profile = profiles.embedded_profile(image, image.mode)
    except Exception:  # `decode` will report what is wrong
        return False
    return (
        image.format in {"JPEG", "PNG"}
        and image.mode in {"RGB", "L"}
        and (image.format == "JPEG" or png.depth_and_color_type(data)[0] == 8)
        and not image.has_transparency_data
        and not getattr(image, "default_image", False)
        and orientation == exif.UPRIGHT
        and not profiles.changes_colors(profile, image.mode)
    )


def read_bytes(path: Path) -> bytes:
    """Read a file; raise `ImageError` if that is impossible."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(str(path), error.strerror or str(error)) from error


def load_image(name: str, data: bytes) -> ImageFile:
    """Decode an image file without converting it; raise `ImageError` if that is impossible."""
    image = _opened(name, data)
    with _damage_named(name, image.format):
        image.load()
    return image


def _opened(name: str, data: bytes) -> ImageFile:
    """Read the head of an image file; raise `ImageError` if it is not an image file, or too large."""
    reader = next((reader for start, reader in READERS.items() if data.startswith(start)), None)
    if reader is None:
        other = next((f", but {form}" for at, start, form in OTHERS if data.startswith(start, at)), "")
        raise ImageError(name, f"neither a JPEG, a PNG nor a GIF file{other}" if data else "empty file")
    with _damage_named(name, reader.format):
        image = reader(io.BytesIO(data))
    count, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
    if limit is not None and count > limit:
        raise ImageError(name, f"{count} pixels are more than the {limit} that PIL.Image.MAX_IMAGE_PIXELS allows")
    return image


@contextmanager
def _damage_named(name: str, form: str | None) -> Iterator[None]:
    """Name the file in every error: for damaged files, the decoders raise errors of many classes."""
    try:
        yield
    except Exception as error:
        raise ImageError(name, f"damaged {form} file: {str(error) or type(error).__name__}") from error


def _reduce(image: JpegImageFile, size: tuple[int, int]) -> None:
    """Let a JPEG be decoded at a fraction of its size that is still at least twice the given width and height."""
    for ratio in RATIOS:
        whole = image.width % ratio == 0 and image.height % ratio == 0
        if whole and min(image.width // size[0], image.height // size[1]) >= 2 * ratio:
            image.draft(None, (image.width // ratio, image.height // ratio))
            return


def _colors_and_alpha(image: ImageFile, data: bytes) -> tuple[Image.Image, Image.Image | None]:
    """Load an image; return its colors, of mode L, RGB or CMYK, and its alpha channel if anything is transparent."""
    area = image.tile[0][1] if image.format == "GIF" else None  # the first frame may cover only a part
    if isinstance(image, PngImageFile):
        png.complete_palette(image)
        if image.default_image:  # for programs that do not support animations
            image.seek(1)
    image.load()
    whole = png.eight_bit(image, data) if image.format == "PNG" else image
    alpha = None
    if whole.has_transparency_data:
        whole = _in_mode(whole, "LA" if whole.mode == "L" else "RGBA")
        alpha = whole.getchannel("A")
    if area and area != (0, 0, *image.size):
        covered = Image.new("L", image.size)
        covered.paste(255, area)
        alpha = covered if alpha is None else ImageChops.darker(alpha, covered)
    return _in_mode(whole, {"L": "L", "LA": "L", "CMYK": "CMYK"}.get(whole.mode, "RGB")), alpha


def _on_white(colors: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """Lay transparent parts on white."""
    if alpha is None:
        return colors
    return Image.composite(_in_mode(colors, "RGB"), Image.new("RGB", colors.size, "white"), alpha)


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """Convert an image; if it has the mode already, return it without a copy."""
    return image if image.mode == mode else image.convert(mode)
