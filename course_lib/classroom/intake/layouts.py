"""Who handed in what, by the names that a learning management system gives to the files of a download."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from course_lib.classroom.intake.archives import Member, Refused
from course_lib.classroom.intake.gradescope import METADATA, MOST_BYTES, Metadata, read_metadata
from course_lib.classroom.intake.paths import is_work
from course_lib.grading.collect.versions import named_like

# Moodle (mod/assign): Full name_12345_assignsubmission_file_, as a folder or before the name of each file; for folders,
# newer versions leave out the last underscore. The number is that of the participant in this assignment. If teams hand
# in, it is the name of the team and the number of the group; those without a group have no number.
_MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z]+)_?(?P<file>.*)")
# Canvas (ContentZipper): the sortable name in lower case without space and punctuation, LATE, the ids of the user and
# of the file, the file's name. Texts and links that were entered have no file. In anonymous assignments there is no
# name, and another id: these are not recognized.
_CANVAS = re.compile(
    r"(?!anon_|LATE_)(?P<name>\w+?)(?P<late>_LATE)?_(?P<number>[1-9]\d*)_"
    r"(?:[1-9]\d*_(?P<file>.+)|(?P<entered>(?:text|link)\.html))"
)
_NUMBERED_MODULE = re.compile(r"(.+)-\d+(\.py)")
_GRADESCOPE = re.compile(r"submission_\d+")
_NO_FOLDER = "expected a folder named after the student around it, got none; put it into one, collect the folder around"
_BARE = " _-–.,()"


@dataclass(frozen=True)
class Person:
    """Somebody who handed in, as far as the download says.

    Attributes
    ----------
    system : str
        ``moodle``, ``canvas`` or ``gradescope``; empty for something that is named after a student.
    name, number, email : str
        The full name, the number or id in that system, and the address; empty if unknown.
    """

    system: str
    name: str
    number: str = ""
    email: str = ""

    def __str__(self) -> str:
        known_as = " ".join(filter(None, [self.system.title(), self.number or self.email]))
        return f"{self.name} ({known_as})" if self.system else self.name


@dataclass
class HandIn:
    """What was handed in together.

    Attributes
    ----------
    people : tuple of Person
        By whom; several, if Gradescope says so.
    where : str
        The folder or file in the download, for messages.
    files : dict of PurePosixPath to Member
        By their paths, as the student named them.
    time : datetime or None
        When, if the system says so.
    note : str
        What else the system says; usually empty.
    twice : list of str
        Names of files that have the path of another one.
    """

    people: tuple[Person, ...]
    where: str
    files: dict[PurePosixPath, Member] = field(default_factory=dict)
    time: datetime | None = None
    note: str = ""
    twice: list[str] = field(default_factory=list)

    def add(self, path: Iterable[str], member: Member) -> None:
        """Add a file, unless it is hidden. What is left of a name after a system's part may be ``..``."""
        key = PurePosixPath(*(part for part in path if part not in (".", "..")))
        if key in self.files:
            self.twice.append(member.name)
        if key.name and is_work(key.parts):
            self.files[key] = member


@dataclass
class Found:
    """What a download holds: submissions, and the reasons why files and folders are nobody's, by their names."""

    hand_ins: list[HandIn] = field(default_factory=list)
    nobodys: dict[str, str] = field(default_factory=dict)


def read_layout(members: Sequence[Member], units: Sequence[str], name: str, is_student: Callable[[str], bool]) -> Found:
    """Find out who handed in what.

    Each file is taken for what its name looks like, so that a folder may be renamed to a student's id among others
    that have the names of a learning management system.

    Parameters
    ----------
    members : sequence of Member
        The files of one download.
    units : sequence of str
        Names of the units.
    name : str
        The download's own name, without the ending. If it is a student's, so is everything in it.
    is_student : callable
        Tells whether somebody in the class has a name or an id.

    Returns
    -------
    Found
        The submissions, in order of their names.
    """
    if members and is_student(name):
        hand_in = HandIn((Person("", name),), name)
        for member in members:
            hand_in.add(member.parts, member)
        return Found([hand_in])
    sound = [member.parts for member in members if not member.flaw]
    above: tuple[str, ...] = ()
    while sound and _is_wrapper([parts[len(above) :] for parts in sound], units, is_student):
        above = sound[0][: len(above) + 1]
    return _Reading(units, above).read(members)


