"""Small changes to a text: a diff without line numbers, each part of which must fit the text in exactly one place."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BETWEEN = "@@"  # a line between two parts of a change


class ChangeError(ValueError):
    """A change does not fit its text.

    Attributes
    ----------
    line : int
        The line of the change with the error, counted from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class _Hunk:
    """One part of a change: where it begins, the lines that it replaces, and their replacements."""

    line: int
    old: list[str]
    new: list[str]


def apply_change(text: str, change: str) -> str:
    r"""Change a text.

    Parameters
    ----------
    text : str
        The text to change.
    change : str
        Lines that begin with ``-`` (removed), ``+`` (added) or a space (kept; an empty line counts as kept too), in one
        or more parts with a line ``@@`` between them. The lines that a part removes and keeps identify its place.

    Returns
    -------
    str
        The changed text, with ``\n`` at its end.

    Raises
    ------
    ChangeError
        If a line begins with anything else, a part changes nothing or identifies no place, its lines occur nowhere or
        more than once in the text, or two parts overlap.
    """
    lines = text.splitlines()
    places = []
    for hunk in _hunks(change):
        found = _find(hunk.old, lines)
        if len(found) != 1:
            raise ChangeError(hunk.line, _no_single_place(hunk.old, lines, found))
        places.append((found[0], hunk))
    changed: list[str] = []
    done = 0
    for start, hunk in sorted(places, key=lambda place: place[0]):
        if start < done:
            raise ChangeError(hunk.line, "expected parts that change different lines, got two that overlap")
        changed += lines[done:start] + hunk.new
        done = start + len(hunk.old)
    return "".join(f"{line}\n" for line in changed + lines[done:])


def _hunks(change: str) -> Iterator[_Hunk]:
    start = 1
    part: list[str] = []
    for number, line in enumerate([*change.splitlines(), BETWEEN], 1):
        if line != BETWEEN:
            part.append(line or " ")
            if part[-1][0] not in " +-":
                raise ChangeError(number, f"expected a line that begins with a space, '+' or '-', got {line!r}")
            continue
        hunk = _Hunk(start, _side(part, "-"), _side(part, "+"))
        if not hunk.old:
            raise ChangeError(start, "expected a line that is kept or removed, which names the place; found none")
        if hunk.old == hunk.new:
            raise ChangeError(start, "expected a line that is added or removed, found none")
        yield hunk
        start, part = number + 1, []


def _side(part: list[str], mark: str) -> list[str]:
    return [line[1:] for line in part if line[0] in (" ", mark)]


def _find(wanted: Sequence[str], lines: Sequence[str]) -> list[int]:
    """List the positions, counted from 0, at which some lines occur in others."""
    return [start for start in range(len(lines)) if lines[start : start + len(wanted)] == wanted]


def _no_single_place(wanted: list[str], lines: list[str], found: list[int]) -> str:
    """Say where the lines of a change are found, or which lines are most similar."""
    if found:
        numbers = ", ".join(str(start + 1) for start in found)
        return f"expected lines that occur once in the text, found them at its lines {numbers}; keep more lines"
    near = max(
        range(max(1, len(lines) - len(wanted) + 1)),
        key=lambda start: _likeness(lines[start : start + len(wanted)], wanted),
    )
    shown = [f"  expected: {line}" for line in wanted]
    shown += [f"  nearest:  {line}" for line in lines[near : near + len(wanted)]]
    head = f"expected lines that occur in the text, found none; the nearest begin at its line {near + 1}"
    return "\n".join([head, *shown])


def _likeness(some: list[str], others: list[str]) -> float:
    return difflib.SequenceMatcher(None, "\n".join(some), "\n".join(others), autojunk=False).ratio()


def find_change(old: str, new: str) -> str:
    r"""Find a short change that turns one text into another.

    Parameters
    ----------
    old, new : str
        Two texts. The old one is not empty.

    Returns
    -------
    str
        What `apply_change` needs: the lines that differ, and as few lines around them as identify one place. It ends
        with ``\n``, and is empty if the texts are the same.
    """
    before, after = old.splitlines(), new.splitlines()
    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    parts: list[tuple[int, int]] = []  # in lines of the old text
    for kind, start, end, _, _ in opcodes:
        if kind == "equal":
            continue
        first, last = _widened(before, start, end)
        while parts and first <= parts[-1][1] + 1:  # keeping a line takes no more room than a separator
            first, last = min(first, parts[-1][0]), max(last, parts.pop()[1])
        parts.append((first, last))
    return f"{BETWEEN}\n".join(_marked(before, after, opcodes, *part) for part in parts)


def _widened(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """Add to some lines the fewest before and after them that identify one place."""
    for more in range(len(lines)):
        for below in range(more + 1):
            first, last = start - (more - below), end + below
            if 0 <= first < last <= len(lines) and len(_find(lines[first:last], lines)) == 1:
                return first, last
    return 0, len(lines)


def _marked(
    before: list[str], after: list[str], opcodes: Sequence[tuple[str, int, int, int, int]], first: int, last: int
) -> str:
    """Write one part of a change: lines ``first`` to ``last`` of the old text, and what replaces them."""
    marked = []
    for kind, start, end, new_start, new_end in opcodes:
        if kind == "equal":
            marked += [f" {line}" for line in before[max(start, first) : min(end, last)]]
        elif first <= start and end <= last:
            marked += [f"-{line}" for line in before[start:end]]
            marked += [f"+{line}" for line in after[new_start:new_end]]
    return "".join(f"{line.rstrip(' ') if line == ' ' else line}\n" for line in marked)
