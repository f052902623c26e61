"""From a dataflow to `tf.data`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.dataflow.base import DataFlow, Datapoint

if TYPE_CHECKING:
    import tensorflow as tf


def to_dataset(flow: DataFlow, signature: "tuple[tf.TensorSpec, ...] | None" = None) -> "tf.data.Dataset":
    """Make a `tf.data.Dataset` of a dataflow: a tuple of tensors for each datapoint.

    The dataflow is reset here, once; each iteration over the dataset is its next epoch. Its workers, if it
    has any, end with the dataset's iterator.

    Parameters
    ----------
    flow : DataFlow
        Its length becomes the dataset's cardinality, if it is known and nothing may be dropped.
    signature : tuple of tf.TensorSpec, optional
        Dtype and shape of each component. Without it they are those of the first datapoint, which is made
        once more for that; of batches the first axis is left open. Give it where other sizes vary.

    Returns
    -------
    tf.data.Dataset
        While iterating, a datapoint that does not fit ends it with `tf.errors.InvalidArgumentError`.

    Raises
    ------
    ValueError
        If there is no signature and no first datapoint to find one, or it holds what is no tensor.
    """
    import tensorflow as tf

    flow.reset_state()
    if signature is None:
        signature = _signature_of(flow)
        flow.reset_state()

    def generate() -> Iterator[tuple[Any, ...]]:
        for number, datapoint in enumerate(flow):
            yield _fitting(number, datapoint, signature)

    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    length = _known_length(flow)
    return dataset if length is None else dataset.apply(tf.data.experimental.assert_cardinality(length))


def _known_length(flow: DataFlow) -> int | None:
    """Return how many datapoints an epoch has, if that is certain."""
    try:
        return None if flow.may_drop else len(flow)
    except TypeError:
        return None


def _signature_of(flow: DataFlow) -> "tuple[tf.TensorSpec, ...]":
    """Find the dtype and shape of each component from the first datapoint."""
    import tensorflow as tf

    specs = []
    for first in flow:
        for number, component in enumerate(first):
            try:
                tensor = tf.convert_to_tensor(component)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"expected component {number} to be a tensor, got {type(component).__name__}"
                ) from error
            shape = tensor.shape.as_list()
            specs.append(tf.TensorSpec([None, *shape[1:]] if flow.batched else shape, tensor.dtype))
        return tuple(specs)
    raise ValueError("expected a dataflow with datapoints, got an empty one: give its signature")


def _fitting(number: int, datapoint: Datapoint, signature: "tuple[tf.TensorSpec, ...]") -> tuple[Any, ...]:
    """Return a datapoint as a tuple, if it fits the signature."""
    if len(datapoint) != len(signature):
        raise ValueError(f"datapoint {number}: expected {len(signature)} components, got {len(datapoint)}")
    for place, (component, spec) in enumerate(zip(datapoint, signature, strict=True)):
        array = np.asarray(component)
        # A number of Python's has no dtype of its own, and takes that of the signature.
        same_dtype = not hasattr(component, "dtype") or array.dtype == spec.dtype.as_numpy_dtype
        if not (same_dtype and spec.shape.is_compatible_with(array.shape)):
            raise ValueError(
                f"datapoint {number}, component {place}: expected {spec.dtype.name} {spec.shape}, got {array.dtype} "
                f"{array.shape}. The first datapoint decides, unless to_dataset is given a signature"
            )
    return tuple(datapoint)
