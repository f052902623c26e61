"""When a submission was handed in: reading ``timestamp.txt`` in many forms."""

import codecs
import re
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import product
from pathlib import Path

from dateutil import parser, tz
from nbgrader.utils import parse_utc

STAMP = "timestamp.txt"
_BYTES, _SHOWN = 400, 60
_WHOLE = "a date and a time of day, such as 2026-04-03 18:00:00 UTC"

# Hours from UTC. If a name has several meanings, the usual one: CST is that of North America, not of China; IST is that
# of India, not of Israel or Ireland; BST is British Summer Time. AST has no usual one: Atlantic, or Arabia.
_ZONES = {
    **dict.fromkeys(("UTC", "GMT", "UT", "UCT", "Z", "WET"), 0.0),
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "SAST": 2,
    "IST": 5.5,
    "PKT": 5,
    "WIB": 7,
    "HKT": 8,
    "JST": 9,
    "KST": 9,
    "AWST": 8,
    "ACST": 9.5,
    "ACDT": 10.5,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "NST": -3.5,
    "NDT": -2.5,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
}
_ZERO = {name for name, hours in _ZONES.items() if hours == 0} - {"WET"}  # in UTC+2 the offset counts
_STAMP = re.compile(
    r"""(?P<time>\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[ ]*[ap]\.?m\b\.?)?)
    [ ]*(?P<region>[a-z_]+/[a-z_/+-]+)?
    (?P<name>[a-z]{1,5}(?![a-z]))?
    (?P<offset>[ ]?[+-]\d{1,2}(?::?\d\d)?(?![\d:]))?""",
    re.IGNORECASE | re.VERBOSE,
)
_REMARK = re.compile(r"[ ]*[(\[](?P<text>[^()\[\]]*)[)\]]$")
_YEAR_FIRST = re.compile(r"(?<!\d)\d{4}[-/.]\d")
_INFO = parser.parserinfo()


def read_stamp(stamp: Path) -> str:
    """Read the time of handing in from a file.

    Parameters
    ----------
    stamp : Path
        A file of any content.

    Returns
    -------
    str
        The text as it is if nbgrader reads the same time from it, otherwise in nbgrader's own format, in UTC.

    Raises
    ------
    ValueError
        If it contains no time that can be understood without guessing; the message is for the instructor.
    OSError
        If it cannot be read.
    """
    if stamp.is_symlink() or not stamp.is_file():
        raise ValueError("expected a file, found something else")
    with stamp.open("rb") as file:
        written = _decoded(file.read(_BYTES)).strip()
    time = parse_time(written)
    with suppress(ValueError, OverflowError, TypeError), warnings.catch_warnings(action="ignore"):
        if parse_utc(written) == time:
            return written
    return f"{time.isoformat(sep=' ', timespec='microseconds')} UTC"


def nbgrader_reads(stamp: Path) -> bool:
    """Tell whether nbgrader itself, especially formgrader, can read the file, even as a wrong time."""
    if stamp.is_symlink() or not stamp.is_file() or stamp.stat().st_size > _BYTES:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            parse_utc(stamp.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, OverflowError, TypeError):
        return False
    return True


def parse_time(text: str) -> datetime:
    """Read a date and a time of day.

    The zone may be an offset (``+0200``, ``+02:00``, ``UTC+2``), a name from the table of this module, or a region
    such as ``Europe/Berlin``. A time without a zone is UTC, as nbgrader writes it.

    Parameters
    ----------
    text : str
        In a form of ISO 8601, of nbgrader, or of the usual programs, with English names.

    Returns
    -------
    datetime
        In UTC, without a zone.

    Raises
    ------
    ValueError
        If something is missing or has more than one meaning: a date such as 03/04/2026, an unknown zone.
    """
    text = " ".join(text.split())
    try:
        time = _of_iso(text) or _of_words(text)
        return time.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise _refused(_WHOLE, text) from None


def _of_iso(text: str) -> datetime | None:
    """Read ISO 8601, which needs no guessing; None if it is something else, or only a date."""
    if len(text) <= len("2026-04-03") or re.search(r"[T ]\d\d[.,]", text):  # Python reads 18.30 as 18:00:00.3
        return None
    with suppress(ValueError):
        time = datetime.fromisoformat(text)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _of_words(text: str) -> datetime:
    """Read any other form: the zone here, and the rest with dateutil, which guesses zones and missing parts."""
    bare = _REMARK.sub("", text)
    found = _STAMP.search(bare)
    if not found:
        raise _refused(_WHOLE, text)
    zone, end = _zone(found, text)
    remark = _REMARK.search(text)
    if zone is None and remark:
        zone = _named(remark["text"], text)
    rest = bare[: found.end("time")] + " " + bare[end:]
    orders = [(False, False)] if _YEAR_FIRST.search(rest) else [*product((False, True), (False, True))]
    readings = {_parsed(rest, datetime(2000, 1, 1), order, text) for order in orders}
    if len(readings) > 1:
        raise _refused("a date in which day, month and year cannot be confused, such as 2026-04-03", text)
    if _parsed(rest, datetime(2001, 2, 2), orders[0], text) not in readings:  # dateutil fills in what is missing
        raise _refused("a whole date with year, month and day", text)
    return readings.pop().replace(tzinfo=zone or UTC)


def _parsed(rest: str, default: datetime, order: tuple[bool, bool], text: str) -> datetime:
    try:
        with warnings.catch_warnings(action="error"):  # dateutil drops a zone that it does not know, with a warning
            time = parser.parse(rest, default=default, dayfirst=order[0], yearfirst=order[1])
    except (ValueError, OverflowError, Warning):
        raise _refused(_WHOLE, text) from None
    if time.tzinfo:
        raise _refused("one zone, behind the time of day", text)
    return time


def _zone(found: re.Match[str], text: str) -> tuple[tzinfo | None, int]:
    """Read the zone after the time of day, and where it ends."""
    name, offset = (found["name"] or "").upper(), (found["offset"] or "").strip()
    if found["region"]:
        return _named(found["region"], text), found.end("region")
    if name and (_INFO.weekday(name) is not None or _INFO.month(name) is not None):  # 18:00 Fri 3 April
        return None, found.end("time")
    if not offset:
        return _named(name, text) if name else None, found.end()
    hours, minutes = int(offset[1:3].rstrip(":")), int(offset[-2:]) if len(offset) > 3 else 0
    if hours > 14 or minutes > 59:
        raise _refused("a zone of at most 14 hours", text)
    shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
    if name not in {"", *_ZERO} and _named(name, text).utcoffset(None) != shift:
        raise _refused("a name and an offset of the same zone", text)
    return timezone(shift), found.end()


def _named(name: str, text: str) -> tzinfo:
    if name.upper() in _ZONES:
        return timezone(timedelta(hours=_ZONES[name.upper()]))
    region = tz.gettz(name) if "/" in name else None
    if region is None:
        raise _refused(f"a zone that is known, not {name[:_SHOWN]!a}", text)
    return region


def _decoded(content: bytes) -> str:
    """Decode text, including PowerShell's encodings."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")


def _refused(expected: str, text: str) -> ValueError:
    return ValueError(f"expected {expected}, got {text[:_SHOWN]!a}")
