import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.course import Course
from course_lib.release import released
from course_lib.statements import Hint, hints, statements
from tests.support.cells import graded_cell
from tests.support.paths import ROOT

OURS = Course(ROOT)
ONE = """### Exercise 1 · `double`

Twice a number.

<details><summary>Hint 1</summary>

Add $x$ to itself.

</details>

<details><summary>Hint 2</summary>
`x + x`
</details>

<details><summary>Theory</summary>

Section 1.

</details>"""


def test_hints_are_those_that_are_called_so() -> None:
    assert hints(ONE) == (Hint("Hint 1", "Add $x$ to itself."), Hint("Hint 2", "`x + x`"))


def test_a_statement_belongs_to_the_next_exercise_alone() -> None:
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Title\n\n## 1. Section"),
            new_markdown_cell(ONE),
            new_code_cell("given = 1"),
            graded_cell("", "double"),
            graded_cell("", "test_double"),
            graded_cell("", "without"),
            new_markdown_cell("## 2. Section\n\nWords.\n\n### Puzzle · `half`"),
            new_markdown_cell("<details><summary>Hint</summary>Divide.</details>"),
            graded_cell("", "half"),
        ]
    )
    found = statements(notebook)
    assert {name: statement.title for name, statement in found.items()} == {
        "double": "Exercise 1 · double",
        "without": "",
        "half": "Puzzle · half",
    }
    assert found["double"].hints == hints(ONE)
    assert found["without"].hints == ()
    assert found["half"].hints == (Hint("Hint", "Divide."),)


@pytest.mark.parametrize("unit", OURS.units())
def test_every_exercise_has_a_heading_and_two_hints(unit: str) -> None:
    for name, statement in statements(nbformat.read(released(OURS, unit), as_version=4)).items():
        if name.startswith("question_"):
            assert statement.title.startswith("Question · ")
        else:
            assert statement.title.endswith(f" · {name}")
            assert [hint.title for hint in statement.hints] == ["Hint 1", "Hint 2"]
