"""Sources of images: they yield names and 8-bit RGB arrays, some with labels.

A source is iterated over once per epoch and yields ``(name, image)`` or ``(name, image, labels)``;
``len`` counts its images. A pickled source continues in another process where it was.
"""

from course_lib.images.decode import ImageError, Pixels, UnusualImageError, read_image
from course_lib.images.folder import Files, Folder
from course_lib.images.lmdb import Lmdb, write_lmdb
from course_lib.images.shipped import TEXTURES, Mosaics, mosaics, photographs
from course_lib.images.source import Source
from course_lib.images.textures import TEXTURE_CLASSES, equalized_textures, texture_mosaics
from course_lib.images.trees import ImageNet, Voc

__all__ = [
    "TEXTURES",
    "TEXTURE_CLASSES",
    "Files",
    "Folder",
    "ImageError",
    "ImageNet",
    "Lmdb",
    "Mosaics",
    "Pixels",
    "Source",
    "UnusualImageError",
    "Voc",
    "equalized_textures",
    "mosaics",
    "photographs",
    "read_image",
    "texture_mosaics",
    "write_lmdb",
]
