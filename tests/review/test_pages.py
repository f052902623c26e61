"""A person reviews a class in a real browser, with the keyboard alone."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Page, expect

from course_lib.course import Course
from course_lib.review.comments import kept_comments
from tests.support.axe import violations
from tests.support.graded_class import LOST_SIGN, TRIPLE, make_class
from tests.support.review_server import Served, served
from tests.support.tiny_course import RIGHT, UNIT

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
PATIENCE_MS = 120_000
CODES = {"ada": TRIPLE, "bob": LOST_SIGN, "cyd": TRIPLE, "dan": RIGHT}  # answers 1 and 2 are TRIPLE, 3 is LOST_SIGN
WORDS = {"ada": "The same side of zero.", "bob": "<script>document.title = 'hacked'</script>*Why* not? $2x$"}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_class(tmp_path / "course", CODES, WORDS)


@pytest.fixture
def browser(page: Page) -> Iterator[Page]:
    """A browser in which no page may fail, run a learner's text, or load anything from another place."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: wrong.extend([asked.url][asked.url.startswith("http://127.0.0.1:") :]))
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield page
    assert wrong == []


def press(browser: Page, *keys: str) -> None:
    for key in keys:
        browser.keyboard.press(key)


def at(browser: Page, path: str) -> None:
    """Wait until a page is there, with its script."""
    browser.wait_for_url(re.compile(rf"/[\w-]+/{path}$"))


def in_gradebook(course: Course, name: str) -> dict[str, float | None]:
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url, "pixelwise") as book:
        return {student: book.find_grade(name, UNIT, UNIT, student).manual_score for student in CODES}


def comments(course: Course, name: str) -> dict[str, str | None]:
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url, "pixelwise") as book:
        return {student: book.find_comment(name, UNIT, UNIT, student).manual_comment for student in CODES}


def test_a_review_by_keyboard(course: Course, browser: Page) -> None:
    with served(course, "double") as running:
        browser.goto(running.once)
        assert browser.url == running.address
        press(browser, "w")
        at(browser, "1")
        press(browser, "1", ".", "5", "c")  # points, then a comment
        browser.keyboard.type("Twice, not three times: n, p and 2 are letters here.")
        press(browser, "Control+Enter")
        at(browser, "3")
        expect(browser.get_by_role("status")).to_have_text("1.5 of 3 points and a comment saved for answers 1 to 2.")
        press(browser, "a", "2", "Enter")  # the same comment, and 2 points
        at(browser, "4")
        press(browser, "Enter")  # as the tests
        at(browser, "")
        expect(browser.get_by_role("status")).to_have_text("The points from the tests saved for answer 4.")
        expect(browser.locator("main")).to_contain_text("0 without a decision of yours")
        press(browser, "u")
        at(browser, "4")
        press(browser, "p")
        at(browser, "3")
        expect(browser.get_by_label("Points, 0 to 3")).to_have_value("2")
        expect(browser.get_by_role("group").get_by_role("checkbox")).to_be_checked()
        press(browser, "t", "a", "Enter")
        at(browser, "4")
        press(browser, "p")
        at(browser, "3")
        expect(browser.get_by_label("Points, 0 to 3")).to_have_value("")
        press(browser, "p")
        at(browser, "2")
        press(browser, "g", "3", "Enter")  # this one of two alike
        at(browser, "3")
    comment = "Twice, not three times: n, p and 2 are letters here."
    assert kept_comments(course, "double") == [comment]
    assert sorted(str(score) for score in in_gradebook(course, "test_double").values()) == [
        "1.0",
        "1.0",
        "None",
        "None",
    ]
    hidden = in_gradebook(course, "test_double_hidden")
    assert {hidden["ada"], hidden["cyd"]} == {0.5, 2}
    assert (hidden["bob"], hidden["dan"]) == (None, None)
    assert comments(course, "double") == {"ada": comment, "bob": "", "cyd": comment, "dan": None}


