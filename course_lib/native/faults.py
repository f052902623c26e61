"""From the helper program's report to one sentence, with the line of the kernel's text."""

import math
import signal
from dataclasses import dataclass
from pathlib import Path

from course_lib.compilers import answer
from course_lib.native import running
from course_lib.native.errors import KernelError
from course_lib.native.running import Done

Place = int  # an address in memory
FAR = 2**30  # bytes, the width of the guards around an array
STACK = 2**24  # bytes: the size of a stack, or a little more
NOT_RUN = (70, 126, 127)  # exit statuses: the helper program gives up before the call; a shell cannot run it

# The kinds of undefined behavior, as compilers name their handlers.
OVERFLOW = "an integer becomes too large for its type"
UNDEFINED = {
    "add_overflow": OVERFLOW,
    "sub_overflow": OVERFLOW,
    "mul_overflow": OVERFLOW,
    "negate_overflow": OVERFLOW,
    "divrem_overflow": "an integer is divided by 0",
    "shift_out_of_bounds": "a number is shifted by more bits than it has, or by a negative number",
    "out_of_bounds": "an index lies outside of its local array",
    "missing_return": "a function ends without returning its value",
    "builtin_unreachable": "the program reaches code that was declared unreachable",
    "vla_bound_not_positive": "the length of a local array is not positive",
    "load_invalid_value": "a bool or an enum is read that was never set",
    "pointer_overflow": "a pointer leaves the memory of the machine",
    "float_cast_overflow": "a float is converted to an integer type that cannot hold it; clamp it first",
    "null": "a null pointer is used",
    "nonnull_arg": "a null pointer is passed on",
    "misaligned": "a pointer is used whose address does not fit its type",
}
EVENTS = {
    "endless": "still running after 2 s of processor time: either a loop never ends, or it does far more work than it "
    "needs to",
    "exit": "the function ends the whole program; use return instead",
    "output": "the function prints more than a megabyte",
}


@dataclass(frozen=True)
class Arrays:
    """All arguments of a call in C++, in their order, the output last; scalars count as arrays of shape ``()``.

    Attributes
    ----------
    names : list of str
        Of the arguments.
    shapes : list of tuple of int
        Of the arguments.
    itemsizes : list of int
        For each argument, the bytes of an entry.
    """

    names: list[str]
    shapes: list[tuple[int, ...]]
    itemsizes: list[int]


def explain(done: Done, program: Path, name: str, text: str, arrays: Arrays, addr2line: str) -> KernelError:
    """Explain what went wrong in a run that did not finish.

    Parameters
    ----------
    done : Done
        The run.
    program : Path
        The program that ran.
    name : str
        Of the kernel.
    text : str
        Of the kernel.
    arrays : Arrays
        Its arguments, and its output.
    addr2line : str
        The program that maps addresses to lines; empty if it was not found.

    Returns
    -------
    KernelError
        The error to raise. The first line of its message is complete; the second is the line of the text, if it is
        known.
    """
    said = {words[0]: words[1:] for words in done.report if words[0] not in ("array", "frame")}
    sentence = _sentence(done, said, arrays)
    frames = [int(words[1], 16) for words in done.report if words[0] == "frame"]
    if not frames:
        return KernelError(sentence)
    source, lines = f"{name}.cc", text.split("\n")
    line = _line(frames, int(said["place"][0], 16), program, source, addr2line)
    if line is None and said.get("undefined", [])[2:] == [source]:
        line = int(said["undefined"][1])
    if line is not None and line <= len(lines):
        return KernelError(f"line {line}: {sentence}\n{line:6} | {lines[line - 1].rstrip()}", line)
    missing = "" if addr2line else " (to be told the line, install addr2line: it belongs to binutils)"
    return KernelError(f"{sentence}{missing}")


def _sentence(done: Done, said: dict[str, list[str]], arrays: Arrays) -> str:
    """Say what went wrong, without the line."""
    if "memory" in said:
        return _memory(done, said, arrays)
    if "undefined" in said:
        return UNDEFINED.get(said["undefined"][0], f"the behavior is undefined here ({said['undefined'][0]})")
    if "throw" in said:
        what = " ".join(said.get("what", []))
        return f"throws {' '.join(said['throw'])}{f' ({what})' if what else ''}, and nothing catches it"
    if "abort" in said:
        printed = (done.printed.strip().splitlines() or [""])[-1]
        return f"the program gives up: {printed[max(0, printed.find('Assertion')) :] or 'abort'}"
    if "signal" in said:
        return f"the program ends with {signal.Signals(int(said['signal'][0])).name}"
    return next((EVENTS[event] for event in EVENTS if event in said), "") or _end(done)


def _end(done: Done) -> str:
    """Say how a program ended that could not report what happened itself."""
    if not done.called and done.status in NOT_RUN:
        said = done.printed.strip().splitlines() or [f"exit status {done.status}"]
        return f"the function could not be called on this machine: {said[-1]}"
    if not done.called:
        return "the program ends before the function is called: code outside of the function runs first"
    if done.status is None:
        return f"the function did not return within {running.WALL_S} s; does every loop end?"
    if done.status < 0:
        return "the function was stopped: it took too much processor time, or too much memory"
    return f"the function ends the whole program, with status {done.status}; use return instead"


def _memory(done: Done, said: dict[str, list[str]], arrays: Arrays) -> str:
    """Say which array an access to memory was outside of."""
    access, address = said["memory"][0], int(said["memory"][1], 16)
    does = {"read": "reads", "write": "writes"}.get(access, "uses")
    placed = {int(words[1]): int(words[2], 16) for words in done.report if words[0] == "array"}
    for slot, start in placed.items():
        name, shape, size = arrays.names[slot], arrays.shapes[slot], arrays.itemsizes[slot]
        entries = math.prod(shape)
        index = (address - start) // size
        if 0 <= index < entries:
            return f"writes to {name}, which may only be read"
        if not -FAR <= address - start < entries * size + FAR:
            continue
        if index < 0:
            return f"{does} {name}[{index}], before the first entry of {name}"
        sides = " x ".join(map(str, shape))
        noun = "entry" if entries == 1 else "entries"
        last = f"; the last one is {name}[{entries - 1}]" if entries else ""
        return f"{does} {name}[{index}], but {name} has {sides} = {entries} {noun}{last}"
    top = int(said["stack"][0], 16)
    if top - STACK < address < top:
        return "the stack is full: a function calls itself without end, or a local array is very large"
    if address < 2**16:
        return f"{does} through a null pointer"
    return f"{does} memory far from every array; is an index, or a pointer, as it should be?"


def _line(frames: list[Place], place: Place, program: Path, source: str, addr2line: str) -> int | None:
    """Find the innermost line of the kernel's text among the places where the program was."""
    if not addr2line:
        return None
    # A return address is after its call; one byte less is within the call.
    places = [hex(frame if frame == place else frame - 1) for frame in frames]
    for found in answer(addr2line, "-e", str(program), *places).splitlines():
        path, _, line = found.partition(" ")[0].rpartition(":")
        if Path(path).name == source and line.isdigit() and line != "0":
            return int(line)
    return None
