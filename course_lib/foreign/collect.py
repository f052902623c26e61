"""What was handed in: ``submitted/<student>/<assignment>/<notebook>.ipynb``, or wherever the settings say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.errors import ArgumentError
from course_lib.foreign.course import ForeignCourse
from course_lib.grading.collect.find import LINK, Submission, timed
from course_lib.grading.collect.students import flaw_of


@dataclass
class Found:
    """What was found.

    Attributes
    ----------
    submissions : list of Submission
        One for each notebook of an assignment, by assignment, notebook and student.
    lines : list of str
        What is not graded, and why.
    """

    submissions: list[Submission] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def collect(course: ForeignCourse, paths: Sequence[Path] = ()) -> Found:
    """Find the submitted notebooks of the course.

    Parameters
    ----------
    course : ForeignCourse
        The course.
    paths : sequence of Path
        Folders or notebooks to which to keep; all submissions by default.

    Raises
    ------
    ArgumentError
        If a path does not exist, or nothing was handed in there.
    """
    roots = [path.resolve() for path in paths]
    for path, root in zip(paths, roots, strict=True):
        if not root.exists():
            raise ArgumentError(f"expected a notebook or a folder of submissions, found nothing at {path}")
    known = course.assignments()
    found = Found()
    for (student, assignment), folder in course.submitted().items():
        if not _is_within(folder, roots):
            continue
        if assignment not in known:
            expected = ", ".join(known) or "no assignment, since there is no source"
            found.lines.append(f"{student}: {assignment} is not graded: expected {expected}")
            continue
        there = [name for name in known[assignment] if (folder / f"{name}.ipynb").is_file()]
        found.submissions += [
            _submission(student, assignment, folder / f"{name}.ipynb", known[assignment], there)
            for name in there
            if _is_within(folder / f"{name}.ipynb", roots)
        ]
        others = sorted(path.name for path in folder.glob("*.ipynb") if path.stem not in known[assignment])
        if others:
            found.lines.append(f"{student}, {assignment}: notebooks that it does not have, not graded: {_list(others)}")
        if not there:
            wanted = _list([f"{name}.ipynb" for name in known[assignment]])
            found.lines.append(f"{student}, {assignment}: expected {wanted}, found none of them")
    if not found.submissions:
        where = ", ".join(map(str, paths)) or course.folder("submitted", "<student>", "<assignment>")
        raise ArgumentError("\n".join([f"expected submitted notebooks in {where}, found none", *found.lines]))
    found.submissions.sort(key=lambda each: (each.unit, each.student))
    return found


def _is_within(path: Path, roots: Sequence[Path]) -> bool:
    """Tell whether a path is in one of some folders, or contains it."""
    return not roots or any(path.is_relative_to(root) or root.is_relative_to(path) for root in roots)


def _submission(student: str, assignment: str, path: Path, known: Sequence[str], there: Sequence[str]) -> Submission:
    folder, changes = path.parent, []
    missing = [f"{name}.ipynb" for name in known if name not in there]
    if missing:
        changes.append(f"not handed in, so without points: {_list(missing)}")
    linked = any(each.is_symlink() for each in (path, folder, folder.parent))
    problem = LINK if linked else flaw_of(student)
    return timed(Submission(student, f"{assignment}/{path.stem}", path, tuple(changes), problem))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
