import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from course_lib.formulas import CSS, LONGEST, formula, mathml
from course_lib.markdown import MathMLRenderer, to_html
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

TEXTS = sorted((ROOT / "solutions").rglob("*.md"))
TAGS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup"}
TAGS |= {"munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "code"}
TWO_LINES = r"a &= b + c \\ long &= d"


class Collecting(MathMLRenderer):
    """Keeps the formulas of a text."""

    def __init__(self) -> None:
        super().__init__(escape=False)
        self.found: list[tuple[str, bool]] = []

    def show(self, tex: str, *, display: bool) -> str:
        self.found.append((tex, display))
        return ""


def inner(tex: str) -> str:
    """The content of the outermost row of a formula."""
    found = re.fullmatch(r"<math [^>]*><mrow>(.*)</mrow></math>", mathml(tex))
    assert found
    return found[1]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_formula_of_every_unit_converts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    renderer = Collecting()
    to_html(text, renderer)
    assert len([tex for tex, display in renderer.found if display]) == len(re.findall(r"^\$\$", text, re.MULTILINE))
    for tex, display in renderer.found:
        assert ElementTree.fromstring(mathml(tex, display=display)).get("alttext") == " ".join(tex.split())


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        (r"a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"50\%", "<mn>50</mn><mi>%</mi>"),
        (r"\text{if } c", "<mtext>if\xa0</mtext><mi>c</mi>"),
        (r"\mathrm{d}x", '<mi mathvariant="normal">d</mi><mi>x</mi>'),
        (r"f × f", "<mi>f</mi><mi>×</mi><mi>f</mi>"),
        (r"\text{<img src=x>}", "<mtext>&lt;img\xa0src=x&gt;</mtext>"),
    ],
)
def test_formulas_worked_by_hand(tex: str, expected: str) -> None:
    assert inner(tex) == expected


def test_a_formula_in_a_line_and_one_alone() -> None:
    assert 'display="inline"' in mathml("x")
    assert 'display="block"' in mathml("x", display=True)


@pytest.mark.parametrize("name", ["aligned", "align", "align*", "split"])
def test_aligned_lines_are_a_table(name: str) -> None:
    table = ElementTree.fromstring(mathml(rf"\begin{{{name}}} {TWO_LINES} \end{{{name}}}"))
    rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("mtr")]
    assert rows == [["a", "=b+c"], ["long", "=d"]]
    assert [cell.get("columnalign") for cell in table.iter("mtd")] == ["right", "left"] * 2


@pytest.mark.parametrize(
    "tex",
    [
        "",
        " ",
        r"\unknown x",
        r"\text{a \unknown}",
        r"\text{a $x$}",
        r"\begin{unknown} x \end{unknown}",
        r"\begin{gather} a \\ b \end{gather}",
        r"\begin{pmatrix} 1",
        r"a & b",
        r"a \\ b",
        "}",
        r"\frac{1}",
        r"\operatorname*{arg\,max}_x",
        r"\mathbb R",
        r"\href{https://example.org}{x}",
        r"\class{verdict}{x}",
        r"\style{position:fixed}{x}",
        r"\color{white}{x}",
        r"\newcommand{\a}{b} \a",
        r"\def\a{b} \a",
        "x" * (LONGEST + 1),
    ],
)
def test_what_is_no_clean_formula_is_refused_and_shown_as_tex(tex: str) -> None:
    with pytest.raises(ValueError, match=r"expected (TeX that becomes MathML as a whole|a formula of at most)"):
        mathml(tex)
    shown = ElementTree.fromstring(formula(tex))
    assert (shown.tag, shown.text or "", len(shown)) == ("code", tex.strip(), 0)


PIECES = [r"\frac", r"\text", r"\begin{split}", r"\end{split}", r"\\", "&", "{", "}", "<b>", '"', "&lt;", "x", "^", "_"]
PIECES += [
    r"\left",
    r"\right",
    r"\sqrt",
    r"\unicode{x3c}",
    r"\hspace{1em}",
    "#",
    "$",
    "'",
    "]]>",
    "<!--",
    " ",
    "1",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_the_tex_is_the_page_stays_whole(tex: str) -> None:
    """A page takes the result as it is, so it must be well-formed, and every element one of ours."""
    for element in ElementTree.fromstring(formula(tex)).iter():
        assert element.tag in TAGS
        assert not [name for name in element.attrib if name.startswith("on") or name in ("href", "style", "id")]


def test_markdown_with_formulas() -> None:
    text = "A $x$, `$y$`, \\$5.\n\n$$\nx\n$$\n\n\\begin{align}\na &= b\n\\end{align}\n\n| $z$ |\n| --- |\n| 1 |\n"
    html = to_html(text, MathMLRenderer(escape=False))
    assert html.count("<math") == 4
    assert html.count('display="block"') == 2
    assert "<code>$y$</code>" in html
    assert "$5" in html


def test_a_browser_aligns_columns(page: Page) -> None:
    """Chromium ignores the attributes that say how the columns of a table are aligned."""
    aligned = mathml(rf"\begin{{aligned}} {TWO_LINES} \end{{aligned}}", display=True)
    cases = mathml(r"\begin{cases} 1 & x \\ 22222 & \text{otherwise} \end{cases}")
    page.set_content(f"<!DOCTYPE html><style>{CSS}</style><p>{aligned}</p><p>{cases}</p>")
    boxes = [item.bounding_box() for item in page.get_by_text("=", exact=True).all()]
    edges = [round(box["x"], 1) for box in boxes if box]
    assert len(edges) == 2
    assert edges[0] == edges[1]
    left = [item.bounding_box() for item in page.locator("mtr > mtd:first-child > mn").all()]
    assert len({round(box["x"], 1) for box in left if box}) == 1
