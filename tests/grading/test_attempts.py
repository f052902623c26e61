"""Several attempts of a student, of which the latest or the best counts."""

import shutil
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from course_lib.classroom.intake.attempts import complete, place
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading import base_grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.attempts import to_grade
from course_lib.grading.collect.files import read_beside
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.collect.students import submitted
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.gradebook.entries import GIVEN
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.parallel import OnStart
from course_lib.grading.regrade import RegradeOptions, prepare_regrade
from tests.support import stub_grader
from tests.support.stub_class import DUE, Class, entry
from tests.support.stub_grader import here
from tests.support.tiny_course import QUESTION, TEXT, UNIT, make_course, submit

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("here"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
__all__ = ["here"]

Jobs = Generator[tuple[GradingJob, GradingResult]]
BEST = 'attempts = "best"\n'
RULE = "[late]\npercent_per_day = 20\n"  # DUE is at 16:00 UTC on May 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("attempts") / "course")


@pytest.fixture
def room(made: Course, tmp_path: Path) -> Class:
    shutil.copytree(made.root, tmp_path / "course")
    return Class(Course(tmp_path / "course"))


def hand_in(room: Class, student: str, time: str, **orders: Any) -> None:
    """Place an attempt as `course collect` does; the time is in UTC, as 04 12:00 for noon on May 4."""
    path = submit(room.course.classroom / "ready", student, {"begun": str(room.begun), **orders})
    at = datetime.fromisoformat(f"2026-05-{time}").replace(tzinfo=UTC)
    place(room.course, complete(path.parent, at, True, {}), student, UNIT)


def kept(student: str, time: str) -> str:
    """The folder of an earlier attempt, in the classroom."""
    return f"attempts/{student}/2026-05-{time.replace(' ', 'T').replace(':', '-')}-00Z/{UNIT}"


def test_the_best_counts_with_its_own_feedback_and_all_are_told(room: Class) -> None:
    hand_in(room, "ada", "04 10:00", points=3)
    hand_in(room, "ada", "04 12:00", points=1)
    hand_in(room, "ada", "04 11:00", points=2)
    hand_in(room, "bob", "04 11:00", points=2)
    run = room.run()
    assert (room.executed(), entry(run, "ada").points) == (["ada", "bob"], 1)  # the latest, without the setting
    room.schedule(BEST)
    run = room.run()
    assert sorted(room.executed()) == ["ada", "ada", "ada", "bob"]
    assert (entry(run, "ada").points, entry(run, "bob").points) == (3, 2)
    assert [(result.student, result.points) for result in run.results] == [("ada", 3), ("bob", 2)]
    first, second, third = kept("ada", "04 10:00"), kept("ada", "04 11:00"), f"submitted/ada/{UNIT}"
    line = f"3 attempts, of which the best counts: {first}: 3 points; {second}: 2 points; {third}: 1 point"
    assert [result.changes for result in run.results] == [[line], []]
    assert "3 attempts" in (room.course.classroom / "logs" / "ada" / f"{UNIT}.log").read_text(encoding="utf-8")
    assert "Handed in 2026-05-04 10:00 UTC." in room.feedback("ada")
    stamp = room.course.classroom / "autograded" / "ada" / UNIT / "timestamp.txt"
    assert stamp.read_text(encoding="utf-8").startswith("2026-05-04 10:00:00")
    files = room.files()
    again = room.run()
    assert (again.before, len(room.executed())) == (2, 4)
    assert room.files() == files
    room.schedule("")
    assert entry(room.run(), "ada").points == 1
    assert "Handed in 2026-05-04 12:00 UTC." in room.feedback("ada")


def test_of_attempts_that_are_as_good_the_latest_counts(room: Class) -> None:
    room.schedule(f"{BEST}{DUE}{RULE}")
    for time, points in [("04 10:00", 2.4), ("04 11:00", 2.4), ("05 10:00", 3)]:  # 3 × 0.8 = 2.4
        hand_in(room, "ada", time, points=points, name=time)
    run = room.run()
    assert entry(run, "ada").points == pytest.approx(2.4)
    assert entry(run, "ada").timing.handed_in == "2026-05-05T12:00:00+02:00"
    assert f"submitted/ada/{UNIT}: 2.4 points (3, late −0.6); {kept('ada', '04 11:00')}" in run.results[0].changes[0]


def test_lateness_counts_in_the_choice_and_is_that_of_the_attempt_that_counts(room: Class) -> None:
    room.schedule(f"{BEST}{DUE}{RULE}")
    hand_in(room, "ada", "04 10:00", points=2)
    hand_in(room, "ada", "06 10:00", points=3)  # two days begun: 3 × 0.6 = 1.8
    run = room.run()
    assert (entry(run, "ada").points, entry(run, "ada").late) == (2, 0)
    assert "Handed in 2026-05-04 12:00 UTC+02:00, due 2026-05-04 18:00 UTC+02:00: on time." in room.feedback("ada")
    room.roster("id,extension 01\nada,1\n")  # one day begun: 3 × 0.8 = 2.4
    run = room.run()
    assert [entry(run, "ada").points, entry(run, "ada").late] == pytest.approx([2.4, 0.6])
    assert "18 hours late. This counts as 1 day and costs 20 % of the points: 0.6." in room.feedback("ada")
    assert len(room.executed()) == 2
    room.schedule(f"{BEST}{DUE}")
    with (room.course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    run = room.run()  # now nbgrader's plugin decides
    assert (entry(run, "ada").points, entry(run, "ada").late) == (2, 0)


def test_the_same_work_handed_in_again_runs_once_and_counts_by_its_better_time(room: Class) -> None:
    room.schedule(f"{BEST}{DUE}{RULE}")
    for time, points in [("04 10:00", 3), ("05 10:00", 1), ("06 10:00", 3)]:
        hand_in(room, "ada", time, points=points)
    run = room.run()
    assert (entry(run, "ada").points, len(room.executed())) == (3, 2)
    assert run.results[0].changes[0].count(": 3 points") == 1


def test_the_attempts_of_a_group_are_those_of_all_members_and_each_has_the_best_by_their_own_due_date(
    room: Class,
) -> None:
    room.schedule(f"{BEST}{DUE}{RULE}")
    room.roster("id,group,extension 01\nada,red,\nbob,red,9\n")
    hand_in(room, "bob", "04 10:00", points=2)
    hand_in(room, "bob", "04 11:00", points=1)
    hand_in(room, "ada", "06 10:00", points=3)
    run = room.run()
    assert len(room.executed()) == 3
    ada, bob = run.results
    assert (ada.student, ada.handed_in_by, entry(run, "ada").points) == ("ada", "bob", 2)
    assert (bob.student, bob.handed_in_by, entry(run, "bob").points) == ("bob", "ada", 3)
    for result, best in ((ada, kept("bob", "04 10:00")), (bob, f"submitted/ada/{UNIT}")):
        assert result.changes[0].startswith(f"3 attempts, of which the best counts: {best}: ")
    assert "passed over" not in "".join(ada.changes + bob.changes)
    assert "Handed in by bob for your group. Handed in 2026-05-04 12:00" in room.feedback("ada")
    assert (room.run().before, len(room.executed())) == (2, 3)
    room.roster("id,group,extension 01\nada,red,\nbob,red,\n")
    run = room.run()
    assert [(each.points, bool(each.changes)) for each in run.results] == [(2, False), (2, True)]  # told of bob alone


def test_points_by_hand_stay_and_do_not_decide_which_attempt_counts(room: Class) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00", points=2)
    hand_in(room, "ada", "04 11:00", points=1)
    room.run()
    with room.gradebook() as book:
        book.find_grade("test_double", UNIT, UNIT, "ada").manual_score = 0.5
        book.db.commit()
    run = room.run()
    assert (entry(run, "ada").points, entry(run, "ada").review) == (1.5, {})
    hand_in(room, "ada", "04 12:00", points=1.75)  # by tests, not as good as what counts
    run = room.run()
    assert (entry(run, "ada").points, entry(run, "ada").review) == (1.5, {})
    assert run.results[0].changes[0].startswith("3 attempts")
    hand_in(room, "ada", "04 13:00", points=3)
    run = room.run()
    assert (entry(run, "ada").points, entry(run, "ada").review) == (2.5, {"double": GIVEN})


def test_nothing_is_recorded_while_an_attempt_waits_for_the_machine(room: Class) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00", points=2)
    assert entry(room.run(), "ada").points == 2
    hand_in(room, "ada", "04 11:00", problem="its worker was lost", final=False)
    hand_in(room, "ada", "04 12:00", points=3)
    run = room.run()
    assert entry(run, "ada").points == 2
    assert run.results[0].error == f"{kept('ada', '04 11:00')}: its worker was lost"
    shutil.rmtree(room.course.classroom / kept("ada", "04 11:00"))
    assert entry(room.run(), "ada").points == 3


def test_an_attempt_that_cannot_be_read_earns_nothing(room: Class) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00", points=2)
    hand_in(room, "ada", "04 11:00", problem="expected a notebook, found half of one")
    run = room.run()
    assert (entry(run, "ada").points, run.results[0].error) == (2, None)
    assert f"submitted/ada/{UNIT}: 0 points" in run.results[0].changes[0]


def test_files_beside_an_earlier_attempt_belong_to_it(room: Class) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00")
    (submitted(room.course) / "ada" / UNIT / "own.py").write_text("x = 1", encoding="utf-8")
    hand_in(room, "ada", "04 11:00", points=1)
    (found,) = to_grade(room.course, find_submissions(room.course, [submitted(room.course)]))
    assert [each.timestamp[:16] for each in found.attempts] == ["2026-05-04 11:00", "2026-05-04 10:00"]
    assert [list(read_beside(each.path, UNIT, {}).files) for each in found.attempts] == [[], ["own.py"]]


def test_work_outside_of_the_classroom_has_no_earlier_attempts(room: Class, tmp_path: Path) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00")
    hand_in(room, "ada", "04 11:00", points=1)
    submit(tmp_path, "ada", {"points": 2})
    (found,) = to_grade(room.course, find_submissions(room.course, [tmp_path / "ada"]))
    assert found.earlier == ()
    room.roster("id,group\nada,red\nbob,red\n")
    submit(tmp_path, "bob", {"points": 1})
    both = to_grade(room.course, find_submissions(room.course, [tmp_path / "ada", tmp_path / "bob"]))
    run = grade_class(room.course, both, GradeOptions(isolated=False, grader=stub_grader.obey), lambda _: None)
    assert [result.points for result in run.results] == [2, 2]  # of what was found there, the best for the group


def test_one_exercise_is_not_graded_again_among_several_attempts(room: Class) -> None:
    room.schedule(BEST)
    hand_in(room, "ada", "04 10:00")

    def regrade() -> None:
        submissions = to_grade(room.course, find_submissions(room.course, [submitted(room.course)]))
        with prepare_regrade(room.course, submissions, RegradeOptions(isolated=False, exercise="double")):
            pass

    regrade()  # a single attempt is the best one
    hand_in(room, "ada", "04 11:00", points=1)
    words = r'ada, 01_doubling: with attempts = "best" in course.toml, expected one attempt, got 2'
    with pytest.raises(CourseError, match=words):
        regrade()


def test_a_unit_with_points_by_people_alone_is_refused(tmp_path: Path) -> None:
    room = Class(make_course(tmp_path / "course", text=TEXT + QUESTION, question_points=2))
    room.schedule(BEST)
    room.hand_in("ada")
    words = 'expected attempts = "latest" in course.toml, because a person gives the points of question_sign, .*"best"'
    with pytest.raises(CourseError, match=words):
        room.run()
    assert room.executed() == []


def test_a_plugin_that_fails_stops_nobody_else(room: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    room.schedule(f"{BEST}{DUE}")
    hand_in(room, "ada", "05 10:00", points=2)
    hand_in(room, "ada", "05 11:00", points=1)
    hand_in(room, "bob", "04 10:00", points=1)

    def fails(*_: object) -> float:
        raise ZeroDivisionError("in a plugin")

    monkeypatch.setattr("course_lib.grading.gradebook.attempts.of_plugin", fails)
    run = room.run()
    assert [result.status for result in run.results] == [
        "error: it was graded, but not recorded: ZeroDivisionError: in a plugin",
        "graded",
    ]


def test_each_attempt_is_told_when_it_begins_by_the_name_of_the_submission(
    room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade_all(_: object, jobs: Iterable[GradingJob], __: int, on_start: OnStart, *___: object) -> Jobs:
        for job in jobs:
            on_start(job.student, job.unit)
            yield job, stub_grader.obey_here(job)

    monkeypatch.setattr(base_grading, "grade_all", grade_all)
    room.schedule(BEST)
    room.roster("id,group\nada,red\nbob,red\n")
    hand_in(room, "bob", "04 10:00")
    hand_in(room, "ada", "04 11:00", points=1)
    begun: list[str] = []
    found = to_grade(room.course, find_submissions(room.course, [submitted(room.course)]))
    options = GradeOptions(jobs=2, isolated=False, grader=stub_grader.obey)
    run: Run = grade_class(room.course, found, options, lambda _: None, lambda student, _: begun.append(student))
    assert [result.points for result in run.results] == [3, 3]
    assert begun == ["ada", "ada"]
