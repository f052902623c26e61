"""The summary for the page of a CI job, read back by another program: markdown-it."""

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ci.cells import Cell
from ci.comparison import CellChange, Comparison, FigureChange, PointsChange
from ci.summary import escape, table, write_summary
from ci.verdict import Outcome

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def cells_of(page: str) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, as a reader sees them."""
    return [
        [
            [html.unescape(cell) for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
            for row in re.findall("<tr>(.*?)</tr>", part, re.DOTALL)
        ]
        for part in re.findall("<table>(.*?)</table>", page, re.DOTALL)
    ]


def shown(text: str) -> str:
    """A text as it is shown in a table."""
    (((_,), (cell,)),) = cells_of(MARKDOWN.render(table(["name"], [[text]])))
    return cell


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "a \\| b",
        "a \\",
        "`a`",
        "*a* _b_ __c__",
        "<b>&amp;</b>",
        "[a](b)",
        "![a](b)",
        "~~a~~",
        "# a",
        "$x$",
        "|",
    ],
)
def test_a_table_shows_texts_as_they_are(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\n\n\nb", " a b\n"])
def test_line_breaks_become_spaces(text: str) -> None:
    assert shown(text) == "a b"
    assert "\n" not in escape(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_table_shows_any_text_as_it_is(text: str) -> None:
    assert shown(text) == " ".join(text.split())


def summary(folder: Path, *outcomes: Outcome, comparison: Comparison | None = None) -> str:
    """The summary as a page."""
    write_summary(outcomes, 12.34, folder, "A *title*", comparison)
    return MARKDOWN.render((folder / "summary.md").read_text(encoding="utf-8"))


def outcome(unit: str, *cells: Cell) -> Outcome:
    return Outcome(unit, "short", 2.5, 1.5, 2, None, Path("none.ipynb"), cells)


def test_units_and_the_ten_slowest_cells(tmp_path: Path) -> None:
    first = [Cell(n, str(n), f"cell | {n}", n, 100 + n) for n in range(1, 9)]
    second = [Cell(n, str(n), "other", n + 0.5, 90) for n in range(1, 9)]
    page = summary(tmp_path, outcome("01_a", *first), outcome("02_b", *second))
    units, slowest = cells_of(page)
    assert units == [
        ["unit", "status", "seconds", "peak MB", "points"],
        ["01_a", "short", "2.5", "108", "1.5/2"],
        ["02_b", "short", "2.5", "90", "1.5/2"],
    ]
    assert len(slowest) == 11
    assert slowest[1:3] == [["02_b", "8", "other", "8.5", "90"], ["01_a", "8", "cell | 8", "8.0", "108"]]
    assert slowest[10] == ["01_a", "4", "cell | 4", "4.0", "104"]
    assert "<h2>A *title*</h2>" in page
    assert "All in 12.3 s." in page
    assert "last run" not in page


def test_numbers_are_aligned_to_the_right(tmp_path: Path) -> None:
    assert re.findall('<th style="text-align:right">(.*?)</th>', summary(tmp_path, outcome("01_a"))) == [
        "seconds",
        "peak MB",
        "points",
    ]


def test_a_run_without_cells_has_no_slowest_ones(tmp_path: Path) -> None:
    assert len(cells_of(summary(tmp_path, outcome("01_a")))) == 1


def test_changes(tmp_path: Path) -> None:
    cell = Cell(3, "c", "x | y", 4, 500)
    comparison = Comparison(
        (CellChange("01_a", cell, 1.25, 4),),
        (CellChange("01_a", cell, 100, 500),),
        (PointsChange("01_a", (2, 2), (1.5, 2)),),
        (FigureChange("01_a", cell, 2, None, None),),
        ("02_b",),
    )
    page = summary(tmp_path, outcome("01_a"), comparison=comparison)
    assert "<h3>Since the last run</h3>\n<p>Not in the last run: 02_b.</p>" in page
    assert cells_of(page)[1:] == [
        [["unit", "before", "now"], ["01_a", "2/2", "1.5/2"]],
        [["unit", "cell", "name", "before", "now"], ["01_a", "3", "x | y", "1.2", "4.0"]],
        [["unit", "cell", "name", "before", "now"], ["01_a", "3", "x | y", "100", "500"]],
        [["unit", "cell", "name", "figure"], ["01_a", "3", "x | y", "2"]],
    ]


def test_no_changes(tmp_path: Path) -> None:
    page = summary(tmp_path, outcome("01_a"), comparison=Comparison((), (), (), (), ()))
    assert page.endswith("<p>Points and figures are the same, and no cell takes much more time or memory.</p>\n")
