"""Choosing the notebook that counts among several that a student handed in for one unit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import nbformat

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.restore.match import claims, recognize, untouched
from course_lib.grading.restore.reading import Cell, read_bytes, read_cells
from course_lib.grading.restore.template import Template
from course_lib.release import released

# What browsers append to the name of an existing file, and the names of copies that people make.
_NUMBERED = re.compile(
    r"(?P<stem>.+?)(?:[ ]?\((?P<number>\d+)\)|[ ]?[-_–][ ]?(?:copy|kopie)[ ]?\(?(?P<copy>\d*)\)?|"
    r"[ ](?:copy|kopie)[ ]?(?P<apple>\d*)|[ ]\(copy\)|[ _](?P<plain>\d+))",
    re.IGNORECASE,
)
_COPY_OF = re.compile(r"(?:copy of |kopie von )", re.IGNORECASE)
_MOST = 5  # the most notebooks that are named in a line
_ENOUGH = 3  # the fewest cells of a unit that identify a notebook without marks


def named_like(name: str, units: Iterable[str]) -> str | None:
    """Find the unit whose name a file has, in any case, even as a numbered copy; None if there is no such unit."""
    stem = _family(Path(name).stem, units).stem
    return next((unit for unit in units if unit.casefold() == stem), None)


class _Family(NamedTuple):
    """A file's name without the marks of a copy, and the numbers of the copy.

    A browser counts downloads, so its numbers are in the order of time. A copy that somebody made may be a backup.
    """

    stem: str
    downloads: tuple[int, ...]
    copies: tuple[int, ...]


def _family(stem: str, units: Iterable[str]) -> _Family:
    """Split a name into the part that it shares with its copies, and the numbers of the copy."""
    known = {unit.casefold() for unit in units}
    downloads: list[int] = []
    copies: list[int] = []
    while stem.casefold() not in known:
        if found := _COPY_OF.match(stem):
            stem = stem[found.end() :]
            copies.append(1)
        elif found := _NUMBERED.fullmatch(stem):
            stem = found["stem"]
            if number := found["number"] or found["plain"]:
                downloads.append(int(number))
            else:
                copies.append(int(found["copy"] or found["apple"] or 1))
        else:
            break
    return _Family(stem.casefold(), tuple(reversed(downloads)), tuple(reversed(copies)))


class Releases:
    """The units as they were handed out.

    Parameters
    ----------
    course : Course
        The course of the released notebooks; units that are not released are ignored.
    """

    def __init__(self, course: Course) -> None:
        self.units = course.units_with_solutions()
        self._course = course

    @cached_property
    def templates(self) -> dict[str, Template]:
        """The units that are released, by name."""
        paths = {unit: released(self._course, unit) for unit in self.units}
        return {unit: Template.of(nbformat.read(path, as_version=4)) for unit, path in paths.items() if path.is_file()}

    def unit_of(self, cells: Sequence[Cell]) -> str | None:
        """Find the unit of a notebook by its cells; None if it is not clear."""
        likeness = {unit: _likeness(cells, template) for unit, template in self.templates.items()}
        best = [unit for unit, like in likeness.items() if like == max(likeness.values()) and like > 0]
        return best[0] if len(best) == 1 else None

    def is_untouched(self, cells: Sequence[Cell], unit: str) -> bool:
        """Tell whether all answers in a notebook of a unit are those of the release."""
        template = self.templates.get(unit)
        if template is None:
            return False
        found = recognize(cells, template)
        return not found.shared and all(untouched(cell, index, template) for index, cell in found.solutions.items())


def _likeness(cells: Sequence[Cell], template: Template) -> int:
    """Count the cells of a unit in a notebook; 0 if they are too few to identify the unit."""
    graded = {*template.solutions, *template.fixed}
    known = len(recognize(cells, template).numbers())
    marked = any(claims(cell, template) & graded for cell in cells)
    return known if marked or known >= _ENOUGH else 0


def unit_in(path: Path, releases: Releases) -> str | None:
    """Find the unit of a notebook file; None if it cannot be read, or the unit is not clear."""
    try:
        return None if path.is_symlink() else releases.unit_of(read_cells(read_bytes(path))[0])
    except (OSError, CourseError):
        return None


@dataclass(frozen=True)
class Version:
    """One of several notebooks.

    Attributes
    ----------
    path : Path
        The file.
    content : bytes
        Of the file; empty if it cannot be read.
    flaw : str
        Why it counts only if no other notebook can; empty if it was worked on.
    """

    path: Path
    content: bytes
    flaw: str

    @classmethod
    def of(cls, path: Path, unit: str, releases: Releases) -> "Version":
        """Examine a notebook that may belong to a unit."""
        try:
            if path.is_symlink():
                raise CourseError("found a link, which is not followed")
            content = read_bytes(path)
            cells, _ = read_cells(content)
        except (OSError, CourseError) as error:
            return cls(path, b"", f"cannot be graded: {error}")
        other = releases.unit_of(cells)
        if other not in (unit, None):
            return cls(path, content, f"is of {other}")
        return cls(path, content, "untouched" if releases.is_untouched(cells, unit) else "")


def choose(paths: Sequence[Path], unit: str, releases: Releases, place: Path) -> tuple[Path, str]:
    """Choose the notebook that counts: the newest one that is not untouched.

    Among names that differ only by a browser's number for downloads, the greatest number is the newest; otherwise the
    latest file time. If none was worked on, the one with the unit's own name counts.

    Parameters
    ----------
    paths : sequence of Path
        Several notebooks of a unit.
    unit : str
        Its whole name.
    releases : Releases
        The releases, which say what is untouched.
    place : Path
        The student's folder.

    Returns
    -------
    path : Path
        The one that counts.
    line : str
        A message: which one counts, and why the others were passed over.
    """
    versions = [Version.of(path, unit, releases) for path in paths]
    worked_on = [version for version in versions if not version.flaw]
    candidates = worked_on or [version for version in versions if version.flaw == "untouched"] or versions
    right = [version for version in candidates if version.path.name == f"{unit}.ipynb"]
    newest, by = _newest(candidates if worked_on else right or candidates, unit, releases)
    if len(worked_on) > 1:
        why = f"the newest by {by}"
    else:
        why = "the only one that was worked on" if worked_on else "none was worked on"
    others = [_passed_over(version, newest, place) for version in versions if version is not newest]
    more = f" and {len(others) - _MOST} more" * (len(others) > _MOST)
    return newest.path, f"{_shown(newest.path, place)} counts ({why}); passed over: {', '.join(others[:_MOST])}{more}"


def _newest(versions: Sequence[Version], unit: str, releases: Releases) -> tuple[Version, str]:
    """Find the newest one, and the reason why it is the newest."""
    families: dict[tuple[Path, str], list[tuple[tuple[int, ...], int, tuple[int, ...], Version]]] = {}
    for version in versions:
        family = _family(version.path.stem, releases.units)
        seconds = int(version.path.lstat().st_mtime)  # unpacked files have no more precise times
        families.setdefault((version.path.parent, family.stem), []).append(
            (family.downloads, seconds, family.copies, version)
        )
    latest = [max(family, key=lambda each: each[:3]) for family in families.values()]
    newest = max(latest, key=lambda each: (each[1], each[3].path.name == f"{unit}.ipynb", each[3].path))[3]
    numbered = len(families) == 1 and len({downloads for downloads, *_ in next(iter(families.values()))}) > 1
    return newest, "the number in its name" if numbered else "the time of its file"


def _passed_over(version: Version, newest: Version, place: Path) -> str:
    same = version.content and version.content == newest.content
    return f"{_shown(version.path, place)} ({'the same' if same else version.flaw or 'older'})"


def _shown(path: Path, place: Path) -> str:
    return f"{path.relative_to(place).as_posix()!r}"
