"""Questions to answer in words: worth nothing, or read by a person whose points stay."""

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from course_lib import workspace
from course_lib.cells import ANSWER_STUB
from course_lib.course import Course
from course_lib.grading import report
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.gradebook.entries import WAITING
from course_lib.grading.gradebook.recorder import register
from course_lib.grading.gradebook.writer import enter
from course_lib.grading.models import GradingResult
from course_lib.grading.restore.normalize import normalize
from course_lib.grading.scores import answer_checksums, score
from tests.support.secret_lines import secrets
from tests.support.tiny_course import QUESTION, RIGHT, TEXT, UNIT, Words, answered, cell, make_course, submit, untouched

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
# An answer may quote code, even that of an exercise; it is not run.
WORDS = "**Both sides** stay, as in\n\n```\ndef double(x):\n    return -x\n```\n"


def with_words(course: Course, words: str, code: str = RIGHT) -> dict[str, Any]:
    """Answer the exercise in code, and the question in words."""
    notebook = answered(course, code)
    cell(notebook, "question_sign")["source"] = words
    return notebook


def grade(course: Course) -> Run:
    found = find_submissions(course, [course.classroom / "submitted"])
    return grade_class(course, found, GradeOptions(isolated=False), lambda _: None)


def rows(course: Course, table: str) -> list[dict[str, str]]:
    with (course.classroom / table).open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def page(course: Course, student: str) -> str:
    return (course.classroom / "feedback" / student / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")


def waiting(course: Course) -> list[str]:
    """Whose answers nbgrader's formgrader lists as in need of a person."""
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as book:
        submissions = book.assignment_submissions(UNIT)
        return [submission.student.id for submission in submissions if submission.needs_manual_grade]


def restored(course: Course, notebook: dict[str, Any]) -> NotebookNode:
    """A submission as it is graded, without running it."""
    source = nbformat.read(course.source / UNIT / f"{UNIT}.ipynb", as_version=4)
    return normalize(json.dumps(notebook).encode(), source).notebook


@pytest.mark.parametrize("points", [0, 2])
def test_only_an_answer_that_is_worth_points_waits_for_a_person(tmp_path: Path, points: float) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION, question_points=points)
    register(course, UNIT)
    config = course.nbgrader_config()
    answers = {"words": WORDS, "untouched": ANSWER_STUB, "a blank line more": f"{ANSWER_STUB}\n", "emptied": ""}
    for student, words in answers.items():
        notebook = restored(course, with_words(course, words))
        entry = enter(
            config,
            GradingResult(student, UNIT, None, score(notebook), answer_checksums(notebook), nbformat.writes(notebook)),
            None,
        )
        assert (entry.points, entry.max_points) == (0, 3 + points)
        assert entry.review == ({"question_sign": WAITING} if points and student == "words" else {})
    assert waiting(course) == ["words"] * bool(points)
    lost = enter(config, GradingResult("lost", UNIT, "broken", []), None)
    assert lost.review.keys() == {"double", "question_sign"} if points else {"double"}


