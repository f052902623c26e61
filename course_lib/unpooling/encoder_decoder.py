"""A network that shrinks its map by pooling, and enlarges it again by unpooling.

A small version of the deconvolution network of Noh et al. [1]_: on the way down, each pooling keeps its switches; on
the way up, each unpooling puts values back to where the maxima were found, and a convolution fills the gaps between
them.

References
----------
.. [1] Noh, Hong and Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015.
"""

from collections.abc import Iterable, Sequence

import keras

from course_lib.integers import count
from course_lib.sizes import RequiredSize
from course_lib.unpooling.layers import FixedSwitches, MaxUnpool
from course_lib.unpooling.pooling import MaxPoolSwitches

MOMENTUM = 0.9  # of batch normalization's moving averages: with Keras' 0.99, they lag behind in a short training


def unpooling_network(
    widths: Sequence[int] = (16, 32, 64), outputs: int = 1, *, switches: bool = True, channels: int = 3
) -> keras.Model:
    """Make an encoder-decoder with new weights, whose map is enlarged by unpooling.

    Each level halves the map: a 3 x 3 convolution, batch normalization, ReLU, max-pooling of 2 x 2. The way up mirrors
    it: unpooling, then the same three. No map of the way down is joined with a map of the way up; only the switches
    tell the decoder where things were.

    Parameters
    ----------
    widths : sequence of int
        Filters of each level, the finest first; at least one level, each of 1 filter or more.
    outputs : int
        Numbers for each pixel of the result, such as classes; 1 or more.
    switches : bool
        Whether values return to where the maxima were found. If not, all go to the top left of their windows: layers,
        weights and numbers of zeros are the same, but the positions are lost.
    channels : int
        Channels of the images, 1 or more.

    Returns
    -------
    keras.Model
        From images ``(B, H, W, channels)`` of any size, odd ones too, to logits ``(B, H, W, outputs)``, float32, with
        no softmax. Layer ``down_k`` returns the map of level k before it is pooled, ``pool_k`` that map pooled and its
        switches, ``unpool_k`` the map of the same size on the way up, and ``up_k`` that map after its convolution.

    Raises
    ------
    ValueError
        If an argument is not as above; when called, if an image has no pixels.
    """
    filters = [count("each of widths", width) for width in widths] if isinstance(widths, Iterable) else []
    if not filters:
        raise ValueError(f"expected widths of at least one level, got {widths!r}")

    x = images = keras.Input((None, None, count("channels", channels)), name="images")
    x = RequiredSize(name="size")(x)
    fine_maps, kept = [], []
    for level, width in enumerate(filters, 1):
        fine = _convolved(x, width, f"down_{level}")
        x, argmax = MaxPoolSwitches(padding="same", name=f"pool_{level}")(fine)
        fine_maps.append(fine)
        kept.append(argmax if switches else FixedSwitches(name=f"fixed_{level}")(x, fine))
    x = _convolved(x, filters[-1], "bottom")
    for level in range(len(filters), 0, -1):
        x = MaxUnpool(name=f"unpool_{level}")(x, kept[level - 1], fine_maps[level - 1])
        x = _convolved(x, filters[max(level - 2, 0)], f"up_{level}")
    logits = keras.layers.Conv2D(count("outputs", outputs), 1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="unpooling_network")


def _convolved(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """Convolve, normalize and clip below 0."""
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=name)(x)
