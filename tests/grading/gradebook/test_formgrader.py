import csv
import json
import re
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from playwright.sync_api import Page

from course_lib.course import Course
from course_lib.grading import nbgrader_ext
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import grade_class
from tests.support.lab_server import TOKEN, running_lab
from tests.support.tiny_course import (
    HALF_RIGHT,
    QUESTION,
    RIGHT,
    TEXT,
    UNIT,
    Words,
    answered,
    cell,
    make_course,
    submit,
)

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]


@dataclass
class Server:
    """A running JupyterLab, by its address."""

    address: str

    def get(self, path: str) -> str:
        request = urllib.request.Request(f"{self.address}{path}", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode("utf-8"))

    def api(self, path: str) -> Any:
        return json.loads(self.get(f"/formgrader/api/{path}"))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with one graded submission, handed in where nbgrader expects it."""
    base = tmp_path_factory.mktemp("to look at")
    course = make_course(base / "course", text=TEXT + QUESTION, question_points=2)
    submitted = course.classroom / "submitted"
    notebook = answered(course, HALF_RIGHT)
    show = "from IPython.display import HTML, Javascript, display\n"
    show += "display(HTML('<script>alert(1)</script>'), Javascript('alert(2)'), HTML('<img src=x onerror=alert(3)>'))"
    show += "\nimport IPython.display\nfor size in ({'width': '1 onerror=alert(5) x=1'}, [1]):\n"
    show += "    display({'image/png': 'AAAA', 'text/plain': 'x'}, raw=True, metadata={'image/png': size})\n"
    show += "display(IPython.display.Markdown('[x](javascript:alert(6))'))"
    notebook["cells"].append({**notebook["cells"][1], "id": "evil", "metadata": {}, "source": show})
    text = "[my result](javascript:alert(7)) ![plot](attachment:plot.webp)\n\n"
    text += r"$$\begin{aligned} a &= b \\ &= c \end{aligned}$$" + "\n\n"
    text += "<details><summary>Hint</summary>\n\n`1 < 2`\n\n</details>"
    files = {"plot.webp": {"image/webp": "UklGRg=="}}
    notebook["cells"].append(
        {"cell_type": "markdown", "id": "link", "metadata": {}, "source": text, "attachments": files}
    )
    notebook["cells"][0]["source"] += "\n\n<script>alert(4)</script>\n"
    submit(submitted, "Ada Byron", notebook)
    named = answered(course, RIGHT)
    cell(named, "question_sign")["source"] = "Twice $x$ has *its* sign.\n\n<img src=x onerror=alert(9)>"
    submit(submitted, "named", named)
    grade_class(course, find_submissions(course, [submitted]), GradeOptions(isolated=False), lambda _: None)
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as book:
        book.update_or_create_student("named", first_name="<img src=x onerror=alert(8)>", last_name="Lovelace")
    outside = str(course.root / "outside")
    probe = f"{RIGHT}\n\ntry:\n    open({outside!r}, 'w').write('x')\nexcept OSError:\n    pass"
    submit(submitted, "probe", answered(course, probe))
    return course


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[Server]:
    """JupyterLab as an instructor starts it, from the course's folder, with an empty home."""
    with running_lab([sys.executable, "-m", "jupyterlab"], course.root, course.root.parent / "home") as address:
        yield Server(address)


def notebook_of(server: Server, student: str) -> str:
    """Find the id under which formgrader shows a student's notebook."""
    found = server.api(f"submitted_notebooks/{UNIT}/{UNIT}")
    return next(str(notebook["id"]) for notebook in found if notebook["student"] == student)


