"""User operations: bilinear samples of a map at a few locations, unpooling with switches, labels from coarse logits.

They run as native operations in C++ (and CUDA), built on first use. If no library can be built, and inside
``jit_compile=True``, the same functions in plain TensorFlow take their place (`course_lib.ops.reference`); the same
happens if the environment variable ``PIXELWISE_OPS`` is ``reference``. ``course ops info`` says which version is in
use.

A SavedModel names the operations with which it was traced. A process that loads one calls
``course_lib.ops.library.load()`` first; a ``.keras`` file needs only the module of its layers.
"""

import os
from collections.abc import Sequence
from types import ModuleType

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.ops import arguments, gradients, library, reference

__all__ = ["gradients", "label_map", "library", "max_unpool", "reference", "sparse_extractor"]


def sparse_extractor(
    centroids: ArrayLike | tf.Tensor,
    activations: ArrayLike | tf.Tensor,
    scale: float,
    offset: Sequence[float] = (0.0, 0.0),
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Sample maps bilinearly at a few locations; differentiable in both, and twice.

    A location lies at ``(centroid - offset) / scale`` on the map, clamped to ``[0, size - 1]`` along each axis; where
    it was clamped, its gradient is 0. An entry of the map whose weight is exactly 0 is ignored, in the gradients too:
    infinity or NaN there does not affect a finite sample beside it. An entry with a positive weight does. The offset
    ``(scale - 1) / 2`` agrees with `tf.image.resize`, the offset 0 with the resize of TensorFlow 1
    (``half_pixel_centers=False``).

    Sampling only the locations of the loss, instead of upsampling whole maps, makes it possible to train hypercolumns
    [1]_ on large images [2]_.

    Parameters
    ----------
    centroids : array_like or tf.Tensor
        Shape ``(B, L, 2)``, float32: y and x in pixels of the image. Infinite ones are clamped. A location with a NaN
        gives a column of NaN, no gradient for the map and a gradient of NaN for itself. Integers and float64 are cast.
    activations : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, or ``(B, C, H, W)`` with ``"NCHW"``; float16, bfloat16, float32 or float64.
        The halves are summed in float32.
    scale : float
        Pixels of the image for one step on the map, above 0.
    offset : (float, float)
        Where, in pixels of the image (y, x), the map's entry (0, 0) lies.
    data_format : {"NHWC", "NCHW"}
        Order of the axes of ``activations``.

    Returns
    -------
    tf.Tensor
        Shape ``(B * L, C)``, of the activations' type; the columns of the first image come first.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known.
    tf.errors.InvalidArgumentError
        If shapes that were not known in advance do not fit.

    References
    ----------
    .. [1] Hariharan, Arbeláez, Girshick and Malik, "Hypercolumns for Object Segmentation and Fine-grained
       Localization", arXiv 1411.5752.
    .. [2] Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
    """
    data_format = arguments.layout(data_format)
    centroids = arguments.locations(centroids)
    activations = arguments.maps(activations, "activations", data_format)
    arguments.same_batch(centroids, activations, data_format)
    scale, offset = arguments.scale_of(scale), arguments.offset_of(offset)

    native = _native()
    if native is None:
        return reference.sparse_extractor(centroids, activations, scale, offset, data_format)
    return native.pixelwise_sparse_extractor(
        centroids, activations, scale=scale, offset=list(offset), data_format=data_format
    )


def max_unpool(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool = False,
) -> tf.Tensor:
    """Put pooled values back to where a max-pool took them from, zeros elsewhere; differentiable in ``pooled``.

    For repeated indices, as with overlapping windows, the values add up, as with `tf.scatter_nd`. The gradient gathers
    values. Unpooling with switches comes from deconvnets [1]_ [2]_.

    Parameters
    ----------
    pooled : array_like or tf.Tensor
        Shape ``(B, h, w, C)``; float16, bfloat16, float32 or float64. The halves are summed in float32.
    argmax : array_like or tf.Tensor
        Shape ``(B, h, w, C)``, int64 or int32, as from `tf.nn.max_pool_with_argmax`: ``(y * W + x) * C + c`` for
        entry (y, x, c) of the output's image, and ``((b * H + y) * W + x) * C + c`` if the batch is included.
    output_shape : array_like or tf.Tensor
        ``(B, H, W, C)``, integers; B and C are those of ``pooled``.
    include_batch_in_index : bool
        Whether the indices count from the start of the batch, not of each image.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, of the pooled values' type.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known.
    tf.errors.InvalidArgumentError
        If shapes that were not known in advance do not fit, or, on the CPU, if an index lies outside its image.
        On a GPU and inside XLA such a value is dropped, and its gradient is 0.

    References
    ----------
    .. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    .. [2] Noh, Hong and Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015.
    """
    pooled, argmax, shape, batch_in_index = arguments.unpooling(pooled, argmax, output_shape, include_batch_in_index)

    native = _native()
    if native is None:
        return reference.max_unpool(pooled, argmax, shape, batch_in_index)
    return native.pixelwise_max_unpool(pooled, argmax, shape, include_batch_in_index=batch_in_index)


def label_map(logits: ArrayLike | tf.Tensor, factor: int, border: str = "constant") -> tf.Tensor:
    """Label every pixel: upsample the logits bilinearly, and take the class with the largest one.

    No upsampled score is ever stored: between four entries of the map, a class that is below some other class at all
    four corners wins nowhere, and few classes are left to compare at each pixel. There is no gradient.

    Logits may be infinite. At every pixel where an entry has a positive weight, a class that is -inf there (which masks
    it) loses to all finite ones, and a class that is +inf wins. A class whose upsampled logit is NaN, as between +inf
    and -inf, counts as -inf: it loses as well.

    The native operation runs on the CPU. If the logits are on a GPU, the TensorFlow version labels them there; the same
    holds for a graph without a device if TensorFlow sees a GPU. Under ``tf.device("CPU")``, the native operation runs.

    Parameters
    ----------
    logits : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, real numbers, one channel for each class. Only B may be 0. They are scored in float64 if
        they have that type, otherwise in float32; scores of half-precision logits are not rounded again.
    factor : int
        1 or more: pixels for one entry of the map along each axis.
    border : {"constant", "edge"}
        What is outside of the map: zeros, as for `course_lib.upsampling.transposed_upsample`, or its border entries,
        repeated, as for `tf.image.resize`.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H * factor, W * factor)``, int64, in [0, C): the argmax over the upsampled logits, up to rounding
        (classes whose scores differ by less than 1e-5 of the logits' range may be exchanged). Of equal logits, the
        first class wins.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known.
    tf.errors.InvalidArgumentError
        If a map whose size was not known in advance is empty.
    """
    logits = arguments.logits(logits)
    factor, border = arguments.factor_of(factor), arguments.border_of(border)

    native = _native() if _runs_on_cpu(logits) else None
    if native is None:
        return reference.label_map(logits, factor, border)
    return native.pixelwise_label_map(logits, factor=factor, border=border)


def _runs_on_cpu(tensor: tf.Tensor) -> bool:
    """Tell whether an operation on a tensor runs on the CPU: because of its device, or because there is no GPU."""
    kind = tf.DeviceSpec.from_string(tf.identity(tensor).device).device_type
    return kind == "CPU" if kind else not tf.config.get_visible_devices("GPU")


def _native() -> ModuleType | None:
    """Return the native operations, or None if plain TensorFlow is to be used.

    XLA cannot compile a user operation. While TensorFlow traces a function with ``jit_compile=True``, its graph is in
    an XLA context. A function that was traced earlier, outside of an XLA context, keeps the native operation.
    """
    wanted = os.environ.get("PIXELWISE_OPS", "")
    if wanted not in ("", "reference"):
        raise ValueError(f'expected the environment variable PIXELWISE_OPS to be "reference" or unset, got {wanted!r}')
    if wanted or tf.__internal__.get_enclosing_xla_context() is not None:
        return None
    return library.load()
