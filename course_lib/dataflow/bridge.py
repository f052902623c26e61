"""From a dataflow to `tf.data`."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.dataflow.base import DataFlow, Datapoint

if TYPE_CHECKING:
    import tensorflow as tf


def to_dataset(flow: DataFlow, signature: "tuple[tf.TensorSpec, ...] | None" = None) -> "tf.data.Dataset":
    """Turn a dataflow into a `tf.data.Dataset`: a tuple of tensors for each datapoint.

    The dataflow is reset here, once; each iteration over the dataset is its next epoch. Its workers, if it
    has any, end with the dataset's iterator.

    Parameters
    ----------
    flow : DataFlow
        Its length becomes the dataset's cardinality, if it is known and nothing may be dropped.
    signature : tuple of tf.TensorSpec, optional
        Dtype and shape of each component. Without it, they are those of the first datapoint, which is made an extra
        time for that; for batches, the first axis is left open. Pass a signature if other sizes vary.

    Returns
    -------
    tf.data.Dataset
        While iterating, a datapoint that does not fit raises `tf.errors.InvalidArgumentError`. Arrays and tensors fit
        if they have the dtype and shape of the signature. Python's numbers, strings and lists have no dtype and get
        that of the signature if it can represent them: after a first 1, which makes it int32, neither 2.5 nor
        3_000_000_000 fits. Floats are rounded to it.

    Raises
    ------
    ValueError
        If there is no signature and no first datapoint to derive one from, or that datapoint contains something that is
        not a tensor.
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
    """Return the number of datapoints of an epoch if it is certain, otherwise None."""
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
                reason = str(error).partition("\n")[0]
                raise ValueError(
                    f"expected component {number} to be a tensor, got {_said(component)}: {reason}"
                ) from error
            shape = tensor.shape.as_list()
            specs.append(tf.TensorSpec([None, *shape[1:]] if flow.batched else shape, tensor.dtype))
        return tuple(specs)
    raise ValueError("expected a dataflow with datapoints, got an empty one: give its signature")


def _fitting(number: int, datapoint: Datapoint, signature: "tuple[tf.TensorSpec, ...]") -> tuple[Any, ...]:
    """Return a datapoint as a tuple, if it fits the signature."""
    if len(datapoint) != len(signature):
        raise ValueError(f"datapoint {number}: expected {len(signature)} components, got {len(datapoint)}")
    fitting = []
    for place, (component, spec) in enumerate(zip(datapoint, signature, strict=True)):
        value = _converted(component, spec.dtype)
        if value is None or not spec.shape.is_compatible_with(np.shape(value)):
            raise ValueError(
                f"datapoint {number}, component {place}: expected {spec.dtype.name} {spec.shape}, got "
                f"{_said(component)}. The first datapoint decides, unless to_dataset is given a signature"
            )
        fitting.append(value)
    return tuple(fitting)


def _converted(component: Any, dtype: "tf.DType") -> Any:
    """Return a component as values of a type, or None if the type cannot represent it.

    An array or tensor must have this dtype. A Python value has no dtype, and gets this one: a float may be rounded,
    everything else must be exact.
    """
    import tensorflow as tf

    own = getattr(component, "dtype", None)
    try:
        if own is not None and tf.as_dtype(own) != dtype:
            return None
        if dtype == tf.string:
            return tf.convert_to_tensor(component, tf.string).numpy()
        return _exact(np.asarray(component), dtype) if own is None else component
    except (TypeError, ValueError):  # of a type that TensorFlow does not have, or ragged
        return None


def _exact(values: NDArray[Any], dtype: "tf.DType") -> NDArray[Any] | None:
    """Convert values without a dtype; return None if that changes more than the precision of a float."""
    holds = {"b": dtype.is_bool, "i": dtype.is_integer, "f": dtype.is_floating, "c": dtype.is_complex}
    fitting = {"b": "b", "i": "ifc", "u": "ifc", "f": "fc", "c": "c"}.get(values.dtype.kind, "")
    if values.size > 0 and not any(holds[kind] for kind in fitting):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        converted = values.astype(dtype.as_numpy_dtype)
    if values.dtype.kind in "iu":
        same = converted.astype(object) == values.astype(object)
    else:
        same = np.isfinite(converted) | ~np.isfinite(values)
    return converted if np.all(same) else None


def _said(component: Any) -> str:
    """Describe a component in a message: an array by dtype and shape, a Python value by itself."""
    if hasattr(component, "dtype"):
        return f"{getattr(component.dtype, 'name', component.dtype)} {np.shape(component)}"
    return f"{type(component).__name__} {textwrap.shorten(repr(component), 60, placeholder=' …')}"
