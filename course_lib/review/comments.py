"""Comments that are kept to be used again: ``classroom/comments.csv``."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import read_text, write_aside

HEADER = ["exercise", "comment"]
MAX_COMMENT_CHARS = 5_000
_BETWEEN = "\n\n"  # comments on one answer
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")  # `read_text` refuses these


class CommentsError(CourseError):
    """The file of comments is not as expected; each line of the message names a fault."""


def comments_file(course: Course) -> Path:
    """Return the path of the file."""
    return course.classroom / "comments.csv"


def kept_comments(course: Course, exercise: str) -> list[str]:
    """Read the comments on an exercise, in the order of the file; none if there is no file.

    Raises
    ------
    CommentsError
        If the file has other columns.
    """
    return [comment for name, comment in _read(comments_file(course)) if name == exercise]


def keep_comment(course: Course, exercise: str, comment: str) -> None:
    """Add a comment to the file, unless it is there."""
    path = comments_file(course)
    rows = _read(path)
    if (exercise, comment) not in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADER, *rows, (exercise, comment)])
        write_aside(path, text.getvalue())


def _read(path: Path) -> list[tuple[str, str]]:
    if not path.is_file():
        return []
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    header = next(reader, HEADER)
    if header != HEADER:
        raise CommentsError(f"{path}:1: expected the columns {','.join(HEADER)}, got {','.join(header)}")
    rows: list[tuple[str, str]] = []
    faults = []
    for row in filter(None, reader):
        if len(row) == len(HEADER):
            rows.append((row[0].strip(), row[1].strip()))
        else:
            faults.append(
                f"{path}:{reader.line_num}: expected an exercise and a comment, got {len(row)} columns; "
                'write a comment with commas in "quotation marks"'
            )
    if faults:
        raise CommentsError("\n".join(faults))
    return rows


def cleaned(text: str) -> str:
    """Use the ends of lines of files, not those of forms, and leave out what no text should contain."""
    return _UNSEEN.sub(" ", text.replace("\r\n", "\n"))


def joined(comments: Iterable[str]) -> str:
    """Join comments to the one that the gradebook holds for an answer."""
    return _BETWEEN.join(filter(None, (comment.strip() for comment in comments)))


def split(comment: str, kept: Iterable[str]) -> tuple[list[str], str]:
    """Find the kept comments in an answer's comment.

    Returns
    -------
    list of str
        Those of ``kept`` that are whole paragraphs of it.
    str
        What is left of it.
    """
    padded, used = f"{_BETWEEN}{comment.strip()}{_BETWEEN}", []
    for candidate in sorted(kept, key=len, reverse=True):
        before, found, after = padded.partition(f"{_BETWEEN}{candidate}{_BETWEEN}")
        if candidate and found:
            used.append(candidate)
            padded = f"{before}{_BETWEEN}{after}"
    return used, joined([padded])
