"""What came from a learner's function, and whether it is what was expected."""

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
class Came:
    """A value that came from a learner's work.

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
            raise self.failed("numbers", cause=str(error)) from None

    def has_shape(self, *shape: int, because: str = "") -> "Came":
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
            raise self.failed(f"shape {shape}", f"shape {self.array.shape}", cause, because)
        return self

    def has_dtype(self, dtype: str) -> "Came":
        """Check the element type, such as ``"float32"``.

        Raises
        ------
        CheckFailed
            If the type is another.
        """
        if self.array.dtype.name != dtype:
            raise self.failed(f"dtype {dtype}", f"dtype {self.array.dtype}", f"convert the result to {dtype}")
        return self

    def equals(
        self,
        expected: ArrayLike,
        *,
        tolerance: float = 1e-5,
        slips: Mapping[str, ArrayLike] | None = None,
        because: str = "",
    ) -> "Came":
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
        came, wanted = self.array, as_array(expected)
        if came.shape != wanted.shape:
            self.has_shape(*wanted.shape)
        if close(came, wanted, tolerance):
            return self
        if came.dtype.kind == wanted.dtype.kind == "f":
            wanted = wanted.astype(came.dtype)  # so that the message does not look as if the type were wrong
        if not np.isfinite(came).all():
            bad = np.argwhere(~np.isfinite(came))
            where = tuple(int(i) for i in bad[0])
            cause = f"{len(bad)} values are NaN or infinite, the first at {where}"
            raise self.failed(describe(wanted), describe(came), cause)
        for cause, wrong in (slips or {}).items():
            if np.shape(wrong) == came.shape and close(came, as_array(wrong), tolerance):
                raise self.failed(describe(wanted), describe(came), cause)
        cause = name_value_slip(came, wanted, tolerance)
        raise self.failed(describe(wanted), describe(came) + _worst(came, wanted), cause, because)

    def failed(self, expected: str, came: str = "", cause: str = "", because: str = "") -> CheckFailed:
        """Make the error which says that this is not what was expected.

        Parameters
        ----------
        expected, came : str
            In words; what came is described where it is left out.
        cause : str
            The likely cause.
        because : str
            Why this is expected, said where no cause is known.

        Returns
        -------
        CheckFailed
            To be raised.
        """
        lines = [self.given, _entry("expected", expected), _entry("came", came or describe(self.value))]
        if cause:
            lines.append(_entry("likely cause", cause))
        elif because:
            lines.append(_entry("why", because))
        return CheckFailed("\n".join(lines))


def _entry(label: str, text: str) -> str:
    first, *others = text.splitlines() or [""]
    return "\n".join([f"  {label + ':':<14}{first}", *(indent(line, " " * 16) for line in others)])


def _worst(came: NDArray[Any], wanted: NDArray[Any]) -> str:
    """Say where the largest difference is."""
    if came.ndim == 0:
        return ""
    difference = np.abs(came.astype(float) - wanted.astype(float))
    where = np.unravel_index(int(np.argmax(difference)), difference.shape)
    place = ", ".join(str(int(i)) for i in where)
    return f"\nlargest difference at [{place}]: expected {wanted[where]:.6g}, came {came[where]:.6g}"
