"""Files among the submissions that are not graded: each is reported."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.course import Course
from course_lib.grading.collect.find import NOT_OURS, Submission
from course_lib.grading.collect.students import owner, submitted
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.collect.versions import named_like

_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
_NOT_SAID = {STAMP, *NOT_OURS, "Thumbs.db", "desktop.ini"}
_NAMED, _MOST = 3, 100  # the most files in a line, and lines
_NOBODY = "nobody can tell whose it is; expected submitted/<student>/<unit>/<unit>.ipynb"


@dataclass
class Leftovers:
    """What is not graded.

    Attributes
    ----------
    lines : list of str
        A line for each student and kind of file.
    errors : list of str
        A line for each notebook that cannot belong to anybody.
    """

    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def leftovers(course: Course, paths: Iterable[Path], submissions: Iterable[Submission]) -> Leftovers:
    """List the files below some paths that are not graded.

    In a unit's folder, these are notebooks and archives, because other files there belong to the submission. In the
    rest of a student's folder in ``submitted``, it is everything. The purpose of other folders is unknown: there, only
    notebooks, archives and files with a unit's name are listed. Hidden files never are.

    Parameters
    ----------
    course : Course
        Whose units.
    paths : iterable of Path
        As for `find_submissions`.
    submissions : iterable of Submission
        The submissions found there.

    Returns
    -------
    Leftovers
        The files, described for the instructor.
    """
    known = {path for submission in submissions for path in (submission.path, *submission.passed_over)}
    kinds: dict[tuple[str, str], list[str]] = {}
    found = Leftovers()
    resolved = (path.resolve() for path in paths)
    roots = dict.fromkeys(submitted(course) if root == course.classroom.resolve() else root for root in resolved)
    for root in roots:
        for path, kind in _below(course, root, known) if root.is_dir() else ():
            place = owner(course, path)
            if place is None and path.suffix == ".ipynb":
                found.errors.append(f"{_shown(path, submitted(course))} is not graded: {_NOBODY}")
                continue
            top = place or submitted(course)
            kinds.setdefault((top.name, kind), []).append(_shown(path, top))
    for (student, kind), names in sorted(kinds.items()):
        more = f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)
        found.lines.append(f"{student}: {kind}, not graded: {', '.join(names[:_NAMED])}{more}")
    if submitted(course) in roots:
        found.lines += _empty(course, known, {student for student, _ in kinds})
    for lines in (found.lines, found.errors):
        if len(lines) > _MOST:
            lines[_MOST:] = [f"and {len(lines) - _MOST} more lines like these"]
    return found


def _empty(course: Course, known: set[Path], told: set[str]) -> Iterator[str]:
    """Yield a line for each student's folder that is empty."""
    folder = submitted(course)
    there = {path.relative_to(folder).parts[0] for path in known if folder in path.parents}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and _is_said(path.name) and path.name not in {*there, *told, *course.units_with_solutions()}:
            yield f"{path.name}: nothing was found"


def _below(course: Course, root: Path, known: set[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files in a folder that are not graded, and their kinds."""
    units = course.units_with_solutions()
    for name, folders, files in os.walk(root):
        folder = Path(name)
        folders[:] = sorted(filter(_is_said, folders))
        in_unit = any(above.name in units for above in (folder, *folder.parents) if above.is_relative_to(root))
        everything = folder.is_relative_to(submitted(course)) and not in_unit
        for below in [*folders]:
            path = folder / below
            if path.is_symlink() and path not in known and everything:
                yield path, "links, which are not followed"
            elif everything and owner(course, path) and not (below in units or _holds(path, known)):
                folders.remove(below)
                yield path, "folders of no unit"
        for path in (folder / file for file in sorted(files) if _is_said(file)):
            if path in known:
                continue
            if path.suffix == ".ipynb":
                yield path, "notebooks of no unit, or beside the place of one"
            elif path.suffix.lower() in _ARCHIVES:
                yield path, "archives, which are not unpacked"
            elif not in_unit and named_like(path.name, units):
                yield path, "files called like a unit that are no notebooks"
            elif everything:
                yield path, "other files"


def _holds(folder: Path, known: set[Path]) -> bool:
    return any(folder in path.parents or path == folder for path in known)


def _is_said(name: str) -> bool:
    return not name.startswith((".", "~$")) and name not in _NOT_SAID


def _shown(path: Path, top: Path) -> str:
    return f"{path.relative_to(top).as_posix()!r}"
