"""What an instructor reads on the page of `course insight`, and what a program reads in its JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from course_lib.course import Course
from course_lib.insight.examples import Example
from course_lib.insight.pages import write_insight
from course_lib.insight.statistics import ItemStatistics
from course_lib.insight.unit import ExerciseInsight, Kind, UnitInsight
from tests.support.axe import violations
from tests.support.tiny_course import Words

pytestmark = pytest.mark.slow

COMMAND = "course answers add 03_upsampling kernel classroom/insight/03_upsampling/kernel-1.py"
SLIP = Kind(
    "the sign is <wrong>", 12, 12, "kernel(2)\n  likely cause: …", {}, Example("def kernel(x):\n    return -x\n")
)
GROUP = Kind(
    "kernel(2) expected: 4 got: 6", 6, 5, "<script>alert(1)</script>", {"row": 2}, Example("x = '</pre>'", COMMAND)
)
KNOWN = Kind("kernel(2) expected: 4 got: 9", 1, 1, "", {}, Example("x = 1", known_as="a square"))
GONE = replace(KNOWN, learners=2, example=Example())
NUMBERS = ItemStatistics(30, 0.614, 0.5, 0.1, 0.456, (0.1, 0.7))
KERNEL = ExerciseInsight("kernel", "Exercise 1 · kernel", False, NUMBERS, [SLIP], [GROUP, KNOWN, GONE])
REVERSED = replace(NUMBERS, discrimination=-0.31, interval=(-0.5, -0.1))
ROW = ExerciseInsight("a_row_of_it", "Exercise 2 · a_row_of_it", False, REVERSED, [], [])
OPEN = ExerciseInsight("why", "Question · why", True, ItemStatistics(0, None, None, 0.25, None, None), [], [])
FOUND = UnitInsight("03_upsampling", 30, 2, 28.0, [1, 0, 0, 0, 3, 5, 6, 7, 6, 2], [KERNEL, ROW, OPEN])
WARNING = "Look at these first"


def written(tmp_path: Path, found: UnitInsight = FOUND) -> str:
    return write_insight(Course(tmp_path), found).read_text(encoding="utf-8")


def words(page: str) -> str:
    """The text of a page, without its title and style."""
    return " ".join(Words(page.partition("<main>")[2]).text.split())


def test_the_page_says_everything(tmp_path: Path) -> None:
    page = written(tmp_path)
    text = words(page)
    assert text.startswith("03_upsampling: what the class got wrong 30 learners, 28 points. 2 more handed in something")
    assert "Exercise 1 · kernel 30 61 % 50 % 10 % 0.46 Exercise 2" in text
    assert "Question · why – – – 25 % – " in text
    assert "the sign is <wrong> Example An answer, without its comments:" in text
    assert "Example, with the message of 5 of them An answer" in text
    assert (
        "What went wrong most often 12 learners in kernel: the sign is <wrong> 6 learners in kernel: kernel(2)" in text
    )
    assert (
        "learners in kernel: kernel(2) expected: 4 got: 9 Points" in text
    )  # of 2 learners; the same of one is left out
    assert "12 40 % Other failures, by likeness" in text
    assert "2 of them failed in row as well, which this exercise uses." in text
    assert f"type in the folder of the course: {COMMAND} 6 20 %" in text
    assert "The answer bank has it: “a square”." in text
    assert "Its answer holds no code, or is not in the classroom any more." in text
    assert text.count("Nobody who worked on it lost points.") == 1
    assert "Learners by their points in the unit. 0 to 2.8 points: 1; " in page
    assert "25.2 to 28 points: 2." in page


def test_a_learners_text_is_only_shown(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "x = &#39;&lt;/pre&gt;&#39;" in page


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (REVERSED, "correlation −0.31, which is more than chance (95 % interval −0.50 to −0.10)"),
        (replace(REVERSED, interval=(-0.6, 0.1)), "correlation −0.31, which may be chance in a class of this size (95"),
    ],
)
def test_an_exercise_that_good_learners_fail(tmp_path: Path, numbers: ItemStatistics, says: str) -> None:
    text = words(written(tmp_path, replace(FOUND, exercises=[KERNEL, replace(ROW, statistics=numbers)])))
    assert f"{WARNING} Learners with more points in the rest of the unit have fewer points in: Exercise 2" in text
    assert says in text


@pytest.mark.parametrize(
    "numbers",
    [
        NUMBERS,
        replace(REVERSED, learners=9),
        replace(REVERSED, discrimination=-0.01, interval=(-0.13, 0.1)),
        replace(NUMBERS, discrimination=None, interval=None),
    ],
)
def test_no_warning(tmp_path: Path, numbers: ItemStatistics) -> None:
    assert WARNING not in written(tmp_path, replace(FOUND, exercises=[replace(ROW, statistics=numbers)]))


def test_json(tmp_path: Path) -> None:
    path = write_insight(Course(tmp_path), FOUND)
    kept = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert (kept["unit"], kept["learners"], kept["histogram"]) == ("03_upsampling", 30, FOUND.histogram)
    assert kept["exercises"][0]["statistics"]["difficulty"] == 0.614
    assert kept["exercises"][0]["slips"][0]["title"] == "the sign is <wrong>"
    assert kept["exercises"][0]["groups"][0]["example"]["command"] == COMMAND
    assert sorted(each.name for each in path.parent.iterdir()) == ["03_upsampling.html", "03_upsampling.json"]


def test_a_class_of_nobody(tmp_path: Path) -> None:
    text = words(written(tmp_path, UnitInsight("03_upsampling", 0, 1, 0.0, [0] * 10, [])))
    assert "0 learners, 0 points. 1 more handed in something that could not be graded" in text


@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_page(tmp_path: Path, page: Page, width: int) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 900})
    long = replace(GROUP, title="x" * 200, message="y" * 500, example=Example("z" * 500, COMMAND))
    path = write_insight(Course(tmp_path), replace(FOUND, exercises=[replace(KERNEL, groups=[long, KNOWN]), ROW, OPEN]))
    page.goto(path.as_uri())
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert asked == [path.as_uri()]