class _Reading:
    """One reading of a download."""

    def __init__(self, units: Sequence[str], above: tuple[str, ...]) -> None:
        self.units, self.above = units, above
        self.found = Found()
        self.by_key: dict[tuple[str, ...], HandIn] = {}

    def read(self, members: Sequence[Member]) -> Found:
        """Sort all files."""
        depth = len(self.above)
        metadata = self.metadata(members)
        for member in members:
            parts = member.parts[depth:]
            if member.parts[:depth] != self.above or not parts:  # sound ones are in the folders around everything
                self.found.nobodys[member.name] = member.flaw
            elif metadata is not None and _GRADESCOPE.fullmatch(parts[0]):
                self.of_gradescope(metadata, parts, member)
            elif match := _MOODLE.fullmatch(parts[0]):
                self.of_moodle(match, parts, member)
            elif len(parts) == 1 and (match := _CANVAS.fullmatch(parts[0])):
                self.of_canvas(match, member)
            elif parts != (METADATA,):
                self.of_folder(parts, member)
        self.found.hand_ins = [*self.by_key.values()]
        return self.found

    def at(self, key: tuple[str, ...], make: Callable[[], HandIn]) -> HandIn:
        """Find, or make, the submission that a file belongs to."""
        if key not in self.by_key:
            self.by_key[key] = make()
        return self.by_key[key]

    def metadata(self, members: Sequence[Member]) -> dict[str, Metadata] | None:
        """Read Gradescope's file; None if it is another system's download."""
        depth = len(self.above)
        file = next((member for member in members if member.parts == (*self.above, METADATA)), None)
        if file is not None:
            try:
                return read_metadata(file.read(MOST_BYTES))
            except Refused as error:
                self.found.nobodys[file.name] = str(error)
                return {}
        folders = (member.parts[depth] for member in members if len(member.parts) > depth + 1)
        return {} if any(map(_GRADESCOPE.fullmatch, folders)) else None

    def of_gradescope(self, metadata: dict[str, Metadata], parts: tuple[str, ...], member: Member) -> None:
        folder = parts[0]
        told = metadata.get(folder, Metadata((), None))
        people = tuple(Person("gradescope", each.name, each.sid, each.email) for each in told.submitters)
        where = "/".join((*self.above, folder))
        self.at(("gradescope", folder), lambda: HandIn(people, where, time=told.time)).add(parts[1:] or parts, member)

    def of_moodle(self, match: re.Match[str], parts: tuple[str, ...], member: Member) -> None:
        person = Person("moodle", match["name"].strip(), match["number"] or "")
        where = "/".join((*self.above, parts[0]))
        inner = [match["file"]] if match["file"] else []
        path = [*inner, *parts[1:]] or [f"{match['plugin']}"]
        self.at(("moodle", person.name, person.number), lambda: HandIn((person,), where)).add(path, member)

    def of_canvas(self, match: re.Match[str], member: Member) -> None:
        person = Person("canvas", match["name"], match["number"])
        note = "late, according to Canvas" if match["late"] else ""
        file = match["file"] or match["entered"]
        if module := _NUMBERED_MODULE.fullmatch(file):  # handed in again, and no name of a module has a hyphen
            file = "".join(module.groups())
        self.at(("canvas", person.name, person.number), lambda: HandIn((person,), member.name, note=note)).add(
            [file], member
        )

    def of_folder(self, parts: tuple[str, ...], member: Member) -> None:
        """Take a folder, or a notebook or zip file beside such folders, for the work of whom it is named after."""
        first, where = parts[0], "/".join((*self.above, parts[0]))
        label = _label(first, self.units) if first.lower().endswith((".ipynb", ".zip")) else ""
        if len(parts) > 1 and first not in self.units:
            self.at(("folder", first), lambda: HandIn((Person("", first),), where)).add(parts[1:], member)
        elif len(parts) == 1 and label:
            self.at(("file", first), lambda: HandIn((Person("", label),), where)).add(parts, member)
        else:
            self.found.nobodys.setdefault(where, member.flaw or _NO_FOLDER)


def _label(file: str, units: Iterable[str]) -> str:
    """Return what is left of the name of a file without the unit's: whose it may be."""
    stem = PurePosixPath(file).stem
    if named_like(file, units):
        return ""
    for unit in units:
        stem = re.sub(re.escape(unit), " ", stem, flags=re.IGNORECASE)
    return re.sub(r"\(\d+\)$", "", stem.strip()).strip(_BARE)


def _is_wrapper(paths: Sequence[tuple[str, ...]], units: Sequence[str], is_student: Callable[[str], bool]) -> bool:
    """Tell whether everything is in a folder that is nobody's, such as one that was made by unpacking."""
    first = paths[0][0]
    if any(path[0] != first or len(path) < 2 for path in paths) or is_student(first):
        return False
    if _MOODLE.fullmatch(first) or _GRADESCOPE.fullmatch(first):
        return False
    below = {path[1] for path in paths}
    if any(name == METADATA or _MOODLE.fullmatch(name) or _GRADESCOPE.fullmatch(name) for name in below):
        return True
    if any(len(path) == 2 and _CANVAS.fullmatch(path[1]) for path in paths):
        return True
    if first in units or below & {*units} or any(len(path) == 2 for path in paths):
        return False
    return len(below) > 1 or all(len(path) > 3 and path[2] in units for path in paths)
