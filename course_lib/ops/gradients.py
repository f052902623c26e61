"""Gradients of the native operations. Importing the module registers them with TensorFlow.

The extractor is linear in the activations, and its gradient for them is its transpose; so each of the two is the
gradient of the other, and activations can be differentiated any number of times. The same holds for unpooling.
"""

from types import ModuleType
from typing import Any, cast

import tensorflow as tf

from course_lib.ops import library, reference


def _native() -> ModuleType:
    """Return the native operations, which are loaded if one of them is differentiated."""
    return cast(ModuleType, library.load())


def _needed(operation: Any, index: int) -> bool:
    """Tell whether a gradient for this input is needed. Graphs do not say so; they drop unused gradients later."""
    return index not in (getattr(operation, "skip_input_indices", None) or ())


def _sampling(operation: Any) -> dict[str, Any]:
    """Return the attributes that the three extractor operations share, as keyword arguments."""
    data_format = operation.get_attr("data_format")
    return {
        "scale": operation.get_attr("scale"),
        "offset": list(operation.get_attr("offset")),
        "data_format": data_format.decode() if isinstance(data_format, bytes) else data_format,
    }


@tf.RegisterGradient("PixelwiseSparseExtractor")
def _extractor_gradient(operation: Any, upstream: tf.Tensor) -> list[tf.Tensor | None]:
    """Gradients for centroids and activations."""
    native, sampling = _native(), _sampling(operation)
    centroids, activations = operation.inputs
    return [
        native.pixelwise_sparse_extractor_centroid_grad(upstream, centroids, activations, **sampling)
        if _needed(operation, 0)
        else None,
        native.pixelwise_sparse_extractor_grad(upstream, centroids, tf.shape(activations, tf.int64), **sampling)
        if _needed(operation, 1)
        else None,
    ]


@tf.RegisterGradient("PixelwiseSparseExtractorGrad")
def _extractor_transpose_gradient(operation: Any, upstream: tf.Tensor) -> list[tf.Tensor | None]:
    """Gradients for the incoming gradient and for the centroids; the shape has no gradient."""
    native, sampling = _native(), _sampling(operation)
    gradient, centroids, _ = operation.inputs
    return [
        native.pixelwise_sparse_extractor(centroids, upstream, **sampling) if _needed(operation, 0) else None,
        native.pixelwise_sparse_extractor_centroid_grad(gradient, centroids, upstream, **sampling)
        if _needed(operation, 1)
        else None,
        None,
    ]


@tf.RegisterGradient("PixelwiseSparseExtractorCentroidGrad")
def _centroid_gradient_gradient(operation: Any, upstream: tf.Tensor) -> list[tf.Tensor]:
    """Gradients for all three inputs, in plain TensorFlow: few people differentiate twice for locations."""
    inputs, sampling = list(operation.inputs), _sampling(operation)
    gradient, centroids, activations = inputs
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(centroids)
            columns = reference.sparse_extractor(centroids, activations, **sampling)
        first = inner.gradient(columns, centroids, gradient)
    return outer.gradient(first, inputs, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@tf.RegisterGradient("PixelwiseMaxUnpool")
def _unpool_gradient(operation: Any, upstream: tf.Tensor) -> list[tf.Tensor | None]:
    """Gradient for the pooled values; indices and shape have no gradient."""
    gather = _native().pixelwise_max_unpool_grad
    batch = operation.get_attr("include_batch_in_index")
    return [gather(upstream, operation.inputs[1], include_batch_in_index=batch), None, None]


@tf.RegisterGradient("PixelwiseMaxUnpoolGrad")
def _unpool_transpose_gradient(operation: Any, upstream: tf.Tensor) -> list[tf.Tensor | None]:
    """Gradient for the incoming gradient; indices have no gradient."""
    gradient, argmax = operation.inputs
    batch = operation.get_attr("include_batch_in_index")
    scatter = _native().pixelwise_max_unpool
    return [scatter(upstream, argmax, tf.shape(gradient, tf.int64), include_batch_in_index=batch), None]


tf.no_gradient("PixelwiseLabelMap")  # labels are whole numbers
