"""Run a compiled kernel in a separate process."""

import struct
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.native.limited import Limits, Program

SCALAR, INPUT, OUTPUT = range(3)  # the same as in the helper program
UNSET = 0x7F80DEAD  # a signaling NaN that no calculation gives, the same as in the helper program
QUIET = UNSET | 0x400000  # the quiet NaN that arithmetic turns it into
MEMORY = 2**30  # bytes beyond the arrays
CPU_S, WALL_S = 10, 20
BYTES_A_SECOND = 2**26  # bytes of arrays for each additional second that a run may take
PRINTED = 2**20  # the most bytes that are read of a kernel's output, and of its report
Values = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Done:
    """A run of a kernel.

    Attributes
    ----------
    status : int or None
        Exit status, or the negative number of the signal that ended it; None if it took too long.
    report : list of list of str
        The lines of the helper program's report, split into words.
    outputs : list of ndarray
        The kernel's output of each call that returned.
    printed : str
        Its printed output.
    """

    status: int | None
    report: list[list[str]]
    outputs: list[NDArray[Any]]
    printed: str

    @property
    def called(self) -> bool:
        """Tell whether the kernel was called."""
        return ["called"] in self.report

    @property
    def returned(self) -> bool:
        """Tell whether it finished."""
        return self.status == 0 and self.report[-1:] == [["returned"]]


def run(program: Path, values: Values, shape: tuple[int, ...], dtype: str, rounds: int = 0) -> Done:
    """Run a kernel.

    Parameters
    ----------
    program : Path
        The program that `course_lib.native.compile` made.
    values : dict of str to ndarray
        Its arguments in their order; those without a shape are passed by value.
    shape : tuple of int
        Of the output.
    dtype : str
        Type of the output.
    rounds : int
        0 to check it; otherwise the number of measurements.

    Returns
    -------
    Done
        The result.
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    used = size + sum(value.nbytes for value in values.values())
    longer = used // BYTES_A_SECOND
    # The program keeps every array once, and once more for each of its two calls, padded to whole pages.
    limits = Limits(CPU_S + longer, MEMORY + 4 * used, file_bytes=2 * size + PRINTED, wall_s=WALL_S + longer)
    with ExitStack() as stack:
        stdin, result, report, said = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(4))
        _write(stdin, values, size)
        numbers = (result.fileno(), report.fileno(), rounds)
        command = [str(program), *map(str, numbers)]
        with Program(command, Path(tempfile.gettempdir()), limits, said, stdin, (result, report)) as started:
            status = started.wait()
        filled = _read(result, 2 * size)
        whole = [filled[i : i + size] for i in range(0, len(filled) - size + 1, size)] if size else [b"", b""]
        return Done(
            status,
            [line.split() for line in _read(report, PRINTED).decode(errors="replace").splitlines()],
            [np.frombuffer(each, dtype).reshape(shape) for each in whole],
            _read(said, PRINTED).decode(errors="replace"),
        )


def _write(stdin: IO[bytes], values: Values, size: int) -> None:
    """Write the arguments for the helper program to read."""
    kinds = [(value.nbytes, INPUT if value.shape else SCALAR) for value in values.values()]
    stdin.write(struct.pack("=Q", len(kinds) + 1))
    for each in (*kinds, (size, OUTPUT)):
        stdin.write(struct.pack("=QQ", *each))
    for value in values.values():
        stdin.write(value.tobytes())
    stdin.seek(0)


def _read(file: IO[bytes], size: int) -> bytes:
    """Read a file from its start."""
    file.seek(0)
    return file.read(size)
