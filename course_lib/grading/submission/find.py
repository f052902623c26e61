"""Finding submitted notebooks."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.utils import parse_utc

from course_lib.course import Course

NOT_OURS = (".ipynb_checkpoints", "__MACOSX")
STAMP, STAMP_CHARS = "timestamp.txt", 100
NAME_BYTES = 128  # what nbgrader's gradebook holds; leaves room for the names of files made from it
UNSHOWN = ("Cc", "Cs", "Zl", "Zp")  # Unicode's categories: control, half of a pair or no UTF-8, line ends
LINK = "expected a file or folder of its own, found a link, which is not followed"


@dataclass(frozen=True)
class Submission:
    """One notebook that somebody handed in.

    Attributes
    ----------
    student : str
        In the classroom, the name of the folder in ``submitted``. Elsewhere of the one that holds the unit's folder, or
        the notebook.
    unit : str
        The unit's whole name.
    path : Path
        The notebook.
    mended : tuple of str
        What was unusual about the file, in words; mostly empty.
    problem : str
        Why it cannot be graded, in words; mostly empty.
    timestamp : str
        When it was handed in, as nbgrader writes it beside a submission; mostly empty.
    """

    student: str
    unit: str
    path: Path
    mended: tuple[str, ...] = ()
    problem: str = ""
    timestamp: str = ""


def find_submissions(course: Course, paths: Iterable[Path]) -> list[Submission]:
    """Find the submissions that some paths mean.

    A notebook in a unit's folder counts whatever its name is, if none there has the right one.
    Links below the paths are not followed.

    Parameters
    ----------
    course : Course
        Whose units they may belong to.
    paths : iterable of Path
        Notebooks, or folders ``.../<student>/<unit>/<unit>.ipynb`` or ``.../<student>/<unit>.ipynb``.

    Returns
    -------
    list of Submission
        Sorted by unit and student, each file once. Those that cannot be graded say why: several
        notebooks of one unit and student, links, names that nbgrader cannot handle.

    Raises
    ------
    ValueError
        If a path does not exist, holds no notebook of a unit, or a folder cannot be looked into.
    """
    units = course.units_with_solutions()
    found: dict[Path, Submission] = {}
    for path in paths:
        if not path.exists():
            raise ValueError(f"expected a notebook or a folder of submissions, found nothing at {path}")
        root = path.resolve()
        here = list(_in_folder(root.parent, [root.name], units) if root.is_file() else _below(root, units))
        if not here:
            raise ValueError(f"expected notebooks called like a unit ({', '.join(units)}) in {path}, found none")
        found |= {submission.path: submission for submission in here}
    named = [_named(submission, course, units) for submission in found.values()]
    counts = Counter((submission.student, submission.unit) for submission in named)
    checked = [_checked(submission, counts[submission.student, submission.unit]) for submission in named]
    return sorted(map(_timed, checked), key=lambda submission: (submission.unit, submission.student, submission.path))


def without_notebooks(course: Course, submissions: Iterable[Submission]) -> list[str]:
    """List the folders in the classroom's ``submitted`` in which nothing that belongs to a unit was found."""
    folder = course.classroom.resolve() / "submitted"
    found = {
        submission.path.relative_to(folder).parts[0] for submission in submissions if folder in submission.path.parents
    }
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in there if path.is_dir() and path.name not in {*found, *NOT_OURS})


def _below(root: Path, units: list[str]) -> Iterator[Submission]:
    """Yield the submissions in a folder and in the folders below it."""
    unreadable: list[OSError] = []
    for name, folders, files in os.walk(root, onerror=unreadable.append):
        folder = Path(name)
        folders[:] = [below for below in folders if below not in NOT_OURS and _may_hold(folder, files, below, units)]
        for below in filter(Path.is_symlink, map(folder.joinpath, folders)):
            yield from _linked(below, units)
        yield from _in_folder(folder, files, units)
    for error in unreadable:
        folder = Path(error.filename)
        if folder.name not in units:
            raise ValueError(f"expected a folder that can be read, got {folder}: {error.strerror}")
        problem = f"expected a folder that can be read: {error.strerror}"
        yield Submission(folder.parent.name, folder.name, folder, problem=problem)


