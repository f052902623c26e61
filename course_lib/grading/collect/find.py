"""Finding submitted notebooks."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.collect.students import flaw_of, owner, shown, submitted
from course_lib.grading.collect.timestamp import STAMP, nbgrader_reads, read_stamp
from course_lib.grading.collect.versions import Releases, choose, named_like, unit_in

NOT_OURS = (".ipynb_checkpoints", "__MACOSX")
UNREADABLE = f"formgrader's lists do not load while nbgrader cannot read {STAMP}: write it like 2026-04-03 18:30:00 UTC"
DECOMPOSED = (
    "the student's name has letters in two pieces (u and ¨), as macOS writes them; "
    "in a class list with whole letters (ü) that is another student: rename the folder"
)
LINK = "expected a file or folder of its own, found a link, which is not followed"


@dataclass(frozen=True)
class Submission:
    """One notebook that somebody handed in.

    Attributes
    ----------
    student : str
        In the classroom, the name of the folder in ``submitted``. Elsewhere, the name of the folder that contains the
        unit's folder, or the notebook.
    unit : str
        The unit's whole name.
    path : Path
        The notebook.
    changes : tuple of str
        What was unusual about the file, in words; usually empty.
    problem : str
        Why it cannot be graded, in words; usually empty.
    timestamp : str
        When it was handed in, in the form that nbgrader reads; usually empty.
    passed_over : tuple of Path
        Other notebooks that the student handed in for this unit; usually empty.
    also : tuple of str
        The other members of the student's group, for whom it counts too; usually empty.
    earlier : tuple of Submission
        Other attempts of the student or the group, the latest first, if the best one is to count; see `attempts`.
    """

    student: str
    unit: str
    path: Path
    changes: tuple[str, ...] = ()
    problem: str = ""
    timestamp: str = ""
    passed_over: tuple[Path, ...] = ()
    also: tuple[str, ...] = ()
    earlier: tuple["Submission", ...] = ()

    @property
    def attempts(self) -> tuple["Submission", ...]:
        """All attempts, the latest first."""
        return (self, *self.earlier)


def find_submissions(course: Course, paths: Iterable[Path]) -> list[Submission]:
    """Find the submissions at or below some paths.

    A notebook in a unit's folder counts under any name; in a student's own folder, it counts for the unit whose name or
    cells it has. Of several for one unit in one student's folder, the newest one that is not untouched counts; see
    `versions.choose`. Links below the paths are not followed.

    Parameters
    ----------
    course : Course
        The course with the units.
    paths : iterable of Path
        Notebooks, or folders ``.../<student>/<unit>/<unit>.ipynb`` or ``.../<student>/<unit>.ipynb``.

    Returns
    -------
    list of Submission
        Sorted by unit and student, one for each. If one cannot be graded, it says why: links, names that nbgrader
        cannot handle, folders of several students with the same name.

    Raises
    ------
    CourseError
        If a path does not exist or has no notebook of a unit, or a folder cannot be read.
    """
    releases = Releases(course)
    units = releases.units
    found: dict[tuple[Path, str], dict[Path, Submission]] = {}
    for path in paths:
        if not path.exists():
            raise CourseError(f"expected a notebook or a folder of submissions, found nothing at {path}")
        root = _root(course, path)
        is_file = root.is_file()
        inside = _in_folder(root.parent, [root.name], releases) if is_file else _below(root, course, releases)
        here = [(place, each) for each in inside if (place := owner(course, each.path))]
        if not here:
            raise CourseError(f"expected notebooks called like a unit ({', '.join(units)}) in {path}, found none")
        for place, each in here:
            found.setdefault((place, each.unit), {})[each.path] = each
    chosen = [_chosen([*versions.values()], place, releases) for (place, _), versions in found.items()]
    counts = Counter((submission.student, submission.unit) for submission in chosen)
    checked = [_checked(submission, counts[submission.student, submission.unit]) for submission in chosen]
    return sorted(map(timed, checked), key=lambda submission: (submission.unit, submission.student, submission.path))


def _root(course: Course, path: Path) -> Path:
    """Resolve a path; the whole classroom means the submitted notebooks, not the graded ones."""
    root = path.resolve()
    return submitted(course) if root == course.classroom.resolve() and submitted(course).is_dir() else root


def _below(root: Path, course: Course, releases: Releases) -> Iterator[Submission]:
    """Yield the submissions in a folder and in the folders below it."""
    units = releases.units
    unreadable: list[OSError] = []
    for name, folders, files in os.walk(root, onerror=unreadable.append):
        folder = Path(name)
        is_told_apart = folder.is_relative_to(submitted(course)) and folder.name not in units
        folders[:] = [
            below
            for below in folders
            if below not in NOT_OURS and (is_told_apart or _may_hold(folder, files, below, units))
        ]
        for below in filter(Path.is_symlink, map(folder.joinpath, folders)):
            yield from _linked(below, units)
        yield from _in_folder(folder, files, releases)
    for error in unreadable:
        folder = Path(error.filename)
        if folder.name not in units:
            raise CourseError(f"expected a folder that can be read, got {folder}: {error.strerror}")
        problem = f"expected a folder that can be read: {error.strerror}"
        yield Submission(folder.parent.name, folder.name, folder, problem=problem)


def _may_hold(folder: Path, files: Iterable[str], below: str, units: list[str]) -> bool:
    """Tell whether a folder may contain submissions.

    A student may hand in folders with the names of other students: only in the classroom can these be told apart.
    """
    if folder.name in units:
        return below == folder.name  # unpacked twice
    return below in units or not any(named_like(name, units) for name in _notebooks(files))


def _notebooks(files: Iterable[str]) -> list[str]:
    return sorted(name for name in files if name.endswith(".ipynb") and not name.startswith("."))


def _in_folder(folder: Path, files: Iterable[str], releases: Releases) -> Iterator[Submission]:
    """Yield the notebooks of units directly in a folder."""
    units, notebooks = releases.units, _notebooks(files)
    if folder.name in units:
        is_text = f"{folder.name}.md" in files  # the parts of a course
        if not (notebooks or is_text or (folder / folder.name).is_dir()):
            problem = "expected a notebook in the unit's folder, found none"
            path = folder / f"{folder.name}.ipynb"
            yield Submission(folder.parent.name, folder.name, path, problem=problem)
        for name in notebooks:
            yield Submission(folder.parent.name, folder.name, folder / name)
    else:
        for name in notebooks:
            if unit := named_like(name, units) or unit_in(folder / name, releases):
                yield Submission(folder.name, unit, folder / name)


def _linked(folder: Path, units: list[str]) -> Iterator[Submission]:
    """Yield the submissions in a linked folder."""
    if folder.name in units:
        yield Submission(folder.parent.name, folder.name, folder, problem=LINK)
    else:
        for unit in units:
            if any(os.access(folder / name, os.F_OK) for name in (unit, f"{unit}.ipynb")):
                yield Submission(folder.name, unit, folder / unit, problem=LINK)


def _chosen(versions: list[Submission], place: Path, releases: Releases) -> Submission:
    """Choose the notebook that counts of all that a student handed in for a unit, and say what is unusual about it."""
    unit = versions[0].unit
    paths = sorted(version.path for version in versions if not version.problem)
    if not paths:
        return replace(versions[0], student=place.name)
    path, line = choose(paths, unit, releases, place) if len(paths) > 1 else (paths[0], "")
    (counts,) = [version for version in versions if version.path == path]
    changes = [line] if line else []
    changes += [f"passed over: {version.path.name!r} ({version.problem})" for version in versions if version.problem]
    if path.name != f"{unit}.ipynb":
        changes.append(f"called {path.name!r}: taken for {unit}.ipynb")
    if counts.student != place.name:
        changes.append(
            f"lies in {path.parent.name!r} in {path.parent.parent.name!r}: taken for the work of {place.name!r}"
        )
    others = tuple(sorted(version.path for version in versions if version is not counts))
    return replace(counts, student=place.name, changes=tuple(changes), passed_over=others)


def _checked(submission: Submission, count: int) -> Submission:
    """Add the reason why a submission cannot be graded; make its student's name printable, and say so."""
    problem = submission.problem
    if not problem and submission.path.is_symlink():
        problem = LINK
    problem = problem or flaw_of(submission.student)
    if not problem and count > 1:
        problem = f"expected one notebook of {submission.unit}, found {count}; this one is {submission.path}"
    changes = submission.changes
    if not unicodedata.is_normalized("NFC", submission.student):
        changes = (*changes, DECOMPOSED)
    return replace(submission, student=shown(submission.student), problem=problem, changes=changes)


def timed(submission: Submission) -> Submission:
    """Add the time in the file beside a submission; if it cannot be understood, the submission counts as on time."""
    folder = submission.path.parent
    folders = [folder, *(above for above in folder.parents if above.name == submission.unit)]  # unpacked twice
    stamp = next((path for path in (folder / STAMP for folder in folders) if path.is_symlink() or path.exists()), None)
    if stamp is None:
        return submission
    changes = submission.changes if nbgrader_reads(stamp) else (*submission.changes, UNREADABLE)
    try:
        return replace(submission, timestamp=read_stamp(stamp), changes=changes)
    except (OSError, ValueError) as error:
        line = f"{STAMP} cannot be used, so this counts as handed in on time: {error}"
        return replace(submission, changes=(*changes, line))
