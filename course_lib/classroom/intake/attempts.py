"""Putting a submission in its place, and keeping earlier attempts."""

import hashlib
import json
import os
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.classroom.intake.archives import Refused
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.collect.files import NOT_OURS
from course_lib.grading.collect.students import submitted
from course_lib.grading.collect.timestamp import STAMP, parse_time, read_stamp
from course_lib.grading.models import hash_parts

RECORD = ".collected.json"  # in a unit's folder: from where it is; hidden, so no grade depends on it
PLACED, ALREADY, EARLIER = "placed", "already there", "earlier attempt"


class Outcome(NamedTuple):
    """What was done with a submission: `PLACED`, `ALREADY` or `EARLIER`, and a remark, which may be empty."""

    what: str
    remark: str = ""


@dataclass(frozen=True)
class Attempt:
    """A submission that is in the classroom.

    Attributes
    ----------
    folder : Path
        Its folder.
    time : datetime
        When it was handed in, as far as known.
    digest : str
        Of its files as they were handed in.
    """

    folder: Path
    time: datetime
    digest: str

    @classmethod
    def of(cls, folder: Path) -> "Attempt":
        """Read an attempt, by its record or, if it was not collected by this program, by its files."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            return cls(folder, datetime.fromisoformat(record["time"]), str(record["digest"]))
        with suppress(OSError, ValueError):
            return cls(folder, parse_time(read_stamp(folder / STAMP)).replace(tzinfo=UTC), digest_of(folder))
        times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
        return cls(folder, datetime.fromtimestamp(max(times, default=0), UTC), digest_of(folder))


def digest_of(folder: Path) -> str:
    """Hash the files in a folder with their paths, without hidden ones and those that nbgrader adds."""
    parts: list[bytes] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        relative = path.relative_to(folder)
        if not any(part.startswith(".") or part in NOT_OURS for part in relative.parts):
            with path.open("rb") as file:
                parts += [os.fsencode(relative.as_posix()), hashlib.file_digest(file, "sha256").digest()]
    return hash_parts(parts)


def complete(folder: Path, time: datetime, is_known: bool, origin: dict[str, Any]) -> Attempt:
    """Add to the files of a submission what says when it was handed in, and from where it is.

    Parameters
    ----------
    folder : Path
        The files, not yet in their place.
    time : datetime
        When it was handed in.
    is_known : bool
        Whether that is the time of handing in; if it may be that of the download, nbgrader is not told.
    origin : dict
        More for the record.

    Returns
    -------
    Attempt
        The attempt.
    """
    attempt = Attempt(folder, time, digest_of(folder))
    if is_known:
        naive = time.astimezone(UTC).replace(tzinfo=None)
        write_aside(folder / STAMP, f"{naive.isoformat(sep=' ', timespec='microseconds')} UTC\n")
    record = {"time": time.isoformat(), "digest": attempt.digest, **origin}
    write_aside(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False))
    return attempt


def place(course: Course, attempt: Attempt, student: str, unit: str) -> Outcome:
    """Move an attempt to its place: to ``submitted`` if it is the latest, otherwise to ``attempts``.

    Nothing is overwritten: an attempt that is no longer the latest moves to ``attempts/<student>/<time>/<unit>``.
    What is there already stays as it is, even if somebody has edited its files.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    attempt : Attempt
        In a folder on the same disk.
    student, unit : str
        Whose, and of what.

    Returns
    -------
    Outcome
        What was done.

    Raises
    ------
    Refused
        If something else is in its place.
    """
    target = submitted(course) / student / unit
    _check_free(target, student)
    kept = course.classroom / "attempts" / student
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        attempt.folder.rename(target)
        return Outcome(PLACED)
    latest = Attempt.of(target)
    if attempt.digest == latest.digest:
        return Outcome(ALREADY)
    if attempt.time > latest.time:
        old = _keep(latest, kept, unit)
        attempt.folder.rename(target)
        return Outcome(PLACED, f"replaces {shown(latest.time)}, now in {old.relative_to(course.classroom)}")
    if any(attempt.digest == Attempt.of(each).digest for each in kept.glob(f"*/{unit}") if each.is_dir()):
        return Outcome(ALREADY, "as an earlier attempt")
    old = _keep(attempt, kept, unit)
    return Outcome(EARLIER, f"the latest is of {shown(latest.time)}; this one is in {old.relative_to(course.classroom)}")


def shown(time: datetime) -> str:
    """Write a time for people, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _keep(attempt: Attempt, kept: Path, unit: str) -> Path:
    """Move an attempt into a folder that is named after its time."""
    kept.mkdir(parents=True, exist_ok=True)
    name = f"{attempt.time.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, len([*kept.iterdir()]) + 3))
    place = next(kept / each / unit for each in names if not (kept / each / unit).exists())
    place.parent.mkdir(exist_ok=True)
    return attempt.folder.rename(place)


def _spelled(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _check_free(target: Path, student: str) -> None:
    """Refuse a place where something else is: a link, a file, or another spelling of the student's folder."""
    home = target.parents[1]
    names = [path.name for path in home.iterdir()] if home.is_dir() else []
    there = [name for name in names if _spelled(name) == _spelled(student)]
    if there and student not in there:
        raise Refused(
            f"expected the folder {student!r} in {home}, found {there[0]!r}, which is the same on some disks; "
            "if it is the same student, rename it"
        )
    for path in (target.parent, target):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise Refused(f"expected a folder at {path}, found something else; move it away, and collect again")
