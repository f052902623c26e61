"""Ways to open a unit on the servers of others: links and notebooks that say where the course comes from."""

from importlib import metadata

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ci.website.launch import colab_notebook
from ci.website.sources import collect
from ci.website.unit_pages import unit_page
from course_lib.course import Course
from tests.support.paths import ROOT

TITLE = "# Title\n\n**1 hour · 2 points · builds on nothing**\n\nWords."
REPOSITORY = "somebody/pixelwise"


def test_a_notebook_for_colab_begins_with_the_set_up() -> None:
    released = new_notebook(cells=[new_markdown_cell(TITLE), new_code_cell("1", id="a")])
    made = colab_notebook(released, REPOSITORY)
    version = metadata.version("pixelwise")
    assert f"https://github.com/{REPOSITORY}/releases/download/v{version}/pixelwise-{version}-" in made.cells[0].source
    compile(made.cells[0].source, "cell", "exec")
    assert made.cells[1:] == released.cells
    assert len(released.cells) == 2


def test_a_page_leads_to_codespace_and_colab() -> None:
    page = unit_page("09_depth", new_notebook(cells=[new_markdown_cell(TITLE)]), None, REPOSITORY).notebook
    assert f'<a href="https://codespaces.new/{REPOSITORY}' in page.cells[0].source
    assert '<a href="../../downloads/colab/09_depth.ipynb" download>' in page.cells[0].source


def test_without_a_repository_nothing_leads_there() -> None:
    page = unit_page("09_depth", new_notebook(cells=[new_markdown_cell(TITLE)]), None).notebook
    assert "colab" not in page.cells[0].source
    assert "codespaces" not in page.cells[0].source


def test_every_unit_has_a_notebook_for_colab() -> None:
    course = Course(ROOT)
    downloads = collect(course, course.report, REPOSITORY).downloads
    assert {name for name in downloads if "/" in name} == {f"colab/{unit}.ipynb" for unit in course.units()}
    assert {*collect(course, course.report).downloads} == {f"{unit}.ipynb" for unit in course.units()}


def test_the_first_page_says_what_to_type() -> None:
    course = Course(ROOT)
    with_clone, without = (
        collect(course, course.report, name).pages["index.md"].decode() for name in (REPOSITORY, None)
    )
    assert "\ngit clone https://github.com/somebody/pixelwise.git\ncd pixelwise\nmake lab\n" in with_clone
    assert "```\nmake lab\n```\n" in without
    assert "git clone" not in without
