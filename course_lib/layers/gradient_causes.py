"""Why a gradient is wrong: only mistakes that explain all of it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from course_lib.layers.gradient_report import Compared, largest

__all__ = ["likely_causes", "upstream_cause"]

Floats = NDArray[np.float64]
PLAIN_FACTORS = {
    -1.0: "its sign is wrong",
    2.0: "it is twice as large: a factor of 2 too much",
    0.5: "it is half as large: a factor of 2 is missing",
    -2.0: "its sign is wrong, and it is twice as large",
    -0.5: "its sign is wrong, and it is half as large",
}


def upstream_cause(once: Sequence[Floats], twice: Sequence[Floats]) -> str:
    """Find mistakes in the chain rule, from the gradients for one and for twice the same output gradient."""
    if all(
        np.allclose(b, 2 * a, rtol=0.01, atol=0.01 * largest(a), equal_nan=True)
        for a, b in zip(once, twice, strict=True)
    ):
        return ""
    if all(np.array_equal(a, b) for a, b in zip(once, twice, strict=True)):
        return "the upstream gradient is not multiplied: it is the same whatever the gradient of the output"
    return "the upstream gradient is not multiplied everywhere: for twice the gradient of the output, it is not twice"


def likely_causes(cases: Sequence[Compared], worst: Compared, sizes: Mapping[int, str]) -> list[str]:
    """List every mistake that explains the whole gradient of the worst input.

    Parameters
    ----------
    cases : sequence of Compared
        The gradients of all inputs that were checked.
    worst : Compared
        The input with the largest error.
    sizes : mapping
        The numbers by which a sum and a mean differ, such as ``{3: "the length of axis 0 of input 0"}``.

    Returns
    -------
    list of str
        Empty if no simple mistake explains it; several if they cannot be told apart.
    """
    if worst.analytic.shape != worst.numeric.shape:
        return [_shape_cause(worst)]
    if not np.isfinite(worst.analytic).all():
        return ["it is not finite"]
    certain = np.abs(worst.numeric) > 3 * worst.error
    if not certain.any():
        return []
    if not worst.analytic.any():
        return ["it is 0, though the output changes with the input"]
    if not worst.analytic[worst.wrong].any():
        return ["it is 0 at these elements, though the output changes with them"]
    return [*_factors(worst, sizes, certain), *_exchanged(cases, worst), *_transposed(worst)]


def _shape_cause(case: Compared) -> str:
    """Tell why the gradient of an input has another shape than the input."""
    shape = case.numeric.shape
    told = f"its shape is {case.analytic.shape}, and the input's is {shape}"
    if case.analytic.shape == shape[::-1] and case.agrees(case.analytic.T):
        return f"{told}: it is transposed"
    axes = _broadcast_axes(shape, case.analytic.shape)
    if axes and case.agrees(case.analytic.sum(axis=axes).reshape(shape)):
        names = ("axis " if len(axes) == 1 else "axes ") + ", ".join(map(str, axes))
        return f"{told}: it is not summed over {names}, along which the input was broadcast"
    return told


def _broadcast_axes(shape: tuple[int, ...], full: tuple[int, ...]) -> tuple[int, ...]:
    """Name the axes of the full shape along which the other shape is repeated."""
    new = len(full) - len(shape)
    aligned = (1,) * new + shape
    if new < 0 or any(a not in (1, b) for a, b in zip(aligned, full, strict=True)):
        return ()
    return tuple(axis for axis, (a, b) in enumerate(zip(aligned, full, strict=True)) if axis < new or a != b)


def _factors(case: Compared, sizes: Mapping[int, str], certain: NDArray[np.bool_]) -> list[str]:
    """List the constant factors that explain the whole difference."""

    def is_factor(factor: float) -> bool:
        return case.agrees(case.analytic, factor * case.numeric, abs(factor) * case.error)

    found = [words for factor, words in PLAIN_FACTORS.items() if is_factor(factor)]
    for size, meaning in sizes.items():
        if is_factor(size):
            found.append(f"it is {size} times as large, and {size} is {meaning}: a sum where a mean is meant")
        if is_factor(1 / size):
            found.append(f"it is 1/{size} as large, and {size} is {meaning}: a mean where a sum is meant")
    if found or certain.sum() < 2:
        return found
    numeric, analytic = case.numeric[certain], case.analytic[certain]
    factor = float(numeric @ analytic / (numeric @ numeric))
    return [f"it is {factor:.4g} times as large at every element"] if is_factor(factor) else []


def _exchanged(cases: Sequence[Compared], case: Compared) -> Iterator[str]:
    """Yield the inputs with which this one has exchanged its gradient."""
    for other in cases:
        if (
            other is not case
            and case.agrees(case.analytic, other.numeric, other.error)
            and other.agrees(other.analytic, case.numeric, case.error)
        ):
            first, second = sorted((case.input, other.input))
            yield f"the gradients of inputs {first} and {second} are exchanged"


def _transposed(case: Compared) -> Iterator[str]:
    """Yield the cause that the last two axes of a square gradient are exchanged."""
    if case.numeric.ndim > 1 and case.agrees(np.swapaxes(case.analytic, -1, -2)):
        yield "it is transposed"
