import csv
from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.review.comments import CommentsError, cleaned, comments_file, joined, keep_comment, kept_comments, split

TEXTS = ["Look at the sign.", 'Two lines,\nand a "quotation"', "=1+1", "Look"]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def test_comments_are_kept_by_exercise_and_once(course: Course) -> None:
    assert kept_comments(course, "double") == []
    for text in [*TEXTS, TEXTS[0]]:
        keep_comment(course, "double", text)
    keep_comment(course, "halve", "Divide.")
    assert kept_comments(course, "double") == TEXTS
    assert kept_comments(course, "halve") == ["Divide."]
    with comments_file(course).open(encoding="utf-8", newline="") as opened:
        assert next(csv.reader(opened)) == ["exercise", "comment"]


def test_a_person_may_edit_the_file(course: Course) -> None:
    comments_file(course).parent.mkdir()
    comments_file(course).write_bytes(b'\xef\xbb\xbfexercise,comment\r\n\r\n double ,"Yes, \r\nand no "\r\n')
    assert kept_comments(course, "double") == ["Yes, \nand no"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("exercise;comment\n", ":1: expected the columns exercise,comment, got exercise;comment"),
        ("exercise,comment\ndouble,yes, no\n", ":2: expected an exercise and a comment, got 3 columns; write"),
    ],
)
def test_a_fault_in_the_file_is_named(course: Course, content: str, says: str) -> None:
    comments_file(course).parent.mkdir()
    comments_file(course).write_text(content, encoding="utf-8")
    with pytest.raises(CommentsError, match=r"comments\.csv") as raised:
        kept_comments(course, "double")
    assert says in str(raised.value)
    with pytest.raises(CommentsError):
        keep_comment(course, "double", "new")
    assert comments_file(course).read_text(encoding="utf-8") == content


def test_a_pasted_text_can_be_read_again(course: Course) -> None:
    pasted = "One\r\ntwo\N{LINE SEPARATOR}three\x0b\x85\N{ZERO WIDTH NO-BREAK SPACE}\r."
    keep_comment(course, "double", cleaned(pasted))
    assert kept_comments(course, "double") == ["One\ntwo three    ."]


@pytest.mark.parametrize("used", [[], TEXTS[:1], TEXTS[:2], TEXTS])
@pytest.mark.parametrize("own", ["", "My own words.\n\nIn two paragraphs."])
def test_what_is_joined_can_be_split(used: list[str], own: str) -> None:
    found, left = split(joined([*used, own]), TEXTS)
    assert sorted(found) == sorted(used)
    assert left == own


def test_a_comment_within_a_sentence_is_not_the_kept_one() -> None:
    assert split("Look at the sign. Or not.", TEXTS) == ([], "Look at the sign. Or not.")
