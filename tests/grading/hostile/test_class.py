"""One class of hostile, broken and honest submissions, graded at once: nothing is stolen, nobody is harmed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from tests.grading.hostile.classroom import CANARY, SECRET, Dangers, Listeners, Run, aimed, grade_class, make_class
from tests.grading.hostile.submissions.case import ANSWERS, MAXIMA, TEXTS
from tests.grading.hostile.submissions.everybody import CLASS
from tests.grading.hostile.submissions.honest import HONEST
from tests.grading.hostile.submissions.outside import ATTACKS
from tests.support.tiny_course import Words

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grade the whole class."""
    base = tmp_path_factory.mktemp("class")
    return grade_class(base, make_class(base), CLASS, ANSWERS)


def test_nobody_is_lost(run: Run) -> None:
    assert run.grades.keys() == CLASS.keys()
    numbers = re.findall(r"^(\d+/\d+) ", run.errors, re.MULTILINE)
    assert numbers == [f"{number}/{len(CLASS)}" for number in range(1, len(CLASS) + 1)]
    assert run.code == 1


@pytest.mark.parametrize("student", CLASS)
def test_each_earns_what_it_deserves(run: Run, student: str) -> None:
    case, grade = CLASS[student], run.grades[student]
    assert (grade["points"], grade["max_points"]) == (case.points, MAXIMA[case.unit]), grade
    if case.status == "graded":
        assert grade["error"] is None
    else:
        assert re.search(case.status, grade["error"] or "graded")
    assert re.search(case.message, " ".join(exercise["message"] for exercise in grade["exercises"]))
    assert case.changes in (changes := " ".join(grade["changes"]))
    assert bool(case.changes) == bool(changes)
    assert case.audit_flags in " ".join(grade["audit_flags"])
    assert grade["isolated"]


@pytest.mark.parametrize("student", HONEST)
def test_nothing_is_noted_about_the_honest(run: Run, student: str) -> None:
    assert run.grades[student]["audit_flags"] == []


def test_gradebook_holds_the_same_points(run: Run) -> None:
    with Gradebook(f"sqlite:///{run.course.classroom / 'gradebook.db'}") as gradebook:
        recorded = {s.student.id: s.score for unit in MAXIMA for s in gradebook.assignment_submissions(unit)}
    assert recorded == {student: case.points for student, case in CLASS.items() if case.recorded}


def test_nothing_outside_is_changed(run: Run) -> None:
    assert run.changed == set()


def test_nobody_outside_is_reached(run: Run) -> None:
    assert run.reached == set()


def test_no_process_is_left(run: Run) -> None:
    assert run.left == []


def test_feedback_exists_and_is_harmless(run: Run) -> None:
    hidden = [
        line.strip()
        for text in TEXTS.values()
        for line in text.partition("BEGIN HIDDEN")[2].splitlines()
        if "secret" in line
    ]
    assert len(hidden) == 6
    for student, case in CLASS.items():
        assert run.page(student).exists() == case.recorded
        if case.recorded:
            page = run.page(student).read_text(encoding="utf-8")
            words = Words(page).text
            assert f"Score: {case.points} / {MAXIMA[case.unit]}" in words
            assert not [line for line in [*hidden, "secret_number", "secret_count", CANARY, SECRET] if line in words]
            assert Dangers(page).found == []
            assert len(page) < 5_000_000


def test_the_attacks_do_succeed_where_nothing_is_in_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it means something that they earn nothing above."""
    monkeypatch.setenv("GRADER_TOKEN", SECRET)
    places = {name: str(tmp_path / name) for name in ("gradebook", "source", "home", "other", "own", "tmp")}
    for name in ("source", "home", "other", "own"):
        Path(places[name]).write_text("something", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "left for others").touch()
    with closing(sqlite3.connect(places["gradebook"])) as gradebook:
        gradebook.executescript("create table grade (auto_score float); insert into grade values (0)")
    with Listeners(tmp_path) as listeners:
        for name, case in ATTACKS.items():
            namespace: dict[str, Any] = {}
            exec(aimed(case.code, places | listeners.places), namespace)
            assert namespace["won"] or name == "a datagram", name
        assert listeners.reached() == {"port", "datagram", "socket", "abstract"}
