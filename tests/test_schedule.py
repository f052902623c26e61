"""Due dates and the rule for late work in ``course.toml``."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.schedule import BEST, DUE, LATEST, LateRule, Schedule, ScheduleError, next_due, own_due, read_schedule

CEST = timezone(timedelta(hours=2))
MONDAY = datetime(2026, 5, 4, 18, tzinfo=CEST)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with two released units, and one that is not released yet."""
    for unit in ("00_start", "03_upsampling"):
        path = tmp_path / "notebooks" / unit / f"{unit}.ipynb"
        path.parent.mkdir(parents=True)
        path.touch()
    new = tmp_path / "solutions" / "04_new" / "04_new.md"
    new.parent.mkdir(parents=True)
    new.touch()
    return Course(tmp_path)


def read(course: Course, text: str) -> Schedule:
    (course.root / "course.toml").write_text(text, encoding="utf-8")
    return read_schedule(course)


def faults(course: Course, text: str) -> list[str]:
    with pytest.raises(ScheduleError) as caught:
        read(course, text)
    return str(caught.value).replace(f"{course.root / 'course.toml'}: ", "").splitlines()


def test_without_a_file_nothing_is_due(course: Course) -> None:
    assert read_schedule(course) == Schedule()


def test_due_dates_and_rule(course: Course) -> None:
    text = """
    [units.03_upsampling]
    due = 2026-05-04T18:00:00+02:00
    [units.04]
    due = 2026-05-11 16:00:00Z
    [units.start]
    [late]
    grace_days = 2
    percent_per_day = 10
    most_percent = 50.5
    """
    due = {"03_upsampling": MONDAY, "04_new": datetime(2026, 5, 11, 16, tzinfo=UTC)}
    assert read(course, text) == Schedule(due, LateRule(10, 2, 50.5))
    assert read(course, "[late]\npercent_per_day = 2.5") == Schedule({}, LateRule(2.5, 0, 100))


def test_which_attempt_counts(course: Course) -> None:
    assert read(course, "[late]\npercent_per_day = 10").attempts == LATEST
    assert read(course, 'attempts = "latest"').attempts == LATEST
    assert read(course, 'attempts = "best"\n[late]\npercent_per_day = 10') == Schedule({}, LateRule(10), BEST)


def test_the_file_that_a_wheel_brought_is_read(course: Course, tmp_path: Path) -> None:
    read(course, "[late]\npercent_per_day = 5")
    learner = Course(tmp_path / "elsewhere", course.root)
    learner.root.mkdir()
    assert read_schedule(learner).late == LateRule(5)
    (learner.root / "course.toml").write_text("[late]\npercent_per_day = 7")
    assert read_schedule(learner).late == LateRule(7)


def test_a_learner_without_solutions_is_told_the_released_units(course: Course) -> None:
    (course.solutions / "04_new" / "04_new.md").unlink()
    (course.solutions / "04_new").rmdir()
    course.solutions.rmdir()
    (line,) = faults(course, "[units.04_new]")
    assert line == "[units.04_new]: expected a unit, one of 00_start, 03_upsampling; got '04_new'"


def test_all_faults_at_once(course: Course) -> None:
    text = """
    [unit.03]
    [units.03]
    due = 2026-05-04
    [units.upsampling]
    dew = 1
    [units.09]
    [late]
    grace_days = -1
    most_percent = 0
    days = 3
    """
    assert sorted(faults(course, text)) == sorted(
        [
            "expected attempts or units or late at the top, got 'unit'; did you mean units?",
            f"[units.03]: expected as due {DUE}; got 2026-05-04",
            "expected each unit once, got 03_upsampling twice",
            "expected due in [units.upsampling], got 'dew'; did you mean due?",
            "[units.09]: expected a unit, one of 00_start, 03_upsampling; got '09'",
            "expected grace_days or percent_per_day or most_percent in [late], got 'days'",
            "[late]: expected as grace_days a whole number of days, 0 or more; got -1",
            "[late]: expected as percent_per_day a number of percent, more than 0 and at most 100; got nothing",
            "[late]: expected as most_percent a number of percent, more than 0 and at most 100; got 0",
        ]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[units.03]\ndue = 2026-05-04T18:00:00", "got 2026-05-04T18:00:00"),
        ("[units.03]\ndue = 18:00:00", "got 18:00:00"),
        ('[units.03]\ndue = "2026-05-04T18:00:00Z"', "got '2026-05-04T18:00:00Z'"),
        ("[units]\n03 = 2026-05-04T18:00:00Z", "expected a table [units.03], got datetime"),
        ("units = 3", "expected a table [units], got 3"),
        ("late = true", "expected a table [late], got True"),
        ("[late]\ngrace_days = true\npercent_per_day = 10", "got True"),
        ("[late]\ngrace_days = 1.5\npercent_per_day = 10", "got 1.5"),
        ("[late]\npercent_per_day = 101", "got 101"),
        ("[late]\npercent_per_day = nan", "got nan"),
        ('attempts = "bset"', 'expected as attempts "latest" or "best", got \'bset\''),
        ("attempts = 3", 'expected as attempts "latest" or "best", got 3'),
        ("attempts = ['best']", 'expected as attempts "latest" or "best", got [\'best\']'),
        ("attempts.counts = 'best'", "expected as attempts \"latest\" or \"best\", got {'counts': 'best'}"),
        ('atempts = "best"', "expected attempts or units or late at the top, got 'atempts'; did you mean attempts?"),
        ('[late]\npercent_per_day = 9\nattempts = "best"', "got 'attempts'; it belongs above the first table"),
        (
            'attempts = "best"\n[late]\npercent_per_day = 9\ngrace_days = 2',
            '[late]: expected no grace_days with attempts = "best", because which attempt is the best would depend on ',
        ),
        ("[late", "expected TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("a = 1\x00", "expected no U+0000"),
    ],
)
def test_wrong_values(course: Course, text: str, words: str) -> None:
    assert words in faults(course, text)[0]


def test_what_is_due_next() -> None:
    schedule = Schedule({"00_start": MONDAY, "03_upsampling": MONDAY + timedelta(days=7)})
    assert next_due(schedule, MONDAY) == "00_start"
    assert next_due(schedule, MONDAY + timedelta(seconds=1)) == "03_upsampling"
    assert next_due(schedule, MONDAY + timedelta(days=8)) is None


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (None, MONDAY),
        (timedelta(days=3), datetime(2026, 5, 7, 18, tzinfo=CEST)),
        (datetime(2026, 5, 6, 9, 30), datetime(2026, 5, 6, 9, 30, tzinfo=CEST)),
        (datetime(2026, 5, 6, 9, tzinfo=UTC), datetime(2026, 5, 6, 11, tzinfo=CEST)),
        (date(2026, 5, 6), datetime(2026, 5, 6, 23, 59, 59, 999999, tzinfo=CEST)),
    ],
)
def test_a_students_own_due_date(extension: date | timedelta | None, expected: datetime) -> None:
    assert own_due(MONDAY, extension) == expected
