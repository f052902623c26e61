"""Tell whether a gradient is right, and if not, why."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer
from course_lib.layers.differences import Slope, slope
from course_lib.layers.gradient_causes import likely_causes, upstream_cause
from course_lib.layers.gradient_report import Compared, GradientCheck, compare, largest

__all__ = ["gradient_check"]

Floats = NDArray[np.float64]
Function = Callable[..., Any]

REPEATS = 4  # more calls at the same place, to see whether they agree
# Distance of neighboring numbers at 1, and the largest error of a right gradient, relative to its size.
PRECISION = {
    "float64": (2.0**-52, 1e-6),
    "float32": (2.0**-23, 1e-3),
    "float16": (2.0**-10, 0.03),
    "bfloat16": (2.0**-7, 0.1),
}
NO_PATH = (
    "TensorFlow finds no path of differentiable operations from the input to the output (NumPy, a cast to integers and "
    "tf.stop_gradient interrupt it)"
)


def gradient_check(
    f: Function, inputs: Sequence[ArrayLike | tf.Tensor], which: Sequence[int] | None = None
) -> GradientCheck:
    """Compare the gradient that TensorFlow computes with differences of the function's values.

    Each element of each input takes about 20 calls of the function.

    Parameters
    ----------
    f : callable
        Takes as many tensors as there are inputs, and returns one tensor of floats, of any shape.
    inputs : sequence of array_like or tf.Tensor
        The values at which to check. Python's floats count as float64, which decides more cases than float32.
    which : sequence of int, optional
        The inputs to check, which must be floats. By default all. The others are passed on unchanged.

    Returns
    -------
    GradientCheck
        Print it.

    Raises
    ------
    ValueError
        If an argument is not as above, an input is empty or not finite, or the function returns anything but a tensor
        of floats with one element or more.

    Notes
    -----
    The gradient is that of the outputs' sum with fixed random weights, so that errors do not cancel; of a function
    that returns a single number it is the derivative. The numeric gradient is a central difference
    ``(f(x + h) - f(x - h)) / 2h`` [1]_; its step and the bound of its error come from many steps, an idea of [2]_.
    An element is wrong if both gradients differ by more than the tolerance (1e-6 of their size in float64, 1e-3 in
    float32) and twice that bound. If the bound is more than 3 % of the largest gradient of the input, the element is
    undecided. Rounding inside the function is detected only if it shows in its values: if it hides every change, as in
    ``(x + 1e8) - 1e8`` in float32, the function counts as constant. Digits that only the analytic gradient loses, as
    when nearly equal numbers are subtracted, are not detected: then it can count as wrong.

    References
    ----------
    .. [1] Press, Teukolsky, Vetterling and Flannery, "Numerical Recipes", 3rd edition 2007, section 5.7.
    .. [2] Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 1982.
    """
    tensors = _tensors(inputs)
    chosen = _chosen(which, tensors)
    output = _output(f, tensors)
    if not np.isfinite(_float64(output)).all():
        return GradientCheck(False, "the function itself returns values that are not finite")
    precision = max(PRECISION[tensor.dtype.name] for tensor in [output, *(tensors[k] for k in chosen)])
    if any(_differ(output, _output(f, tensors), precision[0]) for _ in range(REPEATS)):
        return GradientCheck(False, "the function is not deterministic: the same inputs give other values")

    weights = _weights(output)
    once, again, twice = (_gradients(f, tensors, chosen, factor * weights) for factor in (1, 1, 2))
    if any(_differ(a, b, precision[0]) for a, b in zip(once, again, strict=True) if a is not None and b is not None):
        return GradientCheck(False, "the gradient is not deterministic: the same inputs give another one")

    # For a single number, the derivative itself is shown.
    unit = _float64(weights).ravel()[0] if output.shape.rank == 0 else 1.0
    weighted = _float64(weights).ravel() / unit
    cases = []
    for k, gradient in zip(chosen, once, strict=True):
        shape = tuple(tensors[k].shape)
        analytic = np.zeros(shape) if gradient is None else _float64(gradient) / unit
        slopes = _slopes(f, tensors, k, weighted, precision[0])
        cases.append(compare(k, slopes, analytic, shape, precision))
    return GradientCheck.of(cases, _cause(cases, once, twice, _sizes(tensors, output)))


def _tensors(inputs: Any) -> list[tf.Tensor]:
    """Check the inputs of a function."""
    if not isinstance(inputs, (list, tuple)):
        raise ValueError(f"expected a list of inputs, got {type(inputs).__name__}: for one input x it is [x]")
    if not inputs:
        raise ValueError("expected an input or more, got none")
    return [_tensor(k, x) for k, x in enumerate(inputs)]


def _tensor(k: int, x: Any) -> tf.Tensor:
    """Check one input. Python's floats become float64, not TensorFlow's float32."""
    try:
        return tf.convert_to_tensor(x if tf.is_tensor(x) else np.asarray(x))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected an array or a tensor as input {k}, got {type(x).__name__}: {error}") from None


def _chosen(which: Any, tensors: Sequence[tf.Tensor]) -> list[int]:
    """Return the inputs to check, and require that they can be checked."""
    named = range(len(tensors)) if which is None else which
    if not isinstance(named, Collection):
        raise ValueError(f"expected a list of inputs to check, got {which!r}")
    numbers = [number for number in map(as_integer, named) if number is not None]
    if not numbers or len(set(numbers)) < len(named) or not set(numbers) <= set(range(len(tensors))):
        raise ValueError(f"expected different inputs of 0 to {len(tensors) - 1} to check, got {which!r}")
    for k in numbers:
        tensor = tensors[k]
        if tensor.dtype.name not in PRECISION:
            hint = "; name the others in `which`" if which is None and len(tensors) > 1 else ""
            raise ValueError(f"expected floats as input {k}, got {tensor.dtype.name}{hint}")
        if not tf.size(tensor):
            raise ValueError(f"expected an input {k} with elements, got shape {tensor.shape}")
        if not np.isfinite(_float64(tensor)).all():
            raise ValueError(f"expected finite numbers as input {k}, got NaN or infinity")
    return numbers


def _output(f: Function, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    """Call the function."""
    output = f(*tensors)
    if not isinstance(output, tf.Tensor):
        raise ValueError(f"expected a function that returns a tensor, got {type(output).__name__}")
    if output.dtype.name not in PRECISION or not tf.size(output):
        raise ValueError(
            f"expected a function that returns floats, one or more, got {output.dtype.name}, shape {output.shape}"
        )
    return output


def _float64(tensor: tf.Tensor) -> Floats:
    return np.asarray(tf.cast(tensor, tf.float64))


def _differ(a: tf.Tensor, b: tf.Tensor, epsilon: float) -> bool:
    """Tell whether two results of one computation differ by more than the order of summation can explain."""
    first, second = _float64(a), _float64(b)
    if first.shape != second.shape:
        return True
    return not np.allclose(first, second, rtol=0, atol=100 * epsilon * largest(first), equal_nan=True)


def _weights(output: tf.Tensor) -> tf.Tensor:
    """Draw fixed weights for the sum of the outputs: none of them is 0, 1 or -1, so that errors do not cancel."""
    if output.shape.rank == 0:
        return tf.constant(1.5, output.dtype)
    random = np.random.default_rng(0)
    weights = random.uniform(1.1, 1.9, output.shape) * random.choice([-1, 1], output.shape)
    return tf.cast(weights, output.dtype)


def _gradients(f: Function, tensors: Sequence[tf.Tensor], chosen: Sequence[int], upstream: tf.Tensor) -> list[Any]:
    """Let TensorFlow compute the gradients; None for an input that is not connected to the output."""
    watched = [tensors[k] for k in chosen]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        output = f(*tensors)
    gradients = tape.gradient(output, watched, output_gradients=upstream)
    return [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in gradients]


def _slopes(f: Function, tensors: Sequence[tf.Tensor], k: int, weights: Floats, epsilon: float) -> list[Slope]:
    """Compute the slope at each element of an input."""
    values = np.array(tensors[k].numpy())
    extent = max(float(np.abs(_float64(tensors[k])).max()), 1.0)

    def values_at(x: Any, place: int) -> Floats:
        moved = values.copy()
        moved.flat[place] = x
        try:
            output = _float64(_output(f, [*tensors[:k], tf.constant(moved), *tensors[k + 1 :]])).ravel()
        except (ValueError, ArithmeticError, tf.errors.InvalidArgumentError):  # not defined here
            return np.full(weights.shape, np.nan)
        return output if output.shape == weights.shape else np.full(weights.shape, np.nan)

    return [
        slope(partial(values_at, place=place), x, weights, extent, epsilon) for place, x in enumerate(values.ravel())
    ]


def _cause(cases: Sequence[Compared], once: Sequence[Any], twice: Sequence[Any], sizes: dict[int, str]) -> str:
    """Return why the gradient is wrong, if that is certain."""
    wrong = [case for case in cases if case.wrong.any()]
    if not wrong:
        return ""
    worst = max(wrong, key=lambda case: np.where(case.wrong, case.excess, 0).max())
    if once[cases.index(worst)] is None:
        return NO_PATH
    present = [(_float64(a), _float64(b)) for a, b in zip(once, twice, strict=True) if a is not None]
    return upstream_cause(*zip(*present, strict=True)) or " or ".join(likely_causes(cases, worst, sizes))


def _sizes(tensors: Sequence[tf.Tensor], output: tf.Tensor) -> dict[int, str]:
    """List the numbers for which a sum and a mean may be confused."""
    meanings: dict[int, str] = {}
    for name, shape in [*((f"input {k}", t.shape) for k, t in enumerate(tensors)), ("the output", output.shape)]:
        for axis, length in enumerate(shape):
            meanings.setdefault(length, f"the length of axis {axis} of {name}")
        meanings.setdefault(shape.num_elements(), f"the number of elements of {name}")
    return {size: meaning for size, meaning in meanings.items() if size > 1}
