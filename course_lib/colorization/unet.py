"""A U-Net that predicts color from lightness.

Convolutions with stride 2 shrink the picture level by level. On the way back up, the map of each size is joined with
the map of the same size from the way down (a skip), so that coarse maps determine what something is, and fine maps
where it ends. This is the generator of Isola et al. [1]_, with color instead of RGB as its output.

References
----------
.. [1] Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017.
.. [2] Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016.
"""

from typing import Literal, get_args

import keras
import tensorflow as tf

from course_lib.colorization.colorizer import Colorizer
from course_lib.colorization.convolution import SmallMapConv2D, SmallMapConv2DTranspose
from course_lib.integers import count
from course_lib.sizes import RequiredSize

Upsampling = Literal["transposed", "resize"]

WIDEST = 8  # times the filters of the first level; deeper levels have no more
SLOPE = 0.2  # of leaky ReLU, below 0
MOMENTUM = 0.9  # of batch normalization's moving averages: with Keras' 0.99 they lag behind a training of few steps


def unet(depth: int, base_filters: int, *, upsampling: Upsampling = "transposed", dropout: float = 0.5) -> keras.Model:
    """Make a U-Net from lightness to color, with new weights.

    ``unet(8, 64)`` is the usual one for 256 x 256 pixels. Its innermost map then has a single pixel: in training, batch
    normalization turns it to 0 if the batch has a single image.

    Parameters
    ----------
    depth : int
        How many times the picture is halved, 1 or more.
    base_filters : int
        Filters of the first level, 1 or more. Each further level has twice as many, up to 8 times as many.
    upsampling : {"transposed", "resize"}
        How maps are enlarged: by transposed convolutions, 4 x 4 with stride 2, or bilinearly, followed by a 3 x 3
        convolution. The second way cannot make checkerboards [2]_: every pixel is computed in the same way.
    dropout : float
        The fraction of values that training drops after each enlargement, in [0, 1).

    Returns
    -------
    Colorizer
        From normalized L, ``(B, H, W, 1)``, to normalized ab, ``(B, H, W, 2)``, in [-1, 1]. It takes any sides that are
        multiples of ``2**depth``. Layer ``down_k`` returns the map of level k on the way down, ``up_k`` the map of the
        same size on the way up, joined with that skip, and ``ab`` the result. If the network is made in the scope of a
        `tf.distribute` strategy, it normalizes over the batch of all devices.

    Raises
    ------
    ValueError
        If an argument is not as above; when called, if ``2**depth`` does not divide a side.
    """
    levels, filters = count("depth", depth), count("base_filters", base_filters)
    if upsampling not in get_args(Upsampling):
        raise ValueError(f'expected upsampling "transposed" or "resize", got {upsampling!r}')
    if not 0 <= dropout < 1:
        raise ValueError(f"expected a dropout in [0, 1), got {dropout!r}")

    lightness = keras.Input((None, None, 1), name="lightness")
    x = RequiredSize(least=2**levels, multiple=2**levels, name="size")(lightness)
    skips = []
    for level in range(1, levels + 1):
        x = _down(x, level, filters * min(2 ** (level - 1), WIDEST), innermost=level == levels)
        skips.append(x)
    for level in range(levels - 1, 0, -1):
        skip = skips[level - 1]
        x = _up(x, f"up_{level}", skip.shape[-1], upsampling, bias=False)
        x = _batch_norm(f"up_{level}_norm")(x)
        x = keras.layers.ReLU(name=f"up_{level}_relu")(x)
        x = keras.layers.Dropout(dropout, name=f"up_{level}_dropout")(x)
        x = keras.layers.Concatenate(name=f"up_{level}")([x, skip])
    x = _up(x, "ab", 2, upsampling, bias=True)
    # A network in half precision still predicts floats, as losses and metrics need them.
    ab = keras.layers.Activation("tanh", dtype="float32", name="ab")(x)
    return Colorizer(lightness, ab, name="unet")


def _down(x: keras.KerasTensor, level: int, filters: int, *, innermost: bool) -> keras.KerasTensor:
    """Halve a map."""
    name = f"down_{level}"
    first = level == 1  # as in the paper, not normalized
    x = SmallMapConv2D(filters, 4, strides=2, padding="same", use_bias=first, name=f"{name}_conv")(x)
    if not first:
        x = _batch_norm(f"{name}_norm")(x)
    return keras.layers.ReLU(negative_slope=0 if innermost else SLOPE, name=name)(x)


def _up(x: keras.KerasTensor, name: str, filters: int, upsampling: Upsampling, *, bias: bool) -> keras.KerasTensor:
    """Double a map's sides."""
    if upsampling == "transposed":
        conv = SmallMapConv2DTranspose(filters, 4, strides=2, padding="same", use_bias=bias, name=f"{name}_conv")
        return conv(x)
    x = keras.layers.UpSampling2D(interpolation="bilinear", name=f"{name}_resize")(x)
    return SmallMapConv2D(filters, 3, padding="same", use_bias=bias, name=f"{name}_conv")(x)


def _batch_norm(name: str) -> keras.layers.Layer:
    """Normalize over the batch, which a strategy may have spread over devices."""
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    return keras.layers.BatchNormalization(momentum=MOMENTUM, synchronized=several, name=name)
