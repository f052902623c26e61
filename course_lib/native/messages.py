"""The first error of a compiler, with the learner's own line and advice for the usual mistakes."""

import re
from dataclasses import dataclass

from course_lib.native.advice import advise
from course_lib.native.errors import KernelError

_PLACE = r"(?P<file>[^:\n]+):(?P<line>\d+):(?:(?P<column>\d+):)?"
_ERROR = re.compile(rf"^{_PLACE} (?:fatal )?error: (?P<words>.*)$", re.MULTILINE)
# The use of a library template that does not compile: g++ reports it above the error, clang below.
_USED = re.compile(rf"^{_PLACE}\s+(?:required from here|note: in instantiation of)", re.MULTILINE)
_UNDEFINED = re.compile(r"undefined (?:reference to|symbol:) [`'\"]?(?P<name>.+?)['\"]?$", re.MULTILINE)

_TOO_MUCH = (
    "the compiler takes too much time, memory or disk space; is there a template, an #include or an array without an "
    "end?"
)
_STOPPED = re.compile(
    r"time limit exceeded|[Kk]illed|terminated signal|[Mm]emory exhausted|out of memory|Cannot allocate memory|"
    r"File (size limit exceeded|too large)|std::bad_alloc|unable to execute command|submit a bug report"
)


@dataclass(frozen=True)
class _Found:
    """An error: its line, if that is in the kernel's text, and the compiler's message."""

    line: int | None
    words: str


def explain(said: str, source: str, text: str, status: int | None, declaration: str) -> KernelError:
    """Explain why a kernel does not compile.

    Parameters
    ----------
    said : str
        The compiler's output.
    source : str
        Name of the file with the kernel's text.
    text : str
        That text.
    status : int or None
        The compiler's exit status; None if it was stopped.
    declaration : str
        The required beginning of the kernel.

    Returns
    -------
    KernelError
        The error to raise. The first line of its message has the line number and the compiler's message; then come that
        line itself, and advice, if there is any.
    """
    found = _first_error(said, source, text)
    if status is None or (found is None and _STOPPED.search(said)):
        return KernelError(f"does not compile: {_TOO_MUCH}")
    if found is None:
        return KernelError(f"does not compile: {_of_the_linker(said, source, text, declaration)}")
    if found.line is None:
        return KernelError(f"does not compile: {found.words}")
    line_itself = text.split("\n")[found.line - 1].rstrip()
    lines = [
        f"does not compile, line {found.line}: {found.words}",
        f"{found.line:6} | {line_itself}",
        advise(found.words),
    ]
    return KernelError("\n".join(filter(None, lines)), found.line)


def _first_error(said: str, source: str, text: str) -> _Found | None:
    """Find the first error of the compiler."""
    error = _ERROR.search(said)
    if error is None:
        return None
    words = error["words"]
    inside = [place for place in (error, *_USED.finditer(said)) if place["file"].split("/")[-1] == source]
    lines = text.split("\n")
    if not inside or int(inside[0]["line"]) > len(lines):
        return _Found(None, words)
    line, column = int(inside[0]["line"]), int(inside[0]["column"] or 1)
    if re.match(r"expected ('[^']+' or )?';'", words) and not lines[line - 1][: column - 1].strip():
        line = _line_above(lines, line)
    return _Found(line, words)


def _line_above(lines: list[str], line: int) -> int:
    """Find the last line above that contains more than a comment; if there is no such line, return the line itself."""
    above = (number for number in range(line - 1, 0, -1) if lines[number - 1].split("//")[0].strip())
    return next(above, line)


def _of_the_linker(said: str, source: str, text: str, declaration: str) -> str:
    """Explain an error of the linker."""
    name = source.removesuffix(".cc")
    if re.search(r"(multiple definition of|duplicate symbol:?) [`'\"]?_?main\b", said):
        return "delete main: the course has its own"
    for undefined in _UNDEFINED.finditer(said):
        if re.match(rf"{name}\(", undefined["name"]):
            if re.search(rf"^[^/\n]*\b{name}\s*\(", text, re.MULTILINE):
                return f"its first line was changed; it must be:\n  {declaration}"
            return f"there is no function {name}; its first line must be:\n  {declaration}"
        return f"{undefined['name']} is declared and used, but never written"
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[0] if lines else "the compiler says nothing"
