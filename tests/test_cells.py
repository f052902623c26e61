"""A unit that changes while a course runs: what people gave stays, new tests wait for the next grading."""

from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_lib.answers import bank_of
from course_lib.course import Course
from tests.support import stub_grader
from tests.support.stub_grader import here
from tests.support.tiny_course import TEXT, UNIT, make_course, submit, write_bank

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
__all__ = ["here"]

HEAD = "```{code-cell} ipython3\n---\n"
HIDDEN = TEXT.index(f"{HEAD}nbgrader:\n  {{grade: true")
HELPER = f"""{HEAD}nbgrader:
  {{grade: false, grade_id: helper, locked: true, schema_version: 3, solution: false, task: false}}
---
seven = 7
```
"""
SHORT = TEXT[:HIDDEN]  # without its hidden test


@pytest.fixture
def course(tmp_path: Path, here: None) -> Course:
    """A course with a submission that was graded, and looked at by a person."""
    course = make_course(tmp_path / "course")
    submit(tmp_path / "in", "ada", "{}")
    stub_grader.run(course, tmp_path / "in")
    with opened(course) as book:
        book.find_grade("test_double", UNIT, UNIT, "ada").manual_score = 0.5
        book.find_comment("double", UNIT, UNIT, "ada").manual_comment = "well done"
        book.db.commit()
    return course


def opened(course: Course) -> Gradebook:
    return Gradebook(course.nbgrader_config().CourseDirectory.db_url)


def scores(course: Course) -> dict[str, tuple[float, bool]]:
    """Read each test's score, and whether somebody must look."""
    with opened(course) as book:
        (notebook,) = book.find_submission(UNIT, "ada").notebooks
        return {grade.name: (grade.score, grade.needs_manual_grade) for grade in notebook.grades}


def change(course: Course, text: str) -> None:
    """Change the unit, and let the gradebook know, as a grading of somebody else does."""
    (course.solutions / UNIT / f"{UNIT}.md").write_text(text, encoding="utf-8")
    others = course.root.parent / "others"
    if not others.exists():
        submit(others, "bob", "{}")
    stub_grader.run(course, others)


def test_a_test_that_is_taken_away_and_comes_back(course: Course) -> None:
    change(course, SHORT)
    assert scores(course) == {"test_double": (0.5, False)}
    with opened(course) as book:
        assert book.find_assignment(UNIT).max_score == 1
    change(course, TEXT.replace("# Doubling", "# Doubling again"))
    assert scores(course) == {"test_double": (0.5, False), "test_double_hidden": (0, True)}
    with opened(course) as book:
        assert book.find_comment("double", UNIT, UNIT, "ada").comment == "well done"
    stub_grader.run(course, course.root.parent / "in")
    assert scores(course) == {"test_double": (0.5, True), "test_double_hidden": (2, True)}  # of one exercise


def test_a_locked_cell_that_is_added(course: Course) -> None:
    change(course, TEXT[:HIDDEN] + HELPER + TEXT[HIDDEN:])
    with opened(course) as book:
        assert "helper" in {cell.name for cell in book.find_notebook(UNIT, UNIT).source_cells}
    assert scores(course) == {"test_double": (0.5, False), "test_double_hidden": (2, False)}


def test_an_exercise_that_is_called_otherwise(course: Course) -> None:
    unit = course.solutions / UNIT
    write_bank(unit, "twice")
    bank_of(unit, "double").unlink()
    change(course, TEXT.replace("double", "twice"))
    with opened(course) as book:
        (notebook,) = book.find_submission(UNIT, "ada").notebooks
        assert {comment.name for comment in notebook.comments} == {"twice"}
    assert scores(course) == {"test_twice": (0, True), "test_twice_hidden": (0, True)}
