"""The result of a learner's function, and its comparison with the expected result."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.checks.close import close
from course_lib.checks.describe import as_array, describe
from course_lib.checks.dtypes import name_dtype_slip
from course_lib.checks.failure import CheckFailed
from course_lib.checks.kinds import name_kind_slip
from course_lib.checks.shapes import name_shape_slip
from course_lib.checks.slips import name_value_slip


@dataclass(frozen=True)
class Result:
    """A value from a learner's code.

    Attributes
    ----------
    value : object
        Numbers, a list, a NumPy array or a TensorFlow tensor.
    given : str
        The call, such as ``bilinear_kernel(factor=3)``.
    """

    value: object
    given: str

    @property
    def array(self) -> NDArray[Any]:
        """The value as a NumPy array.

        Raises
        ------
        CheckFailed
            If it contains no numbers.
        """
        try:
            return as_array(self.value)
        except ValueError as error:
            raise self.failed("numbers", cause=name_kind_slip(self.value), because=str(error)) from None

    def has_shape(self, *shape: int, because: str = "") -> "Result":
        """Check the shape.

        Parameters
        ----------
        *shape : int
            The size of each axis; no arguments for a single number.
        because : str
            Why this shape is expected; shown if no slip is recognized.

        Raises
        ------
        CheckFailed
            If the shape is different.
        """
        if self.array.shape != shape:
            cause = name_shape_slip(self.array.shape, shape, type(self.value))
            raise self.failed(_shape(shape), _shape(self.array.shape), cause, because)
        return self

    def has_dtype(self, dtype: str, because: str = "") -> "Result":
        """Check the element type.

        Parameters
        ----------
        dtype : str
            Such as ``"float32"``.
        because : str
            Why this type is expected, if the statement does not simply name it.

        Raises
        ------
        CheckFailed
            If the type is different.
        """
        if self.array.dtype.name != dtype:
            cause = "" if because else f"the result was not converted to {dtype}"
            raise self.failed(f"dtype {dtype}", f"dtype {self.array.dtype}", cause, because)
        return self

    @np.errstate(all="ignore")  # a learner may have turned NumPy's warnings into errors
    def equals(
        self,
        expected: ArrayLike,
        *,
        tolerance: float = 1e-5,
        slips: Mapping[str, ArrayLike] | None = None,
        because: str = "",
        image: bool = False,
    ) -> "Result":
        """Check the values.

        Parameters
        ----------
        expected : array_like
            Numbers of the same shape.
        tolerance : float
            Largest difference, absolute and relative to the expected number.
        slips : mapping of str to array_like, optional
            Known causes for this exercise, each with the values that it would give.
        because : str
            Why these values are expected; shown if no slip is recognized.
        image : bool
            Whether the first two axes are the rows and columns of a picture, which has a border.

        Raises
        ------
        CheckFailed
            If a value differs; the message names the likely cause.
        """
        got, wanted = self.array, as_array(expected)
        if got.shape != wanted.shape:
            self.has_shape(*wanted.shape, because=because)
        if close(got, wanted, tolerance):
            return self
        known = (text for text, wrong in (slips or {}).items() if _is(got, as_array(wrong), tolerance))
        bad = np.argwhere(~np.isfinite(got) & np.isfinite(wanted))
        cause = name_dtype_slip(got, wanted, tolerance)
        obvious = "" if cause else next(known, "") or (_not_finite(got, bad) if len(bad) else "")
        if not (cause or obvious) and np.isfinite([got, wanted]).all():
            cause = name_value_slip(got, wanted, tolerance, image=image)
        if got.ndim == 0:
            raise self.failed(*_told_apart(wanted, got), cause or obvious, because)
        plain = {got.dtype.name, wanted.dtype.name} <= {"float32", "float64"}  # either will do
        more = "" if obvious else f"\n{_differences(got, wanted, tolerance)}"
        raise self.failed(describe(wanted, typed=not plain), describe(got) + more, cause or obvious, because)

    def failed(self, expected: str, got: str = "", cause: str = "", because: str = "") -> CheckFailed:
        """Make the error that says that this is not the expected result.

        Parameters
        ----------
        expected, got : str
            In words; if `got` is left out, the value is described.
        cause : str
            The likely cause.
        because : str
            Why this is expected; shown if no cause is known.

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
    """Check a condition that is not a comparison of numbers.

    Parameters
    ----------
    condition : bool
        Whether it holds.
    given : str
        What was done.
    expected, got : str
        In words.
    cause : str
        The likely cause if it does not hold.

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


def _is(got: NDArray[Any], wrong: NDArray[Any], tolerance: float) -> bool:
    return wrong.shape == got.shape and close(got, wrong, tolerance)


def _not_finite(got: NDArray[Any], bad: NDArray[Any]) -> str:
    """Say where the values are not finite, and what causes such values."""
    kinds = {"NaN" if np.isnan(got[tuple(place)]) else "infinite" for place in bad}
    kind = " or ".join(sorted(kinds))
    source = {
        "NaN": ": 0 / 0, a root or logarithm of a negative number, or a place of `np.empty` that was never set?",
        "infinite": ": a division by 0?",
    }.get(kind, ": a division by 0?")
    if not bad.shape[1]:
        return f"it is {kind}{source}"
    first = [int(i) for i in bad[0]]
    if len(bad) == 1:
        return f"1 value is {kind}, at {first}{source}"
    return f"{len(bad)} values are {kind}, the first at {first}{source}"


def _differences(got: NDArray[Any], wanted: NDArray[Any], tolerance: float) -> str:
    """Say where the largest difference is, and whether all differences are in one row, column or channel."""
    difference = np.nan_to_num(np.abs(got - wanted.astype(np.result_type(wanted, 1.0))), nan=np.inf)
    where = np.unravel_index(int(np.argmax(difference)), difference.shape)
    one, other = _told_apart(wanted[where], got[where])
    text = f"largest difference at [{', '.join(str(int(i)) for i in where)}]: expected {one}, got {other}"
    wrong = ~np.isclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    count = int(np.count_nonzero(wrong))
    if count in (0, wrong.size):
        return text
    text += f"; {count} of {wrong.size} values {'differs' if count == 1 else 'differ'}"
    for axis in range(wrong.ndim if count > 1 else 0):
        places = np.flatnonzero(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if len(places) == 1 and wrong.shape[axis] > 1:
            index = [":"] * wrong.ndim
            index[axis] = str(int(places[0]))
            return f"{text}, all in [{', '.join(index)}]"
    return text


def _told_apart(wanted: Any, got: Any) -> tuple[str, str]:
    """Write two different numbers with enough digits, and their types if needed, to look different."""
    if wanted.dtype.kind in "biu" and got.dtype.kind in "biu":
        return str(wanted.item()), str(got.item())
    for digits in (6, 9, 17):
        texts = f"{wanted.item():.{digits}g}", f"{got.item():.{digits}g}"
        if texts[0] != texts[1]:
            return texts
    return f"{texts[0]} ({wanted.dtype})", f"{texts[1]} ({got.dtype})"
