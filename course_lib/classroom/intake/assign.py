"""Assigning the submissions of one download to students, without guessing between people of the same name."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from course_lib.classroom.intake.archives import Refused
from course_lib.classroom.intake.layouts import HandIn, Person
from course_lib.classroom.intake.people import Match, find_student
from course_lib.classroom.roster import Roster

_NAMELESS = (
    "expected its submitters in Gradescope's submission_metadata.yml, got none; "
    "export again, or rename the folder to the student's id"
)
_NAMESAKES = (
    "expected one person for {student!r}, got {person} and others of this name (numbers {others}); write the numbers "
    "into classroom/roster.csv, or unpack it, rename {where!r} to the student's id, and collect the folder"
)


@dataclass
class Assigned:
    """The submissions with their students, and lines about the others.

    Attributes
    ----------
    submissions : list of tuple of HandIn and list of str
        Each with the folders of its students.
    refused : list of tuple of str and str
        Which submission is nobody's, and why.
    withdrawn : list of tuple of str and str
        Submissions of students who have withdrawn, with their ids.
    """

    submissions: list[tuple[HandIn, list[str]]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)


def assign(hand_ins: Sequence[HandIn], roster: Roster) -> Assigned:
    """Find the students of all submissions of a download.

    Parameters
    ----------
    hand_ins : sequence of HandIn
        All of one download: only then is it seen that two people have one name.
    roster : Roster
        The class list, perhaps empty.

    Returns
    -------
    Assigned
        A submission of several people has several students; of those who are a group in the class list, the first.
    """
    assigned = Assigned()
    numbers: dict[str, set[str]] = defaultdict(set)
    for hand_in in hand_ins:
        for person in hand_in.people:
            numbers[person.name].add(person.number)
    found: list[tuple[int, Person, Match]] = []
    for number, hand_in in enumerate(hand_ins):
        if flaw := next((f"{member.name}: {member.flaw}" for member in hand_in.files.values() if member.flaw), ""):
            assigned.refused.append((hand_in.where, flaw))
            continue
        if not hand_in.people:
            assigned.refused.append((hand_in.where, _NAMELESS))
        for person in hand_in.people:
            try:
                found.append(
                    (number, person, find_student(person, roster, hand_in.where, len(numbers[person.name]) > 1))
                )
            except Refused as error:
                assigned.refused.append((hand_in.where, str(error)))
    namesakes: dict[str, set[str]] = defaultdict(set)
    for _, person, match in found:
        namesakes[match.student.casefold()].add(_identity(person))
    students: dict[int, list[str]] = defaultdict(list)
    for number, person, match in found:
        where = hand_ins[number].where
        others = namesakes[match.student.casefold()] - {_identity(person)}
        if others and match.by == "name" and (person.number or not roster.students):
            words = {"student": match.student, "person": person, "others": ", ".join(sorted(others))}
            assigned.refused.append((where, _NAMESAKES.format(**words, where=where)))
        elif (student := roster.by_id(match.student)) and student.withdrawn:
            assigned.withdrawn.append((where, student.id))
        elif not {each.id for each in roster.group_of(match.student)} & {*students[number]}:
            students[number].append(match.student)
    assigned.submissions = [(hand_ins[number], names) for number, names in students.items() if names]
    return assigned


def _identity(person: Person) -> str:
    """Tell persons apart: by their number, if they have one."""
    return person.number or person.email or person.name
