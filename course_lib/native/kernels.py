"""Kernels: functions in C++ that are called from Python, each call in a separate process."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.integers import count
from course_lib.native.cells import STUB
from course_lib.native.compile import CHECKED, FAST, compiled, find_compiler
from course_lib.native.errors import KernelError
from course_lib.native.faults import Arrays, explain
from course_lib.native.running import QUIET, UNSET, Done, Values, run
from course_lib.native.signature import SIGNATURES, Signature

SHOWN = 2000  # the most characters of a kernel's output that are shown


def kernel(name: str, text: str, signature: Signature | None = None) -> "Kernel":
    """Compile a function in C++.

    If it does not compile, its first error is printed, and calling the kernel raises it. A text with the line
    `course_lib.native.STUB` is not compiled, and calling it raises NotImplementedError.

    Parameters
    ----------
    name : str
        Of the function.
    text : str
        The C++; errors count its lines from 1. The headers ``<algorithm>``, ``<array>``, ``<cmath>``, ``<cstddef>``,
        ``<cstdint>``, ``<cstdio>``, ``<cstring>``, ``<limits>`` and ``<numeric>`` are included.
    signature : Signature, optional
        Its arguments and its result; by default, the signature that the course knows by this name.

    Returns
    -------
    Kernel
        The compiled function, to be called.

    Raises
    ------
    ValueError
        If no signature is given, and the course knows none by this name.
    """
    if signature is None and name not in SIGNATURES:
        known = " or ".join(f"%%cpp {known}" for known in SIGNATURES)
        raise ValueError(f"expected {known} as the first line of a cell of C++, got {f'%%cpp {name}'.strip()}")
    made = Kernel(name, text, signature or SIGNATURES[name])
    if not made.is_stub:
        try:
            made.compile()
        except KernelError as error:
            print(error)
    return made


class Kernel:
    """A function in C++; see `kernel`.

    Attributes
    ----------
    name : str
        Of the function.
    text : str
        The C++.
    signature : Signature
        Its arguments and its result.
    """

    def __init__(self, name: str, text: str, signature: Signature) -> None:
        self.name = self.__name__ = name
        self.text = text
        self.signature = signature
        self._failure: KernelError | None = None
        self._programs: Path | None = None

    @property
    def is_stub(self) -> bool:
        """Tell whether it is not written yet."""
        return any(line.strip() == STUB for line in self.text.splitlines())

    def compile(self) -> Path:
        """Compile it, unless it is compiled already; return the folder of its programs.

        Raises
        ------
        KernelError
            If it does not compile.
        NotImplementedError
            If nobody has written it yet.
        """
        if self.is_stub:
            raise NotImplementedError("write this function, then delete the line with #error")
        if self._failure is not None:
            raise KernelError(str(self._failure), self._failure.line)
        if self._programs is not None and (self._programs / FAST).is_file():
            return self._programs
        try:
            self._programs = compiled(self.name, self.text, self.signature)
        except KernelError as error:
            if error.line is not None:  # other errors may not occur at the next try
                self._failure = error
            raise
        return self._programs

    def __call__(self, *arguments: Any) -> NDArray[Any]:
        """Call the function, checked, in a separate process.

        Parameters
        ----------
        *arguments
            As in the signature. For ``sample``: ``map`` of shape ``(H, W, C)``; ``yx`` of shape ``(L, 2)``,
            finite; ``scale`` above 0.

        Returns
        -------
        ndarray
            The array that the function filled. For ``sample``: shape ``(L, C)``, float32.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        NotImplementedError
            If nobody has written it yet.
        KernelError
            If it does not compile; or if it reads or writes outside of an array, has undefined behavior, ends the
            program, does not return, leaves an entry unset, or gives different values when it is called again.
        """
        values, shape = self.signature.bind(arguments)
        done = self._run(CHECKED, values, shape)
        first, second = done.outputs
        missing = _what_is_missing(first, self.signature.output.name)
        if missing:
            raise KernelError(missing)
        if first.tobytes() != second.tobytes():
            raise KernelError(
                "gives different values when it is called again: does it keep something between calls, or read memory "
                "that was never set?"
            )
        return first

    def processor_seconds(self, *arguments: Any, repeats: int = 5) -> float:
        """Measure the fast build, after a checked call that must give the same values.

        Parameters
        ----------
        *arguments
            As for a call.
        repeats : int
            The number of measurements, above 0.

        Returns
        -------
        float
            Processor seconds of one call, in the fastest measurement.

        Raises
        ------
        TypeError, ValueError, NotImplementedError
            As for a call; ValueError also if ``repeats`` is not as above.
        KernelError
            As for a call, or if the two builds give different values.
        """
        return self._measure(arguments, repeats)["yours"]

    def race(self, *arguments: Any, repeats: int = 9) -> dict[str, float]:
        """Measure the fast build and the course's own function alternately, in one process.

        Parameters
        ----------
        *arguments
            As for a call.
        repeats : int
            The number of measurements of each, above 0.

        Returns
        -------
        dict of str to float
            Processor seconds of one call of ``"yours"`` and ``"the course's loop"``, in the best of the measurements.

        Raises
        ------
        ValueError
            If the course has no function of this kind.
        TypeError, NotImplementedError, KernelError
            As for `processor_seconds`.
        """
        if not self.signature.reference:
            raise ValueError(f"expected a kernel that the course has too, such as sample, got {self.name}")
        return self._measure(arguments, repeats)

    def _measure(self, arguments: tuple[Any, ...], repeats: int) -> dict[str, float]:
        """Return the seconds of both functions; 0 for the course's function if there is no such function."""
        rounds = count("repeats", repeats)
        expected = self(*arguments)
        values, shape = self.signature.bind(arguments)
        done = self._run(FAST, values, shape, rounds)
        if not np.allclose(done.outputs[0], expected, rtol=1e-3, atol=1e-3, equal_nan=True):
            raise KernelError(
                "gives different values when it is compiled to be fast (-O3) and when it is checked (-O0)"
            )
        [(yours, ours)] = [map(float, words[1:]) for words in done.report if words[0] == "seconds"]
        return {"yours": yours, "the course's loop": ours}

    def _run(self, build: str, values: Values, shape: tuple[int, ...], rounds: int = 0) -> Done:
        """Run one of the programs; raise KernelError if it does not finish."""
        program = self.compile() / build
        output = self.signature.output
        done = run(program, values, shape, output.dtype, rounds)
        if done.printed and done.called and ["abort"] not in done.report:
            print(done.printed[:SHOWN], end="\n" if done.printed[SHOWN:] else "")
        if not done.returned:
            every = [*values.values(), np.empty(shape, output.dtype)]
            arrays = Arrays([*values, output.name], [each.shape for each in every], [each.itemsize for each in every])
            raise explain(done, program, self.name, self.text, arrays, find_compiler().addr2line)
        return done

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"


def _what_is_missing(output: NDArray[Any], name: str) -> str:
    """Say which entries still have the helper program's initial values; empty if all were set."""
    bits = output.view(np.uint64 if output.itemsize == 8 else np.uint32)
    used: list[list[int]] = np.argwhere(bits == QUIET).tolist() if output.dtype == np.float32 else []
    if used:
        return f"the entry {used[0]} of {name} is used before it is set, as += does: {name} does not begin with zeros"
    unset = np.argwhere(bits == (UNSET << 32 | UNSET if output.itemsize == 8 else UNSET)).tolist()
    if not unset:
        return ""
    if len(unset) == output.size:
        return f"nothing is written into {name}: a kernel gives its results by writing them to {name}[0], {name}[1], …"
    first = unset[0]
    if unset[1:] and not any(first[1:]) and np.ravel_multi_index(first, output.shape) + len(unset) == output.size:
        return f"{name} is never set from the entry {first} to the end: does a loop or the function end too early?"
    return f"the entry {first} of {name} is never set{f', and {len(unset) - 1} more' if unset[1:] else ''}"
