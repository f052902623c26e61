import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.text_rules import LONGEST_HINT, text_problems

TITLE = "# A title"


def found(*texts: str) -> list[str]:
    """The problems of a notebook with these Markdown cells, and code between them."""
    cells = [cell for text in texts for cell in (new_markdown_cell(text), new_code_cell("# A comment, GPU"))]
    return list(text_problems(new_notebook(cells=cells)))


def hint(words: int) -> str:
    return f"<details><summary>Hint 1</summary>\n\n{'word ' * words}\n\n</details>"


GOOD = {
    "headings": (TITLE, "## One\n\n### Two", "## Three\n\n### Four\n\n#### Five\n\n## Six"),
    "marks of nbgrader": (TITLE, "### BEGIN SOLUTION\n\nWords.\n\n### END SOLUTION", "### BEGIN HIDDEN TESTS"),
    "comments in code": (TITLE, "```python\n# Not a title\n#### nor this\n```\n\n~~~\n| | a |\n| --- | --- |\n~~~"),
    "pictures": (
        TITLE,
        "![A cat](a.png) and <img src='a.png' alt='A cat'>",
    ),
    "a table": (TITLE, "| what | how |\n| --- | --- |\n| | 1 |"),
    "a hint": (TITLE, hint(LONGEST_HINT)),
    "theory": (TITLE, hint(LONGEST_HINT + 1).replace("Hint 1", "Theory")),
    "explained before": (TITLE, "A graphics\ncard (GPU)", "A GPU"),
    "explained in another unit": (TITLE, "the mean IU (unit 05)"),
    "promised": (f"{TITLE}\n\nYou will measure the PSNR.",),
    "a name in code": (TITLE, "`GPU`, $GPU$, [words](https://example.org/GPU) and GPUNAME"),
}
BAD = {
    "no title": ((("## One"),), "the first heading is the title ('# …'), found ## One"),
    "two titles": ((TITLE, "# Another"), "a unit has one title, found another: # Another"),
    "a level left out": ((TITLE, "### Two"), "after a heading of level 1 comes one of at most 2, found ### Two"),
    "no alternative": ((TITLE, "![](a.png)"), "a picture needs a text alternative, found '![](a.png)'"),
    "no alternative in HTML": ((TITLE, "<img src='a'>"), "a picture needs a text alternative, found \"<img src='a'>\""),
    "an empty one in HTML": ((TITLE, "<img alt=''>"), "a picture needs a text alternative, found \"<img alt=''>\""),
    "an empty heading": (
        (TITLE, "Words\n\n| | how |\n| :-- | --: |\n| 1 | 2 |"),
        "every column of a table needs a heading, found '| | how |'",
    ),
    "a long hint": (
        (TITLE, hint(LONGEST_HINT + 1)),
        f"a hint has at most {LONGEST_HINT} words, found {LONGEST_HINT + 1} in 'Hint 1': '{('word ' * 8)}'",
    ),
    "an acronym": (
        (TITLE, "two GPUs", "A GPU is a graphics card."),
        "GPU is explained where it is first used ('graphics card'), found no explanation",
    ),
}


@pytest.mark.parametrize("texts", GOOD.values(), ids=GOOD)
def test_a_good_text_has_no_problem(texts: tuple[str, ...]) -> None:
    assert found(*texts) == []


@pytest.mark.parametrize(("texts", "problem"), BAD.values(), ids=BAD)
def test_a_bad_text_has_one(texts: tuple[str, ...], problem: str) -> None:
    assert found(*texts) == [problem]


def test_explanations_are_not_released_and_so_not_read() -> None:
    cells = [new_markdown_cell(TITLE), new_markdown_cell("#### A GPU", metadata={"tags": ["explanation"]})]
    assert list(text_problems(new_notebook(cells=cells))) == []
