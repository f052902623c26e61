"""What a browser, or another program on this machine, gets from a running review."""

import http.client
import re
import shutil
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.review.answers import find_exercise
from course_lib.review.comments import kept_comments
from course_lib.review.decisions import read_entries
from course_lib.review.session import Decision, Review, points_in
from tests.support.graded_class import LOST_SIGN, NO_SIGN, THREE_TIMES, TRIPLE, grade, make_class
from tests.support.review_server import Served, served
from tests.support.tiny_course import RIGHT, UNIT, Words, answered, submit

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
CODES = {"ada": TRIPLE, "bob": LOST_SIGN, "cyd": TRIPLE, "dan": RIGHT, "eve": TRIPLE}  # answers 1 to 3 are TRIPLE
NAMES = re.compile(rf"\b({'|'.join(CODES)})\b")
EVIL = "<script>alert(1)</script> <img src=x onerror=alert(2)> **Both** lie on one side: $2x$."
LONG = EVIL + " long" * 10_000


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def words(self) -> str:
        return " ".join(Words(self.text.partition("<main>")[2].partition("</main>")[0]).text.split())


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_class(tmp_path_factory.mktemp("review") / "course", CODES, {"ada": LONG, "bob": EVIL})


@pytest.fixture
def course(graded: Course) -> Course:
    """The same class for each test, with a gradebook that soon gives up when it is locked."""
    kept = graded.root.parent / "kept"
    if not kept.exists():
        shutil.copytree(graded.classroom, kept)
    shutil.rmtree(graded.classroom)
    shutil.copytree(kept, graded.classroom)
    return graded


@pytest.fixture
def double(course: Course) -> Iterator[Served]:
    with served(course, "double") as running:
        yield running


def ask(address: str, path: str = "", form: dict[str, str] | None = None, host: str = "", method: str = "") -> Reply:
    """Send one request; redirects are not followed."""
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(address, path))
    headers = {"Host": host} if host else {}
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(http.client.HTTPConnection(parts.netloc, timeout=120)) as connection:
        connection.request(method or ("GET" if form is None else "POST"), parts.path, body, headers)
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read().decode())


def points(course: Course) -> dict[str, float]:
    entries = read_entries(course.nbgrader_config(), find_exercise(course, "double"))
    return {student: entry.points for student, entry in sorted(entries.items())}


def test_only_who_knows_the_address_gets_anything(double: Served) -> None:
    origin = urllib.parse.urljoin(double.address, "/")
    for path in ("", "1", "undo", "x" * 43 + "/", "x" * 43 + "/1"):
        assert ask(origin, path).status == 404
    assert ask(origin, "1", {"points": "3"}).status == 404
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example"):
        assert ask(double.address, host=host).status == 403
        assert ask(double.address, "1", {"points": "3"}, host=host).status == 403
        assert ask(double.once, host=host).status == 403
    assert ask(double.address, host="localhost:1234").status == 200  # through a tunnel
    for path in ("0", "6", "999999", "1/", "nothing"):
        assert ask(double.address, path).status == 404
    with suppress(ConnectionError):
        assert ask(double.address, "1", {"points": "3", "comment": "x" * 300_000}).status == 400
    assert double.review.saved == 0


def test_the_link_for_the_browser_works_once(double: Served) -> None:
    first = ask(double.once)
    assert (first.status, urllib.parse.urljoin(double.once, first.headers["Location"])) == (302, double.address)
    assert ask(double.once).status == 404
    assert ask(double.address).status == 200


def test_every_answer_forbids_scripts_and_frames(double: Served) -> None:
    for path in ("", "1", "nothing"):
        reply = ask(double.address, path)
        policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert re.fullmatch(r"'nonce-[\w-]{20,}'", policy["script-src"])
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(double.address).headers["Content-Security-Policy"] != reply.headers["Content-Security-Policy"]


def test_no_page_names_a_student_or_shows_a_script_of_theirs(course: Course, double: Served) -> None:
    with served(course, "question_sign") as question:
        for running in (double, question):
            for path in ("", *map(str, range(1, 6))):
                text = ask(running.address, path).text
                assert not NAMES.search(text)
                assert text.count("<script") == 1
                assert "<img src=x" not in text
        assert sum("more characters" in ask(question.address, path).words for path in "12") == 1  # it is bounded


def test_an_answer_is_shown_with_what_a_person_needs(double: Served) -> None:
    words = ask(double.address, "1").words
    for part in ("answer 1 of 5", "One of 3", f"likely cause: {THREE_TIMES}", "return 3 * np.asarray(x)", "0 of 3"):
        assert part in words
    assert "Twice a number Double x" in words
    assert "return 2 * np.asarray(x)" in words  # the model answer
    assert "An array doubles every number at once." in words
    overview = ask(double.address).words
    assert f"1 to 3 {THREE_TIMES} 0 points from the tests 4 {NO_SIGN} 1 points from the tests 5 nothing 3" in overview


