"""Collecting downloads into the classroom."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path


from course_lib.classroom.intake.archives import EARLIEST, Refused, opened
from course_lib.classroom.intake.assign import assign
from course_lib.classroom.intake.attempts import complete, place, shown
from course_lib.classroom.intake.layouts import HandIn, read_layout
from course_lib.classroom.intake.people import is_student
from course_lib.classroom.intake.report import Collected, Row
from course_lib.classroom.intake.units import UnitFiles, by_unit
from course_lib.classroom.intake.unpack import unpack
from course_lib.classroom.roster import Roster, read_roster
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.lock import alone
from course_lib.grading.collect.versions import Releases

CLOSE = timedelta(hours=1)  # a download is made in less, and a class hands in during more
MOST_BYTES = 20_000_000_000  # of a download, unpacked
_TIMES = (
    "its files have times that may be those of the download, not of handing in: "
    "no timestamp.txt is written, so nobody counts as late"
)
_TOO_LARGE = f"expected at most {MOST_BYTES / 1e9:.0f} GB in a download, got more; unpack it, collect its parts"


def collect(course: Course, paths: Sequence[Path]) -> Collected:
    """Put the submissions in downloads into ``classroom/submitted``; the downloads are not changed.

    Parameters
    ----------
    course : Course
        The course with units and class list.
    paths : sequence of Path
        Zip files, or folders.

    Returns
    -------
    Collected
        What was done. Each submission is placed as a whole or not at all.

    Raises
    ------
    ArgumentError
        If a path does not exist, or is the place of the submissions itself.
    CourseError
        If the class list has faults, or another command is at work in the classroom.
    """
    home = (course.classroom / "submitted").resolve()
    for path in paths:
        if not path.exists():
            raise ArgumentError(f"expected a zip file or a folder, found nothing at {path}")
        if home.is_relative_to(path.resolve()) or path.resolve().is_relative_to(home):
            raise ArgumentError(f"expected a download, got {path}, where collected submissions are")
    releases, roster, collected = Releases(course), read_roster(course), Collected()
    with _workshop(course) as aside:
        for path in paths:
            _Download(course, path, aside, collected).run(releases, roster)
    return collected


@contextmanager
def _workshop(course: Course) -> Iterator[Path]:
    """Yield an empty folder on the classroom's disk, and keep other commands out of the classroom."""
    aside = course.classroom / ".collecting"
    with alone(course.classroom):
        try:
            shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed
            aside.mkdir()
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


class _Download:
    """One download on its way to the classroom."""

    def __init__(self, course: Course, path: Path, aside: Path, collected: Collected) -> None:
        self.course, self.path, self.aside, self.collected = course, path, aside, collected

    def run(self, releases: Releases, roster: Roster) -> None:
        """Place what can be placed; report the rest."""
        path = self.path.resolve()
        name = path.stem if path.is_file() else path.name
        try:
            with opened(path) as members:
                if not members:
                    raise Refused("expected submissions, found no files; is it the right download?")
                found = read_layout(members, releases.units, name, lambda each: is_student(each, roster))
                assigned = assign(found.hand_ins, roster)
                for where, why in [*found.nobodys.items(), *assigned.refused]:
                    self.refuse(where, why)
                self.note(*(f"{where}: {student} has withdrawn: not placed" for where, student in assigned.withdrawn))
                self.place_all(assigned.submissions, releases, times_are_known(found.hand_ins))
        except Refused as error:
            self.refuse("", error)

    def refuse(self, where: str, why: object) -> None:
        """Report something that is not placed."""
        place = "" if str(why).startswith(where) else where
        self.collected.refused.append(": ".join(filter(None, [self.path.name, place, str(why)])))

    def note(self, *lines: str) -> None:
        """Report something that needs nobody to act."""
        self.collected.notes += [f"{self.path.name}: {line}" for line in lines]

    def place_all(self, submissions: Sequence[tuple[HandIn, list[str]]], releases: Releases, are_known: bool) -> None:
        """Place submissions, each as a whole or not at all."""
        if submissions and not are_known:
            self.note(_TIMES)
        size = 0
        for number, (hand_in, students) in enumerate(submissions):
            folder = self.aside / str(number)
            try:
                if size > MOST_BYTES:
                    raise Refused(_TOO_LARGE)
                times = unpack(hand_in, folder)
                size += sum(path.lstat().st_size for path in folder.rglob("*"))
                for files in by_unit(folder, releases):
                    time = hand_in.time or max(times[path] for path in files.files.values())
                    for student in students:
                        ready = self.copied(folder, files)
                        row = self.placed(hand_in, files, ready, student, time, are_known or bool(hand_in.time))
                        self.collected.rows.append(row)
            except Refused as error:
                self.refuse(hand_in.where, error)
            shutil.rmtree(folder, ignore_errors=True)

    def copied(self, folder: Path, files: UnitFiles) -> Path:
        """Copy the files of one unit to a new folder."""
        ready = self.aside / "ready"
        shutil.rmtree(ready, ignore_errors=True)
        for target, source in files.files.items():
            (ready / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / source, ready / target)
        return ready

    def placed(
        self, hand_in: HandIn, files: UnitFiles, ready: Path, student: str, time: datetime, is_known: bool
    ) -> Row:
        """Place the files of one unit for one student."""
        attempt = complete(ready, time, is_known, {"download": self.path.name, "from": hand_in.where})
        outcome = place(self.course, attempt, student, files.unit)
        time_from = "Gradescope" if hand_in.time else "file" if is_known else "download"
        notes = [*filter(None, [outcome.remark, hand_in.note]), *files.notes]
        return Row(student, files.unit, str(files.notebook), shown(time), time_from, outcome.what, notes)


def times_are_known(hand_ins: Sequence[HandIn]) -> bool:
    """Tell whether the times of files can be those of handing in.

    Canvas, and newer versions of Moodle, give every file the time at which the download was made. So Canvas' times are
    never believed, and others not if all are close together; the time of a single submission only outside of Moodle.

    Parameters
    ----------
    hand_ins : sequence of HandIn
        All of one download; those with a time of their own do not matter.

    Returns
    -------
    bool
        True if they can.
    """
    rest = [hand_in for hand_in in hand_ins if hand_in.time is None and hand_in.files]
    times = [max(member.time for member in hand_in.files.values()) for hand_in in rest]
    systems = {person.system for hand_in in rest for person in hand_in.people}
    if not times or EARLIEST in times or "canvas" in systems:
        return not times
    return max(times) - min(times) > CLOSE or (len(times) == 1 and "moodle" not in systems)
