"""What a learner sees of JupyterLab: their own work, and nothing that only an instructor needs."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket
from playwright.sync_api import Page

from course_lib.course import Course
from course_lib.lab import environment
from course_lib.workspace import own_notebook
from tests.support.axe import violations
from tests.support.lab_server import TOKEN, choose, open_lab, running_lab
from tests.support.tiny_course import TEXT, UNIT, WRONG, answered, make_course

pytestmark = [pytest.mark.slow, pytest.mark.browser]

OTHER = "02_again"
LINES = "# one line of many\n" * 16
WORDS = """A [link](https://example.org) within a sentence, some `code` and a formula, $x_i^2$.

| what | how many |
| --- | --- |
| pixels | 12 |

## Exercise 1 · `double`

<details><summary>Hint 1</summary>

Add $x$ to itself.

</details>"""
# Violations of WCAG 2.1 A and AA by JupyterLab 4.6 itself: the rule, the elements, and what is wrong with them.
JUPYTERLABS = {
    ("aria-allowed-attr", "jp-button"): "its toolbar buttons have aria-pressed, but no role that allows it",
    ("aria-input-field-name", ".cm-content"): "the editor of a cell has no name",
    ("aria-required-children", ".jp-WindowedPanel-viewport"): "the list of cells is a feed, but cells are no articles",
    ("button-name", ".jp-collapseHeadingButton"): "the button that folds a section has no name",
}
COURSE = [sys.executable, "-m", "course_lib.cli"]
OPEN_TAB = ".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel"
LISTED = ".jp-DirListing-item"
MESSAGES = ".jp-Dialog, .Toastify__toast"
FOR_INSTRUCTORS = re.compile("nbgrader|formgrader|assignment|validate|course list", re.IGNORECASE)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A released course of two units with a long check."""
    text = TEXT.replace("import sys\n", f"import sys\n{LINES}").replace("# Doubling\n", f"# Doubling\n\n{WORDS}\n")
    return make_course(tmp_path_factory.mktemp("a learner's") / "course", units=(UNIT, OTHER), text=text)


@pytest.fixture(scope="module")
def home(course: Course) -> Path:
    """A home whose settings name another root."""
    settings = course.root.parent / "home" / ".jupyter" / "jupyter_server_config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"ServerApp": {"root_dir": str(course.root)}}))
    return settings.parents[1]


@pytest.fixture(scope="module")
def started(course: Course, home: Path) -> Iterator[str]:
    """JupyterLab as a learner starts it for the first time."""
    with running_lab([*COURSE, "lab"], course.root, home) as address:
        yield address


def shown(page: Page, what: str) -> list[str]:
    """The texts of all elements of a kind."""
    return [text.strip() for text in page.locator(what).all_text_contents() if text.strip()]


def leave_folder(page: Page, unit: str) -> None:
    """Show all folders; JupyterLab enters the one of the notebook that it opens, but later than it shows the page."""
    page.locator(LISTED, has_text=f"{unit}.ipynb").wait_for()
    page.locator(".jp-BreadCrumbs-home").click()


def words_of_menus(page: Page) -> str:
    """Everything that the menus, the toolbar, the launcher, the panels and the list of commands say."""
    words = [*shown(page, ".lm-MenuBar-itemLabel"), *shown(page, ".jp-NotebookPanel-toolbar")]
    words += page.locator(".jp-SideBar .lm-TabBar-tab").evaluate_all("tabs => tabs.map(tab => tab.title)")
    for label in page.locator(".lm-MenuBar-itemLabel").all():
        label.click()
        words += shown(page, ".lm-Menu-itemLabel")
        page.keyboard.press("Escape")
    choose(page, "View", "Activate Command Palette")
    page.locator(".lm-CommandPalette-input").wait_for()
    words += shown(page, ".lm-CommandPalette-itemLabel")
    page.keyboard.press("Escape")
    choose(page, "File", "New Launcher")
    page.locator(".jp-LauncherCard").first.wait_for()
    return "\n".join([*words, *shown(page, ".jp-LauncherCard-label")])


def files_listed(page: Page) -> list[str]:
    """Read the list of files, which has the second unit, or soon will."""
    page.locator(LISTED).get_by_text(OTHER, exact=True).wait_for()
    return shown(page, ".jp-DirListing-itemName")


def test_a_learner_gets_a_jupyterlab_for_learners(started: str, course: Course, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_lab(page, started)
    page.locator(OPEN_TAB, has_text=f"{UNIT}.ipynb").wait_for()
    assert files_listed(page) == [UNIT, OTHER]
    words = words_of_menus(page)
    assert "Run All Cells" in words  # the search sees what is there
    assert "File Browser" in words
    assert FOR_INSTRUCTORS.findall(words) == []
    page.wait_for_load_state("networkidle")
    assert shown(page, MESSAGES) == []
    assert [url for url in asked if not url.startswith((started, "data:", "blob:"))] == []
    assert {path.name for path in course.work.iterdir()} == {UNIT, OTHER, ".jupyterlab"}


def test_the_terminal_says_how_to_stop_and_no_more(started: str, home: Path, page: Page) -> None:
    open_lab(page, started)
    assert (home / "log").read_text().splitlines()[2:] == ["to stop JupyterLab, press Ctrl + C twice"]


def test_a_long_check_is_folded_but_runs_and_opens(started: str, page: Page) -> None:
    open_lab(page, started, f"/lab/tree/{UNIT}/{UNIT}.ipynb")
    check = page.locator(".jp-CodeCell", has=page.locator(".jp-InputPlaceholder"))
    assert check.count() == 1
    assert not check.get_by_text("one line of many").first.is_visible()
    page.locator(".jp-CodeCell", has_text="raise NotImplementedError").locator(".jp-InputPrompt").click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    check.get_by_text("double is not written yet").first.wait_for()
    opened = page.locator(".jp-CodeCell", has_text="double is not written yet")
    check.locator(".jp-InputPlaceholder").click()
    opened.get_by_text("one line of many").first.wait_for()
    assert page.locator(".jp-InputPlaceholder").count() == 0


def test_what_a_learner_cannot_use_is_jupyterlabs(started: str, page: Page) -> None:
    open_lab(page, started, f"/lab/tree/{UNIT}/{UNIT}.ipynb")
    page.locator(".jp-RenderedMarkdown mjx-container").first.wait_for()
    assert violations(page, practice=[], theirs=JUPYTERLABS) == []


def test_progress_opens_in_jupyterlab(started: str, course: Course, page: Page) -> None:
    own_notebook(course, OTHER).write_text(json.dumps(answered(course, WRONG)), encoding="utf-8")
    subprocess.run([*COURSE, "progress"], cwd=course.root, check=True, stdout=subprocess.DEVNULL)
    open_lab(page, started, f"/lab/tree/{UNIT}/{UNIT}.ipynb")
    leave_folder(page, UNIT)
    page.locator(LISTED, has_text="progress.html").dblclick()
    viewer = page.frame_locator(".jp-HTMLViewer iframe")
    viewer.get_by_role("heading", name="Your progress").wait_for()
    viewer.get_by_text("got: 6").first.wait_for()
    viewer.get_by_text("Hint 1").first.click()
    viewer.get_by_text("to itself.").first.wait_for()
    viewer.get_by_role("link", name=OTHER).click()
    viewer.get_by_role("heading", name=OTHER).wait_for()


def test_a_fresh_unit_opens_and_every_unit_can_be_reached(course: Course, home: Path, page: Page) -> None:
    with running_lab([*COURSE, "lab", "--fresh", OTHER], course.root, home) as address:
        open_lab(page, address)
        page.locator(OPEN_TAB, has_text=f"{OTHER}.ipynb").wait_for()
        leave_folder(page, OTHER)
        assert files_listed(page)[:2] == [UNIT, OTHER]


def test_an_instructor_keeps_formgrader(course: Course, tmp_path: Path, page: Page) -> None:
    with running_lab([sys.executable, "-m", "jupyterlab"], course.root, tmp_path / "home") as address:
        open_lab(page, address, f"/lab/tree/notebooks/{UNIT}/{UNIT}.ipynb")
        page.locator(MESSAGES).wait_for()  # JupyterLab asks for news
        assert "Create Assignment" in words_of_menus(page)
        choose(page, "Nbgrader", "Formgrader")
        page.frame_locator("iframe").get_by_role("heading", name="Manage Assignments").wait_for()


def test_a_terminal_finds_the_command(started: str) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    request = urllib.request.Request(f"{started}/api/terminals", headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        name = json.load(answer)["name"]
    terminal = websocket.create_connection(
        f"{started.replace('http', 'ws')}/terminals/websocket/{name}", header=headers, timeout=60
    )
    shown = ""
    try:
        terminal.send(json.dumps(["stdin", "echo [$(command -v course)]; exit\r"]))
        while True:
            kind, *rest = json.loads(terminal.recv())
            if kind == "disconnect":
                break
            shown += str(rest[0]) if kind == "stdout" else ""
    finally:
        terminal.close()
    assert f"[{Path(sys.executable).with_name('course')}]" in shown


def test_the_users_own_configuration_is_kept_behind_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    variables = environment()
    assert variables["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"
    assert variables["JUPYTER_CONFIG_PATH"].endswith("/lab_config:/theirs")
