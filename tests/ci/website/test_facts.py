"""The table of units is read from the units."""

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from ci.website.facts import UnitFacts, read_facts
from course_lib.course import Course
from course_lib.release import released
from tests.support.paths import ROOT

OURS = Course(ROOT)


def test_the_first_cell_says_it() -> None:
    first = "# Depth: how far\n\n**3 to 4 hours, in two halves · 12 points · builds on units 00 and 02**\n\nWhy."
    text = f"{first}\n\nAfter this notebook you can\n\n- see,\n- measure.\n\nMore."
    facts = read_facts("09_depth", new_notebook(cells=[new_markdown_cell(text)]))
    assert facts == UnitFacts(
        "09_depth", "Depth: how far", "3 to 4 hours, in two halves", 12, "00 and 02", "- see,\n- measure."
    )
    assert facts.page == "notebooks/09_depth/09_depth"


@pytest.mark.parametrize("text", ["# Title\n\nWords.", "# Title\n\n**1 hour · 2 points · builds on nothing**", ""])
def test_a_unit_that_does_not_say_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="09_depth: expected a first cell"):
        read_facts("09_depth", new_notebook(cells=[new_markdown_cell(text)]))


@pytest.mark.parametrize("name", OURS.units())
def test_every_unit_says_the_points_of_its_tests(name: str) -> None:
    notebook = nbformat.read(released(OURS, name), as_version=4)
    marks = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert read_facts(name, notebook).points == sum(mark.get("points", 0) for mark in marks)
