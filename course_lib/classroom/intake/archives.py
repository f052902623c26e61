"""Reading a zip file or a folder that was downloaded, without trusting it."""

import mmap
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from course_lib.classroom.intake.paths import is_work, split
from course_lib.errors import CourseError

MOST_MEMBERS = 100_000  # of a download
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # that a zip file can store: it then says nothing
_HEADER = b"PK\x01\x02"  # before each entry of a zip file's list of members
_UTF_8, _ENCRYPTED = 0x800, 0x1  # bits of a member's flags
_UNIX_TIME = 0x5455  # the number of the extra field with times in UTC
_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, UnicodeError)
TOO_MUCH = "expected less data in one submission, got more; unpack it, remove what is not needed, collect the folder"
_LINK = "expected a regular file, got {}; ask for the file itself"


class Refused(CourseError):
    """Something is not unpacked or not placed; the message says what was expected, what it got, and what to do."""


@dataclass(frozen=True)
class Member:
    """A file in a download.

    Attributes
    ----------
    parts : tuple of str
        Its path.
    time : datetime
        When it was last changed, according to the zip file or the disk; `EARLIEST` if unknown.
    open : callable
        Opens it for reading.
    flaw : str
        Why it must not be unpacked, and what to do; usually empty.
    """

    parts: tuple[str, ...]
    time: datetime
    open: Callable[[], IO[bytes]] = field(repr=False, compare=False)
    flaw: str = ""

    @property
    def name(self) -> str:
        """Its path, with slashes."""
        return "/".join(self.parts)

    def copy(self, target: Path, most: int) -> int:
        """Write its content to a new file, and count the bytes that were really read.

        Parameters
        ----------
        target : Path
            The file; its folder is made if needed.
        most : int
            The most bytes to read, whatever the archive announces.

        Returns
        -------
        int
            The number of bytes.

        Raises
        ------
        Refused
            If it must not be unpacked, is damaged or longer. Part of it may have been written.
        """
        size = 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for chunk in self._chunks(most):
                size += file.write(chunk)
        os.utime(target, (self.time.timestamp(), self.time.timestamp()))
        return size

    def read(self, most: int) -> bytes:
        """Read its content; see `copy`."""
        return b"".join(self._chunks(most))

    def _chunks(self, most: int) -> Iterator[bytes]:
        if self.flaw:
            raise Refused(f"{self.name}: {self.flaw}")
        size = 0
        try:
            with self.open() as source:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > most:
                        raise Refused(f"{self.name}: {TOO_MUCH}")
                    yield chunk
        except _DAMAGED as error:
            why = f"expected a file that can be unpacked, got a damaged one ({error}); download or ask for it again"
            raise Refused(f"{self.name}: {why}") from None
        except OSError as error:
            why = f"expected a file that can be read, got: {error.strerror}; set its permissions, or download it again"
            raise Refused(f"{self.name}: {why}") from None


@contextmanager
def opened(path: Path) -> Iterator[list[Member]]:
    """Open a download for reading.

    Parameters
    ----------
    path : Path
        A zip file or a folder; it is not changed.

    Yields
    ------
    list of Member
        The files that may be somebody's work, in order of their names. Links are listed, and not followed.

    Raises
    ------
    Refused
        If it is neither, or has too many members.
    """
    if not path.is_dir():
        with opened_zip(path, MOST_MEMBERS) as members:
            yield members
        return
    found = []
    for member in _in_folder(path):
        found.append(member)
        if len(found) > MOST_MEMBERS:
            raise Refused(f"expected at most {MOST_MEMBERS} files, got more; collect parts of it, one after the other")
    yield sorted(found, key=lambda member: member.parts)


@contextmanager
def opened_zip(path: Path, most: int) -> Iterator[list[Member]]:
    """Open a zip file of at most so many members; see `opened`."""
    if not zipfile.is_zipfile(path):
        raise Refused("expected a zip file or a folder, got something else; is the download complete?")
    if _headers(path, most) > most:
        raise Refused(f"expected at most {most} members, got more; unpack it by hand, collect the folder")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused(f"expected a zip file, got a damaged one ({error}); download or ask for it again") from None
    with archive:
        infos = [info for info in archive.infolist() if not info.filename.endswith(("/", "\\"))]
        members = [_of_zip(archive, info) for info in infos]
        yield sorted(
            (member for member in members if member.parts and is_work(member.parts)), key=lambda member: member.parts
        )


def _headers(path: Path, most: int) -> int:
    """Count the entries in a zip file's list of members, at least, before Python reads them all; stop above `most`."""
    count = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_HEADER)
        while at >= 0 and count <= most:
            count += 1
            at = data.find(_HEADER, at + len(_HEADER))
    return count


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.orig_filename
    if not info.flag_bits & _UTF_8:  # Python takes it for an old code page; macOS writes UTF-8 without saying so
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    parts, flaw = split(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        flaw = _LINK.format("a symbolic link" if kind == stat.S_IFLNK else "a device or the like")
    elif info.flag_bits & _ENCRYPTED:
        flaw = "expected no password, got an encrypted file; unpack it with the password, collect the folder"
    elif info.compress_type not in _METHODS:
        flaw = (
            f"expected a file that is stored or deflated, got compression method {info.compress_type}; "
            "unpack it with the program that made it, collect the folder"
        )
    return Member(parts, _time(info), lambda: archive.open(info), flaw)


def _time(info: zipfile.ZipInfo) -> datetime:
    """Read the time of a member: in UTC where the zip file has that, otherwise in this machine's time zone."""
    extra = info.extra
    while len(extra) >= 4:
        number, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if number == _UNIX_TIME and len(content) >= 5 and content[0] & 1:
            return datetime.fromtimestamp(int.from_bytes(content[1:5], "little", signed=True), UTC)
    try:
        return datetime(*info.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return EARLIEST


def _in_folder(root: Path) -> Iterator[Member]:
    unreadable: list[OSError] = []
    for name, folders, files in os.walk(root, onerror=unreadable.append):
        links = [below for below in folders if Path(name, below).is_symlink()]
        for path in (Path(name, file) for file in [*files, *links]):
            relative = path.relative_to(root)
            if not is_work(relative.parts):
                continue
            parts, flaw = split(relative.as_posix())
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                flaw = _LINK.format("a link" if stat.S_ISLNK(status.st_mode) else "a device or the like")
            yield Member(parts, datetime.fromtimestamp(status.st_mtime, UTC), _opener(path), flaw)
        folders[:] = [below for below in folders if is_work([below])]
    for error in unreadable:
        folder = Path(error.filename)
        flaw = f"expected a folder that can be read, got: {error.strerror}; correct its permissions"
        yield Member(folder.relative_to(root).parts or (root.name,), EARLIEST, _opener(folder), flaw)


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