def test_a_group_is_decided_at_once_and_undone(course: Course, double: Served) -> None:
    reply = ask(double.address, "1", {"points": "1,5", "group": "on", "comment": "Two,\r\nnot three.", "keep": "on"})
    assert (reply.status, reply.headers["Location"]) == (303, "4")
    assert "1.5 of 3 points and a comment saved for answers 1 to 3." in ask(double.address, "4").words
    assert points(course) == {"ada": 1.5, "bob": 1, "cyd": 1.5, "dan": 3, "eve": 1.5}
    assert kept_comments(course, "double") == ["Two,\nnot three."]
    assert 'value="1.5"' in ask(double.address, "2").text
    reply = ask(double.address, "undo", {"here": "4"})
    assert (reply.status, reply.headers["Location"]) == (303, "1")
    assert "Undone for 3 answers." in ask(double.address, "1").words
    assert points(course) == {"ada": 0, "bob": 1, "cyd": 0, "dan": 3, "eve": 0}
    assert ask(double.address, "undo", {"here": "4"}).headers["Location"] == "4"
    assert "nothing is left to undo" in ask(double.address, "4").words


def test_one_answer_of_a_group_may_differ(course: Course, double: Served) -> None:
    assert ask(double.address, "2", {"points": "1"}).headers["Location"] == "3"
    assert sorted(points(course).values()) == [0, 0, 1, 1, 3]
    assert "They do not have the same points and comments now." in ask(double.address, "3").words
    assert ask(double.address, "5", {"points": "3"}).headers["Location"] == "./"  # after the last
    assert double.review.next_open() == 1
    assert double.review.next_open(1) == 3


@pytest.mark.parametrize("typed", ["4", "-1", "nan", "inf", "many", "1e9"])
def test_points_that_cannot_be_given_are_refused_and_nothing_typed_is_lost(
    course: Course, double: Served, typed: str
) -> None:
    before = points(course)
    reply = ask(double.address, "1", {"points": typed, "group": "on", "comment": "Keep <this>."})
    assert reply.status == 409
    assert f"expected points from 0 to 3, such as 1.5, or nothing; got '{typed}'" in reply.words
    assert "Keep &lt;this&gt;.</textarea>" in reply.text
    assert points(course) == before


def test_a_locked_gradebook_is_told_and_tried_again(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    with (course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.CourseDirectory.db_url += '?timeout=0.1'\n")
    monkeypatch.setattr("course_lib.review.decisions.PATIENCE_S", 0.1)
    with served(course, "double") as running, closing(sqlite3.connect(course.classroom / "gradebook.db")) as other:
        assert ask(running.address, "1").status == 200
        other.execute("BEGIN EXCLUSIVE")
        form = {"points": "2", "group": "on", "comment": "Wait."}
        reply = ask(running.address, "1", form)
        assert (reply.status, "data-retry" in reply.text) == (503, True)
        assert "Nothing is saved yet; the page tries again by itself." in reply.words
        assert 'value="2"' in reply.text
        assert "Wait.</textarea>" in reply.text
        assert ask(running.address, "1").status == 503
        other.rollback()
        assert ask(running.address, "1", form).status == 303
    assert points(course) == {"ada": 2, "bob": 1, "cyd": 2, "dan": 3, "eve": 2}


def test_an_answer_that_was_graded_again_is_not_decided(course: Course, double: Served) -> None:
    shutil.rmtree(course.classroom / "submitted" / "cyd")
    submit(course.classroom / "submitted", "cyd", answered(course, RIGHT))
    grade(course)
    reply = ask(double.address, "1", {"points": "2", "group": "on"})
    assert reply.status == 409
    assert "found it graded again; nothing is saved: start `course review` again" in reply.words
    assert points(course) == {"ada": 0, "bob": 1, "cyd": 3, "dan": 3, "eve": 0}
    with served(course, "double") as again:
        assert ask(again.address, "1", {"points": "2", "group": "on"}).headers["Location"] == "3"


def test_a_fault_in_the_comments_is_told_on_the_page(course: Course, double: Served) -> None:
    (course.classroom / "comments.csv").write_text("comment\n", encoding="utf-8")
    reply = ask(double.address, "1")
    assert (reply.status, "expected the columns exercise,comment" in reply.words) == (409, True)


def test_a_decision_without_points_is_remembered_for_this_review(course: Course) -> None:
    review = Review(course, find_exercise(course, "double"))
    note, following = review.save(1, Decision(""))
    assert (note, following) == ("The points from the tests saved for answers 1 to 3.", 4)
    assert [review.is_open(number) for number in range(1, 6)] == [False, False, False, True, True]
    question = Review(course, find_exercise(course, "question_sign"))
    assert question.save(1, Decision("", comment="Hm."))[0] == "No points yet and a comment saved for answer 1."
    assert question.is_open(1)


def test_too_long_a_comment_is_refused(course: Course) -> None:
    review = Review(course, find_exercise(course, "double"))
    with pytest.raises(CourseError, match="expected a comment of at most 5000 characters, got 5001"):
        review.save(1, Decision("", comment="x" * 5001))


def test_an_exercise_is_found_by_its_name(course: Course, tmp_path: Path) -> None:
    assert find_exercise(course, "question_sign").question
    assert find_exercise(course, "01/double") == find_exercise(course, f"{UNIT}/double")
    with pytest.raises(ArgumentError, match="was graded, one of double, question_sign; got 'dubble'"):
        find_exercise(course, "dubble")


def test_points_are_read_as_people_type_them() -> None:
    assert [points_in(text, 3) for text in ("", " ", "2", " 1.5", "0,25")] == [None, None, 2, 1.5, 0.25]
