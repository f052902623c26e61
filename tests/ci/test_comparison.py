"""Comparing a run with the last one, on notebooks that look as if they had been executed."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from playwright.sync_api import Page

from ci.cells import Cell, measured_cells
from ci.comparison import Comparison, compare, paired, read_run, same_picture
from ci.pages import write_page
from ci.run_notebooks import write_report
from ci.verdict import Outcome


def png(image: Image.Image, level: int = 6) -> str:
    """A PNG in base64; the level of compression changes its bytes, not its pixels."""
    file = io.BytesIO()
    image.save(file, format="PNG", compress_level=level)
    return base64.b64encode(file.getvalue()).decode()


def picture(value: int = 0, level: int = 6) -> str:
    """A PNG of one gray, but for one pixel of this value."""
    pixels = np.full((20, 30, 3), 100, np.uint8)
    pixels[3, 4] = value
    return png(Image.fromarray(pixels), level)


def ran(source: str, seconds: float = 1, peak: int = 100, pictures: Sequence[str] = (), id_: str = "") -> NotebookNode:
    """A code cell that has been executed; its id is its source by default, so that an edited cell has another one."""
    outputs = [
        new_output("display_data", data={"image/png": data}, metadata={"image/png": {"alt": "a <curve>"}})
        for data in pictures
    ]
    metadata = {"papermill": {"duration": seconds}, "peak_mb": peak}
    return new_code_cell(source, id=id_ or source, outputs=outputs, metadata=metadata)


def outcome(folder: Path, unit: str, *cells: NotebookNode, points: float = 1) -> Outcome:
    """What comes of a notebook with these cells."""
    notebook = new_notebook(cells=list(cells))
    nbformat.write(notebook, folder / f"{unit}.ipynb")
    return Outcome(unit, "ok", 1, points, 2, None, folder / f"{unit}.ipynb", measured_cells(notebook))


def report(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Leave a report of a run that is compared with none."""
    write_report(outcomes, 1, folder, "A title", None)


def compared(folder: Path, before: Sequence[NotebookNode], now: Sequence[NotebookNode]) -> Comparison:
    """Compare two runs of one unit."""
    report(folder, [outcome(folder, "u", *before)])
    records = read_run(folder)
    assert records is not None
    return compare(records, [outcome(folder, "u", *now)])


def test_equal_runs_have_no_changes(tmp_path: Path) -> None:
    cells = [ran("a", 5, 900, [picture(), picture(1)]), ran("b")]
    assert compared(tmp_path, cells, cells).empty


@pytest.mark.parametrize(
    ("before", "now", "slower"),
    [(10, 15.1, True), (10, 14.9, False), (0.5, 1.6, True), (0.5, 1.4, False), (0, 1.1, True), (10, 1, False)],
)
def test_slower_is_half_as_much_again_and_a_second(before: float, now: float, slower: bool, tmp_path: Path) -> None:
    found = compared(tmp_path, [ran("a"), ran("b", before)], [ran("a"), ran("b", now)])
    expected = [("u", 2, "b", before, now)] if slower else []
    assert [(c.unit, c.cell.number, c.cell.name, c.before, c.now) for c in found.slower] == expected
    assert found.empty == (not slower)


@pytest.mark.parametrize(
    ("before", "now", "more"), [(1000, 1501, True), (1000, 1499, False), (300, 501, True), (300, 499, False)]
)
def test_more_memory_is_half_as_much_again_and_200_mb(before: int, now: int, more: bool, tmp_path: Path) -> None:
    found = compared(tmp_path, [ran("a", peak=before)], [ran("a", peak=now)])
    assert [(c.cell.name, c.before, c.now) for c in found.more_memory] == ([("a", before, now)] if more else [])
    assert not found.slower


def test_points_and_units_that_are_new(tmp_path: Path) -> None:
    report(tmp_path, [outcome(tmp_path, "01_a"), outcome(tmp_path, "02_b", points=2)])
    records = read_run(tmp_path)
    assert records is not None
    found = compare(records, [outcome(tmp_path, name) for name in ("01_a", "02_b", "03_c")])
    assert [(c.unit, c.before, c.now) for c in found.points] == [("02_b", (2, 2), (1, 2))]
    assert found.new_units == ("03_c",)


def test_a_changed_figure_is_found_and_others_are_not(tmp_path: Path) -> None:
    before = [ran("a", pictures=[picture(1)]), ran("b", pictures=[picture(2), picture(3)])]
    now = [ran("a", pictures=[picture(1, level=1)]), ran("b", pictures=[picture(2), picture(4)])]
    assert before[0].outputs != now[0].outputs
    (change,) = compared(tmp_path, before, now).figures
    assert (change.cell.number, change.number) == (2, 2)
    assert change.before is not None
    assert change.now is not None
    assert (change.before.png, change.now.png) == (picture(3), picture(4))


def test_figures_that_come_and_go(tmp_path: Path) -> None:
    before = [ran("a", pictures=[picture()]), ran("b")]
    now = [ran("a"), ran("b", pictures=[picture()])]
    gone, new = compared(tmp_path, before, now).figures
    assert (gone.cell.name, gone.now) == ("a", None)
    assert (new.cell.name, new.before) == ("b", None)


def test_an_edited_cell_is_compared_with_the_one_in_its_place(tmp_path: Path) -> None:
    before = [ran("a"), ran("b", pictures=[picture(1)]), ran("c", pictures=[picture(5)])]
    now = [ran("new"), ran("a"), ran("edited", pictures=[picture(2)]), ran("c", pictures=[picture(5)])]
    assert [c.cell.name for c in compared(tmp_path, before, now).figures] == ["edited"]