def _may_hold(folder: Path, files: Iterable[str], below: str, units: list[str]) -> bool:
    """Tell whether a folder may hold submissions; what a student hands in may hold folders called like others."""
    if folder.name in units:
        return below == folder.name  # unpacked twice
    return below in units or not any(f"{unit}.ipynb" in files for unit in units)


def _in_folder(folder: Path, files: Iterable[str], units: list[str]) -> Iterator[Submission]:
    """Yield the submissions that lie in a folder itself."""
    notebooks = sorted(name for name in files if name.endswith(".ipynb") and not name.startswith("."))
    if folder.name in units:
        right = f"{folder.name}.ipynb"
        is_text = f"{folder.name}.md" in files  # that a course is made of
        if not (notebooks or is_text or (folder / folder.name).is_dir()):
            problem = "expected a notebook in the unit's folder, found none"
            yield Submission(folder.parent.name, folder.name, folder / right, problem=problem)
        for name in [right] if right in notebooks else notebooks:
            mended = () if name == right else (f"called {name!r}: taken for {right}",)
            yield Submission(folder.parent.name, folder.name, folder / name, mended)
    else:
        for unit in units:
            if f"{unit}.ipynb" in notebooks:
                yield Submission(folder.name, unit, folder / f"{unit}.ipynb")


def _linked(folder: Path, units: list[str]) -> Iterator[Submission]:
    """Yield what would be found behind a link to a folder."""
    if folder.name in units:
        yield Submission(folder.parent.name, folder.name, folder, problem=LINK)
    else:
        for unit in units:
            if any(os.access(folder / name, os.F_OK) for name in (unit, f"{unit}.ipynb")):
                yield Submission(folder.name, unit, folder / unit, problem=LINK)


def _named(submission: Submission, course: Course, units: list[str]) -> Submission:
    """Find out whose a submission is that lies deeper than it should, as one that was unpacked twice does."""
    classroom, folder = course.classroom.resolve() / "submitted", submission.path.parent
    if folder.is_relative_to(classroom) and folder != classroom:
        student = folder.relative_to(classroom).parts[0]
    else:
        outside = (above.name for above in folder.parents if above.name not in units)
        student = next(outside, "") if submission.student in units else submission.student
    if student == submission.student:
        return submission
    mended = f"lies in '{folder.name}' in '{folder.parent.name}': taken for the work of {student!r}"
    return replace(submission, student=student, mended=(*submission.mended, mended))


def _checked(submission: Submission, count: int) -> Submission:
    """Add why a submission cannot be graded; its student's name can be shown then, whatever it holds."""
    student = submission.student
    shown = _shown(student)
    problem = submission.problem
    if not problem and submission.path.is_symlink():
        problem = LINK
    if not problem and len(student.encode(errors="replace")) > NAME_BYTES:
        problem = f"expected a student's name of at most {NAME_BYTES} bytes in UTF-8"
    if not problem and (shown != student or not student.strip() == student != ""):
        problem = f"expected a student's name of printable letters, without space around it, got {student!a}"
    if not problem and count > 1:
        problem = f"expected one notebook of {submission.unit}, found {count}; this one is {submission.path}"
    return replace(submission, student=shown, problem=problem)


def _timed(submission: Submission) -> Submission:
    """Add the time that stands beside a submission; who hands in beside what is no time, hands in on time."""
    stamp = submission.path.with_name(STAMP)
    if not (stamp.is_symlink() or stamp.exists()):
        return submission
    try:
        written = "" if stamp.is_symlink() or not stamp.is_file() else _beginning(stamp)
        parse_utc(written)
    except (OSError, ValueError, OverflowError):
        mended = f"{STAMP} holds no time: taken as handed in on time"
        return replace(submission, mended=(*submission.mended, mended))
    return replace(submission, timestamp=written)


def _beginning(stamp: Path) -> str:
    """Read a line from a file of any size."""
    with stamp.open(encoding="utf-8", errors="replace") as file:
        return file.read(STAMP_CHARS).strip()


def _shown(student: str) -> str:
    """Write a name that can be shown and can name files; one that had to be changed for that ends with a hash."""
    shown = "".join("�" if unicodedata.category(letter) in UNSHOWN else letter for letter in student)
    if shown == student and len(shown.encode()) <= NAME_BYTES:
        return student
    cut = shown.encode()[: NAME_BYTES // 2].decode(errors="ignore")
    return f"{cut}~{hashlib.sha256(os.fsencode(student)).hexdigest()[:8]}"
