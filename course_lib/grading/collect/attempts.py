"""What is graded of what was found: one submission for each student or group and unit, perhaps with earlier ones."""

from collections.abc import Sequence
from dataclasses import replace

from course_lib.classroom.roster import Roster, read_roster
from course_lib.course import Course
from course_lib.grading.collect.find import Submission, find_submissions
from course_lib.grading.collect.groups import credited, handed_in_at, with_groups
from course_lib.grading.collect.students import submitted
from course_lib.schedule import BEST, read_schedule


def to_grade(course: Course, found: Sequence[Submission]) -> list[Submission]:
    """Apply the class list, and the setting ``attempts`` of ``course.toml``.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    found : sequence of Submission
        From `find_submissions`.

    Returns
    -------
    list of Submission
        Sorted by unit and student, one for each student or group and unit. If the best attempt is to count, those in
        the classroom have their earlier attempts, which ``course collect`` keeps in
        ``classroom/attempts/<student>/<time>/<unit>``.

    Raises
    ------
    CourseError
        If the class list or ``course.toml`` has faults.
    """
    roster, best = read_roster(course), read_schedule(course).attempts == BEST
    submissions = with_groups(course, found, roster, keep_all=best)
    return [_with_earlier(course, each, roster) if best else each for each in submissions]


def _with_earlier(course: Course, submission: Submission, roster: Roster) -> Submission:
    """Add the earlier attempts of everybody for whom a submission counts."""
    if not submission.path.is_relative_to(submitted(course)):
        return submission
    earlier = [*submission.earlier]
    for student in (submission.student, *submission.also):
        kept = sorted((submitted(course).with_name("attempts") / student).glob(f"*/{submission.unit}"))
        for attempt in find_submissions(course, kept):  # which takes the folder named after the time for the student
            own = replace(attempt, student=student)
            earlier.append(credited(own, roster.group_of(student)) if submission.also else own)
    return replace(submission, earlier=tuple(sorted(earlier, key=handed_in_at, reverse=True)))
