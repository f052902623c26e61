"""The report on a class, from its notebooks to its page."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from course_lib.classroom.roster import roster_path
from course_lib.course import Course
from course_lib.errors import ArgumentError
from course_lib.similar import report as reports
from course_lib.similar.report import compare_class, write_report
from tests.support.axe import violations
from tests.support.similar_class import CONVOLVED, DISGUISED, LOOPS, SHIFTED, WAYS, WORDS, hand_in, make_unit
from tests.support.tiny_course import QUESTION, TEXT, UNIT, Words, cell, submit, untouched

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_unit(tmp_path_factory.mktemp("similar") / "course")


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """A course with an empty classroom."""
    return Course(shutil.copytree(released.root, tmp_path / "course"))


def written(course: Course, groups: dict[str, str] | None = None) -> tuple[dict[str, Any], str]:
    """The JSON and the page of a class."""
    page, data = write_report(course, compare_class(course, UNIT, groups or {}))
    assert page == course.classroom / "similar" / f"{UNIT}.html"
    return json.loads(data.read_text(encoding="utf-8")), page.read_text(encoding="utf-8")


def test_disguised_copies_are_listed_and_independent_answers_are_not(course: Course) -> None:
    for number, way in enumerate(WAYS):
        hand_in(course, f"s{number}", way)
    hand_in(course, "copier", DISGUISED, grade_id="something_else")
    hand_in(course, "idle")
    found, page = written(course)
    assert [pair["students"] for pair in found["pairs"]] == [["copier", "s0"]]
    assert (found["students"], found["pairs_compared"], sum(found["pairs_by_share"])) == (7, 21, 21)
    (row,) = found["exercises"]
    assert (row["compared"], row["not_answered"]) == (6, 1)
    words = " ".join(Words(page.partition("<main>")[2]).text.split())
    assert words.startswith(f"{UNIT}: similar answers Confidential.")
    assert "copier and s0" in words
    assert "s1" not in words


def test_an_untouched_class_gives_an_empty_report(course: Course) -> None:
    for student in "abc":
        hand_in(course, student)
    found, page = written(course)
    assert (found["exercises"], found["pairs"], found["pairs_compared"]) == ([], [], 3)
    assert "Nobody has answered anything." in page
    assert "<mark>" not in page


@pytest.mark.parametrize(
    "said", ["the stub, spaced", "a cell of the release", "a hint", "the worked answer", "the bank"]
)
def test_what_the_course_says_never_counts(tmp_path: Path, said: str) -> None:
    hint = "\n<details><summary>Hint 1</summary>\n\nTry `sums[1:] - sums[:-1] + sums[2:, None]`.\n\n</details>\n"
    bank = f"\n### right: loops\n\n```python\n{LOOPS}```\n"
    course = make_unit(
        tmp_path / "course", bank=bank, text=TEXT.replace("# Doubling\n", f"# Doubling\n{hint}") + QUESTION
    )
    notebook = untouched(course)
    code = {
        "the stub, spaced": str(cell(notebook, "double")["source"]) + "\n\n# not yet\n",
        "a cell of the release": "".join(cell(notebook, "test_double")["source"]),
        "a hint": "sums[1:] - sums[:-1] + sums[2:, None]",
        "the worked answer": "def double(x):\n    return 2 * np.asarray(x)",
        "the bank": DISGUISED.replace('print("done")', ""),
    }[said]
    model = "Twice a number lies on its side of zero."
    for student in "ab":
        hand_in(course, student, code, model)
    found, _ = written(course)
    assert found["pairs"] == []
    assert sum(found["pairs_by_share"][1:]) == 0
    assert {row["of_course"] for row in found["exercises"] if row["compared"]} == {
        row["runs"] for row in found["exercises"] if row["compared"]
    }


def test_words_are_compared_too(course: Course) -> None:
    hand_in(course, "a", words=WORDS)
    hand_in(course, "b", words=WORDS.upper().replace(",", " –"))
    hand_in(
        course, "c", words="Because the sign of a product of two positive factors is positive, and otherwise it is not."
    )
    found, _ = written(course)
    assert [pair["students"] for pair in found["pairs"]] == [["a", "b"]]


def test_the_same_answers_give_the_same_bytes(course: Course) -> None:
    for student, code in zip("cadb", (LOOPS, DISGUISED, LOOPS, CONVOLVED), strict=True):
        hand_in(course, student, code, WORDS)
    written(course)
    folder = course.classroom / "similar"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    program = [sys.executable, "-m", "course_lib.cli", "similar", UNIT]
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(reports.__file__).parents[2])}
        subprocess.run(program, cwd=course.root, env=environment, check=True, capture_output=True)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_cannot_be_read_is_named(course: Course) -> None:
    hand_in(course, "a", LOOPS)
    submit(course.classroom / "submitted", "b&c", "<html>")
    submit(course.classroom / "submitted", "b<i>", "<html>")
    found, page = written(course)
    assert found["unreadable"][0] == "b&c: expected a notebook, found a web page"
    assert found["unreadable"][1].startswith("b<i>: expected a student's name without <")
    assert "b&amp;c: expected a notebook" in page
    assert "b&lt;i&gt;: expected" in page


def test_a_class_without_this_unit_is_refused(course: Course) -> None:
    (course.classroom / "submitted" / "a" / UNIT).mkdir(parents=True)
    (course.root / "solutions" / "02_other").mkdir()
    (course.root / "solutions" / "02_other" / "02_other.md").write_text("# Other\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"expected notebooks of 02_other in .*submitted, found none"):
        compare_class(course, "02_other", {})


def test_what_a_student_wrote_is_only_shown(course: Course) -> None:
    bad = (
        LOOPS.replace("too short", "</pre><script>alert(1)</script>\x1b[31m\u202e")
        + "# "
        + "x" * reports.MAX_TEXT_CHARS
    )
    for student in ("b", "&lt;a"):
        hand_in(course, student, bad)
    found, page = written(course)
    assert len(found["pairs"]) == 1
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "&amp;lt;a" in page
    assert re.search(r"… \d+ more characters", page)
    assert page.count("xxxx") < 2 * reports.MAX_TEXT_CHARS / 4


def test_only_the_most_alike_are_shown(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_SHOWN", 2)
    for student in "abc":
        hand_in(course, student, LOOPS)
    found, page = written(course)
    assert len(found["pairs"]) == 3
    assert len(re.findall(r'<h3 id="pair-', page)) == 2
    assert f"The 2 most alike of 3; the file {UNIT}.json lists more." in page


@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_page(course: Course, page: Page, width: int) -> None:
    for student, code in (("a_long_name_of_a_student" * 3, LOOPS), ("b", DISGUISED), ("c", SHIFTED)):
        hand_in(course, student, code, WORDS)
    submit(course.classroom / "submitted", "d", "<html>")
    written(course)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((course.classroom / "similar" / f"{UNIT}.html").as_uri())
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert len(asked) == 1


def test_groups_come_from_the_class_list(course: Course) -> None:
    for student in "ab":
        hand_in(course, student, LOOPS)
    assert len(written(course)[0]["pairs"]) == 1
    hand_in(course, "gone", LOOPS)
    roster_path(course).write_text("id,group,withdrawn\na,1,\nb,1,\ngone,,yes\n", encoding="utf-8")
    program = [sys.executable, "-m", "course_lib.cli", "similar", UNIT]
    environment = os.environ | {"PYTHONPATH": str(Path(reports.__file__).parents[2])}
    ran = subprocess.run(program, cwd=course.root, env=environment, check=True, capture_output=True, text=True)
    assert "3 students, 2 pairs, 2 to look at" in ran.stdout  # each with the one who has withdrawn
    assert "withdrawn, and compared all the same: gone\n" in ran.stdout
