"""What axe-core finds in the report of a run and on a page of feedback."""

import base64
from pathlib import Path

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page

from ci.cells import Cell
from ci.comparison import CellChange, Comparison, FigureChange, PointsChange
from ci.figures import figures
from ci.pages import write_index, write_page
from ci.verdict import Outcome
from course_lib.grading.gradebook.feedback import HandIn, feedback_html
from course_lib.grading.scores import UNREAD, ExerciseScore
from tests.support.axe import violations
from tests.support.cells import graded_cell
from tests.support.image_files import encoded, pixels
from tests.support.keyboard import keyboard_barriers

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WIDTHS = (1280, 390)
UNIT = "00_tiny"
TEXT = """## 1. A section

A [link](https://example.org) within a sentence, some `code`, a formula, $x_i^2$, and another one:

$$y = \\sum_i w_i x_i$$

> A quotation.

| what | how many |
| --- | --- |
| pixels | 12 |

### Exercise 1 · `double`

<details><summary>Hint 1</summary>

Add $x$ to [itself](https://example.org).

</details>"""
CODE = '''@decorator
class Kernel(object):  # a comment
    """A docstring."""

    def double(self, x: float = 1.5e3, n=12) -> str:
        assert not x in [None, True] and n is not 0x1F
        print(f"{x!r:>10} {n}", r"\\d", b"bytes")
        return 2 * x ** n @ x if x else lambda y: raise_it(y)

%timeit -n 1 x
!ls'''
CPP = "%%cpp sample\n#include <cmath>\n// A comment.\nfloat sample(const float* x) { return x[0] * 2.0f + 'c'; }"
COLORS = "".join(f"\x1b[{style}{color}mword {color}\x1b[0m " for style in ("", "1;") for color in range(30, 38))
PNG = base64.b64encode(encoded(pixels())).decode()
PICTURE = new_output("display_data", data={"image/png": PNG}, metadata={"image/png": {"alt": "Random colors"}})
HTML = "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><th>1</th><td>2</td></tr></tbody></table>"
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[f"{COLORS}\nValueError: no"])
OUTPUTS = [
    new_output("stream", name="stdout", text=COLORS),
    new_output("stream", name="stderr", text="a warning"),
    PICTURE,
    new_output("display_data", data={"text/html": HTML, "text/plain": "a table"}),
    new_output("display_data", data={"text/markdown": "A **word** and $x$.", "text/plain": "a word"}),
    new_output("display_data", data={"text/latex": "$$x^2$$", "text/plain": "x^2"}),
    new_output("execute_result", data={"text/plain": "12"}, execution_count=1),
    ERROR,
]
NOTEBOOK = new_notebook(
    cells=[
        new_markdown_cell("# A title\n\n**2 hours**"),
        new_markdown_cell(TEXT),
        graded_cell(CODE, "double", execution_count=1),
        graded_cell("assert double(1) == 2", "test_double", outputs=[ERROR], execution_count=2),
        graded_cell(CPP, "sample", execution_count=3),
        new_code_cell("show()", outputs=OUTPUTS, execution_count=4),
    ],
    metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
)
SCORES = [
    ExerciseScore("double", 0, 1, "double(1)\n  expected: 2\n  got:      3"),
    ExerciseScore("sample", 0, 1, "no compiler", graded=False),
    ExerciseScore("half", 0.5, 1, "nearly"),
    ExerciseScore("question_sign", 0, 1, UNREAD, question=True),
]


def readable(page: Page, path: Path) -> list[str]:
    """What is wrong with a page, at any width."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        found += [*keyboard_barriers(page), *violations(page)]
    return found


def test_axe_sees_what_is_wrong(page: Page) -> None:
    page.set_content(
        "<html><main><h1>A title</h1><h3 style='color: #ccc'>pale</h3><img src='data:,'>"
        "<details><a href='/'></a></details>"
    )
    found = [line.partition(":")[0] for line in violations(page)]
    assert {"color-contrast", "image-alt", "html-has-lang", "document-title", "heading-order", "link-name"} <= {*found}
    theirs = {("image-alt", "main > img"): "it is not ours", ("image-alt", "p > img"): "nobody has it"}
    left = [line.partition(":")[0] for line in violations(page, theirs=theirs)]
    assert left == [*(rule for rule in found if rule != "image-alt"), "violated no longer"]


def test_the_keyboard_is_tried_in_earnest(page: Page) -> None:
    page.set_content(
        "<a href='#a'>a</a><a href='#b' tabindex='1'>b</a><a href='#c' style='outline: none'>c</a>"
        "<button onfocus='this.blur()'>d</button><a href='#e' style='display: none'>e</a>"
    )
    found = keyboard_barriers(page)
    assert [line.partition(":")[0] for line in found] == [
        "the focus cannot be seen",
        "not reached",
        "reached out of order",
    ]
    page.set_content("<a href='#a'>a</a><details><summary>b</summary><a href='#c'>c</a></details><pre>d</pre>")
    assert keyboard_barriers(page) == []


def test_a_page_of_feedback_unfolds_with_the_keyboard(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "feedback.html"
    path.write_text(feedback_html(NOTEBOOK, SCORES, "Ada", UNIT, {}), encoding="utf-8")
    page.goto(path.as_uri())
    summary = page.locator("summary").first
    summary.focus()
    for opened in (True, False):
        page.keyboard.press("Enter")
        assert page.locator("details").first.evaluate("details => details.open") is opened


def test_everyone_can_read_a_report(page: Page, tmp_path: Path) -> None:
    write(NOTEBOOK, tmp_path / "notebook.ipynb")
    cell = Cell(4, "abc", "show()", 2.5, 700)
    (figure,) = figures(NOTEBOOK)
    comparison = Comparison(
        slower=(CellChange(UNIT, cell, 1.0, 2.5),),
        more_memory=(CellChange(UNIT, cell, 100, 700),),
        points=(PointsChange(UNIT, (2, 2), (1, 2)),),
        figures=(FigureChange(UNIT, cell, 1, figure, None), FigureChange(UNIT, cell, 2, figure, figure)),
        new_units=("01_new",),
    )
    outcomes = [
        Outcome(UNIT, "ok", 12.5, 2, 2, None, tmp_path / "notebook.ipynb", (cell,)),
        Outcome("01_new", "failed", 1, 0, 2, "cell 3: ValueError: no", tmp_path / "none.ipynb"),
    ]
    write_page(tmp_path / "notebook.ipynb", UNIT, tmp_path / "report")
    write_index(outcomes, 13.5, tmp_path / "report", "A report", comparison)
    for name in ("index", UNIT):
        assert readable(page, tmp_path / "report" / f"{name}.html") == []


def test_everyone_can_read_feedback(page: Page, tmp_path: Path) -> None:
    comments = {"double": "Nearly: see [this](https://example.org) and $x^2$.", "": "# Well done"}
    path = tmp_path / "feedback.html"
    path.write_text(
        feedback_html(NOTEBOOK, SCORES, "Ada", UNIT, comments, "a status", HandIn("Handed in.", 0.5)), encoding="utf-8"
    )
    assert readable(page, path) == []
