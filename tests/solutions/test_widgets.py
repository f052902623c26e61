"""Every widget of every unit, moved in a real browser: the picture follows, and a page without a kernel has one too."""

import ast
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution
from playwright.sync_api import Locator, Page, expect

from ci.pages import write_page
from course_lib.code_names.cells import parse
from course_lib.code_names.definitions import names_of
from course_lib.code_names.free_names import free_names
from course_lib.course import CONFIG, Course
from course_lib.files import write_aside
from course_lib.ops.build import first_use
from course_lib.ops.library import FOLDER_VARIABLE
from course_lib.release import read_unit, released
from course_lib.workspace import own_notebook
from tests.support.lab_server import PATIENCE_MS, choose, open_lab, running_lab
from tests.support.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OURS = Course(ROOT)
MAKES_WIDGETS = re.compile(r"\b(ipywidgets|interact)\b")
IMPORT = ast.Import | ast.ImportFrom
DEFINITION = ast.FunctionDef | ast.ClassDef
# Pictures of untrained networks will do, one network where the notebook trains several, and one photograph to train it.
TRAINING = re.compile(r"(^(?:STEPS|SITES|EPOCHS|CUT_OUTS) = |\bheads=)\d+", re.MULTILINE)
PHOTOGRAPHS = re.compile(r"^seven, unseen = .*", re.MULTILINE)
ONE_EACH = r"""\g<0>
seven, unseen = {'astronaut': seven['astronaut']}, {'grace_hopper': unseen['grace_hopper']}"""
VIEW = "application/vnd.jupyter.widget-view+json"
SLIDER, MENU = ".noUi-handle", "select"
ALL_CONTROLS = f"{SLIDER}, {MENU}, input, textarea, button"
TRACKER = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


def small(unit: str) -> NotebookNode:
    """The widgets of a unit with the statements that they need, answers among them. Networks are hardly trained."""
    notebook = read_unit(OURS.solutions / unit / f"{unit}.md")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and (is_solution(cell) or not is_grade(cell))]
    modules = {
        name for cell in cells for node in parse(cell.source) if isinstance(node, IMPORT) for name in names(node)
    }
    needed: set[str] = set()
    notebook.cells = []
    for cell in reversed(cells):
        if MAKES_WIDGETS.search(cell.source):
            needed = needed - names_of(cell.source) | free_names(cell.source)
        else:
            kept: list[str] = []
            for statement in reversed(parse(cell.source)):
                if needed & (names(statement) | changed(statement) - modules):
                    needed = needed - settled(statement) | free_names(ast.unparse(statement))
                    kept.insert(0, ast.unparse(statement))
            cell.source = PHOTOGRAPHS.sub(ONE_EACH, TRAINING.sub(r"\g<1>1", "\n".join(kept)))
        if cell.source:
            notebook.cells.insert(0, cell)
    return notebook


def names(statement: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    return names_of(ast.unparse(statement))


def changed(statement: ast.stmt) -> set[str]:
    """The names whose values a statement changes: item by item, or by a method that it calls for an effect."""
    found: set[str] = set()
    for node in () if isinstance(statement, DEFINITION) else ast.walk(statement):
        match node:
            case ast.Expr(ast.Call(ast.Attribute(value))):
                found |= loaded(value)
            case ast.Subscript(value, ctx=ast.Store()) | ast.Attribute(value, ctx=ast.Store()):
                found |= loaded(value)
    return found


def settled(statement: ast.stmt) -> set[str]:
    """The names whose earlier values no longer count after a statement; a loop or a condition may leave them."""
    if isinstance(statement, DEFINITION | IMPORT):
        return names(statement)
    return names(statement) - loaded(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else set()


def loaded(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


SMALL = {unit: small(unit) for unit in OURS.units_with_solutions()}
WITH_WIDGETS = [u for u, notebook in SMALL.items() if any(MAKES_WIDGETS.search(c.source) for c in notebook.cells)]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of the small notebooks."""
    course = Course(tmp_path_factory.mktemp("widgets"))
    shutil.copy(ROOT / CONFIG, course.root)
    for unit in WITH_WIDGETS:
        write_aside(released(course, unit), nbformat.writes(SMALL[unit]))
    return course


@pytest.fixture(scope="module")
def address(course: Course) -> Iterator[str]:
    """A learner's JupyterLab that keeps every cell on the page, whether it can be seen or not."""
    home = course.root / "home"
    write_aside(home / ".jupyter" / "lab" / "user-settings" / TRACKER, json.dumps({"windowingMode": "none"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(first_use()))  # in a home of its own, a kernel would compile them once more
        with running_lab([sys.executable, "-m", "course_lib.cli", "lab"], course.root, home) as address:
            yield address


def move(control: Locator) -> None:
    """Give a control another value, as a person would."""
    kind = control.evaluate("(element, kinds) => kinds.findIndex(kind => element.matches(kind))", [SLIDER, MENU])
    if kind == 0:
        at_end = control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax")
        control.press("ArrowLeft" if at_end else "ArrowRight")
    elif kind == 1:
        chosen, count = control.evaluate("element => [element.selectedIndex, element.length]")
        control.select_option(index=(chosen + 1) % count)
    else:
        control.click()


def pictures(cell: Locator) -> list[str]:
    """The pictures that a cell shows, with their bytes."""
    sources = cell.locator("img").evaluate_all("images => images.map(image => image.src)")
    return [source for source in sources if source.startswith("data:image/")]


def wait_until_redrawn(cell: Locator, before: list[str]) -> None:
    """Wait until a cell shows as many pictures as before, and not the same ones."""
    for _ in range(PATIENCE_MS // 100):
        now = pictures(cell)
        if now != before and len(now) == len(before):
            return
        cell.page.wait_for_timeout(100)
    raise AssertionError("the control moved, and the picture stayed as it was")


def test_some_unit_has_a_widget() -> None:
    assert WITH_WIDGETS
    everything = [cell.source for notebook in SMALL.values() for cell in notebook.cells]
    assert not any("from ipywidgets" in source for source in everything), "write `ipywidgets.` where it is used"


@pytest.mark.parametrize("unit", WITH_WIDGETS)
def test_every_widget_moves_its_picture(unit: str, address: str, course: Course, page: Page, tmp_path: Path) -> None:
    open_lab(page, address, f"/lab/workspaces/{unit}/tree/{unit}/{unit}.ipynb")  # nothing of the unit before
    choose(page, "Run", "Run All Cells")
    for index, source in enumerate(cell.source for cell in SMALL[unit].cells):
        if not MAKES_WIDGETS.search(source):
            continue
        cell = page.locator(".jp-Cell").nth(index)
        cell.locator("img").first.wait_for()
        controls = cell.locator(".jp-OutputArea-output").locator(ALL_CONTROLS).locator("visible=true")
        assert controls.count() > 0
        for number in range(controls.count()):
            before = pictures(cell)
            move(controls.nth(number))
            wait_until_redrawn(cell, before)
    choose(page, "File", "Save Notebook")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=PATIENCE_MS)
    saved = own_notebook(course, unit)
    outputs = [output.get("data", {}) for cell in nbformat.read(saved, 4).cells for output in cell.outputs]
    shown = [data["image/png"] for data in outputs if VIEW in data]
    assert shown
    write_page(saved, unit, tmp_path)
    report = (tmp_path / f"{unit}.html").read_text(encoding="utf-8")
    assert all("".join(png.split()) in "".join(report.split()) for png in shown)
    assert "interactive(children" not in report