def test_a_question_is_read_with_its_rubric(course: Course, browser: Page) -> None:
    with served(course, "question_sign") as running:
        browser.goto(f"{running.address}1")
        press(browser, "m", "s")
        expect(browser.get_by_text("Rubric.")).to_be_visible()
        expect(browser.get_by_text("Why does doubling keep the sign?")).to_be_visible()
        press(browser, "1", "Enter")
        at(browser, "2")
        expect(browser.get_by_text("Rubric.")).to_be_visible()  # it stays open
        expect(browser).to_have_title(re.compile("answer 2 of 4"))
    scores = in_gradebook(course, "question_sign")
    assert sorted(str(score) for score in scores.values()) == ["1.0", "None", "None", "None"]


def test_everything_is_reached_with_tab_and_what_has_the_focus_is_seen(course: Course, browser: Page) -> None:
    with served(course, "double") as running:
        browser.goto(f"{running.address}2")
        count = browser.locator(":is(main, nav) :is(a, button, input, textarea, summary):visible").count()
        seen = []
        for _ in range(count):
            press(browser, "Tab")
            outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            seen.append(
                (browser.evaluate("document.activeElement.textContent.trim().split(/\\s+/).join(' ')"), outline)
            )
        assert all(outline == "solid" for _, outline in seen)
        names = [name for name, _ in seen]
        assert names[:3] == ["o overview", "p previous", "n next"]
        assert {"t as the tests", "Enter Save, and go on", "m Model answer", "Keys"} <= set(names)
        browser.get_by_label("Another comment").fill("By Tab and Enter.")
        browser.get_by_role("button", name="Save").focus()
        press(browser, "Enter")
        at(browser, "3")
    assert sorted(map(str, comments(course, "double").values())) == [
        "By Tab and Enter.",
        "By Tab and Enter.",
        "None",
        "None",
    ]


def test_single_keys_can_be_switched_off(course: Course, browser: Page) -> None:
    with served(course, "double") as running:
        browser.goto(f"{running.address}1")
        browser.locator("summary", has_text="Keys").click()
        browser.get_by_label("single keys work").uncheck()
        browser.locator("h1").click()
        press(browser, "n", "3", "Enter")
        expect(browser.get_by_label("Points, 0 to 3")).to_have_value("")
        assert browser.url == f"{running.address}1"
        browser.get_by_role("link", name="next", exact=False).first.click()
        at(browser, r"\d")
        assert browser.locator("#keys").is_checked() is False  # on the next page too


def test_a_locked_gradebook_keeps_what_was_typed_until_it_is_saved(
    course: Course, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.CourseDirectory.db_url += '?timeout=0.1'\n")
    monkeypatch.setattr("course_lib.review.decisions.PATIENCE_S", 0.1)
    page.set_default_timeout(PATIENCE_MS)
    with served(course, "double") as running, closing(sqlite3.connect(course.classroom / "gradebook.db")) as other:
        page.goto(f"{running.address}3")
        other.execute("BEGIN EXCLUSIVE")
        press(page, "2", "Enter")
        expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet", timeout=PATIENCE_MS)
        other.rollback()
        at(page, "4")  # by itself
    assert in_gradebook(course, "test_double")["bob"] == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_pages(course: Course, browser: Page, width: int) -> None:
    browser.set_viewport_size({"width": width, "height": 900})
    addresses: list[Served] = []
    with served(course, "double") as double, served(course, "question_sign") as question:
        addresses += [double, question]
        browser.goto(f"{double.address}1")
        press(browser, "c")
        browser.keyboard.type(f"A long comment. {'word ' * 60}{'x' * 200}")
        press(browser, "Control+Enter")
        at(browser, "3")
        for running in addresses:
            for path in ("", "1", "3"):
                browser.goto(f"{running.address}{path}")
                assert violations(browser) == []
                assert browser.evaluate("document.documentElement.scrollWidth") == width
