"""When units are due, what late work costs, and which attempt counts: reading ``course.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.files import read_text

FILE = "course.toml"
LATEST, BEST = "latest", "best"  # the attempt of a student that counts
DUE = "a date and a time with its offset from UTC, without quotes, such as 2026-05-04T18:00:00+02:00"


class ScheduleError(CourseError):
    """``course.toml`` has faults; the message has a line for each."""


@dataclass(frozen=True)
class LateRule:
    """What late work costs.

    Attributes
    ----------
    percent_per_day : float
        Of the points earned, for each day that has begun.
    grace_days : int
        The days that cost nothing, for each student over all units.
    most_percent : float
        The most that lateness costs in one unit.
    """

    percent_per_day: float
    grace_days: int = 0
    most_percent: float = 100

    def percent(self, days: int) -> float:
        """Return what so many days cost, in percent of the points."""
        return min(days * self.percent_per_day, self.most_percent)


@dataclass(frozen=True)
class Schedule:
    """The content of ``course.toml``.

    Attributes
    ----------
    due : mapping of str to datetime
        By the whole name of a unit, with a time zone; units without a due date are left out.
    late : LateRule or None
        None if the file does not say what late work costs.
    attempts : str
        Which one of several attempts counts, `LATEST` or `BEST`.
    """

    due: Mapping[str, datetime] = field(default_factory=dict)
    late: LateRule | None = None
    attempts: str = LATEST


NO_SCHEDULE = Schedule()


def read_schedule(course: Course) -> Schedule:
    """Read ``course.toml`` in the root of the course, or the one that a wheel brought.

    Parameters
    ----------
    course : Course
        The course with the units.

    Returns
    -------
    Schedule
        Empty if there is no such file.

    Raises
    ------
    ScheduleError
        If the file has faults; the message has a line for each.
    """
    path = course.root / FILE
    if course.shipped and not path.exists():
        path = course.shipped / FILE
    if not path.exists():
        return NO_SCHEDULE
    reading = _Reading(path, course)
    schedule = reading.schedule()
    if reading.faults:
        raise ScheduleError("\n".join(reading.faults))
    return schedule


def own_due(due: datetime, extension: date | timedelta | None) -> datetime:
    """Compute a student's due date.

    Parameters
    ----------
    due : datetime
        That of the class, with a time zone.
    extension : date, datetime, timedelta or None
        A date means the end of that day; a time without a zone is in that of `due`; a timedelta is added to `due`.

    Returns
    -------
    datetime
        With a time zone.
    """
    match extension:
        case None:
            return due
        case timedelta():
            return due + extension
        case datetime():
            return extension if extension.tzinfo else extension.replace(tzinfo=due.tzinfo)
        case _:
            return datetime.combine(extension, time.max, due.tzinfo)


def next_due(schedule: Schedule, now: datetime) -> str | None:
    """Find the unit that is due next; None if nothing more is due."""
    return min((unit for unit, due in schedule.due.items() if due >= now), key=schedule.due.__getitem__, default=None)


def local(due: datetime) -> str:
    """Write a due date for people, in the time of this machine."""
    return f"{due.astimezone():%Y-%m-%d %H:%M}"


class _Reading:
    """One reading of the file, and the faults that were found so far."""

    def __init__(self, path: Path, course: Course) -> None:
        self.path, self.course = path, course
        self.faults: list[str] = []

    def fault(self, words: str) -> None:
        self.faults.append(f"{self.path}: {words}")

    def schedule(self) -> Schedule:
        """Read the whole file; collect the faults."""
        try:
            content = tomllib.loads(read_text(self.path))
        except tomllib.TOMLDecodeError as error:
            self.fault(f"expected TOML: {error}")
            return Schedule()
        except (CourseError, OSError) as error:
            self.faults.append(str(error))
            return Schedule()
        known = self.table(content, "", ("attempts", "units", "late"))
        due = dict(self.due(self.table(known.get("units", {}), "units")))
        late = self.late(known["late"]) if "late" in known else None
        return Schedule(due, late, self.attempts(known.get("attempts", LATEST), late))

    def table(self, value: Any, name: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
        """Check that a value is a table, with known keys if they are given; return what is right."""
        if not isinstance(value, dict):
            self.fault(f"expected a table [{name}], got {value!r}")
            return {}
        for key in [key for key in value if known and key not in known]:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            hint = hint or "; it belongs above the first table" * (key == "attempts")
            where = f"in [{name}]" if name else "at the top"
            self.fault(f"expected {' or '.join(known)} {where}, got {key!a}{hint}")
        return {key: each for key, each in value.items() if not known or key in known}

    def due(self, units: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
        """Yield the due date of each unit."""
        seen: set[str] = set()
        for written, table in units.items():
            try:
                unit = self.unit(written)
            except ArgumentError as error:
                self.fault(f"[units.{written}]: {error}")
                continue
            if unit in seen:
                self.fault(f"expected each unit once, got {unit} twice")
            seen.add(unit)
            value = self.table(table, f"units.{written}", ("due",)).get("due")
            if isinstance(value, datetime) and value.tzinfo:
                yield unit, value
            elif value is not None:
                self.fault(f"[units.{written}]: expected as due {DUE}; got {_shown(value)}")

    def unit(self, name: str) -> str:
        """Complete the name of a unit, even one that is not released yet."""
        try:
            return self.course.unit(name)
        except ArgumentError as unknown:
            with suppress(ArgumentError):
                return self.course.unit_with_solutions(name)
            raise unknown

    def late(self, value: Any) -> LateRule:
        """Read what late work costs."""
        table = self.table(value, "late", ("grace_days", "percent_per_day", "most_percent"))
        days = table.get("grace_days", 0)
        if type(days) is not int or days < 0:
            self.fault(f"[late]: expected as grace_days a whole number of days, 0 or more; got {_shown(days)}")
        rule = {"percent_per_day": table.get("percent_per_day"), "most_percent": table.get("most_percent", 100)}
        for name, percent in rule.items():
            if type(percent) not in (int, float) or not 0 < percent <= 100:
                got = "nothing" if percent is None else _shown(percent)
                self.fault(f"[late]: expected as {name} a number of percent, more than 0 and at most 100; got {got}")
        return LateRule(grace_days=days, **rule)

    def attempts(self, value: Any, late: LateRule | None) -> str:
        """Read which attempt counts."""
        if value not in (LATEST, BEST):
            self.fault(f'expected as attempts "{LATEST}" or "{BEST}", got {_shown(value)}')
            return LATEST
        if value == BEST and late and late.grace_days:
            why = "which attempt is the best would depend on other units"
            self.fault(f'[late]: expected no grace_days with attempts = "{BEST}", because {why}; got {late.grace_days}')
        return str(value)


def _shown(value: Any) -> str:
    """Show a value as it is written in the file."""
    return value.isoformat() if isinstance(value, date | time) else repr(value)
