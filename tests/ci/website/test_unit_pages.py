"""The page of a unit has the released cells, and outputs only of cells that ran as they are."""

from copy import deepcopy

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ci.website.unit_pages import unit_page
from tests.support.site import figure

TITLE = "# Title\n\n**1 hour · 2 points · builds on nothing**\n\nWords."


def code(cell_id: str, source: str, text: str = "", **metadata: object) -> NotebookNode:
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(source, id=cell_id, outputs=outputs, metadata=metadata)


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell(TITLE), *cells])


def texts(page: NotebookNode) -> list[list[str]]:
    return [[output.text for output in cell.outputs] for cell in page.cells if cell.cell_type == "code"]


def test_outputs_come_from_cells_with_the_same_id_and_source() -> None:
    released = notebook(code("a", "1"), code("b", "raise NotImplementedError"), code("c", "3"))
    ran = notebook(
        code("c", "3", "three"), code("b", "secret()", "answer"), code("d", "1", "other"), code("a", "1", "one")
    )
    page = unit_page("09_depth", released, ran).notebook
    assert texts(page) == [["one"], [], ["three"]]
    assert [cell.source for cell in page.cells[1:]] == ["1", "raise NotImplementedError", "3"]


def test_a_unit_that_has_not_run_has_no_outputs_and_claims_none() -> None:
    page = unit_page("09_depth", notebook(code("a", "1")), None).notebook
    assert texts(page) == [[]]
    assert "solved" not in page.cells[0].source


def test_the_last_figure_closes_a_unit() -> None:
    cells = [code("a", "1"), code("b", "2"), code("c", "3", "printed")]
    cells[0].outputs, cells[1].outputs = [figure("One.")], [figure("Two.")]
    closing = unit_page("09_depth", notebook(*cells), notebook(*cells)).closing
    assert closing is not None
    assert closing.startswith("![Two.](")
    assert unit_page("09_depth", notebook(*cells), None).closing is None


def test_links_follow_the_facts() -> None:
    lines = unit_page("09_depth", notebook(), notebook()).notebook.cells[0].source.splitlines()
    assert lines[2].startswith("**1 hour")
    assert '<a href="../../downloads/09_depth.ipynb" download>' in lines[4]
    assert "every exercise is solved" in lines[6]
    assert lines[8] == "Words."


def test_long_checks_are_folded() -> None:
    page = unit_page("09_depth", notebook(code("a", "1", jupyter={"source_hidden": True}, tags=["x"])), None).notebook
    assert page.cells[1].metadata.tags == ["x", "hide-input"]


def test_what_it_is_made_from_stays_as_it_is() -> None:
    released, ran = notebook(code("a", "1")), notebook(code("a", "1", "one"))
    before = deepcopy((released, ran))
    unit_page("09_depth", released, ran)
    assert (released, ran) == before