def cells(ids: str) -> list[Cell]:
    return [Cell(number, letter, letter, 1, 1) for number, letter in enumerate(ids, 1)]


@pytest.mark.parametrize(
    ("before", "now", "pairs"),
    [
        ("abc", "abc", "aa bb cc"),
        ("abc", "xabc", "aa bb cc"),
        ("abc", "ac", "aa cc"),
        ("abc", "axc", "aa bx cc"),
        ("abcd", "axyd", "aa bx cy dd"),
        ("abc", "axyc", "aa cc"),
        ("", "a", ""),
    ],
)
def test_cells_are_paired(before: str, now: str, pairs: str) -> None:
    assert [old.id + new.id for old, new in paired(cells(before), cells(now))] == pairs.split()


def test_pictures_are_equal_if_their_pixels_are() -> None:
    gray = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    assert png(gray, 0) != png(gray, 9)
    assert same_picture(png(gray, 0), png(gray, 9))
    assert same_picture(png(gray), png(gray.convert("RGB")))
    assert same_picture(png(gray), png(gray.convert("P")))
    assert not same_picture(png(gray), png(gray.transpose(Image.Transpose.ROTATE_90)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((2, 8), np.uint8), np.zeros((8, 2), np.uint8)),  # as many bytes
        (np.full((2, 2), 1000, np.uint16), np.full((2, 2), 1001, np.uint16)),
        (np.zeros((2, 2, 4), np.uint8), np.full((2, 2, 4), (0, 0, 0, 1), np.uint8)),
    ],
)
def test_pictures_differ_in_size_depth_and_opacity(one: np.ndarray, other: np.ndarray) -> None:
    assert not same_picture(png(Image.fromarray(one)), png(Image.fromarray(other)))


@pytest.mark.parametrize("damaged", ["AAAA", "A", "", picture()[:60]])
def test_a_damaged_picture_equals_only_itself(damaged: str) -> None:
    assert same_picture(damaged, damaged)
    assert not same_picture(damaged, picture())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"notebooks": [{"unit": "u", "points": 1, "max_points": 1}]}'])
def test_a_report_that_cannot_be_read_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    assert read_run(tmp_path) is None


def test_no_report(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None


def test_the_first_report_compares_nothing(tmp_path: Path) -> None:
    report(tmp_path, [outcome(tmp_path, "u")])
    assert "compared" not in json.loads((tmp_path / "report.json").read_text())
    for name in ("index.html", "summary.md"):
        assert "last run" not in (tmp_path / name).read_text(encoding="utf-8")


def test_a_second_report_that_is_the_same_says_so(tmp_path: Path) -> None:
    outcomes = [outcome(tmp_path, "u", ran("a", pictures=[picture()]))]
    report(tmp_path, outcomes)
    write_report(outcomes, 1, tmp_path, "A title", read_run(tmp_path))
    for name in ("index.html", "summary.md"):
        assert "Points and figures are the same" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The folder of a report in which everything has changed."""
    cells = [new_markdown_cell("Words."), ran("x < y", 1, 100, [picture(1), picture(2)], "one")]
    report(tmp_path, [outcome(tmp_path, "01_a", *cells, points=2)])
    before = read_run(tmp_path)
    cells = [new_markdown_cell("Words."), ran("x < y", 3, 400, [picture(1), picture(3)], "one")]
    now = [outcome(tmp_path, "01_a", *cells, points=1), outcome(tmp_path, "02_b")]
    write_page(now[0].notebook, "01_a", tmp_path)
    write_report(now, 1, tmp_path, "A title", before)
    return tmp_path


def test_json_of_changes(changed: Path) -> None:
    assert json.loads((changed / "report.json").read_text(encoding="utf-8"))["compared"] == {
        "slower": [{"unit": "01_a", "cell": 2, "name": "x < y", "before": 1, "now": 3}],
        "more_memory": [{"unit": "01_a", "cell": 2, "name": "x < y", "before": 100, "now": 400}],
        "points": [{"unit": "01_a", "before": [2, 2], "now": [1, 2]}],
        "figures": [{"unit": "01_a", "cell": 2, "name": "x < y", "figure": 2}],
        "new_units": ["02_b"],
    }


def test_page_of_changes_in_a_browser(changed: Path, page: Page) -> None:
    page.goto((changed / "index.html").as_uri())
    section = page.locator("#compared")
    assert "Not in the last run: 02_b." in section.inner_text()
    assert section.locator("h3").all_inner_texts() == [
        "Points",
        "Slower cells, in seconds",
        "Cells with more memory, in MB",
        "Changed figures",
    ]
    rows = [row.split() for row in section.locator("tbody tr").all_inner_texts()]
    cell = ["01_a,", "cell", "2", "x", "<", "y"]
    assert rows == [["01_a", "2/2", "1/2"], [*cell, "1.0", "3.0"], [*cell, "100", "400"]]
    assert section.locator("p", has_text="figure 2").inner_text() == "01_a, cell 2 x < y, figure 2"
    images = section.locator(".pair img")
    sources = [image.get_attribute("src") for image in images.all()]
    assert sources == [f"data:image/png;base64,{picture(value)}" for value in (2, 3)]
    assert [image.get_attribute("alt") for image in images.all()] == ["before: a <curve>", "now: a <curve>"]
    left, right = (image.bounding_box() for image in images.all())
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]


def test_links_of_changes_lead_to_their_cells(changed: Path, page: Page) -> None:
    page.goto((changed / "index.html").as_uri())
    page.locator("#compared a", has_text="cell 2").first.click()
    assert page.url.endswith("/01_a.html#cell-id=one")
    assert page.locator("[id='cell-id=one']").count() == 1
