"""When a submission was handed in: the same moment, whoever wrote it down, or a line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from nbgrader.utils import parse_utc

from course_lib.grading.collect.timestamp import parse_time, read_stamp

SIX = datetime(2026, 4, 3, 18)
# Where clocks show such a name, in January or in July. The time zone database is the oracle.
REGIONS = {
    "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon",
    "GMT": "Europe/London",
    "BST": "Europe/London",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "EET": "Europe/Helsinki",
    "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow",
    "SAST": "Africa/Johannesburg",
    "IST": "Asia/Kolkata",
    "PKT": "Asia/Karachi",
    "WIB": "Asia/Jakarta",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AWST": "Australia/Perth",
    "ACST": "Australia/Adelaide",
    "ACDT": "Australia/Adelaide",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
    "NST": "America/St_Johns",
    "NDT": "America/St_Johns",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage",
    "AKDT": "America/Anchorage",
    "HST": "Pacific/Honolulu",
}


@pytest.mark.parametrize("name", REGIONS)
def test_names_of_zones(name: str) -> None:
    (time, *_) = [
        time
        for month in (1, 7)
        if (time := datetime(2026, month, 15, 12, tzinfo=ZoneInfo(REGIONS[name]))).tzname() == name
    ]
    assert parse_time(f"{time:%Y-%m-%d %H:%M} {name}") == time.astimezone(UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2026-04-03 18:00:00.000000 UTC", 0),  # nbgrader
        ("2026-04-03 18:00:00.000000 CEST", 2),  # nbgrader with another c.Exchange.timezone
        ("2026-04-03 18:00:00", 0),
        ("2026-04-03 18:00:00 +0200", 2),
        ("2026-04-03 18:00:00 -0330", -3.5),
        ("2026-04-03 18:00:00 +2", 2),
        ("2026-04-03T18:00:00Z", 0),
        ("2026-04-03T18:00:00.000+02:00", 2),
        ("2026-04-03T18:00+02:00[Europe/Berlin]", 2),  # Java
        ("20260403T180000Z", 0),
        ("2026-W14-5T18:00", 0),
        ("2026-04-03 18:00 UTC+2", 2),
        ("2026-04-03 18:00 UTC-05:30", -5.5),
        ("2026-04-03 18:00 CEST+0200", 2),
        ("2026-04-03 18:00 Europe/Berlin", 2),
        ("2026-04-03 06:00 PM cest", 2),
        ("2026/04/03 18:00 EDT", -4),
        ("Fri Apr  3 18:00:00 CEST 2026", 2),  # date
        ("Fri 03 Apr 2026 06:00:00 PM CEST", 2),
        ("Fri, 03 Apr 2026 18:00:00 +0200", 2),  # date -R
        ("Fri Apr 03 2026 18:00:00 GMT+0200 (Central European Summer Time)", 2),  # JavaScript
        ("Apr 3, 2026, 6:00:00 PM PDT", -7),
        ("Friday, April 3, 2026 6:00:00 PM", 0),  # PowerShell
        ("18:00 Fri 3 April 2026", 0),
    ],
)
def test_forms_that_programs_write(text: str, hours: float) -> None:
    assert parse_time(text) == SIX - timedelta(hours=hours)


def test_a_day_that_can_be_no_month() -> None:
    assert parse_time("13/04/2026 18:00") == parse_time("04/13/2026 18:00") == datetime(2026, 4, 13, 18)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("03/04/2026 18:00", "day, month and year cannot be confused"),
        ("3.4.2026 18:00", "day, month and year cannot be confused"),
        ("10/11/12 18:00", "day, month and year cannot be confused"),
        ("3 Apr 26 18:00", "day, month and year cannot be confused"),
        ("2026-04-03 18:00:00 XYZ", "a zone that is known, not 'XYZ'"),
        ("2026-04-03 18:00:00 AST", "a zone that is known, not 'AST'"),
        ("2026-04-03 18:00 Mars/Olympus", "a zone that is known, not 'Mars/Olympus'"),
        ("2026-04-03 18:00 CEST+0100", "a name and an offset of the same zone"),
        ("2026-04-03 18:00 +9999", "a zone of at most 14 hours"),
        ("2026-04-03 18:00 UTC UTC", "one zone, behind the time of day"),
        ("2026-04-03 CEST 18:00", "a date and a time of day"),
        ("18:00", "a whole date"),
        ("3 April 18:00", "a whole date"),
        ("April 2026 18:00", "a whole date"),
        ("2026-04-03", "a date and a time of day"),
        ("2026-04-03 18.30", "a date and a time of day"),
        ("2026-02-30 10:00", "a date and a time of day"),
        ("2026-04-03 25:00", "a date and a time of day"),
        ("2026-04-03 18:00\n2026-05-03 18:00", "a date and a time of day"),
        ("0001-01-01 00:00 +14:00", "a date and a time of day"),
        ("1775239200", "a date and a time of day"),
        ("Fri", "a date and a time of day"),
        ("", "a date and a time of day"),
    ],
)
def test_what_is_missing_or_has_two_meanings_is_no_time(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="expected ") as refused:
        parse_time(text)
    assert words in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("zone", ["UTC", "CEST", "EDT", "PDT", "+0200", "-0700", "Z", "UTC+2"])
def test_nbgrader_reads_the_same_time_in_what_is_handed_on(tmp_path: Path, zone: str) -> None:
    stamp = tmp_path / "timestamp.txt"
    written = f"2026-04-03 18:00:00.123456 {zone}"
    stamp.write_text(f"{written}\n", encoding="utf-8")
    handed_on = read_stamp(stamp)
    assert parse_utc(handed_on) == parse_time(written)
    if zone == "UTC":
        assert handed_on == written


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_as_powershell_writes_it(tmp_path: Path, encoding: str) -> None:
    stamp = tmp_path / "timestamp.txt"
    stamp.write_text("\r\nFriday, April 3, 2026 6:00:00 PM\r\n\r\n", encoding=encoding)
    assert parse_utc(read_stamp(stamp)) == SIX


def test_other_bytes_are_no_time(tmp_path: Path) -> None:
    stamp = tmp_path / "timestamp.txt"
    for content in (b"\xff\xfe\x00", bytes(range(256)), b"2026-03-01 12:00" + b" " * 10_000_000 + b"x"):
        stamp.write_bytes(content)
        if content.startswith(b"2026"):
            assert read_stamp(stamp) == "2026-03-01 12:00", "only its beginning is read"
        else:
            with pytest.raises(ValueError, match="expected a date and a time of day"):
                read_stamp(stamp)
    with pytest.raises(ValueError, match="expected a file, found something else"):
        read_stamp(tmp_path)
