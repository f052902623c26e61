"""Grading a class with a class list, due dates and groups."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.grading.gradebook.recorded_feedback import recorded_feedback
from tests.support.stub_class import DUE, OTHER, RULE, Class, entry, late
from tests.support.stub_grader import here
from tests.support.tiny_course import UNIT, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("here"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
__all__ = ["here"]


@pytest.fixture
def room(tmp_path: Path) -> Class:
    return Class(make_course(tmp_path / "course", units=(UNIT, OTHER)))


def test_names_and_sections_reach_the_gradebook_and_the_table(room: Class) -> None:
    room.roster("id,last_name,first_name,email,canvas,section\nada,Lovelace,Ada,ada@x.org,7,B\nbob,,,,,A\n")
    room.hand_in("ada")
    room.run()
    with room.gradebook() as book:
        ada, bob = sorted(book.students, key=lambda student: student.id)
        assert (ada.last_name, ada.first_name, ada.email, ada.lms_user_id) == ("Lovelace", "Ada", "ada@x.org", "7")
        assert (bob.last_name, bob.first_name) == ("bob", "")
    assert room.csv() == [
        f"ada,{UNIT},3,3,0,graded,no,,Lovelace,Ada,ada@x.org,B",
        f"bob,{UNIT},0,3,0,not handed in,,,,,,A",
    ]


def test_what_the_class_list_leaves_empty_stays(room: Class) -> None:
    room.hand_in("ada")
    room.run()
    with room.gradebook() as book:
        book.update_or_create_student("ada", last_name="Byron", first_name="Ada", email="ada@y.org")
    room.roster("id,section\nada,B\n")
    assert (entry(room.run(), "ada").last_name, entry(room.run(), "ada").email) == ("Byron", "ada@y.org")
    room.roster("id,first_name\nada,Augusta\n")
    assert (entry(room.run(), "ada").last_name, entry(room.run(), "ada").first_name) == ("", "Augusta")


def test_withdrawn_and_unknown_students_are_told(room: Class) -> None:
    room.roster("id,withdrawn\nada,\nbob,yes\neve,2026-05-01\n")
    for student in ("ada", "eve", "zoe", "<zoe>"):
        room.hand_in(student)
    run = room.run()
    assert run.surprises == [
        f"eve has withdrawn; what was handed in is graded: {UNIT}",
        f"zoe is not in roster.csv; the work is graded all the same: {UNIT}",
        "withdrawn, and not listed as not handed in: bob",
    ]
    assert [line.partition(",")[0] for line in room.csv()] == ["<zoe>", "ada", "eve", "zoe"]


def test_who_withdraws_later_is_no_longer_listed(room: Class) -> None:
    room.roster("id\nada\nbob\n")
    room.hand_in("ada")
    assert [each.student for each in room.run().entries] == ["ada", "bob"]
    room.roster("id,withdrawn\nada,\nbob,yes\n")
    assert [each.student for each in room.run().entries] == ["ada"]


def test_due_dates_and_extensions_are_nbgraders_own(room: Class) -> None:
    room.schedule(DUE)
    room.roster("id,extension 01\nada,3\nbob,2026-05-05\neve,2026-05-05 09:00\nkim,\n")
    for student in ("ada", "bob", "eve", "kim"):
        room.hand_in(student, "2026-05-05 08:00:00 UTC")
    room.run()
    with room.gradebook() as book:
        assert book.find_assignment(UNIT).duedate == datetime(2026, 5, 4, 16)
        work = {each.student.id: each for each in book.assignment_submissions(UNIT)}
        assert work["ada"].extension == timedelta(days=3)
        assert work["bob"].duedate == datetime(2026, 5, 5, 21, 59, 59, 999999)
        assert work["eve"].duedate == datetime(2026, 5, 5, 7)
        late = {student: each.total_seconds_late for student, each in work.items()}
        assert late == {"ada": 0, "bob": 0, "eve": 3600, "kim": 16 * 3600}
    assert "Handed in 2026-05-05 10:00 UTC+02:00, due 2026-05-07 18:00 UTC+02:00, with your extension: on time." in (
        room.feedback("ada")
    )
    assert "due 2026-05-04 18:00 UTC+02:00: 16 hours late. This costs 0 points." in room.feedback("kim")


def test_an_extension_that_is_taken_back_ends(room: Class) -> None:
    room.schedule(DUE)
    room.roster("id,extension 01\nada,3\n")
    room.hand_in("ada", "2026-05-05 08:00:00 UTC")
    assert entry(room.run(), "ada").timing.days_late == 0
    room.roster("id,extension 01\nada,\n")
    assert entry(room.run(), "ada").timing.days_late == 1
    assert "16 hours late" in room.feedback("ada")


def test_an_extension_of_a_unit_without_a_due_date_waits_for_one(room: Class) -> None:
    room.roster("id,extension 01\nada,1\n")
    room.hand_in("ada", "2026-05-05 08:00:00 UTC")
    assert entry(room.run(), "ada").timing.due == ""
    with room.gradebook() as book:  # as in formgrader
        book.find_assignment(UNIT).duedate = datetime(2026, 5, 4)
        book.db.commit()
    assert entry(room.run(), "ada").timing.due == "2026-05-05T00:00:00+00:00"
    with room.gradebook() as book:
        book.find_assignment(UNIT).duedate = None
        book.db.commit()
    assert entry(room.run(), "ada").timing.due == ""


def test_extensions_before_the_due_date_are_refused(room: Class) -> None:
    room.schedule(DUE)
    room.roster("id,extension 01\nada,2026-05-03\nbob,2026-05-04\neve,2026-05-04 17:00\n")
    room.hand_in("ada")
    with pytest.raises(CourseError) as caught:
        room.run()
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == ["ada", "eve"]
    assert lines[0].endswith(
        f"expected an extension of {UNIT} beyond its due date 2026-05-04 18:00:00+02:00, got 2026-05-03"
    )


def test_without_a_rule_nbgraders_plugin_decides(room: Class) -> None:
    with (room.course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    room.schedule(DUE)
    room.roster("id,extension 01\nada,1\nbob,\n")
    for student in ("ada", "bob"):
        room.hand_in(student, "2026-05-05 08:00:00 UTC")
    run = room.run()
    assert (late(run, "ada"), late(run, "bob")) == (0, 3)
    room.schedule(f"{DUE}{RULE}")
    run = room.run()
    assert (late(run, "ada"), late(run, "bob")) == (0, 0)


@pytest.mark.parametrize(
    ("time", "points", "words"),
    [
        ("2026-05-04 16:00:00 UTC", 0, "18:00 UTC+02:00: on time."),
        ("2026-05-04 16:00:01 UTC", 0, "less than a minute late. This counts as 1 day, and your grace days cover it."),
        ("2026-05-07 15:00:00 UTC", 0.3, "2 days 23 hours late. This counts as 3 days; your grace days cover 2 of "),
        ("2026-05-07 15:00:00 UTC", 0.3, " of them, and the rest costs 10 % of the points: 0.3."),
        ("2026-05-30 16:00:00 UTC", 1.5, "26 days late. This counts as 26 days; your grace days cover 2 of them, and "),
        ("2026-05-30 16:00:00 UTC", 1.5, "the rest costs 50 % of the points: 1.5."),
        ("", 0, "Score: 3 / 3 exercise"),
    ],
)
def test_the_rule(room: Class, time: str, points: float, words: str) -> None:
    room.schedule(f"{DUE}{RULE}")
    room.hand_in("ada", time)
    assert late(room.run(), "ada") == pytest.approx(points)
    assert words in room.feedback("ada")


def test_grace_days_are_used_in_the_order_of_handing_in(room: Class) -> None:
    room.schedule(f"{DUE}[units.{OTHER}]\ndue = 2026-05-11T18:00:00+02:00\n{RULE}")
    room.hand_in("ada", "2026-05-12 08:00:00 UTC", OTHER)
    assert late(room.run(), "ada", OTHER) == 0
    assert "your grace days cover it" in room.feedback("ada", OTHER)
    room.hand_in("ada", "2026-05-06 08:00:00 UTC")  # two days late, graded afterwards
    run = room.run("ada", UNIT)
    assert late(run, "ada") == 0
    assert late(run, "ada", OTHER) == pytest.approx(0.3)
    assert "This counts as 1 day and costs 10 % of the points: 0.3." in room.feedback("ada", OTHER)
    files = room.files()
    assert late(room.run(), "ada", OTHER) == pytest.approx(0.3)
    assert room.files() == files


def test_one_submission_counts_for_the_whole_group(room: Class) -> None:
    room.schedule(f"{DUE}[late]\npercent_per_day = 10\n")
    room.roster("id,group,extension 01\nada,red,\nbob,red,1\neve,blue,\nkim,,\n")
    room.hand_in("ada", "2026-05-05 08:00:00 UTC")
    room.hand_in("eve", points=2)
    run = room.run()
    assert room.executed() == ["ada", "eve"]
    assert [(each.student, each.points, each.handed_in_by) for each in run.results] == [
        ("ada", 3, ""),
        ("bob", 3, "ada"),
        ("eve", 2, ""),
    ]
    assert [each.changes for each in run.results] == [["handed in for the group 'red', also for bob"], [], []]
    assert entry(run, "ada").points == pytest.approx(2.7)
    assert entry(run, "bob").points == 3
    assert "Handed in by ada for your group. Handed in 2026-05-05 10:00" in room.feedback("bob")
    assert "Handed in by" not in room.feedback("ada")
    notebook = room.course.classroom / "autograded" / "bob" / UNIT / f"{UNIT}.ipynb"
    assert "Handed in by ada for your group." in recorded_feedback(room.course, notebook)
    assert f"bob,{UNIT},3,3,0,graded,no,," in room.csv()[1]
    files = room.files()
    again = room.run()
    assert (again.before, len(room.executed())) == (3, 2)
    assert room.files() == files


def test_the_latest_work_of_the_group_counts_whichever_folder_is_graded(room: Class) -> None:
    room.roster("id,group\nada,red\nbob,red\n")
    room.hand_in("ada", "2026-05-04 10:00:00 UTC", points=1)
    room.hand_in("bob", "2026-05-04 12:00:00 UTC", points=2)
    for folder in ("ada", "bob", ""):
        run = room.run(folder)
        assert [(each.student, each.points) for each in run.results] == [("bob", 2), ("ada", 2)]
        assert run.results[0].changes == ["handed in for the group 'red', also for ada; passed over: the work of ada"]
    assert room.executed() == ["bob"]
    room.hand_in("ada", "2026-05-04 13:00:00 UTC", points=3)
    assert [(each.student, each.points) for each in room.run().results] == [("ada", 3), ("bob", 3)]


def test_who_has_withdrawn_is_not_credited(room: Class) -> None:
    room.roster("id,group,withdrawn\nada,red,\nbob,red,yes\neve,red,\n")
    room.hand_in("ada")
    assert [each.student for each in room.run().results] == ["ada", "eve"]


def test_who_leaves_the_group_is_told_until_work_of_their_own_is_graded(room: Class) -> None:
    room.roster("id,group\nada,red\nbob,red\n")
    room.hand_in("ada")
    assert room.run().withdrawn == []
    room.roster("id,group\nada,red\nbob,\n")
    (line,) = room.run().withdrawn
    assert line.startswith(f"bob, {UNIT}: still has the points of ada's work")
    room.hand_in("bob", points=1)
    run = room.run()
    assert run.withdrawn == []
    assert entry(run, "bob").points == 1
