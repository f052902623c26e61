"""The orientation of a photograph, as cameras write it to EXIF data and browsers read it."""

import struct

from PIL.ExifTags import Base
from PIL.Image import Image, Transpose

UPRIGHT = 1
SHORT = 3  # the type of a 16-bit number
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
TRANSPOSES = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def orientation(exif: bytes) -> int:
    """Read the orientation, 1 (upright) to 8; 1 if there is no orientation that a browser accepts.

    Like browsers, this accepts a single SHORT, as the standard requires, in the first directory. Pillow's
    `getexif` also accepts numbers of other types, and XMP.
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = BYTE_ORDERS.get(exif[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * entry)
            if (tag, kind, count) == (Base.Orientation, SHORT, 1):
                return value if value in TRANSPOSES else UPRIGHT
    except struct.error:  # the pixels may be intact even if the EXIF data are cut off
        return UPRIGHT
    return UPRIGHT


def upright(image: Image, orientation: int) -> Image:
    """Turn an image as its orientation says."""
    return image.transpose(TRANSPOSES[orientation]) if orientation in TRANSPOSES else image
