"""The fast way from image files to batches of Lab: in the graph of `tf.data`, and in Python only for unusual files."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from course_lib.dataflow.base import chosen_seed
from course_lib.images import Files, ImageError
from course_lib.images.decode import decode as decode_file
from course_lib.images.decode import is_plain, read_bytes
from course_lib.images.source import Broken, Named
from course_lib.integers import count

if TYPE_CHECKING:
    import tensorflow as tf

NOTHING = np.zeros((0, 0, 3), np.uint8)  # takes the place of an image that could not be decoded

# A regular expression for the first bytes, read as Latin-1, of the commonest files that TensorFlow decodes as
# `read_image` does. It lists everything that they may contain before their pixels, and so excludes anything that may
# say something about colors or orientation. It is there for speed: `is_plain` decides this for every file, but is a
# Python call.
HEADER = 768
# Quantization tables, whose length says whether there are one or two; Huffman tables, restart intervals and comments.
TABLES = r"(\xff\xdb\x00(\x43.{65}|\x84.{130})|\xff[\xc4\xdd\xfe][^\xff]*)*"
# Baseline or progressive, 8 bits, any size, 1 or 3 channels.
FRAME = r"\xff[\xc0\xc2]\x00(\x0b\x08.{4}\x01.{3}|\x11\x08.{4}\x03.{9})"
JPEG = rf"\xff\xd8(\xff\xe0\x00\x10JFIF\x00.{{9}})?{TABLES}{FRAME}{TABLES}\xff\xda.*"
# 8 bits, gray (0) or RGB (2), interlaced or not; then nothing but the resolution.
PNG = r"\x89PNG\r\n\x1a\n.{4}IHDR.{8}\x08[\x00\x02]\x00\x00[\x00\x01].{4}(.{4}pHYs.{13})?.{4}IDAT.*"
PLAIN = f"(?s)({JPEG}|{PNG})"


def image_dataset(
    files: Iterable[str | Path],
    size: tuple[int, int] = (256, 256),
    batch_size: int = 32,
    seed: int | None = None,
    *,
    broken: Broken = "skip",
) -> "tf.data.Dataset":
    """Decode, resize, convert to normalized Lab and batch image files in `tf.data`.

    Where an image shrinks, each pixel becomes the mean of the area that it covers; where it grows, it is
    interpolated linearly. The proportions are not kept. Images are the same as from `course_lib.images.read_image`:
    files that TensorFlow would decode differently (rotated, transparent, CMYK, 16-bit, not in sRGB) or not at all go
    through Pillow, as there. Files with more pixels than ``PIL.Image.MAX_IMAGE_PIXELS`` are refused; set this limit
    before the dataset is made.

    There is one difference: a JPEG whose sides are both multiples of 2, 4 or 8, and 4, 8 or 16 times as large
    as ``size`` or more, is decoded at 1/2, 1/4 or 1/8 of its size, which is much faster. That leaves out its finest
    detail instead of averaging it.

    Parameters
    ----------
    files : iterable of str or Path
        One or more JPEG or PNG files, such as ``course_lib.images.Folder(path).paths``.
    size : (int, int)
        Height and width in pixels.
    batch_size : int
        1 or more; the last batch of an epoch may be smaller.
    seed : int, optional
        Shuffles the files, in a new order for each epoch; the same seed gives the same orders. None keeps the order of
        the files.
    broken : {"skip", "raise"}
        What happens with files that cannot be used: each gives one warning, or ends the iteration.

    Returns
    -------
    tf.data.Dataset
        Of pairs, float32 in [-1, 1]: L ``(B, H, W, 1)`` and ab ``(B, H, W, 2)``.

    Raises
    ------
    ValueError
        If there are no files, or an argument has another value.
    """
    import tensorflow as tf

    height, width = size
    size = count("the height", height), count("the width", width)
    source = _FilesForSize(files, size, broken=broken)
    paths = [os.fsencode(path) for path in source.paths]  # file names need not be UTF-8

    def decode(index: Any, path: Any) -> Any:
        def converted() -> Any:
            image, error = tf.numpy_function(read, [index], (tf.uint8, tf.string))
            # Raised here and not in Python, the error is one line instead of TensorFlow's copy of all tracebacks.
            with tf.control_dependencies([tf.debugging.Assert(tf.equal(error, ""), [error])]):
                return tf.ensure_shape(image, (None, None, 3))

        image = _attempt(lambda path: _plain(tf.io.read_file(path), size), path)
        return tf.cond(tf.size(image) > 0, lambda: image, converted)

    def read(index: NDArray[np.int64]) -> tuple[NDArray[np.uint8], str]:
        try:
            item = source.read_or_skip(int(index))
        except ImageError as error:
            return NOTHING, str(error)
        return (item[1] if item else NOTHING), ""

    dataset = tf.data.Dataset.from_tensor_slices((np.arange(len(paths)), paths))
    if seed is not None:
        dataset = dataset.shuffle(len(paths), seed=chosen_seed(seed))
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    if broken == "skip":
        dataset = dataset.filter(lambda image: tf.size(image) > 0)
    dataset = dataset.map(lambda image: _resized(image, size), num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(count("the batch size", batch_size))
    return dataset.map(_lab, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


class _FilesForSize(Files):
    """Image files that will be resized, and so need not be decoded at their full size."""

    def __init__(self, files: Iterable[str | Path], size: tuple[int, int], *, broken: Broken) -> None:
        paths = [Path(file) for file in files]
        if not paths:
            raise ValueError("expected one or more image files, got none")
        super().__init__(paths, map(str, paths), broken=broken)
        self._size = size

    def read(self, index: int) -> Named:
        """Read a file; see `Source.read`."""
        name = self.names[index]
        return name, decode_file(name, read_bytes(self.paths[index]), for_size=self._size)


def _attempt(decode: Callable[[Any], Any], path: Any) -> Any:
    """Decode, or return NOTHING if that fails. A graph cannot catch errors, but a dataset can skip elements."""
    import tensorflow as tf

    decoded = tf.data.Dataset.from_tensors(path).map(decode).ignore_errors()
    return decoded.concatenate(tf.data.Dataset.from_tensors(NOTHING)).take(1).get_single_element()


def _plain(data: Any, size: tuple[int, int]) -> Any:
    """Decode a file if that gives the same as `read_image`; otherwise return NOTHING."""
    import tensorflow as tf

    header = tf.strings.unicode_transcode(tf.strings.substr(data, 0, HEADER), "ISO-8859-1", "UTF-8")
    plain = tf.cond(
        tf.strings.regex_full_match(header, PLAIN),
        lambda: True,
        lambda: tf.numpy_function(is_plain, [data], tf.bool),
    )
    jpeg = tf.strings.substr(data, 0, 1) == b"\xff"
    ways = [(~plain, lambda: tf.constant(NOTHING)), (jpeg, lambda: _plain_jpeg(data, size))]
    return tf.case(ways, default=lambda: _plain_png(data))


def _plain_jpeg(data: Any, size: tuple[int, int]) -> Any:
    """Decode a JPEG, at 1/2, 1/4 or 1/8 of its size if `decode_file` does so too, to save work."""
    import tensorflow as tf

    def decoder(ratio: int) -> Callable[[], Any]:
        return lambda: tf.io.decode_jpeg(data, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")

    shape = tf.io.extract_jpeg_shape(data)[:2]
    ratios = tf.constant([[2], [4], [8]])
    fits = tf.reduce_all((shape % ratios == 0) & (shape // size >= 2 * ratios), axis=1)
    ways = [*(decoder(ratio) for ratio in (1, 2, 4, 8)), lambda: tf.constant(NOTHING)]
    return tf.switch_case(tf.where(_within_limit(shape), tf.reduce_sum(tf.cast(fits, tf.int32)), 4), ways)


def _plain_png(data: Any) -> Any:
    """Decode a PNG."""
    import tensorflow as tf

    width_and_height = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)
    return tf.cond(
        _within_limit(width_and_height),
        lambda: tf.io.decode_png(data, channels=3),
        lambda: tf.constant(NOTHING),
    )


def _within_limit(shape: Any) -> Any:
    """Tell whether an image has no more pixels than Pillow allowed when the graph was made."""
    import tensorflow as tf

    pixels = tf.reduce_prod(tf.cast(shape, tf.int64))
    return pixels <= (Image.MAX_IMAGE_PIXELS or tf.int64.max)


def _resized(image: Any, size: tuple[int, int]) -> Any:
    """Resize to uint8, which makes batching and looking up colors fast."""
    import tensorflow as tf

    def rounded(resized: Any) -> Any:
        return tf.cast(tf.round(resized), tf.uint8)

    found = tf.shape(image)[:2]
    resized = tf.case(
        [
            (tf.reduce_all(found == size), lambda: image),
            (tf.reduce_all(found >= size), lambda: rounded(tf.image.resize(image, size, method="area"))),
        ],
        default=lambda: rounded(tf.image.resize(image, size, antialias=True)),
    )
    return tf.ensure_shape(resized, (*size, 3))


def _lab(rgb: Any) -> tuple[Any, Any]:
    """Convert a batch to normalized L and ab; XLA makes this one pass over the pixels."""
    import tensorflow as tf

    from course_lib.color import tensors

    def convert(rgb: Any) -> tuple[Any, Any]:
        return tensors.split_lab(tensors.normalize_lab(tensors.rgb_to_lab(rgb)))

    return tf.function(convert, jit_compile=True)(rgb)
