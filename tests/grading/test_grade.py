import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from traitlets.config import Config

from course_lib.course import CONFIG
from course_lib.errors import CourseError
from course_lib.grading import base_grading
from course_lib.grading import grade as grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.cache import ResultCache
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.gradebook import recorded_feedback, writer
from course_lib.grading.gradebook.entries import GradebookEntry, GradebookLockedError, recorded
from course_lib.grading.gradebook.feedback import feedback_html
from course_lib.grading.models import GradingResult
from tests.support import stub_grader
from tests.support.paths import ROOT
from tests.support.stub_grader import here
from tests.support.tiny_course import UNIT, Words, make_course, submit
from tests.support.waiting import wait_until

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
__all__ = ["here"]


class Classroom:
    """A course, and a folder of submissions that tell the stub what to do."""

    def __init__(self, base: Path) -> None:
        self.course = make_course(base / "course")
        self.folder = base / "in"
        self.begun = base / "begun"

    def hand_in(self, student: str, **orders: Any) -> None:
        path = self.folder / student / UNIT / f"{UNIT}.ipynb"
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            path.parent.rmdir()
        submit(self.folder, student, {"begun": str(self.begun), **orders})

    def run(self) -> Run:
        return stub_grader.run(self.course, self.folder)

    def executions(self) -> Counter[str]:
        lines = self.begun.read_text().splitlines() if self.begun.exists() else []
        return Counter(line.rpartition(" ")[0] for line in lines)

    def points(self) -> dict[str, float]:
        return {entry.student: entry.points for entry in recorded(self.course.nbgrader_config())}

    def file(self, folder: str, student: str, suffix: str) -> Path:
        return self.course.classroom / folder / student / UNIT / f"{UNIT}{suffix}"

    def feedback(self, student: str) -> str:
        return Words(self.file("feedback", student, ".html").read_text(encoding="utf-8")).text

    def stored(self) -> set[str]:
        """Students whose result is on disk."""
        return {
            json.loads(path.read_text(encoding="utf-8"))["student"]
            for path in self.course.classroom.glob(".results/*.json")
        }

    def csv(self) -> list[str]:
        return (self.course.classroom / "grades.csv").read_text(encoding="utf-8").splitlines()

    def files(self) -> dict[str, bytes]:
        """What a run leaves for people, but for the gradebook."""
        folders = ("autograded", "feedback")
        kept = [path for name in folders for path in self.course.classroom.glob(f"{name}/**/*") if path.is_file()]
        kept += self.course.classroom.glob("*.csv")
        return {str(path.relative_to(self.course.classroom)): path.read_bytes() for path in kept}


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    return Classroom(tmp_path)


def test_a_second_run_does_only_what_is_missing(room: Classroom) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    first = room.run()
    room.hand_in("eve", points=2)
    again = room.run()
    assert (first.before, again.before) == (0, 2)
    assert room.executions() == {"ada": 1, "bob": 1, "eve": 1}
    assert [result.points for result in again.results] == [3, 3, 2]
    assert room.points() == {"ada": 3, "bob": 3, "eve": 2}
    assert room.csv() == [
        "student,unit,points,max_points,late,status,isolated,review,last_name,first_name,email,section",
        *(f"{student},{UNIT},{points:g},3,0,graded,no,,,,," for student, points in room.points().items()),
    ]


def test_killed_at_any_moment_nothing_is_lost_or_graded_twice(room: Classroom, tmp_path: Path) -> None:
    students = [f"student {number}" for number in range(16)]
    for number, student in enumerate(students):
        room.hand_in(student, points=number % 4, sleep=0.3)
    command = [sys.executable, "-m", "tests.support.stub_grader", str(room.course.root), str(room.folder)]
    dice = random.Random(5)
    for enough in (0, 3, 7):
        before, counts = room.stored(), room.executions()
        with subprocess.Popen(command, cwd=ROOT) as running:
            while running.poll() is None and len(room.stored()) < enough:
                time.sleep(0.01)
            time.sleep(dice.random() * (4 if enough == 0 else 0.5))
            assert running.poll() is None
            running.kill()
        assert before <= room.stored()
        assert all(room.executions()[student] == counts[student] for student in before)
    pids = [int(line.rpartition(" ")[2]) for line in room.begun.read_text().splitlines()]
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    before, counts = room.stored(), room.executions()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert all(room.executions()[student] == counts[student] for student in before)
    assert room.points() == {student: number % 4 for number, student in enumerate(students)}
    calm = Classroom(tmp_path / "calm")
    calm.folder = room.folder
    calm.run()
    assert room.files() == calm.files()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["autograded", "feedback", "recorded"])
