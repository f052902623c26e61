"""Reading zip files and folders without trusting them."""

import os
import stat
import struct
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.classroom.intake import archives
from course_lib.classroom.intake.archives import EARLIEST, Member, Refused, opened
from tests.classroom.intake.downloads import DAY, Entry, write_zip

HALF_PAST_SIX = datetime(*DAY, 18, 30, tzinfo=UTC)


def members(path: Path) -> dict[str, Member]:
    with opened(path) as found:
        return {member.name: member for member in found}


def flaw(tmp_path: Path, entry: Entry) -> str:
    return members(write_zip(tmp_path / "a.zip", {"x": entry}))["x"].flaw


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_files_are_listed_and_read(tmp_path: Path, kind: str) -> None:
    files = {"ada/x.ipynb": b"1", "ada/data/y.csv": b"2", "__MACOSX/ada/._x.ipynb": b"3", "ada/.DS_Store": b"4"}
    path = write_zip(tmp_path / "a.zip", {"ada/": b"", **files})
    if kind == "folder":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "a")
        path = tmp_path / "a"
    with opened(path) as found:
        assert {member.name: member.read(9) for member in found} == {"ada/x.ipynb": b"1", "ada/data/y.csv": b"2"}
        target = tmp_path / "deep" / "copy"
        assert found[1].copy(target, 1) == 1
        assert target.read_bytes() == b"1"
        assert target.stat().st_mtime == found[1].time.timestamp()


def test_times_are_local_or_in_utc_if_the_zip_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    seconds = int(datetime(*DAY, 12, 0, 1, tzinfo=UTC).timestamp())
    other = struct.pack("<HHH", 0xCAFE, 2, 0)
    extra = other + struct.pack("<HHBi", 0x5455, 5, 1, seconds)
    path = write_zip(
        tmp_path / "a.zip", {"local": b"", "utc": Entry(b"", extra=extra), "cut": Entry(b"", extra=extra[:9])}
    )
    found = members(path)
    assert found["local"].time == datetime(*DAY, 16, 30, tzinfo=UTC)
    assert found["utc"].time == datetime(*DAY, 12, 0, 1, tzinfo=UTC)
    assert found["cut"].time == found["local"].time


def test_a_time_that_cannot_be_is_unknown(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x": b""})
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 14  # day 0 of month 0
    path.write_bytes(content[:at] + b"\0\0" + content[at + 2 :])
    assert members(path)["x"].time == EARLIEST


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry(b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "got a symbolic link; ask for the file itself"),
        (Entry(b"", mode=stat.S_IFCHR | 0o666), "got a device or the like"),
        (Entry(b"", mode=stat.S_IFIFO | 0o666), "got a device or the like"),
        (Entry(b"x", method=zipfile.ZIP_BZIP2), "got compression method 12; unpack it"),
        (Entry(b"x", method=zipfile.ZIP_LZMA), "got compression method 14; unpack it"),
        (Entry(b"x", mode=0), ""),
        (Entry(b"x", method=zipfile.ZIP_STORED), ""),
    ],
)
def test_kinds_of_members(tmp_path: Path, entry: Entry, words: str) -> None:
    found = flaw(tmp_path, entry)
    assert words in found
    assert bool(words) == bool(found)


def test_an_encrypted_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x": b"1"})
    content = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + flags] |= 1
    path.write_bytes(content)
    found = members(path)["x"]
    assert "expected no password, got an encrypted file" in found.flaw
    with pytest.raises(Refused, match="x: expected no password"):
        found.read(9)


def test_more_bytes_than_announced_are_counted(tmp_path: Path) -> None:
    """The list of members says one byte; the file has a hundred, which is what the limit of ten sees."""
    path = write_zip(tmp_path / "a.zip", {"x": Entry(b"\0" * 100)})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    assert content[at : at + 4] == (100).to_bytes(4, "little")
    with opened(path) as (found,), pytest.raises(Refused, match="x: expected less data"):
        found.copy(tmp_path / "x", 10)
    assert (tmp_path / "x").stat().st_size == 0
    content[at : at + 4] = (1).to_bytes(4, "little")
    path.write_bytes(content)
    with opened(path) as (found,), pytest.raises(Refused, match="damaged"):  # Python reads as much, and compares
        found.read(10)


def test_a_damaged_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x": Entry(b"letters", method=zipfile.ZIP_STORED), "y": b"2"})
    path.write_bytes(path.read_bytes().replace(b"letters", b"LETTERS"))
    with opened(path) as (found, sound):
        with pytest.raises(Refused, match=r"x: expected a file that can be unpacked, got a damaged one \(Bad CRC"):
            found.read(9)
        assert sound.read(9) == b"2"


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    path = write_zip(tmp_path / "a.zip", {f"ada/{number}": b"" for number in range(4)})
    if kind == "folder":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "a")
        path = tmp_path / "a"
    with pytest.raises(Refused, match="expected at most 3 "):
        members(path)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 4)
    assert len(members(path)) == 4


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x05\x06"])
def test_what_is_no_zip_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(Refused, match="expected a zip file"):
        members(tmp_path / "a.zip")


def test_a_zip_file_that_was_cut(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x": os.urandom(500), "y": b"2"})
    content = path.read_bytes()
    path.write_bytes(content[200:])  # its end is there
    with pytest.raises(Refused, match="x: expected a file that can be read"), opened(path) as found:
        found[0].read(999)


def test_utf_8_that_is_not_marked_is_read_as_macos_means_it(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"Mu\u0308ller.py": b"", "plain": b""})
    content = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        content[content.index(header) + flags] &= ~8
    path.write_bytes(content)
    assert {*members(path)} == {"M\u00fcller.py", "plain"}


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x").write_bytes(b"1")
    (tmp_path / "a" / "ada").mkdir(parents=True)
    (tmp_path / "a" / "ada" / "file").symlink_to(tmp_path / "secret" / "x")
    (tmp_path / "a" / "ada" / "folder").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "a" / "ada" / "pipe")
    found = members(tmp_path / "a")
    assert {*found} == {"ada/file", "ada/folder", "ada/pipe"}
    assert [bool(member.flaw) for member in found.values()] == [True] * 3
    with pytest.raises(Refused):
        found["ada/file"].read(9)
