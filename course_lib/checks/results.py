"""The result of a learner's function, and whether it is what was expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.checks.describe import as_array, describe
from course_lib.checks.failure import CheckFailed
from course_lib.checks.slips import close, name_shape_slip, name_value_slip


@dataclass(frozen=True)
class Result:
    """A value from a learner's work.

    Attributes
    ----------
    value : object
        Numbers, a list, a NumPy array or a TensorFlow tensor.
    given : str
        What went in, such as ``bilinear_kernel(factor=3)``.
    """

    value: object
    given: str

    @property
    def array(self) -> NDArray[Any]:
        """The value as a NumPy array.

        Raises
        ------
        CheckFailed
            If it holds no numbers.
        """
        try:
            return as_array(self.value)
        except ValueError as error:
            raise self.failed("numbers", because=str(error)) from None

    def has_shape(self, *shape: int, because: str = "") -> "Result":
        """Check the shape.

        Parameters
        ----------
        *shape : int
            The size of each axis; none for a single number.
        because : str
            Why this shape is expected, said where no slip is recognized.

        Raises
        ------
        CheckFailed
            If the shape is another.
        """
        if self.array.shape != shape:
            cause = name_shape_slip(self.array.shape, shape)
            raise self.failed(_shape(shape), _shape(self.array.shape), cause, because)
        return self

    def has_dtype(self, dtype: str) -> "Result":
        """Check the element type, such as ``"float32"``.

        Raises
        ------
        CheckFailed
            If the type is another.
        """
        if self.array.dtype.name != dtype:
            raise self.failed(f"dtype {dtype}", f"dtype {self.array.dtype}", f"the result was not converted to {dtype}")
        return self

    @np.errstate(all="ignore")  # a learner may have turned what NumPy would only warn of into errors
    def equals(
        self,
        expected: ArrayLike,
        *,
        tolerance: float = 1e-5,
        slips: Mapping[str, ArrayLike] | None = None,
        because: str = "",
    ) -> "Result":
        """Check the values.

        Parameters
        ----------
        expected : array_like
            Numbers of the same shape.
        tolerance : float
            Largest difference, absolute and relative to the expected number.
        slips : mapping of str to array_like, optional
            Causes that this exercise is known for, each with what would come of it.
        because : str
            Why these values are expected, said where no slip is recognized.

        Raises
        ------
        CheckFailed
            If a value differs; with the likely cause.
        """
        got, wanted = self.array, as_array(expected)
        if got.shape != wanted.shape:
            self.has_shape(*wanted.shape)
        if close(got, wanted, tolerance):
            return self
        shown = wanted
        if got.dtype.kind == wanted.dtype.kind == "f":
            shown = wanted.astype(got.dtype)  # so that the message does not look as if the type were wrong
        bad = np.argwhere(~np.isfinite(got) & np.isfinite(wanted))
        for cause, wrong in (slips or {}).items():
            if np.shape(wrong) == got.shape and close(got, as_array(wrong), tolerance):
                raise self.failed(describe(shown), describe(got), cause)
        if len(bad):
            raise self.failed(describe(shown), describe(got), _not_finite(bad))
        cause = name_value_slip(got, wanted, tolerance) if np.isfinite([got, wanted]).all() else ""
        if got.ndim == 0:
            raise self.failed(*_told_apart(shown, got), cause, because)
        raise self.failed(describe(shown), describe(got) + _worst(got, shown), cause, because)

    def failed(self, expected: str, got: str = "", cause: str = "", because: str = "") -> CheckFailed:
        """Make the error which says that this is not what was expected.

        Parameters
        ----------
        expected, got : str
            In words; the value is described where `got` is left out.
        cause : str
            The likely cause.
        because : str
            Why this is expected, said where no cause is known.

        Returns
        -------
        CheckFailed
            To be raised.
        """
        lines = [self.given, _entry("expected", expected), _entry("got", got or describe(self.value))]
        if cause:
            lines.append(_entry("likely cause", cause))
        elif because:
            lines.append(_entry("why", because))
        return CheckFailed("\n".join(lines))


def require(condition: bool, given: str, expected: str, got: str, cause: str) -> None:
    """Check what no comparison of numbers can say.

    Parameters
    ----------
    condition : bool
        Whether it holds.
    given : str
        What was done.
    expected, got : str
        In words.
    cause : str
        The likely cause where it does not hold.

    Raises
    ------
    CheckFailed
        If it does not hold.
    """
    if not condition:
        raise Result(None, given).failed(expected, got, cause)


def _entry(label: str, text: str) -> str:
    first, *others = text.splitlines() or [""]
    return "\n".join([f"  {label + ':':<14}{first}", *(indent(line, " " * 16) for line in others)])


def _shape(shape: tuple[int, ...]) -> str:
    return f"shape {shape}" if shape else "a single number"


def _not_finite(bad: NDArray[Any]) -> str:
    """Say where the values are that should be numbers."""
    if not bad.shape[1]:
        return "it is NaN or infinite"
    first = tuple(int(i) for i in bad[0])
    if len(bad) == 1:
        return f"1 value is NaN or infinite, at {list(first)}"
    return f"{len(bad)} values are NaN or infinite, the first at {list(first)}"


def _worst(got: NDArray[Any], wanted: NDArray[Any]) -> str:
    """Say where the largest difference is."""
    with np.errstate(all="ignore"):
        difference = np.nan_to_num(np.abs(got - wanted.astype(np.result_type(wanted, 1.0))), nan=np.inf)
    where = np.unravel_index(int(np.argmax(difference)), difference.shape)
    one, other = _told_apart(wanted[where], got[where])
    return f"\nlargest difference at [{', '.join(str(int(i)) for i in where)}]: expected {one}, got {other}"


def _told_apart(wanted: Any, got: Any) -> tuple[str, str]:
    """Write two different numbers with so many digits that they look different."""
    if wanted.dtype.kind in "biu" and got.dtype.kind in "biu":
        return str(wanted.item()), str(got.item())
    for digits in (6, 9, 17):
        texts = f"{wanted.item():.{digits}g}", f"{got.item():.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