def test_what_a_killed_recorder_did_not_write_is_made_up_for(room: Classroom, name: str) -> None:
    room.hand_in("ada")
    room.run()
    files = room.files()
    lost = {
        "autograded": room.file("autograded", "ada", ".ipynb"),
        "feedback": room.file("feedback", "ada", ".html"),
        "recorded": room.course.classroom / ".results" / "recorded" / UNIT / "ada.json",
    }
    lost[name].unlink()
    room.run()
    assert room.files() == files
    assert room.executions() == {"ada": 1}


@pytest.mark.usefixtures("here")
def test_a_gradebook_that_was_thrown_away_is_filled_again(room: Classroom) -> None:
    room.hand_in("ada")
    room.run()
    (room.course.classroom / "gradebook.db").unlink()
    room.run()
    assert room.points() == {"ada": 3}
    assert room.executions() == {"ada": 1}


@pytest.mark.usefixtures("here")
def test_a_changed_submission_is_graded_again(room: Classroom) -> None:
    room.hand_in("ada", points=1)
    room.run()
    room.hand_in("ada", points=3)
    assert room.run().before == 0
    assert room.points() == {"ada": 3}
    room.hand_in("ada", points=1)
    assert room.run().before == 1
    assert room.points() == {"ada": 1}


@pytest.mark.usefixtures("here")
def test_a_failure_of_the_submission_takes_the_old_points_away(room: Classroom) -> None:
    room.hand_in("ada")
    room.run()
    room.hand_in("ada", problem="no notebook")
    run = room.run()
    assert room.points() == {"ada": 0}
    assert (run.results[0].points, run.results[0].max_points) == (0, 3)
    assert "no notebook" in room.feedback("ada")
    assert "Not graded." in room.file("autograded", "ada", ".ipynb").read_text(encoding="utf-8")
    assert room.run().before == 1


@pytest.mark.usefixtures("here")
def test_a_failure_of_a_machine_leaves_the_old_points_and_is_tried_again(room: Classroom) -> None:
    room.hand_in("ada")
    room.run()
    files = {path: content for path, content in room.files().items() if not path.endswith(".csv")}
    room.hand_in("ada", problem="its worker was lost", final=False)
    assert [result.final for result in room.run().results] == [False]
    assert room.points() == {"ada": 3}
    assert room.csv()[1].startswith(f"ada,{UNIT},3,3,0,error: its worker was lost")
    assert files.items() <= room.files().items()
    assert room.run().before == 0


@pytest.mark.usefixtures("here")
def test_what_is_wrong_stays_in_the_tables_when_others_are_graded(room: Classroom) -> None:
    room.hand_in("ada")
    room.run()
    lost = {"problem": "its worker was lost", "final": False}
    room.hand_in("ada", **lost)
    room.hand_in("bob", **lost)
    room.hand_in("eve", **lost)
    room.run()
    for student in ("bob", "eve"):
        shutil.move(room.folder / student, room.folder.parent / student)
    stub_grader.run(room.course, room.folder.parent / "bob")
    room.hand_in("joe")
    stub_grader.run(room.course, room.folder / "joe")
    lost_row = f"{UNIT},{{}},3,0,error: its worker was lost"
    rows = room.csv()[1:]
    assert [row.partition(",")[0] for row in rows] == ["ada", "bob", "joe"]  # the work of eve is gone
    assert rows[0].startswith(f"ada,{lost_row.format(3)}")
    assert rows[1].startswith(f"bob,{lost_row.format(0)}")
    room.hand_in("ada")
    room.run()
    assert room.csv()[1].startswith(f"ada,{UNIT},3,3,0,graded")


