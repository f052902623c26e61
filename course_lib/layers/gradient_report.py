"""What a check of gradients found: element by element, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_lib.layers.differences import Slope

__all__ = ["Compared", "Element", "GradientCheck", "compare"]

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
UNDECIDED = 0.03  # of the gradient's size: a numeric gradient that is less certain decides nothing


@dataclass(frozen=True)
class Element:
    """The gradient at one element of one input: numeric with a bound of its error, and analytic."""

    input: int
    index: tuple[int, ...]
    numeric: float
    error: float
    analytic: float

    def __str__(self) -> str:
        place = f"input {self.input}" + (f", index {self.index}" if self.index else "")
        return f"{place}: numeric {self.numeric:.6g} (± {self.error:.1g}), analytic {self.analytic:.6g}"


@dataclass(frozen=True, eq=False)
class Compared:
    """Both gradients of one input, and what is true at which element; ``excess`` above 1 is wrong."""

    input: int
    numeric: Floats
    error: Floats
    analytic: Floats
    tolerance: float
    excess: Floats
    wrong: Truths
    kink: Truths
    undecided: Truths

    def agrees(self, analytic: Floats, numeric: Floats | None = None, error: Floats | None = None) -> bool:
        """Tell whether two gradients are alike at every element, by default one with the numeric gradient."""
        numeric = self.numeric if numeric is None else numeric
        error = self.error if error is None else error
        if analytic.shape != numeric.shape:
            return False
        return bool((_excess(numeric, error, analytic, self.tolerance, self.tolerance) <= 1).all())

    def elements(self, where: Truths) -> tuple[Element, ...]:
        """List elements."""
        analytic = self.aligned
        return tuple(
            Element(
                self.input,
                tuple(map(int, index)),
                float(self.numeric[tuple(index)]),
                float(self.error[tuple(index)]),
                float(analytic[tuple(index)]),
            )
            for index in np.argwhere(where)
        )

    @property
    def aligned(self) -> Floats:
        """The analytic gradient in the shape of the input: NaN if it has another."""
        return self.analytic if self.analytic.shape == self.numeric.shape else np.full_like(self.numeric, np.nan)


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What `gradient_check` found; its text, as by ``print``, says it in words.

    Attributes
    ----------
    passed : bool
        No element is wrong, and at least one is known to be right.
    cause : str
        Why the gradient is wrong, as far as that is sure, or why it could not be checked; else empty.
    worst : Element or None
        The element that is most wrong, or, where none is, the one that agrees least; None where none was compared.
    wrong, kinks, undecided : tuple of Element
        Elements that are wrong; those at a kink or a jump of the function, where there is no gradient to compare; and
        those where the numeric gradient is not certain enough to judge.
    numeric, analytic : tuple of ndarray
        Both gradients of each input that was checked, float64, such as for a scatter plot; NaN where there is none.
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
        """Sum up what was compared."""
        wrong = tuple(element for case in cases for element in case.elements(case.wrong))
        kinks = tuple(element for case in cases for element in case.elements(case.kink & ~case.wrong))
        undecided = tuple(element for case in cases for element in case.elements(case.undecided))
        judged = [case.wrong if wrong else ~(case.kink | case.undecided) for case in cases]
        excess = [np.where(mask, case.excess, -1).max() for case, mask in zip(cases, judged, strict=True)]
        worst = None
        if max(excess) >= 0:
            case, mask = cases[int(np.argmax(excess))], judged[int(np.argmax(excess))]
            place = np.unravel_index(np.where(mask, case.excess, -1).argmax(), mask.shape)
            single = np.zeros_like(mask)
            single[place] = True
            worst = case.elements(single)[0]
        return cls(
            passed=not wrong and worst is not None,
            cause=cause,
            worst=worst,
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
        Which input it is.
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
    numeric, error, left, right = (
        np.array([getattr(s, name) for s in slopes]).reshape(shape) for name in ("value", "error", "left", "right")
    )
    kinds = np.array([s.kind for s in slopes]).reshape(shape)
    nan = np.full(shape, np.nan)
    aligned = analytic if analytic.shape == shape else nan
    # At a kink every slope between those of both sides will do.
    nearest = np.where(kinds == "kink", np.clip(aligned, np.minimum(left, right), np.maximum(left, right)), numeric)
    excess = _excess(nearest, error, aligned, tolerance, 16 * epsilon)
    excess = np.where(np.isin(kinds, ("jump", "edge")), 0, excess)
    wrong = (excess > 1) | ~np.isfinite(aligned)
    kink = np.isin(kinds, ("jump", "kink"))
    sizes = np.concatenate([np.abs(numeric[np.isfinite(numeric)]), np.abs(aligned[np.isfinite(aligned)]), [0]])
    zero = (numeric == 0) & (aligned == 0)
    undecided = ~kink & ~wrong & ~zero & ((kinds == "edge") | (error > max(UNDECIDED, 3 * tolerance) * sizes.max()))
    return Compared(number, numeric, error, analytic, tolerance, excess, wrong, kink, undecided)


def _excess(numeric: Floats, error: Floats, analytic: Floats, tolerance: float, part: float) -> Floats:
    """Return how far two gradients are apart, in units of what is allowed; infinity where one is not finite."""
    size = np.maximum(np.abs(numeric), np.abs(analytic))
    largest = max((float(value) for value in size.flat if np.isfinite(value)), default=0.0)
    with np.errstate(invalid="ignore"):
        excess = np.abs(numeric - analytic) / (tolerance * size + part * largest + 2 * error + np.finfo(float).tiny)
    return np.where(np.isnan(excess), np.inf, excess)
