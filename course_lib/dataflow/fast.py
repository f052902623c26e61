"""The fast way from image files to batches of Lab: in the graph of `tf.data`, and in Python for unusual files alone."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.dataflow.base import chosen_seed, count
from course_lib.dataflow.sources import ImageFromFile
from course_lib.images.source import Broken

if TYPE_CHECKING:
    import tensorflow as tf

NOTHING = np.zeros((0, 0, 3), np.uint8)  # in the place of an image that could not be decoded
CMYK = 4  # channels
# Regular expressions for the first bytes of a file, in RE2's syntax: \C is any byte.
HEADER = 4096
# What the orientations 2 to 8 look like in EXIF, in either order of bytes; and the name of a PNG's transparent color.
ODD = rb"\C*(\x12\x01\x03\x00\x01\x00\x00\x00[\x02-\x08]|\x01\x12\x00\x03\x00\x00\x00\x01\x00[\x02-\x08]|tRNS)\C*"
# Signature, head and size; then 8 bits a channel, and grey (0) or RGB (2).
PLAIN_PNG = rb"\CPNG\r\n\x1a\n\C{16}\x08[\x00\x02]\C*"


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
    interpolated linearly. The proportions are not kept. Images are as `course_lib.images.read_image` gives
    them: the few that TensorFlow would decode otherwise (rotated, transparent, CMYK, 16-bit, animated) or
    not at all go through it.

    Parameters
    ----------
    files : iterable of str or Path
        One or more JPEG or PNG files, such as ``course_lib.images.Folder(path).paths``.
    size : (int, int)
        Height and width in pixels.
    batch_size : int
        1 or more; the last batch of an epoch may be smaller.
    seed : int, optional
        Shuffles, each epoch anew; the same seed gives the same orders. None keeps the order of the files.
    broken : {"skip", "raise"}
        What becomes of files that cannot be used: each is warned about once, or ends the iteration.

    Returns
    -------
    tf.data.Dataset
        Of pairs, float32 in [-1, 1]: L ``(B, H, W, 1)`` and ab ``(B, H, W, 2)``.

    Raises
    ------
    ValueError
        If there are no files, or an argument is none of these.
    """
    import tensorflow as tf

    height, width = size
    size = count("the height", height), count("the width", width)
    paths = [str(file) for file in files]
    source = ImageFromFile(paths, broken=broken)

    def decode(index: Any, path: Any) -> Any:
        def converted() -> Any:
            return tf.ensure_shape(tf.numpy_function(read, [index], tf.uint8), (None, None, 3))

        image = _attempt(lambda path: _plain(tf.io.read_file(path), size), path)
        return tf.cond(tf.size(image) > 0, lambda: image, converted)

    def read(index: NDArray[np.int64]) -> NDArray[np.uint8]:
        datapoint = source.load(int(index))
        return datapoint[0] if datapoint else NOTHING

    dataset = tf.data.Dataset.from_tensor_slices((np.arange(len(paths)), paths))
    if seed is not None:
        dataset = dataset.shuffle(len(paths), seed=chosen_seed(seed))
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    if broken == "skip":
        dataset = dataset.filter(lambda image: tf.size(image) > 0)
    dataset = dataset.map(lambda image: _resized(image, size), num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(count("the batch size", batch_size))
    return dataset.map(_lab, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _attempt(decode: Callable[[Any], Any], path: Any) -> Any:
    """Decode, or return NOTHING where that fails. A graph cannot catch errors, but a dataset can leave them out."""
    import tensorflow as tf

    decoded = tf.data.Dataset.from_tensors(path).map(decode).ignore_errors()
    return decoded.concatenate(tf.data.Dataset.from_tensors(NOTHING)).take(1).get_single_element()


def _plain(data: Any, size: tuple[int, int]) -> Any:
    """Decode a file if that gives what `read_image` does; else return NOTHING."""
    import tensorflow as tf

    header = tf.strings.substr(data, 0, HEADER)
    usual = ~tf.strings.regex_full_match(header, ODD)
    jpeg = usual & (tf.strings.substr(data, 0, 3) == b"\xff\xd8\xff")
    png = usual & tf.strings.regex_full_match(header, PLAIN_PNG)
    ways = [(jpeg, lambda: _shrunk_jpeg(data, size)), (png, lambda: tf.io.decode_png(data, channels=3))]
    return tf.case(ways, default=lambda: tf.constant(NOTHING))


def _shrunk_jpeg(data: Any, size: tuple[int, int]) -> Any:
    """Decode a JPEG, at 1/2, 1/4 or 1/8 of its size where that is still twice as large as need be, to save work."""
    import tensorflow as tf

    def decoder(ratio: int) -> Callable[[], Any]:
        return lambda: tf.io.decode_jpeg(data, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")

    shape = tf.io.extract_jpeg_shape(data)
    smallest = tf.reduce_sum(tf.cast(tf.reduce_min(shape[:2] // size) >= [4, 8, 16], tf.int32))
    ways = [*(decoder(ratio) for ratio in (1, 2, 4, 8)), lambda: tf.constant(NOTHING)]
    return tf.switch_case(tf.where(shape[2] == CMYK, 4, smallest), ways)


def _resized(image: Any, size: tuple[int, int]) -> Any:
    """Resize to uint8, in which a batch is quick to put together and a color is quick to look up."""
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
    """Convert a batch to normalized L and ab, in one pass over the pixels, which is what XLA makes of it."""
    import tensorflow as tf

    from course_lib.color import tensors

    def convert(rgb: Any) -> tuple[Any, Any]:
        return tensors.split_lab(tensors.normalize_lab(tensors.rgb_to_lab(rgb)))

    return tf.function(convert, jit_compile=True)(rgb)