@pytest.mark.usefixtures("here")
def test_what_people_changed_reaches_the_feedback(room: Classroom) -> None:
    room.hand_in("ada", points=0)
    room.run()
    config = room.course.nbgrader_config()
    with Gradebook(config.CourseDirectory.db_url) as opened:
        opened.find_comment("double", UNIT, UNIT, "ada").manual_comment = "Have a look at chapter 2."
        opened.find_grade("test_double", UNIT, UNIT, "ada").manual_score = 0.75
        opened.db.commit()
    assert "chapter 2" not in room.feedback("ada")
    room.run()
    assert "Have a look at chapter 2." in room.feedback("ada")
    assert "0.75" in room.feedback("ada")
    assert room.executions() == {"ada": 1}
    assert room.csv()[1].startswith(f"ada,{UNIT},0.75,3,")


@pytest.mark.usefixtures("here")
def test_a_due_date_that_is_set_later_counts(room: Classroom) -> None:
    room.hand_in("ada", points=2)
    (room.folder / "ada" / UNIT / "timestamp.txt").write_text("2030-04-02 12:00:00 UTC\n", encoding="utf-8")
    with (room.course.root / CONFIG).open("a", encoding="utf-8") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    room.run()
    assert "Score: 2 / 3" in room.feedback("ada")
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.find_assignment(UNIT).duedate = datetime(2030, 4, 1, 12)
        opened.db.commit()
    room.run()
    assert room.points() == {"ada": 0}
    assert "Score: 0 / 3 · late: −2" in room.feedback("ada")
    assert room.csv()[1].startswith(f"ada,{UNIT},0,3,2,graded")
    assert room.executions() == {"ada": 1}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('c.LateSubmissionPlugin.penalty_method = "nul"', r"expected settings of late penalties.*nul"),
        (
            'c.LateSubmissionPlugin.penalty_metod = "zero"',
            r"expected c.LateSubmissionPlugin to set some of penalty_method",
        ),
        ('c.AssignLatePenalties.plugin_class = "nowhere.Plugin"', r"expected settings of late penalties.*nowhere"),
        (
            'c.CourseDirectory.db_url = "gradebook.db"',
            r"expected the address of a gradebook in c.CourseDirectory.db_url",
        ),
        ('c.Execute.timeout = "long"', r"expected a positive number for the limit cell_s, got 'long'"),
        ("c.Limits.cpu_s = ", r"expected settings in .*nbgrader_config.py, found SyntaxError"),
        ("c.Limits.submision_s = 9", r"expected c.Limits to set some of .*; got submision_s"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_graded(room: Classroom, setting: str, words: str) -> None:
    room.hand_in("ada")
    with (room.course.root / CONFIG).open("a", encoding="utf-8") as config:
        config.write(f"{setting}\n")
    with pytest.raises(CourseError, match=words):
        room.run()
    assert room.executions() == {}


def take_out(room: Classroom, student: str) -> None:
    """Do what `nbgrader db student remove STUDENT --force` does."""
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.remove_student(student)


@pytest.mark.usefixtures("here")
def test_who_is_taken_out_of_the_gradebook_is_in_no_table(room: Classroom, tmp_path: Path) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    assert room.run().withdrawn == []
    take_out(room, "bob")
    (room.folder / "bob").rename(tmp_path / "bob")
    left = room.run().withdrawn
    assert [line.partition(",")[0] for line in room.csv()] == ["student", "ada"]
    assert room.points() == {"ada": 3}
    folders = [room.course.classroom / name / "bob" for name in ("autograded", "feedback")]
    assert left == [f"bob is not in the gradebook: remove {folder} if it must not be handed back" for folder in folders]
    for folder in folders:
        shutil.rmtree(folder)
    assert room.run().withdrawn == []
    assert not any(folder.exists() for folder in folders)


@pytest.mark.usefixtures("here")
def test_who_is_taken_out_and_comes_back_is_told(room: Classroom) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    room.run()
    take_out(room, "bob")
    path = room.folder / "bob" / UNIT / f"{UNIT}.ipynb"
    assert room.run().withdrawn == [
        f"bob, {UNIT}: was removed from the gradebook and is back in it, because this is still there: {path}"
    ]
    assert room.points() == {"ada": 3, "bob": 3}
    assert room.run().withdrawn == []


@pytest.mark.usefixtures("here")
def test_a_class_list_brings_names_and_who_is_absent(room: Classroom) -> None:
    room.hand_in("ada", points=2)
    room.run()
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.update_or_create_student("ada", last_name="Byron", first_name="Ada", email="ada@example.org")
        opened.update_or_create_student("eve", email="eve@example.org")
    room.run()
    assert room.csv()[1:] == [
        f"ada,{UNIT},2,3,0,graded,no,,Byron,Ada,ada@example.org,",
        f"eve,{UNIT},0,3,0,not handed in,,,,,eve@example.org,",
    ]


@pytest.mark.usefixtures("here")
def test_points_by_hand_and_a_resubmission(room: Classroom) -> None:
    room.hand_in("ada", points=0)
    room.run()
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.find_grade("test_double", UNIT, UNIT, "ada").manual_score = 0.75
        opened.db.commit()
    assert [entry.review for entry in room.run().entries] == [{}]
    room.hand_in("ada", points=3)
    (entry,) = room.run().entries
    assert entry.review == {"double": "points or a comment were given for an earlier submission"}
    assert room.csv()[1] == f"ada,{UNIT},2.75,3,0,graded,no,double,,,,"


@pytest.mark.usefixtures("here")
def test_a_result_that_was_recorded_half_is_recorded_again(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.hand_in("ada", points=3)
    room.run()
    files = room.files()
    room.hand_in("ada", points=1)
    monkeypatch.setattr(recorded_feedback, "feedback_html", lambda *_: 1 / 0)  # its points are in the gradebook by then
    room.run()
    monkeypatch.undo()
    assert room.points() == {"ada": 1}
    room.hand_in("ada", points=3)
    monkeypatch.setattr(base_grading, "grade_all", lambda *_: [])
    assert room.run().before == 1
    assert room.points() == {"ada": 3}
    assert room.files() == files


@pytest.mark.usefixtures("here")
def test_what_was_graded_is_graded_again_by_force(room: Classroom) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    room.run()
    notebook = room.file("autograded", "ada", ".ipynb")
    before = notebook.read_bytes()
    notebook.write_text("spoiled", encoding="utf-8")
    again = stub_grader.run(room.course, room.folder / "ada", force=True)
    assert notebook.read_bytes() == before
    assert (again.before, room.executions()) == (0, {"ada": 2, "bob": 1})
    assert room.csv()[2].startswith("bob")


@pytest.mark.usefixtures("here")
def test_points_by_hand_need_no_other_look_by_force(room: Classroom) -> None:
    room.hand_in("ada", points=0)
    room.run()
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.find_grade("test_double", UNIT, UNIT, "ada").manual_score = 0.75
        opened.db.commit()
    (entry,) = stub_grader.run(room.course, room.folder, force=True).entries
    assert (entry.points, entry.review) == (0.75, {})
    assert room.executions() == {"ada": 2}


@pytest.mark.usefixtures("here")
def test_a_file_that_is_gone_when_it_is_read_costs_no_points(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.hand_in("ada")
    room.run()
    room.hand_in("ada", points=1)

    def gone(_: Path) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(base_grading, "read_bytes", gone)
    (result,) = room.run().results
    assert result.status == "error: expected a notebook, found a file that cannot be read: No such file or directory"
    assert not result.final
    assert room.points() == {"ada": 3}


@pytest.mark.usefixtures("here")
def test_a_full_disk_is_an_outcome_and_the_next_run_tries_again(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    storing = ResultCache.store

    def full(self: ResultCache, key: str, result: GradingResult) -> None:
        if result.student == "ada":
            raise OSError(28, "No space left on device")
        storing(self, key, result)

    monkeypatch.setattr(ResultCache, "store", full)
    ada, bob = room.run().results
    assert ada.status == "error: it was graded, but not recorded: OSError: [Errno 28] No space left on device"
    assert bob.status == "graded"
    monkeypatch.undo()
    assert (room.run().before, room.executions()) == (1, {"ada": 2, "bob": 1})


@pytest.mark.usefixtures("here")
def test_two_runs_do_not_grade_in_one_classroom(room: Classroom) -> None:
    room.hand_in("ada")
    submissions = find_submissions(room.course, [room.folder])
    seen: list[str] = []

    def second(result: GradingResult) -> None:
        with pytest.raises(CourseError, match="another command is at work in"):
            stub_grader.run(room.course, room.folder)
        seen.append(result.student)

    grade_class(room.course, submissions, GradeOptions(isolated=False, grader=stub_grader.obey), second)
    assert seen == ["ada"]
    assert room.run().before == 1


@pytest.mark.usefixtures("here")
def test_who_ends_a_run_finds_the_tables_of_what_was_done(room: Classroom) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    submissions = find_submissions(room.course, [room.folder])

    def end(result: GradingResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_class(room.course, submissions, GradeOptions(isolated=False, grader=stub_grader.obey), end)
    assert [line.partition(",")[0] for line in room.csv()] == ["student", "ada"]


@pytest.mark.usefixtures("here")
def test_a_locked_gradebook_loses_nothing(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.hand_in("ada")
    room.run()
    room.hand_in("ada", points=1)
    room.hand_in("bob", points=2)
    path = room.course.classroom / "gradebook.db"
    entering = writer.enter

    def locked(config: Config, result: GradingResult, timestamp: datetime | None, **how: Any) -> GradebookEntry:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            return entering(config, result, timestamp, **how, patience=0)

    monkeypatch.setattr(writer, "enter", locked)
    with pytest.raises(GradebookLockedError, match="is locked"):
        room.run()
    assert room.points() == {"ada": 3}
    monkeypatch.setattr(writer, "enter", entering)
    assert room.run().before == 2
    assert room.points() == {"ada": 1, "bob": 2}
    assert room.executions() == {"ada": 2, "bob": 1}


@pytest.mark.usefixtures("here")
def test_what_cannot_be_recorded_stops_nobody_else(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    for student in ("ada", "bob"):
        room.hand_in(student)
    writing = feedback_html

    def failing(notebook: Any, exercises: Any, student: str, *rest: Any) -> str:
        if student == "ada":
            raise RuntimeError("no page")
        return writing(notebook, exercises, student, *rest)

    monkeypatch.setattr(recorded_feedback, "feedback_html", failing)
    ada, bob = room.run().results
    assert ada.status == "error: it was graded, but not recorded: RuntimeError: no page"
    assert bob.status == "graded"


@pytest.mark.usefixtures("here")
def test_each_submission_has_a_log(room: Classroom) -> None:
    room.hand_in("ada")
    room.hand_in("bob", problem="its worker was lost", final=False)
    room.run()
    assert (room.course.classroom / "logs" / "ada" / f"{UNIT}.log").read_text() == "done"
    assert (room.course.classroom / "logs" / "bob" / f"{UNIT}.log").read_text() == "its worker was lost"


@pytest.mark.usefixtures("here")
def test_a_problem_of_the_file_is_an_outcome(room: Classroom) -> None:
    room.hand_in("ada")
    link = room.folder / "bob" / UNIT / f"{UNIT}.ipynb"
    link.parent.mkdir(parents=True)
    link.symlink_to(room.folder / "ada" / UNIT / f"{UNIT}.ipynb")
    big = room.folder / "eve" / UNIT / f"{UNIT}.ipynb"
    big.parent.mkdir(parents=True)
    with big.open("wb") as file:
        file.truncate(200_000_000)
    found = {result.student: result for result in room.run().results}
    assert found["ada"].status == "graded"
    assert "found a link" in found["bob"].status
    assert "200" in found["eve"].status
    assert room.executions() == {"ada": 1}


@pytest.mark.usefixtures("here")
def test_outcomes_are_told_as_they_come_and_returned_in_order(room: Classroom) -> None:
    for student in ("bob", "ada"):
        room.hand_in(student)
    told: list[GradingResult] = []
    settings = GradeOptions(isolated=False, grader=stub_grader.obey)
    run = grade_class(room.course, find_submissions(room.course, [room.folder]), settings, told.append)
    assert [result.student for result in run.results] == ["ada", "bob"]
    assert sorted(result.student for result in told) == ["ada", "bob"]


def test_no_grading_without_a_sandbox(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "available", lambda: "install bubblewrap")
    room.hand_in("ada")
    submissions = find_submissions(room.course, [room.folder])
    with pytest.raises(CourseError, match=r"install bubblewrap\n.*--no-sandbox"):
        grade_class(room.course, submissions, GradeOptions(grader=stub_grader.obey), lambda _: None)
    assert not room.course.classroom.exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("written", "kept", "in_formgrader"),
    [
        (b"2026-03-01 12:00:00 UTC\n", True, True),
        (b"Fri Nov 27 2026 18:30:00 GMT+0100 (Central European Standard Time)", True, False),
        (b"yesterday", False, False),
        (b"\xff\xfe\x00", False, False),
        (b"", False, False),
        (b"03/04/2026 18:00", False, True),
    ],
)
def test_the_time_beside_a_submission(room: Classroom, written: bytes, kept: bool, in_formgrader: bool) -> None:
    room.hand_in("ada")
    (room.folder / "ada" / UNIT / "timestamp.txt").write_bytes(written)
    (result,) = room.run().results
    assert result.status == "graded"
    words = "timestamp.txt cannot be used, so this counts as handed in on time: expected a date"
    assert any(text.startswith(words) for text in result.changes) != kept
    assert any(text.startswith("formgrader's lists do not load") for text in result.changes) != in_formgrader
    assert len(result.changes) == (not kept) + (not in_formgrader)
    assert room.file("autograded", "ada", ".ipynb").with_name("timestamp.txt").exists() == kept


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("zone", "hours"), [("+0200", 2), ("CEST", 2), ("EDT", -4), ("PDT", -7), ("UTC", 0)])
def test_a_penalty_follows_the_zone(room: Classroom, zone: str, hours: int) -> None:
    with (room.course.root / CONFIG).open("a", encoding="utf-8") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    due = datetime(2030, 4, 1, 12)
    for student, late in {"ada": -1, "bob": 1}.items():
        room.hand_in(student, points=2)
        time = due + timedelta(hours=late + hours)
        (room.folder / student / UNIT / "timestamp.txt").write_text(f"{time} {zone}", encoding="utf-8")
    room.run()
    with Gradebook(room.course.nbgrader_config().CourseDirectory.db_url) as opened:
        opened.find_assignment(UNIT).duedate = due
        opened.db.commit()
    room.run()
    assert room.points() == {"ada": 2, "bob": 0}
    for student, late in {"ada": -1, "bob": 1}.items():
        stamp = room.file("autograded", student, ".ipynb").with_name("timestamp.txt")
        assert parse_utc(stamp.read_text(encoding="utf-8")) == due + timedelta(hours=late)


@pytest.mark.usefixtures("here")
def test_the_time_beside_a_submission_is_no_link(room: Classroom) -> None:
    room.hand_in("ada")
    secret = room.folder / "secret.txt"
    secret.write_text("2026-03-01", encoding="utf-8")
    (room.folder / "ada" / UNIT / "timestamp.txt").symlink_to(secret)
    room.run()
    assert not room.file("autograded", "ada", ".ipynb").with_name("timestamp.txt").exists()
