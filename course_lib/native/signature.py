"""The arguments and the result of a kernel: its declaration in C++, and the check of its arguments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"float32": "float", "float64": "double", "int32": "int"}
Side = str | int  # of an array: a name that is bound at each call, or a number


@dataclass(frozen=True)
class Array:
    """An array, row-major.

    Attributes
    ----------
    name : str
        Of the argument.
    shape : tuple of str or int
        Its sides. A name, such as ``"height"``, becomes a separate argument where it first occurs in an input.
    dtype : {"float32", "float64", "int32"}
        Of its entries.
    finite : bool
        Whether infinity and NaN are refused.
    empty : bool
        Whether a side may be 0.
    """

    name: str
    shape: tuple[Side, ...]
    dtype: str = "float32"
    finite: bool = False
    empty: bool = True

    def convert(self, value: Any, sides: dict[str, int]) -> NDArray[Any]:
        """Convert an argument to an array of this kind, and bind its sides; ValueError if it does not fit."""
        array = np.asarray(value)
        expected = f"{self.name} of shape ({', '.join(map(str, self.shape))})"
        if array.dtype.kind not in "fiub":
            raise ValueError(f"expected {expected} of numbers, got {array.dtype}")
        if array.ndim != len(self.shape):
            raise ValueError(f"expected {expected}, got shape {array.shape}")
        if not self.empty and not array.size:
            raise ValueError(f"expected {expected} with entries, got shape {array.shape}")
        for side, length in zip(self.shape, array.shape, strict=True):
            if length != (sides.setdefault(side, length) if isinstance(side, str) else side):
                known = ", ".join(f"{name} = {sides[name]}" for name in self.shape if isinstance(name, str))
                raise ValueError(f"expected {expected} where {known}, got shape {array.shape}")
        converted = np.ascontiguousarray(_cast(array, self.dtype))
        if _is_changed(array, converted):
            raise ValueError(f"expected {expected} of whole numbers (as {self.dtype}), got others")
        if self.finite and not np.isfinite(converted).all():
            wrong = converted[~np.isfinite(converted)][0]
            raise ValueError(f"expected {expected} without NaN and infinity (as {self.dtype}), got {wrong}")
        return converted


@dataclass(frozen=True)
class Scalar:
    """A number.

    Attributes
    ----------
    name : str
        Of the argument.
    dtype : {"float32", "float64", "int32"}
        Its type.
    positive : bool
        Whether it must be above 0.
    """

    name: str
    dtype: str = "float32"
    positive: bool = False

    def convert(self, value: Any) -> NDArray[Any]:
        """Convert an argument to this type; ValueError if it does not fit."""
        number = np.asarray(value)
        expected = f"expected {self.name} to be a {'positive ' if self.positive else ''}number"
        if number.shape or number.dtype.kind not in "fiu":
            raise ValueError(f"{expected}, got {value!r}")
        converted = _cast(number, self.dtype)
        if _is_changed(number, converted) or not np.isfinite(converted) or (self.positive and not converted > 0):
            raise ValueError(f"{expected} ({self.dtype}), got {value!r}")
        return converted


def _cast(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Convert numbers; numbers that are too large for a float type become infinite, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(dtype)


def _is_changed(array: NDArray[Any], converted: NDArray[Any]) -> bool:
    """Tell whether conversion to integers changed the numbers."""
    return converted.dtype.kind == "i" and not np.array_equal(array, converted)


@dataclass(frozen=True)
class Signature:
    """The arguments of a kernel, a function that returns nothing and fills one array.

    In C++, every array is a pointer, followed by those of its sides that no earlier argument names; the array to fill
    comes last.

    Attributes
    ----------
    inputs : tuple of Array or Scalar
        Its arguments.
    output : Array
        The array that it fills; the names of its sides occur in the inputs.
    reference : str
        The file beside this module that holds the course's own function; empty if it has no such function.
    """

    inputs: tuple[Array | Scalar, ...]
    output: Array
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse a signature that has no declaration; ValueError."""
        for argument in (*self.inputs, self.output):
            if argument.dtype not in TYPES:
                raise ValueError(f"expected a type among {', '.join(TYPES)}, got {argument.dtype!r}")
        named = {side for array in self.inputs if isinstance(array, Array) for side in array.shape}
        unknown = [side for side in self.output.shape if isinstance(side, str) and side not in named]
        if unknown:
            raise ValueError(f"expected the sides of the output to be sides of inputs, got {', '.join(unknown)}")

    def slots(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each argument in C++: its name, its type, and whether it is passed by its value."""
        seen: set[Side] = set()
        for argument in self.inputs:
            if isinstance(argument, Scalar):
                yield argument.name, TYPES[argument.dtype], True
                continue
            yield argument.name, f"const {TYPES[argument.dtype]}*", False
            for side in argument.shape:
                if isinstance(side, str) and side not in seen:
                    seen.add(side)
                    yield side, "int", True
        yield self.output.name, f"{TYPES[self.output.dtype]}*", False

    def declaration(self, name: str) -> str:
        """Return the first line of a kernel of this kind, without its body."""
        return f"void {name}({', '.join(f'{kind} {argument}' for argument, kind, _ in self.slots())})"

    def call(self, name: str) -> str:
        """Return the call of such a kernel with the arguments in the helper program's array ``at``."""
        values = (
            f"*static_cast<const {kind}*>(at[{i}])" if by_value else f"static_cast<{kind}>(at[{i}])"
            for i, (_, kind, by_value) in enumerate(self.slots())
        )
        return f"{name}({', '.join(values)})"

    def bind(self, arguments: tuple[Any, ...]) -> tuple[dict[str, NDArray[Any]], tuple[int, ...]]:
        """Check the arguments of a kernel.

        Parameters
        ----------
        arguments : tuple
            One for each input.

        Returns
        -------
        tuple of dict, tuple of int
            The value of each argument in C++ except the last, by name, and the shape of the output.

        Raises
        ------
        TypeError
            If there are more or fewer arguments.
        ValueError
            If an argument does not fit.
        """
        names = [argument.name for argument in self.inputs]
        if len(arguments) != len(names):
            raise TypeError(f"expected {len(names)} arguments ({', '.join(names)}), got {len(arguments)}")
        sides: dict[str, int] = {}
        values = {
            each.name: each.convert(value, sides) if isinstance(each, Array) else each.convert(value)
            for each, value in zip(self.inputs, arguments, strict=True)
        }
        values |= {name: np.asarray(length, np.int32) for name, length in sides.items()}
        bound = {name: values[name] for name, _, _ in self.slots() if name != self.output.name}
        return bound, tuple(sides[side] if isinstance(side, str) else side for side in self.output.shape)


# The kernels that a notebook may name.
SIGNATURES = {
    "sample": Signature(
        (
            Array("map", ("height", "width", "channels"), empty=False),
            Array("yx", ("count", 2), finite=True),
            Scalar("scale", positive=True),
        ),
        Array("out", ("count", "channels")),
        reference="sample_reference.cc",
    ),
    "row_sums": Signature((Array("map", ("height", "width")),), Array("out", ("height",))),
}