@pytest.fixture
def formgrader(server: Server, page: Page) -> Iterator[Page]:
    """A real browser that is logged in; no page may run a learner's text, go beyond this machine, or fail."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script("window.alert = words => console.error(words)")
    page.on("request", lambda asked: wrong.extend([asked.url][asked.url.startswith((server.address, "data:")) :]))
    page.context.set_extra_http_headers({"Authorization": f"token {TOKEN}"})
    page.set_default_timeout(300_000)  # grading takes its time on a busy machine
    yield page
    assert wrong == []


def show(formgrader: Page, server: Server, path: str) -> None:
    formgrader.goto(f"{server.address}/formgrader/{path}", wait_until="networkidle")


def press(formgrader: Page, student: str, button: str) -> str:
    """Press a button in the line of a student; return what formgrader says then."""
    formgrader.locator("tr", has_text=student).locator(f".{button} a").click()
    said = formgrader.locator(".modal-body").inner_text()
    formgrader.locator(".modal-footer button").click()
    formgrader.locator(".modal").wait_for(state="detached")
    return said


def test_no_page_fails_or_needs_the_web(server: Server, formgrader: Page) -> None:
    pages = ["manage_assignments", f"manage_submissions/{UNIT}", "gradebook", f"gradebook/{UNIT}"]
    pages += [f"gradebook/{UNIT}/{UNIT}", "manage_students", "manage_students/Ada%20Byron"]
    pages += [f"submissions/{notebook_of(server, student)}/" for student in ("Ada Byron", "named")]
    for path in pages:
        show(formgrader, server, path)
        assert formgrader.locator("body").inner_text().strip()
        assert not formgrader.locator(".alert-warning").count()  # such as that there is no exchange


def test_only_who_answered_the_question_waits_for_a_person(server: Server) -> None:
    found = server.api(f"submissions/{UNIT}")
    assert {one["student"]: one["needs_manual_grade"] for one in found if one["autograded"]} == {
        "Ada Byron": False,
        "named": True,
    }


def test_students_without_names_are_called_by_their_ids(server: Server, formgrader: Page) -> None:
    show(formgrader, server, "manage_students")
    names = formgrader.locator("td.name").all_inner_texts()
    assert {"Ada Byron,", "Lovelace, <img src=x onerror=alert(8)>"} <= set(names)


def test_hints_unfold(server: Server, formgrader: Page) -> None:
    show(formgrader, server, f"submissions/{notebook_of(server, 'Ada Byron')}/")
    hint = formgrader.locator("details", has_text="Hint")
    assert not hint.locator("code").is_visible()
    hint.locator("summary").click()
    assert hint.locator("code").inner_text() == "1 < 2"
    assert formgrader.get_by_text("<details>").count() == 0


def test_formulas_are_aligned(server: Server, formgrader: Page) -> None:
    show(formgrader, server, f"submissions/{notebook_of(server, 'Ada Byron')}/")
    sides = formgrader.locator("math mtd").evaluate_all("cells => cells.map(cell => getComputedStyle(cell).textAlign)")
    assert [side.removeprefix("-webkit-") for side in sides] == ["right", "left", "right", "left"]


def test_what_people_enter_is_on_the_page_that_the_button_makes(
    course: Course, server: Server, formgrader: Page
) -> None:
    show(formgrader, server, f"submissions/{notebook_of(server, 'named')}/")
    formgrader.locator("#double-comment").fill("Well done, and short.")
    formgrader.locator("#test_double_hidden").fill("1.5")
    formgrader.locator("#test_double_hidden").blur()
    assert formgrader.locator("em", has_text="its").is_visible()
    formgrader.locator("#question_sign").fill("0.5")
    formgrader.locator("#question_sign").blur()
    formgrader.locator("#question_sign-comment").fill("What about zero?")
    formgrader.locator("#question_sign-comment").blur()
    formgrader.wait_for_load_state("networkidle")
    show(formgrader, server, f"manage_submissions/{UNIT}")
    press(formgrader, "named", "generate-feedback")
    page = (course.classroom / "feedback" / "named" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
    assert "Well done, and short." in page
    for words in ("Score: 3 / 5", "2.5 / 3", "0.5 / 2", "What about zero?"):
        assert words in Words(page).text
    grade_class(
        course,
        find_submissions(course, [course.classroom / "submitted" / "named"]),
        GradeOptions(isolated=False),
        lambda _: None,
    )
    assert (course.classroom / "feedback" / "named" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8") == page


def test_the_autograde_button_isolates(course: Course, server: Server, formgrader: Page) -> None:
    show(formgrader, server, f"manage_submissions/{UNIT}")
    assert "Successfully" in press(formgrader, "probe", "autograde")
    submission = next(found for found in server.api(f"submissions/{UNIT}") if found["student"] == "probe")
    assert (submission["score"], submission["autograded"]) == (3, True)
    assert not (course.root / "outside").exists()
    with (course.classroom / "grades.csv").open(encoding="utf-8") as table:
        (row,) = [row for row in csv.DictReader(table) if row["student"] == "probe"]
    assert (row["points"], row["isolated"]) == ("3", "yes")


def test_without_a_sandbox_the_button_says_what_to_do(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbgrader_ext, "available", lambda: "bubblewrap is not here")
    config = course.nbgrader_config()
    failed = NbGraderAPI(CourseDirectory(config=config), config=config).autograde(UNIT, "Ada Byron")
    assert not failed["success"]
    assert "`course grade --no-sandbox classroom/submitted`" in failed["log"]


def test_formgrader_lists_the_assignment(server: Server) -> None:
    (assignment,) = server.api("assignments")
    assert assignment["name"] == UNIT
    assert (assignment["num_submissions"], assignment["max_score"]) == (3, 5)
    assert assignment["source_path"] == f"build/source/{UNIT}"
    assert assignment["release_path"] == f"notebooks/{UNIT}"


def test_formgrader_shows_its_start_page(server: Server) -> None:
    page = server.get("/formgrader/manage_assignments")
    assert "<title>" in page
    assert "nbgrader" in page
    assert "not a subdirectory" not in page


def test_formgrader_opens_a_graded_submission(server: Server) -> None:
    submission = next(found for found in server.api(f"submissions/{UNIT}") if found["student"] == "Ada Byron")
    assert (submission["score"], submission["autograded"]) == (1, True)
    notebook = notebook_of(server, "Ada Byron")
    page = Words(server.get(f"/formgrader/submissions/{notebook}/")).text
    assert "np.abs" in page
    assert "secret_number" in page  # an instructor sees the hidden tests
    assert "alert(1)" in page
    grades = server.api(f"grades?submission_id={notebook}")
    assert {grade["name"]: grade["auto_score"] for grade in grades} == {
        "test_double": 1,
        "test_double_hidden": 0,
        "question_sign": 0,
    }


def test_nothing_that_a_learner_wrote_runs_in_formgrader(server: Server) -> None:
    page = server.get(f"/formgrader/submissions/{notebook_of(server, 'Ada Byron')}/")
    assert not re.search(r"<script[^>]*>[^<]*alert\(", page)
    assert not re.search(r"<img[^>]*onerror", page)
    assert "my result" in page
    assert not re.search(r"href=\W*javascript:", page)
