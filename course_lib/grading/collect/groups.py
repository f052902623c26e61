"""What the class list says about submissions: groups that hand in once, and students whose work is a surprise."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nbgrader.utils import parse_utc

from course_lib.classroom.roster import Roster, Student
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.collect.find import Submission, find_submissions
from course_lib.grading.collect.students import submitted
from course_lib.grading.collect.versions import Releases, Version


def with_groups(
    course: Course, submissions: Sequence[Submission], roster: Roster, keep_all: bool = False
) -> list[Submission]:
    """Let one submission count for all members of a group.

    Parameters
    ----------
    course : Course
        The course. If a submission is in its ``submitted``, so may be those of the other members.
    submissions : sequence of Submission
        From `find_submissions`.
    roster : Roster
        Which students are in a group.
    keep_all : bool
        Whether the work of the other members is kept in `Submission.earlier`; otherwise it is passed over.

    Returns
    -------
    list of Submission
        Sorted by unit and student. For each group and unit there is one: the latest that is not untouched, by
        ``timestamp.txt``, otherwise by the time of its file.
    """
    counting: list[Submission] = []
    handed_in: dict[tuple[str, str], list[Submission]] = {}
    for submission in submissions:
        if len(roster.group_of(submission.student)) < 2:
            counting.append(submission)
        else:
            group = roster.group_of(submission.student)[0].group
            handed_in.setdefault((group, submission.unit), []).append(submission)
    releases = Releases(course)
    for (_, unit), found in handed_in.items():
        members = roster.group_of(found[0].student)
        latest, *others = _ranked([*found, *_others(course, found, members, unit)], releases)
        if keep_all:
            earlier = tuple(credited(other, members) for other in others if not other.problem)
            counting.append(replace(credited(latest, members), earlier=earlier))
        else:
            counting.append(credited(latest, members, {other.student for other in others} - {latest.student}))
    return sorted(counting, key=lambda submission: (submission.unit, submission.student, submission.path))


def _others(course: Course, found: Sequence[Submission], members: Sequence[Student], unit: str) -> Iterator[Submission]:
    """Yield what the other members have in the classroom, if it is graded there."""
    there = {submission.student for submission in found}
    if not any(submission.path.is_relative_to(submitted(course)) for submission in found):
        return
    for member in members:
        folder = submitted(course) / member.id
        if member.id not in there and folder.is_dir():
            try:
                yield from (each for each in find_submissions(course, [folder]) if each.unit == unit)
            except CourseError:  # it has no notebook of a unit
                continue


def _ranked(candidates: Sequence[Submission], releases: Releases) -> list[Submission]:
    """Sort the work of a group: what cannot be graded and what is untouched last, the latest first."""

    def rank(submission: Submission) -> tuple[bool, bool, datetime, str]:
        flaw = submission.problem or Version.of(submission.path, submission.unit, releases).flaw
        return not submission.problem, not flaw, handed_in_at(submission), submission.student

    return sorted(candidates, key=rank, reverse=True)


def credited(submission: Submission, members: Sequence[Student], passed_over: Collection[str] = ()) -> Submission:
    """Let a submission count for all members of the group, and say so; name those whose work is passed over."""
    also = tuple(member.id for member in members if member.id != submission.student)
    line = f"handed in for the group {members[0].group!r}, also for {', '.join(also)}"
    if passed_over:
        line += f"; passed over: the work of {', '.join(sorted(passed_over))}"
    return replace(submission, also=also, changes=(line, *submission.changes))


def handed_in_at(submission: Submission) -> datetime:
    """Return the time of handing in, UTC without a zone: by ``timestamp.txt``, otherwise that of the file."""
    if submission.timestamp:
        return parse_utc(submission.timestamp)
    seconds = submission.path.lstat().st_mtime if submission.path.exists() else 0
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def surprises(submissions: Sequence[Submission], roster: Roster) -> list[str]:
    """Name students who handed in without being in the class list, and those who have withdrawn.

    Parameters
    ----------
    submissions : sequence of Submission
        Those that have a problem are not graded.
    roster : Roster
        The class list.

    Returns
    -------
    list of str
        A line for each student with work, and one for the other students who have withdrawn. Nothing without a list.
    """
    if not roster.students:
        return []
    work: dict[str, list[str]] = {}
    for submission in [submission for submission in submissions if not submission.problem]:
        work.setdefault(submission.student, []).append(submission.unit)
    lines = []
    for student, units in sorted(work.items()):
        listed = roster.by_id(student)
        if listed is None:
            lines.append(f"{student} is not in roster.csv; the work is graded all the same: {', '.join(units)}")
        elif listed.withdrawn:
            lines.append(f"{student} has withdrawn; what was handed in is graded: {', '.join(units)}")
    if gone := [each.id for each in roster.students if each.withdrawn and each.id not in work]:
        lines.append(f"withdrawn, and not listed as not handed in: {', '.join(gone)}")
    return lines
