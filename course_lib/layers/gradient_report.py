"""The results of a gradient check: element by element, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from course_lib.layers.differences import Slope

__all__ = ["Compared", "Element", "GradientCheck", "compare", "largest"]

Floats = NDArray[np.float64]
UNDECIDED = 0.03  # of the gradient's size: a less certain numeric gradient decides nothing


@dataclass(frozen=True)
class Element:
    """Both gradients at one element of one input.

    ``error`` bounds the error of ``numeric``. ``excess`` is the difference of both gradients in units of the allowed
    difference: above 1, the gradient is wrong.
    """

    input: int
    index: tuple[int, ...]
    numeric: float
    error: float
    analytic: float
    excess: float
    verdict: Literal["right", "wrong", "kink", "undecided"]

    def __str__(self) -> str:
        place = f"input {self.input}" + (f", index {self.index}" if self.index else "")
        return f"{place}: numeric {self.numeric:.6g} (± {self.error:.1g}), analytic {self.analytic:.6g}"


@dataclass(frozen=True, eq=False)
class Compared:
    """Both gradients of one input. Fields are those of `Element`, as arrays of the input's shape."""

    input: int
    numeric: Floats
    error: Floats
    analytic: Floats  # of any shape
    tolerance: float
    excess: Floats
    verdict: NDArray[np.str_]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the gradient is wrong."""
        return self.verdict == "wrong"

    @property
    def aligned(self) -> Floats:
        """The analytic gradient in the shape of the input: NaN if it has another shape."""
        return _aligned(self.analytic, self.numeric.shape)

    def agrees(self, analytic: Floats, numeric: Floats | None = None, error: Floats | None = None) -> bool:
        """Tell whether two gradients are alike at every element, by default one with the numeric gradient."""
        numeric = self.numeric if numeric is None else numeric
        error = self.error if error is None else error
        if analytic.shape != numeric.shape:
            return False
        return bool((_excess(numeric, error, analytic, self.tolerance, self.tolerance) <= 1).all())

    def elements(self) -> list[Element]:
        """List all elements."""
        arrays = (self.numeric, self.error, self.aligned, self.excess, self.verdict)
        columns = zip(*(array.ravel().tolist() for array in arrays), strict=True)
        return [
            Element(self.input, index, *column)
            for index, column in zip(np.ndindex(self.numeric.shape), columns, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """The result of `gradient_check`; print it to read it in words.

    Attributes
    ----------
    passed : bool
        Whether no element is wrong, and at least one is known to be right.
    cause : str
        Why the gradient is wrong, if that is certain, or why it could not be checked; otherwise empty.
    worst : Element or None
        The element with the largest excess; None if no element was compared.
    wrong, kinks, undecided : tuple of Element
        Elements that are wrong; those at a kink or a jump of the function, where there is no gradient to compare; and
        those where the numeric gradient is not certain enough to judge.
    numeric, analytic : tuple of ndarray
        Both gradients of each input that was checked, float64, such as for a scatter plot. The numeric one
        is NaN where the function is not defined on both sides; the analytic one is NaN if it does not have the input's
        shape, and 0 if TensorFlow finds no gradient.
    """

    passed: bool
    cause: str
    worst: Element | None = None
    wrong: tuple[Element, ...] = ()
    kinks: tuple[Element, ...] = ()
    undecided: tuple[Element, ...] = ()
    numeric: tuple[Floats, ...] = ()
    analytic: tuple[Floats, ...] = ()

    @classmethod
    def of(cls, cases: Sequence[Compared], cause: str) -> "GradientCheck":
        """Summarize the comparison."""
        elements = [element for case in cases for element in case.elements()]
        right, wrong, kinks, undecided = (
            tuple(element for element in elements if element.verdict == verdict)
            for verdict in ("right", "wrong", "kink", "undecided")
        )
        return cls(
            passed=bool(right and not wrong),
            cause=cause,
            worst=max(wrong or right, key=lambda element: element.excess, default=None),
            wrong=wrong,
            kinks=kinks,
            undecided=undecided,
            numeric=tuple(case.numeric for case in cases),
            analytic=tuple(case.aligned for case in cases),
        )

    def __str__(self) -> str:
        if not self.numeric:
            return f"The gradient cannot be checked: {self.cause}."
        count = sum(gradient.size for gradient in self.numeric)
        lines = []
        if self.wrong:
            lines.append(f"The gradient is wrong at {len(self.wrong)} of {count} elements.")
            lines.append(f"The worst is {self.worst}.")
            lines.append(f"Likely cause: {self.cause}." if self.cause else "No simple cause explains all of it.")
        elif self.passed:
            right = count - len(self.kinks) - len(self.undecided)
            lines.append(f"The gradient is right at {right} of {count} elements.")
            lines.append(f"The largest difference is at {self.worst}.")
        else:
            lines.append("Nothing is decided about the gradient.")
        if self.kinks:
            lines.append(
                f"At {len(self.kinks)} the function has a kink or a jump, and no gradient to compare; first at "
                f"{self.kinks[0]}."
            )
        if self.undecided:
            lines.append(
                f"At {len(self.undecided)} the numeric gradient is too uncertain to judge (try float64); first at "
                f"{self.undecided[0]}."
            )
        return "\n".join(lines)


def compare(
    number: int, slopes: Sequence[Slope], analytic: Floats, shape: tuple[int, ...], precision: tuple[float, float]
) -> Compared:
    """Judge the gradient of one input, element by element.

    Parameters
    ----------
    number : int
        The number of the input.
    slopes : sequence of Slope
        The numeric gradient, element by element.
    analytic : ndarray
        The analytic gradient, of any shape; if it is not the input's, every element is wrong.
    shape : tuple of int
        The input's shape.
    precision : (float, float)
        The distance of neighboring numbers at 1, and the tolerance.

    Returns
    -------
    Compared
    """
    epsilon, tolerance = precision
    kind, numeric, error, left, right = (
        np.array([getattr(slope, name) for slope in slopes]).reshape(shape)
        for name in ("kind", "value", "error", "left", "right")
    )
    aligned = _aligned(analytic, shape)
    # At a kink, every slope between those of both sides is accepted.
    nearest = np.where(kind == "kink", np.clip(aligned, np.minimum(left, right), np.maximum(left, right)), numeric)
    excess = _excess(nearest, error, aligned, tolerance, 16 * epsilon)
    excess = np.where(np.isin(kind, ("jump", "edge")), 0, excess)
    wrong = (excess > 1) | ~np.isfinite(aligned)
    uncertain = (kind == "edge") | (error > max(UNDECIDED, 3 * tolerance) * max(largest(numeric), largest(aligned)))
    uncertain &= (numeric != 0) | (aligned != 0)
    verdict = np.select([wrong, np.isin(kind, ("jump", "kink")), uncertain], ["wrong", "kink", "undecided"], "right")
    return Compared(number, numeric, error, analytic, tolerance, excess, verdict)


def _aligned(gradient: Floats, shape: tuple[int, ...]) -> Floats:
    """Return a gradient of this shape; NaN for one of another shape."""
    return gradient if gradient.shape == shape else np.full(shape, np.nan)


def largest(values: Floats) -> float:
    """Return the largest magnitude among the finite values, or 0 if no value is finite."""
    return float(np.abs(values[np.isfinite(values)]).max(initial=0))


def _excess(numeric: Floats, error: Floats, analytic: Floats, tolerance: float, part: float) -> Floats:
    """Return the difference of two gradients in units of the allowed difference; infinity where one is not finite."""
    size = np.maximum(np.abs(numeric), np.abs(analytic))
    with np.errstate(invalid="ignore"):
        excess = np.abs(numeric - analytic) / (
            tolerance * size + part * largest(size) + 2 * error + np.finfo(float).tiny
        )
    return np.where(np.isnan(excess), np.inf, excess)