def test_what_a_person_gives_stays_and_is_shown(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION, question_points=2)
    submit(course.classroom / "submitted", "ada", with_words(course, WORDS))
    submit(course.classroom / "submitted", "bob", with_words(course, f"{ANSWER_STUB}\n"))
    run = grade(course)
    assert [(entry.points, entry.max_points, entry.review) for entry in run.entries] == [
        (3, 5, {"question_sign": WAITING}),
        (3, 5, {}),
    ]
    assert waiting(course) == ["ada"]
    assert "answered; nobody has graded it yet" in Words(page(course, "ada")).text
    assert "not answered" in Words(page(course, "bob")).text
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as book:  # as formgrader does
        given = book.find_grade("question_sign", UNIT, UNIT, "ada")
        given.manual_score, given.needs_manual_grade = 1.5, False
        book.find_comment("question_sign", UNIT, UNIT, "ada").manual_comment = "And what about zero?"
        book.db.commit()
    run = grade(course)
    assert [(entry.points, entry.review) for entry in run.entries] == [(4.5, {}), (3, {})]
    assert waiting(course) == []
    assert [row["points"] for row in rows(course, "grades.csv")] == ["4.5", "3"]
    assert [row["points"] for row in rows(course, "exercises.csv")[1::2]] == ["1.5", "0"]
    words = Words(page(course, "ada")).text
    for part in ("Score: 4.5 / 5", "1.5 / 2", "Both sides stay", "And what about zero?"):
        assert part in words
    assert "partly right" in words
    table = report.counting(run.results[0], run.entries)
    assert [(row.name, row.points, report.verdict(row)) for row in table] == [
        ("double", 3, "✓"),
        ("question_sign", 1.5, "given by hand"),
    ]
    hidden = secrets(TEXT + QUESTION) - {*RIGHT.splitlines(), "return 2 * np.asarray(x)"}  # which the learners wrote
    assert {"An array doubles every number at once.", "- All: the side of zero."} <= hidden
    for path in [*course.notebooks.rglob("*.ipynb"), *(course.classroom / "feedback").rglob("*.html")]:
        text = Words(path.read_text(encoding="utf-8")).text
        assert {line for line in hidden if line.strip("*- ") in text} == set()


def test_code_in_an_answer_in_words_is_no_answer_to_an_exercise(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION)
    released = "".join(cell(untouched(course), "double")["source"])
    notebook = restored(course, with_words(course, WORDS, code=released))
    sources = {each.metadata.nbgrader.grade_id: each.source for each in notebook.cells if "nbgrader" in each.metadata}
    assert (sources["double"], sources["question_sign"]) == (released, WORDS)


def test_points_that_were_set_after_the_release_are_no_change_of_the_learners(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION, question_points=2)
    notebook = with_words(course, "Because.")
    cell(notebook, "question_sign")["metadata"]["nbgrader"]["points"] = 0
    source = nbformat.read(course.source / UNIT / f"{UNIT}.ipynb", as_version=4)
    normalized = normalize(json.dumps(notebook).encode(), source)
    assert normalized.changes == []
    assert score(normalized.notebook)[1].max_points == 2


@pytest.mark.parametrize("way", ["deleted", "code", "another cell"])
def test_an_answer_is_found_where_the_learner_put_it(tmp_path: Path, way: str) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION + "\n+++\n\nThe end.\n", question_points=2)
    notebook = with_words(course, "Because.")
    question = cell(notebook, "question_sign")
    if way == "deleted":
        notebook["cells"].remove(question)
    elif way == "code":
        question |= {"cell_type": "code", "outputs": [], "execution_count": None}
    else:
        question |= {"id": "mine", "metadata": {}}
    said = {exercise.name: exercise.message for exercise in score(restored(course, notebook))}
    assert said["question_sign"] == ("not answered" if way == "deleted" else "answered")


@pytest.mark.parametrize(("points", "more"), [(0, {"double": 2}), (2, {"double": 2, "question_sign": 2})])
def test_a_learner_sees_which_questions_are_open(tmp_path: Path, points: float, more: dict[str, float]) -> None:
    course = make_course(tmp_path / "course", text=TEXT + QUESTION, question_points=points)
    assert workspace.points_to_come(course, UNIT) == more
    assert workspace.progress(course)[UNIT][:3] == (0, 1, sum(more.values()))
    path = workspace.own_notebook(course, UNIT)
    path.parent.mkdir(parents=True)
    for words, said in ((WORDS, "answered"), (ANSWER_STUB, "not answered")):
        path.write_text(json.dumps(with_words(course, words)), encoding="utf-8")
        scores = [
            (exercise.points, exercise.max_points, exercise.message) for exercise in workspace.check(course, UNIT)
        ]
        assert scores == [(1, 1, ""), (0, 0, said)]
    assert workspace.progress(course)[UNIT][:3] == (1, 1, sum(more.values()))
