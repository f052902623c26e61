"""Converting colors to sRGB by the ICC profile or the gamma in an image file, as browsers do."""

import functools
import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

SRGB = ImageCms.createProfile("sRGB")
MODES = {"GRAY": "L", "RGB": "RGB"}  # the color spaces of profiles; browsers disagree about those for inks
GAMMA_OF_SRGB, TOLERANCE = 1 / 2.2, 0.05  # libpng takes a gamma within 5 % of this for sRGB
SRGB_CHROMATICITIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # white, red, green, blue: x, y
D50 = np.array([0.9642, 1.0, 0.8249])  # the white of all profiles
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an image of mode L or RGB; return it as it is if the profile changes nothing."""
    found = _transform(profile, image.mode) if profile else None
    if found is None:
        return image
    mode, transform = found
    converted = ImageCms.applyTransform(image.convert(mode), transform)
    return converted or image


def changes_colors(profile: bytes | None, mode: str) -> bool:
    """Tell whether `to_srgb` would change an image of this mode."""
    return profile is not None and _transform(profile, mode) is not None


def embedded_profile(image: ImageFile, mode: str) -> bytes | None:
    """Return the ICC profile that a browser would use for an image whose colors are of this mode.

    It is the embedded one, or one made from the gamma and the chromaticities of a PNG.
    """
    info = image.info
    profile = info.get("icc_profile")
    if profile and _fits(_color_space(profile), mode):
        return bytes(profile)
    gamma, chromaticities = info.get("gamma"), info.get("chromaticity")
    if image.format != "PNG" or "srgb" in info or not gamma:
        return None
    if chromaticities is None and abs(gamma / GAMMA_OF_SRGB - 1) <= TOLERANCE:
        return None
    return _rgb_profile(1 / gamma, chromaticities or SRGB_CHROMATICITIES)


def _fits(space: str, mode: str) -> bool:
    """Tell whether a profile of a color space can describe colors of a mode; gray is a kind of RGB."""
    return MODES.get(space) == mode or (space == "RGB" and mode == "L")


def _color_space(profile: bytes) -> str:
    """Name the color space of a profile; "" if it is not a profile."""
    try:
        return str(ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space).strip()
    except OSError:
        return ""


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """Make the transform of a profile and name its input mode; None if it would change nothing.

    Profiles of sRGB differ by rounding: a profile that changes no color by more than 1 of 255 counts as sRGB.
    """
    space = _color_space(profile)
    if not _fits(space, mode):
        return None
    given = MODES[space]
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, SRGB, given, "RGB", flags=ImageCms.Flags.HIGHRESPRECALC)
    except (ImageCms.PyCMSError, OSError):
        return None
    colors = _all_kinds_of_colors().convert(given)
    converted = ImageCms.applyTransform(colors, transform)
    changed = np.asarray(converted).astype(int) - np.asarray(colors.convert("RGB"))
    return (given, transform) if np.abs(changed).max() > 1 else None


@functools.cache
def _all_kinds_of_colors() -> Image.Image:
    """Make a grid of 18 levels of red, green and blue."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3))


def _rgb_profile(gamma: float, chromaticities: tuple[float, ...]) -> bytes | None:
    """Write the ICC profile of three primaries and a gamma; None if these do not define a color space."""
    xy = np.reshape(chromaticities, (4, 2))
    if (xy[:, 1] <= 0).any():
        return None
    white, *primaries = np.column_stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(axis=1)) / xy[:, 1]])
    try:
        to_xyz = np.transpose(primaries) * np.linalg.solve(np.transpose(primaries), white)
    except np.linalg.LinAlgError:
        return None
    adapted = np.linalg.solve(BRADFORD, np.diag(BRADFORD @ D50 / (BRADFORD @ white)) @ BRADFORD) @ to_xyz
    try:
        curve = b"para" + bytes(8) + _fixed(gamma)
        tags = {b"wtpt": b"XYZ " + bytes(4) + _fixed(*D50)}
        for color, column in zip((b"r", b"g", b"b"), adapted.T, strict=True):
            tags |= {color + b"XYZ": b"XYZ " + bytes(4) + _fixed(*column), color + b"TRC": curve}
    except struct.error:  # more than a profile can store
        return None
    return _icc(tags)


def _icc(tags: dict[bytes, bytes]) -> bytes:
    """Assemble the tags of a display profile, ICC version 4.3."""
    table, data = struct.pack(">I", len(tags)), b""
    first = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", first + len(data), len(content))
        data += content
    kind = struct.pack(">4xI4s4s4s12x4s", 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    header = struct.pack(">I", first + len(data)) + kind + bytes(28) + _fixed(*D50) + bytes(48)
    return header + table + data


def _fixed(*numbers: float | NDArray[np.float64]) -> bytes:
    """Write numbers with 16 bits before and 16 after the point."""
    return struct.pack(f">{len(numbers)}i", *(round(float(number) * 65536) for number in numbers))
