"""Handing out the course: a zip file with everything that a learner needs, and without solutions, tests and answers."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import write_aside
from course_lib.release import release

FOLDER = "pixelwise"  # into which the archive unpacks
CONTENTS = (
    "LICENSE",
    "Makefile",
    "benchmarks/label_map.py",  # course ops bench
    "benchmarks/user_ops.py",
    "ci/installers.py",
    "ci/setup.py",
    "course.toml",
    "course_lib",
    "docs/colorize.md",
    "environment.yml",
    "nbgrader_config.py",
    "notebooks",
    "pyproject.toml",
    "requirements.lock",
    "setup.py",
    "user_ops",
)
README = "docs/for-learners.md"  # becomes README.md
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip file can store


def pack(course: Course, path: Path) -> list[str]:
    """Write a zip file for learners; the same files give the same bytes.

    Parameters
    ----------
    course : Course
        With solutions. Files that git does not track are left out; without git, hidden files are left out.
    path : Path
        The zip file; an older one is replaced.

    Returns
    -------
    list of str
        The units in it.

    Raises
    ------
    CourseError
        If there are no solutions, ``notebooks/`` does not match them, git does not track a file that is needed, or git
        cannot be run.
    """
    units = course.units_with_solutions()
    _require_current_release(course, units)
    files = {name: course.root / name for name in _files(course.root)}
    for needed in (*CONTENTS[:4], README, *(f"notebooks/{unit}/{unit}.ipynb" for unit in units)):
        if needed not in files:
            raise CourseError(f"expected {needed} among the files of the course, found none; add it to git first")
    files["README.md"] = files.pop(README)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", EARLIEST)
            entry.create_system = 3  # Unix, on whatever system it is packed
            entry.external_attr = 0o100644 << 16
            # Not compressed: compressed bytes depend on the version of zlib.
            opened.writestr(entry, files[name].read_bytes())
    write_aside(path, archive.getvalue())
    return units


def _require_current_release(course: Course, units: list[str]) -> None:
    there = {path.parent.name for path in course.notebooks.glob("*/*.ipynb")}
    stale = sorted({*release(course, units, check=True), *there.difference(units)})
    if stale:
        raise CourseError(
            f"expected notebooks/ to be what solutions/ gives, found differences in {', '.join(stale)}; "
            "run `course release`, and remove units that are no longer in solutions/"
        )


def _files(root: Path) -> Iterator[str]:
    """Yield the files to pack, relative to the root."""
    for name in _tracked(root) if (root / ".git").exists() else _not_hidden(root):
        if any(Path(name).is_relative_to(item) for item in (*CONTENTS, README)):
            yield name


def _tracked(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip() or str(error)
        raise CourseError(f"expected git to list the files of {root}, got: {' '.join(said.split())}") from None
    return [name for name in listed.decode().split("\0") if name and (root / name).is_file()]


def _not_hidden(root: Path) -> Iterator[str]:
    for item in (*CONTENTS, README):
        path = root / item
        for file in [path] if path.is_file() else path.rglob("*"):
            name = file.relative_to(root)
            if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                yield name.as_posix()
