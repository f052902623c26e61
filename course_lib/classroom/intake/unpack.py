"""Writing the files of one submission to a folder aside, within limits."""

from datetime import datetime
from pathlib import Path, PurePosixPath

from course_lib.classroom.intake.archives import Member, Refused, opened_zip
from course_lib.classroom.intake.layouts import HandIn
from course_lib.classroom.intake.paths import collisions

MOST_FILES, MOST_BYTES = 2_000, 300_000_000  # of one submission, unpacked


def unpack(hand_in: HandIn, folder: Path) -> dict[PurePosixPath, datetime]:
    """Write all files of a submission.

    If there is no notebook outside of zip files, these are unpacked, each into a folder of its name. Zip files inside
    of them, and any beside a notebook, stay as they are.

    Parameters
    ----------
    hand_in : HandIn
        The submission.
    folder : Path
        A new folder, which is made. If the submission is refused, the folder may have some of its files.

    Returns
    -------
    dict of PurePosixPath to datetime
        When each file was handed in, by its path in the folder. Inside of a student's zip file, this is the time of the
        zip file; the file on disk has the time of its last change.

    Raises
    ------
    Refused
        If a file must not be unpacked, two would be one on some disks, or limits are exceeded.
    """
    if hand_in.twice:
        raise Refused(_TWICE.format(hand_in.twice[0], hand_in.twice[0]))
    times: dict[PurePosixPath, datetime] = {}
    left = _write(hand_in.files, folder, MOST_BYTES)
    has_notebook = any(_is(path, ".ipynb") for path in hand_in.files)
    for path, member in hand_in.files.items():
        if has_notebook or not _is(path, ".zip"):
            times[path] = member.time
            continue
        aside = (folder / path).rename(folder.with_name(f"{folder.name}.zip"))  # its folder gets its name
        inner, left = _unpack_zip(member, aside, folder, path, left)
        times |= dict.fromkeys(inner, member.time)
    return times


_TWICE = (
    "{!r}: expected names that differ in more than upper and lower case, got {!r} too; keep one, collect the folder"
)


def _unpack_zip(
    member: Member, archive: Path, folder: Path, below: PurePosixPath, left: int
) -> tuple[list[PurePosixPath], int]:
    """Unpack a student's zip file; return the paths of its files, and how many bytes are left."""
    try:
        with opened_zip(archive, MOST_FILES) as members:
            files: dict[PurePosixPath, Member] = {}
            for each in members:
                if each.flaw:
                    raise Refused(f"{each.name}: {each.flaw}")
                path = below.joinpath(*each.parts)
                if path in files:
                    raise Refused(_TWICE.format(each.name, each.name))
                files[path] = each
            return [*files], _write(files, folder, left)
    except Refused as error:
        raise Refused(f"in {member.name}: {error}") from None


def _write(files: dict[PurePosixPath, Member], folder: Path, left: int) -> int:
    """Write files, and return how many bytes are left."""
    for member in files.values():
        if member.flaw:
            raise Refused(f"{member.name}: {member.flaw}")
    for path, other in collisions(files):
        raise Refused(_TWICE.format(str(path), str(other)))
    if len(files) > MOST_FILES:
        raise Refused(
            f"expected at most {MOST_FILES} files, got {len(files)}; unpack it, remove some, collect the folder"
        )
    for path, member in files.items():
        left -= member.copy(folder / path, left)
    return left


def _is(path: PurePosixPath, ending: str) -> bool:
    return path.name.lower().endswith(ending)
