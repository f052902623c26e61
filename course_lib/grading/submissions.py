"""Finding submitted notebooks, and refusing what cannot be graded, in words."""

import glob
import json
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning

from course_lib.course import Course

# nbformat mends these; a doubled test is refused below.
warnings.filterwarnings("ignore", category=DuplicateCellId)
warnings.filterwarnings("ignore", category=MissingIDFieldWarning)


@dataclass(frozen=True)
class Submission:
    """One notebook that somebody handed in.

    Attributes
    ----------
    student : str
        The name of the folder that holds the unit's folder, or the notebook.
    unit : str
        The unit's whole name.
    path : Path
        The notebook.
    """

    student: str
    unit: str
    path: Path


def find_submissions(course: Course, paths: Iterable[Path]) -> list[Submission]:
    """Find the submissions that some paths mean.

    Parameters
    ----------
    course : Course
        Whose units they may belong to.
    paths : iterable of Path
        Notebooks, or folders ``.../<student>/<unit>/<unit>.ipynb``.

    Returns
    -------
    list of Submission
        Sorted by unit and student, each file once.

    Raises
    ------
    ValueError
        If a path does not exist, or holds no notebook of a unit.
    """
    found: set[Submission] = set()
    for path in paths:
        if not path.exists():
            raise ValueError(f"expected a notebook or a folder of submissions, found nothing at {path}")
        here = set(_below(course, path.resolve()))
        if not here:
            raise ValueError(
                f"expected notebooks called like a unit ({', '.join(course.units())}) in {path}, found none"
            )
        found |= here
    return sorted(found, key=lambda submission: (submission.unit, submission.student, submission.path))


def _below(course: Course, path: Path) -> Iterator[Submission]:
    units = set(course.units())
    for notebook in [path] if path.is_file() else path.rglob("*.ipynb"):
        if notebook.stem in units and ".ipynb_checkpoints" not in notebook.parts:
            nested = notebook.parent.name == notebook.stem
            student = notebook.parent.parent.name if nested else notebook.parent.name
            yield Submission(student, notebook.stem, notebook)


def read_submission(submission: Submission) -> NotebookNode:
    """Read a submitted notebook of any format that nbformat knows.

    Returns
    -------
    NotebookNode
        Of format 4.

    Raises
    ------
    ValueError
        If it is no notebook, two cells have one grade_id, or nbgrader cannot handle the student's
        name; in words for the instructor.
    """
    if glob.escape(submission.student) != submission.student:
        raise ValueError(f"expected a student's name without *, ? and [, got {submission.student!r}")
    try:
        content = json.loads(submission.path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("expected a notebook, found a file that is not text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"expected a notebook, found broken JSON in line {error.lineno}: {error.msg}") from None
    if not isinstance(content, dict):
        raise ValueError("expected a notebook, found other JSON")
    wrong: dict[str, Exception] = {}
    try:
        notebook = nbformat.reads(json.dumps(_mended(content)), 4, wrong)
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    except Exception as error:  # nbformat raises whatever comes when it reads what is no notebook
        wrong.setdefault("ValidationError", error)
    if wrong:
        reason = (str(wrong["ValidationError"]) or repr(wrong["ValidationError"])).splitlines()[0]
        raise ValueError(f"expected a notebook, found JSON that is none: {reason}")
    if not notebook.cells:
        raise ValueError("expected a notebook, found one without cells")
    for grade_id, count in Counter(ids).items():
        if grade_id and count > 1:
            numbers = ", ".join(str(index + 1) for index, found in enumerate(ids) if found == grade_id)
            raise ValueError(f"expected cell '{grade_id}' once, found it {count} times (cells {numbers})")
    return notebook


def _mended(content: dict[str, Any]) -> dict[str, Any]:
    """Put back metadata that some tools leave out where it is empty, and drop outputs, which nobody reads."""
    content.setdefault("metadata", {})
    for cell in content.get("cells", []):
        if isinstance(cell, dict):
            cell.setdefault("metadata", {})
            if cell.get("cell_type") == "code":
                cell |= {"outputs": [], "execution_count": None}
    return content
