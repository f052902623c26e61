"""What people gave by hand, in a gradebook of nbgrader's: kept, and marked for review only if the work is another."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from course_lib.foreign.gradebook import enter
from course_lib.foreign.runner import ForeignJob
from course_lib.grading.gradebook.entries import FAILED, GIVEN, WAITING
from course_lib.grading.models import GradingResult, not_graded
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import ExerciseScore
from tests.support.foreign_course import extra_notebook, new_gradebook

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Make a gradebook of one notebook: a test, a question that people grade, and the notebook's answer."""
    url = f"sqlite:///{tmp_path}/gradebook.db"
    with new_gradebook(url) as book:
        book.add_assignment("ps1")
        book.add_notebook("one", "ps1")
        for name, points in (("test", 2), ("why", 3)):
            book.add_grade_cell(name, "one", "ps1", max_score=points, cell_type="code")
        for name in ("answer", "why"):
            book.add_solution_cell(name, "one", "ps1")
            book.add_source_cell(name, "one", "ps1", cell_type="code", checksum=f"released {name}")
    return Config({"CourseDirectory": {"db_url": url, "course_id": "course101"}})


def result(points: float, answer: str = "x") -> GradingResult:
    """Make the result of a notebook whose test earns these points."""
    scores = [
        ExerciseScore("test", points, 2, "", tests={"test": points}),
        ExerciseScore("why", 0, 3, "", question=True, tests={"why": None}),
    ]
    return GradingResult("ada", "ps1/one", None, scores, {"answer": answer, "why": "x"}, notebook="{}")


def by_hand(config: Config, **scores: float) -> None:
    """Give points, as in formgrader."""
    with Gradebook(config.CourseDirectory.db_url) as book:
        for name, score in scores.items():
            grade = book.find_grade(name, "one", "ps1", "ada")
            grade.manual_score, grade.needs_manual_grade = score, False
        book.db.commit()


def test_the_same_work_needs_no_other_look(config: Config) -> None:
    assert enter(config, result(1), None, {"one"}).review == {"why": WAITING}
    by_hand(config, test=1.5, why=2)
    entry = enter(config, result(1), None, {"one"}, same_work=True)
    assert entry.review == {}
    assert entry.exercises == {"test": (1.5, 2), "why": (2, 3)}


def test_other_points_for_the_same_work_are_to_be_looked_at(config: Config) -> None:
    enter(config, result(1), None, {"one"})
    by_hand(config, test=1.5, why=2)
    entry = enter(config, result(0), None, {"one"}, same_work=True)
    assert entry.review == {"test": GIVEN}
    assert entry.points == 3.5


def test_other_work_is_to_be_looked_at(config: Config) -> None:
    enter(config, result(1), None, {"one"})
    by_hand(config, test=1.5, why=2)
    entry = enter(config, result(1), None, {"one"})
    assert entry.review == {"test": GIVEN, "why": GIVEN}
    assert entry.points == 3.5


def test_work_that_could_not_be_graded_and_was_looked_at(config: Config) -> None:
    failed = GradingResult("ada", "ps1/one", "expected a notebook", [])
    assert enter(config, failed, None, {"one"}).review == {"test": FAILED, "why": FAILED}
    by_hand(config, test=0, why=0)
    assert enter(config, failed, None, {"one"}, same_work=True).review == {}


def test_comments_on_answers(config: Config) -> None:
    def comments() -> dict[str, str | None]:
        with Gradebook(config.CourseDirectory.db_url) as book:
            found = book.find_submission_notebook("one", "ps1", "ada").comments
            return {comment.name: comment.auto_comment for comment in found}

    enter(config, result(1, "released answer"), None, {"one"})
    assert comments() == {"answer": "No response.", "why": None}
    enter(config, GradingResult("ada", "ps1/one", "too long", []), None, {"one"})
    assert comments() == dict.fromkeys(["answer", "why"], "Not graded. error: too long")
    enter(config, result(1), None, {"one"})
    assert comments() == {"answer": None, "why": None}


def test_a_notebook_that_cannot_be_graded_has_the_cells_of_the_course() -> None:
    """Not exercises with several tests, as in our own course."""
    text = nbformat.writes(extra_notebook())
    job = ForeignJob("ada", "extra/values", b"", text, Limits(), "1")
    graded = {score.name: (score.points, score.max_points) for score in not_graded(job, "too long").exercises}
    assert graded["mean"] == (0, 1)
    assert graded["mean_hidden"] == (0, 2)
    assert graded["why"] == (0, 3)
