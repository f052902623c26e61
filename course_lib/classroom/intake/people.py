"""Finding the student of a submission in the class list."""

import re
import unicodedata
from typing import NamedTuple

from course_lib.classroom.intake.archives import Refused
from course_lib.classroom.intake.layouts import Person
from course_lib.classroom.roster import Roster, Student

_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "'": "", "’": "", "`": ""})
_NAME_BYTES = 100  # of a folder's name


class Match(NamedTuple):
    """A student's folder in ``submitted``, and how it was found: by ``id``, ``email``, ``name`` or ``group``."""

    student: str
    by: str


def find_student(person: Person, roster: Roster, where: str, is_blind: bool = False) -> Match:
    """Find the student by the id in the system, then the e-mail address, then the full name, then the group.

    Accents, upper and lower case, and the order of first and last names do not matter.

    Parameters
    ----------
    person : Person
        What the download says.
    roster : Roster
        The class list. If it is empty, the download's own name or id becomes the name of the folder.
    where : str
        The folder or file in the download, for the message.
    is_blind : bool
        Whether the name says nothing, as in blind marking.

    Returns
    -------
    Match
        The student; for a group, its first member who has not withdrawn.

    Raises
    ------
    Refused
        If nobody fits, several do, or the id is that of one student and the name that of another.
    """
    if not roster.students:
        return Match(_folder(person), "name")
    named = [student for student in roster.students if has_name(student, person)]
    team = [] if named or person.system != "moodle" else _members(person.name, roster)
    ways = {"id": _by_id(person, roster), "email": _by_email(person, roster), "name": named, "group": team[:1]}
    for by, found in ways.items():
        if len(found) > 1:
            ids = ", ".join(student.id for student in found)
            raise Refused(
                f"expected one student in roster.csv, got {person}, who may be {ids}; {_decide(person, where)}"
            )
        if found:
            (student,) = found
            if _contradicts(student, person, named or team, is_blind):
                raise Refused(
                    f"expected an {by} and a name of the same student, got {person}: "
                    f"the {by} is that of {student.id} in roster.csv; correct roster.csv, or {_rename(where)}"
                )
            return Match(student.id, by)
    raise Refused(f"expected somebody in roster.csv, got {person}; add the student, or {_decide(person, where)}")


def _contradicts(student: Student, person: Person, named: list[Student], is_blind: bool) -> bool:
    """Tell whether a name is not that of a student who was found otherwise.

    Moodle's numbers may be those of participants, of groups, or of students: one may be somebody's by accident.
    """
    if named or person.system != "moodle" or is_blind:
        return bool(named) and student not in named
    words = {*_words(student.last_name, student.first_name)}
    return bool(words) and not words & {*_words(person.name)}


def _members(name: str, roster: Roster) -> list[Student]:
    """Find the members of a group, without those who have withdrawn."""
    return [
        each for each in roster.students if each.group and _words(each.group) == _words(name) and not each.withdrawn
    ]


def is_student(name: str, roster: Roster) -> bool:
    """Tell whether a name or an id is somebody's in the class list."""
    person = Person("", name)
    return bool(_by_id(person, roster) or _by_email(person, roster)) or any(
        has_name(student, person) for student in roster.students
    )


def _decide(person: Person, where: str) -> str:
    """Say what to do, if the class list does not decide."""
    if not person.number:
        return _rename(where)
    return f"write {person.number} into the column {person.system} of the student's line, or {_rename(where)}"


def _rename(where: str) -> str:
    return f"unpack it, rename {where!r} to the student's id (a file keeps its ending), and collect the folder"


def _by_id(person: Person, roster: Roster) -> list[Student]:
    """Find the students with an id; a folder may be named after an id in any system, and a field may list several."""
    wanted = _same(person.number if person.system else person.name)
    columns = (person.system,) if person.system else ("id", "moodle", "canvas", "gradescope")
    return [
        student
        for student in roster.students
        if wanted and any(wanted in _ids(getattr(student, column)) for column in columns)
    ]


def _ids(field: str) -> set[str]:
    return {_same(each) for each in (field, *re.split(r"[\s;,]+", field))}


def _by_email(person: Person, roster: Roster) -> list[Student]:
    key = _same(person.email or person.name)
    return [student for student in roster.students if "@" in key and key == _same(student.email)]


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def has_name(student: Student, person: Person) -> bool:
    """Tell whether a student has the full name of a person."""
    names = [student.last_name, student.first_name]
    if person.system == "canvas":  # all letters in lower case without anything between; perhaps only those of ASCII
        forms = {form for name in ("".join(names), "".join(names[::-1])) for form in _joined(name)}
        return _joined(person.name)[0] in forms - {""}
    words, written = _words(*names), _words(person.name)
    # Moodle writes the name of a group and a hyphen before the name of the student.
    in_group = person.system == "moodle" and student.group and written == _words(*names, student.group)
    return bool(words) and bool(words == written or in_group)


def _words(*names: str) -> list[str]:
    """List the words of some names, in alphabetical order, without accents."""
    return sorted(re.findall(r"[^\W_]+", _bare(" ".join(names))))


def _joined(name: str) -> tuple[str, str]:
    """Join the letters of a name: all without accents, and those of ASCII alone."""
    return re.sub(r"[\W_]", "", _bare(name)), re.sub(r"[^a-z0-9]", "", name.lower())


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_STROKES))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _folder(person: Person) -> str:
    """Name a folder without a class list. Moodle's number is another one in each assignment; Canvas' number stays."""
    name = {"canvas": f"{person.name}_{person.number}", "gradescope": person.number or person.email or person.name}
    wanted = unicodedata.normalize("NFC", name.get(person.system, person.name))
    safe = re.sub(r"[^\w.@+, -]", "_", wanted).strip(" .")
    safe = safe.encode()[:_NAME_BYTES].decode(errors="ignore").strip(" .")
    if not re.search(r"[^\W_]", safe):
        raise Refused(f"expected a name of letters or digits for a folder, got {wanted!r}; write classroom/roster.csv")
    return safe
