"""Sorting the files of one submission by unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.classroom.intake.archives import Refused
from course_lib.classroom.intake.paths import collisions
from course_lib.errors import CourseError
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.collect.versions import Releases, choose, named_like, unit_in
from course_lib.grading.restore.reading import read_bytes, read_cells

OTHER = "other_notebooks"  # the folder of notebooks that are of no unit
_RESUBMITTED = re.compile(r"-\d+(?=\.ipynb$)")  # Canvas counts what is handed in again: name-1.ipynb
_NAMED = 5  # the most files that a line names


@dataclass
class UnitFiles:
    """What was handed in for one unit.

    Attributes
    ----------
    unit : str
        Its whole name.
    notebook : PurePosixPath
        The notebook that counts, by its path in the submission.
    files : dict of PurePosixPath to PurePosixPath
        By their paths in the unit's folder: the paths in the submission.
    notes : list of str
        What is unusual, in words; usually empty.
    """

    unit: str
    notebook: PurePosixPath
    files: dict[PurePosixPath, PurePosixPath] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def by_unit(folder: Path, releases: Releases) -> list[UnitFiles]:
    """Sort the files of a submission.

    A notebook is of the unit whose cells it has, by their names or their texts; if that is not clear, of the unit that
    it, or a folder above it, is named after. Other files go with the notebooks in the nearest folder above them; if
    there are none, with all.

    Parameters
    ----------
    folder : Path
        The files of one submission.
    releases : Releases
        The units.

    Returns
    -------
    list of UnitFiles
        For each unit that was handed in, in order of names. A single notebook is called after its unit; of several, all
        keep their names, for `course grade` to choose.

    Raises
    ------
    Refused
        If there is no notebook of a unit, or two files would have the same name.
    """
    paths = sorted(PurePosixPath(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    notebooks = [path for path in paths if path.name.lower().endswith(".ipynb")]
    units = {path: unit for path in notebooks if (unit := _unit(folder, path, releases))}
    if not units:
        raise Refused(_without(paths, notebooks, releases))
    return [_sorted_out(unit, folder, paths, units, releases) for unit in sorted({*units.values()})]


def _unit(folder: Path, path: PurePosixPath, releases: Releases) -> str | None:
    """Find the unit of a notebook."""
    if unit := _marked(folder / path, releases) or unit_in(folder / path, releases):
        return unit
    above = (parent.stem for parent in path.parents)  # a zip file's folder has its name, with the ending
    named = named_like(_RESUBMITTED.sub("", path.name), releases.units)
    return named or next((each for each in above if each in releases.units), None)


def _marked(path: Path, releases: Releases) -> str | None:
    """Find the one unit whose cells' names are in a notebook; comparing all cells takes far longer."""
    try:
        names = {cell.grade_id for cell in read_cells(read_bytes(path))[0]} - {""}
    except (OSError, CourseError):
        return None
    found = [unit for unit, template in releases.templates.items() if names & template.by_name.keys()]
    return found[0] if len(found) == 1 else None


def _without(paths: list[PurePosixPath], notebooks: list[PurePosixPath], releases: Releases) -> str:
    """Say that no notebook of a unit is there."""
    listed = notebooks or paths
    shown = ", ".join(map(str, listed[:_NAMED])) + f" and {len(listed) - _NAMED} more" * (len(listed) > _NAMED)
    if notebooks:
        return (
            f"expected a notebook of {', '.join(releases.units)}, by its cells or its name; got {shown}; "
            "unpack it, name the notebook after its unit, collect the folder"
        )
    return f"expected a notebook (.ipynb), alone or in a zip file; got {shown or 'nothing'}; ask the student for it"


def _sorted_out(
    unit: str, folder: Path, paths: list[PurePosixPath], units: Mapping[PurePosixPath, str], releases: Releases
) -> UnitFiles:
    """Collect the files of one unit."""
    own = [path for path, each in units.items() if each == unit]
    found = UnitFiles(unit, own[0])
    if len(own) > 1:
        counts, line = choose([folder / path for path in own], unit, releases, folder)
        found.notebook = PurePosixPath(counts.relative_to(folder))
        found.notes.append(line)
    base, top = found.notebook.parent, _common(paths)
    pairs = []
    for path in paths:
        target = path.relative_to(base if path.is_relative_to(base) else top)
        if path in units:
            if units[path] != unit:
                continue
            target = PurePosixPath(f"{unit}.ipynb") if len(own) == 1 else target
        elif path.name.casefold() == STAMP:
            found.notes.append(f"{path} is not used: whoever hands in could write any time into it")
            continue
        elif unit not in _units_near(path, units):
            continue
        elif path.suffix.lower() == ".ipynb":
            target = OTHER / target
            found.notes.append(f"of no unit, now in {OTHER}: {path}")
        pairs.append((target, path))
    for one, other in collisions(target for target, _ in pairs):
        raise Refused(f"expected files of different names, got {str(one)!r} and {str(other)!r}; keep one")
    found.files = dict(pairs)
    return found


def _common(paths: list[PurePosixPath]) -> PurePosixPath:
    """Find the deepest folder with everything in it."""
    return next(above for above in paths[0].parents if all(path.is_relative_to(above) for path in paths))


def _units_near(path: PurePosixPath, units: Mapping[PurePosixPath, str]) -> set[str]:
    """Name the units that have notebooks in the nearest folder above a file; all of them, if no folder has any."""
    for above in path.parents:
        if near := {unit for notebook, unit in units.items() if notebook.parent == above}:
            return near
    return {*units.values()}
