"""How late work is, and what its learner is told about it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from nbgrader.api import SubmittedAssignment

from course_lib.schedule import Schedule

DAY_S = 86400


def days_begun(seconds: float) -> int:
    """Return the number of days that have begun in so many seconds."""
    return -int(-seconds // DAY_S)


@dataclass(frozen=True)
class Timing:
    """When somebody's work on a unit was handed in and was due.

    Attributes
    ----------
    handed_in, due : str
        ISO 8601 with an offset from UTC; empty if unknown.
    extended : bool
        Whether the student's due date is later than that of the class.
    days_late : int
        Days that have begun between the two.
    grace_days : int
        Those of them that are covered by grace days.
    percent : float
        What the rest costs by the rule in ``course.toml``, in percent of the points.
    """

    handed_in: str = ""
    due: str = ""
    extended: bool = False
    days_late: int = 0
    grace_days: int = 0
    percent: float = 0.0


def timings(work: Iterable[SubmittedAssignment], schedule: Schedule) -> dict[str, Timing]:
    """Compute the timing of everything that one student has handed in.

    Grace days are used up in the order in which the units were handed in.

    Parameters
    ----------
    work : iterable of SubmittedAssignment
        nbgrader's entries of the student.
    schedule : Schedule
        Whose rule for late work counts. Its time zones are those of the result; UTC for other units.

    Returns
    -------
    dict of str to Timing
        By unit.
    """
    left = schedule.late.grace_days if schedule.late else 0
    found = {}
    for each in sorted(work, key=lambda each: (each.timestamp or datetime.min, each.name)):
        due = schedule.due.get(each.name)
        timing = _times(each, due.tzinfo if due else None)
        if schedule.late:
            grace = min(left, timing.days_late)
            left -= grace
            percent = schedule.late.percent(timing.days_late - grace)
            timing = replace(timing, grace_days=grace, percent=percent)
        found[each.name] = timing
    return found


def _times(work: SubmittedAssignment, zone: tzinfo | None) -> Timing:
    """Read the times of an entry."""

    def shown(time: datetime | None) -> str:
        return time.replace(tzinfo=UTC).astimezone(zone or UTC).isoformat() if time else ""

    extended = bool(work.duedate and work.extension)
    return Timing(shown(work.timestamp), shown(work.duedate), extended, days_begun(work.total_seconds_late))


def told(timing: Timing, points: float) -> str:
    """Tell a learner about the timing of a submission.

    Parameters
    ----------
    timing : Timing
        Of the submission.
    points : float
        The late penalty.

    Returns
    -------
    str
        Sentences; empty if nothing is known.
    """
    if not timing.handed_in:
        return ""
    handed_in = datetime.fromisoformat(timing.handed_in)
    if not timing.due:
        return f"Handed in {_moment(handed_in)}."
    due = datetime.fromisoformat(timing.due)
    extension = ", with your extension" if timing.extended else ""
    words = f"Handed in {_moment(handed_in)}, due {_moment(due)}{extension}: "
    if handed_in <= due:
        return f"{words}on time."
    return f"{words}{_duration(handed_in - due)} late. {_costs(timing, points)}"


def _costs(timing: Timing, points: float) -> str:
    """Tell what lateness costs, and why."""
    if not (timing.grace_days or timing.percent):
        return f"This costs {_count(points, 'point')}."
    counts = f"This counts as {_count(timing.days_late, 'day')}"
    if not timing.percent:
        return f"{counts}, and your grace days cover it."
    grace = f"; your grace days cover {timing.grace_days} of them, and the rest" if timing.grace_days else " and"
    return f"{counts}{grace} costs {timing.percent:g} % of the points: {points:g}."


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} {time.tzname()}"


def _duration(time: timedelta) -> str:
    """Write a time in its two largest units."""
    minutes = int(time.total_seconds() // 60)
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    named = [_count(number, noun) for number, noun in parts if number]
    return " ".join(named[:2]) or "less than a minute"


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"
