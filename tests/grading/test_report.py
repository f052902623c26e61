import csv
import io
import json
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from course_lib.grading.gradebook.entries import FAILED, GIVEN, WAITING, GradebookEntry
from course_lib.grading.gradebook.tables import exercises_csv, grades_csv
from course_lib.grading.models import GradingResult
from course_lib.grading.report import counting, exercise_table, line, summary, table, to_json
from course_lib.grading.scores import ExerciseScore

EXERCISES = [ExerciseScore("kernel", 2, 2, ""), ExerciseScore("phases", 0.5, 3, "phases(x=1)\n  got: [red]2[/red]")]
ZOE = GradingResult(
    "Zoë O'Neil", "03_up", None, EXERCISES, changes=["test_kernel: put back"], audit_flags=["patches numpy"]
)
ADA = GradingResult(
    "ada",
    "03_up",
    "expected a notebook, found other JSON",
    [ExerciseScore("kernel", 0, 2, ""), ExerciseScore("phases", 0, 3, "")],
)


def shown(drawn: Table, width: int = 100) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=width, highlight=False, markup=False).print(drawn)
    return screen.getvalue().splitlines()


def row(lines: list[str], start: str) -> list[str]:
    """The cells of the line whose first cell is given."""
    line = next(line for line in lines if line.startswith(f"│ {start} "))
    return [cell.strip() for cell in line.strip("│").split("│")]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def by_name(*results: GradingResult) -> dict[tuple[str, str], GradingResult]:
    return {(result.unit, result.student): result for result in results}


def test_json_has_the_agreed_keys() -> None:
    first, second = json.loads(to_json([ZOE, ADA]))
    assert first == {
        "student": "Zoë O'Neil",
        "unit": "03_up",
        "points": 2.5,
        "points_from_tests": 2.5,
        "late": 0,
        "max_points": 5,
        "error": None,
        "handed_in_by": "Zoë O'Neil",
        "exercises": [
            {"name": "kernel", "points": 2, "points_from_tests": 2, "max_points": 2, "message": ""},
            {
                "name": "phases",
                "points": 0.5,
                "points_from_tests": 0.5,
                "max_points": 3,
                "message": "phases(x=1)\n  got: [red]2[/red]",
            },
        ],
        "isolated": True,
        "changes": ["test_kernel: put back"],
        "audit_flags": ["patches numpy"],
        "review": {},
    }
    assert (second["points"], second["max_points"], second["error"]) == (0, 5, ADA.error)


def test_json_of_nothing() -> None:
    assert json.loads(to_json([])) == []


def test_table_has_a_line_for_each_submission() -> None:
    lines = shown(table([ZOE, ADA]))
    assert row(lines, "Zoë O'Neil") == ["Zoë O'Neil", "03_up", "2.5/5", "graded"]
    assert row(lines, "ada") == ["ada", "03_up", "0/5", "error: expected a notebook, found other JSON"]


def test_a_result_that_was_not_isolated_says_so() -> None:
    loose = replace(ZOE, isolated=False)
    assert row(shown(table([loose])), "Zoë O'Neil")[3] == "graded (not isolated)"
    assert json.loads(to_json([loose]))[0]["isolated"] is False
    assert rows(grades_csv([], by_name(loose)))[0]["isolated"] == "no"
    assert "not isolated: the learners' code ran with your rights" in summary([ZOE, loose], 0, []).splitlines()
    assert "not isolated" not in summary([ZOE, ADA], 0, [])


def test_a_narrow_terminal_loses_no_word() -> None:
    words = " ".join(line.strip("│").split("│")[-1].strip() for line in shown(table([ZOE, ADA]), 50) if "│" in line)
    assert "expected a notebook, found other JSON" in words


def test_an_outcome_in_a_line() -> None:
    assert line(ZOE) == "Zoë O'Neil, 03_up: 2.5/5 graded"
    assert line(replace(ZOE, isolated=False)).endswith("graded (not isolated)")


def test_exercises_show_what_their_tests_said() -> None:
    lines = shown(exercise_table("03_up", EXERCISES))
    assert lines[0].strip() == "03_up"
    assert row(lines, "kernel") == ["kernel", "2/2", "✓"]
    assert row(lines, "phases") == ["phases", "0.5/3", "phases(x=1)"]
    assert any("got: [red]2[/red]" in line for line in lines)


def test_an_exercise_that_did_not_run() -> None:
    assert row(shown(exercise_table("u", [ExerciseScore("one", 0, 1, "")])), "one")[2] == "not run"


def test_the_summary_counts() -> None:
    assert summary([ZOE, ADA, replace(ZOE, student="bob", changes=[], audit_flags=[])], 1, []).splitlines() == [
        "3 submissions, 1 of them graded before; 5 of 15 points, 1 error, 1 with changes",
        "change: Zoë O'Neil, 03_up: test_kernel: put back",
        "flag: Zoë O'Neil, 03_up: patches numpy",
    ]


def test_the_summary_says_what_to_do_about_errors_of_machines() -> None:
    lost = replace(ADA, error="its worker was lost", final=False)
    last = summary([lost, lost], 0, []).splitlines()[-1]
    assert last.startswith("ada, 03_up: not recorded, an earlier grade stays")
    assert summary([lost, lost], 0, []).count("run the command again") == 1
    assert "again" not in summary([ADA], 0, [])


BY_HAND = GradebookEntry(
    "Zoë O'Neil", "03_up", 3.6, 5, {"kernel": (2, 2), "phases": (2, 3)}, 0.4, {"phases": "fine"}, {"phases": GIVEN}
)


def test_the_points_are_those_that_count() -> None:
    lines = shown(table([ZOE, ADA], [BY_HAND]))
    assert row(lines, "Zoë O'Neil")[2:] == ["3.6/5", "graded; points given by hand; late: −0.4; 2.5 from tests"]
    assert row(lines, "ada")[2] == "0/5"
    (found,) = json.loads(to_json([ZOE], [BY_HAND]))
    assert (found["points"], found["points_from_tests"], found["late"]) == (3.6, 2.5, 0.4)
    assert [(each["points"], each["points_from_tests"]) for each in found["exercises"]] == [(2, 2), (2, 0.5)]
    assert found["review"] == {"phases": GIVEN}
    assert [exercise.points for exercise in counting(ZOE, [BY_HAND])] == [2, 2]
    assert summary([ZOE, ADA], 0, [BY_HAND]).startswith("2 submissions, 0 of them graded before; 3.6 of 10 points,")


def test_the_table_says_why_points_differ() -> None:
    late = GradebookEntry("Zoë O'Neil", "03_up", 2, 5, {}, late=0.5)
    assert row(shown(table([ZOE], [late])), "Zoë O'Neil")[3] == "graded; late: −0.5; 2.5 from tests"
    same = GradebookEntry("Zoë O'Neil", "03_up", 2.5, 5, {})
    assert row(shown(table([ZOE], [same])), "Zoë O'Neil")[3] == "graded"
    lost = replace(ADA, error="its worker was lost", final=False)
    earlier = GradebookEntry("ada", "03_up", 4, 5, {})
    assert row(shown(table([lost], [earlier]), 120), "ada")[2:] == [
        "4/5",
        "error: its worker was lost; the points are those of an earlier run",
    ]


def test_the_summary_says_what_to_look_at() -> None:
    entry = replace(BY_HAND, review={"kernel": WAITING, "phases": GIVEN, "net": FAILED})
    assert [line for line in summary([ZOE], 0, [entry]).splitlines() if line.startswith("review")] == [
        f"review: Zoë O'Neil, 03_up: phases: {GIVEN}; look at it in formgrader",
        f"review: Zoë O'Neil, 03_up: kernel: {WAITING}; look at it in formgrader",
    ]
    assert "review" not in summary([ZOE], 0, [GradebookEntry("Zoë O'Neil", "03_up", 2.5, 5, {})])


GRADES = ("student", "unit", "points", "max_points", "late", "status", "isolated", "review")


def test_commas_quotes_and_lines_in_a_name_stay_in_it() -> None:
    named = replace(BY_HAND, last_name="Roe, Jr.", first_name='Richard "Rick"', email="a\nb@example.org")
    (found,) = rows(grades_csv([named], by_name(ZOE), {"Zoë O'Neil": "Monday, 10:00"}))
    about = ("last_name", "first_name", "email", "section")
    assert [found[name] for name in about] == ["Roe, Jr.", 'Richard "Rick"', "a\nb@example.org", "Monday, 10:00"]


def test_csv_holds_the_points_of_the_gradebook() -> None:
    entries = [
        replace(BY_HAND, points=4.1, exercises={"phases": (2.5, 3), "kernel": (2, 2)}),
        GradebookEntry("by hand", "02_net", 7, 7, {"net": (7, 7)}),
    ]
    results = by_name(ZOE, ADA)
    found = rows(grades_csv(entries, results))
    assert [tuple(line[name] for name in GRADES) for line in found] == [
        ("by hand", "02_net", "7", "7", "0", "graded by nbgrader", "", ""),
        ("Zoë O'Neil", "03_up", "4.1", "5", "0.4", "graded", "yes", "phases"),
        ("ada", "03_up", "0", "5", "0", ADA.status, "yes", ""),
    ]
    assert [tuple(row.values()) for row in rows(exercises_csv(entries, results))] == [
        ("Zoë O'Neil", "03_up", "kernel", "2", "2", "", ""),
        ("Zoë O'Neil", "03_up", "phases", "2.5", "3", "phases(x=1)\n  got: [red]2[/red]", GIVEN),
        ("by hand", "02_net", "net", "7", "7", "", ""),
    ]


def test_csv_has_names_and_who_handed_in_nothing() -> None:
    about = {"last_name": "Byron", "first_name": "Ada", "email": "ada@example.org"}
    absent = GradebookEntry("eve", "03_up", 0, 5, {}, handed_in=False)
    ada = GradebookEntry("ada", "03_up", 1, 5, {"kernel": (1, 2)})
    entries = [replace(ada, last_name="Byron", first_name="Ada", email="ada@example.org"), absent]
    first, eve = rows(grades_csv(entries, {}))
    assert {name: first[name] for name in about} == about
    assert (eve["points"], eve["max_points"], eve["status"], eve["email"]) == ("0", "5", "not handed in", "")
    assert [line["student"] for line in rows(exercises_csv(entries, {}))] == ["ada"]
    lost = replace(ADA, student="eve", error="its worker was lost", final=False)
    (_, eve) = rows(grades_csv(entries, by_name(lost)))
    assert eve["status"] == "error: its worker was lost"
    assert row(shown(table([lost], [absent])), "eve")[2:] == ["0/5", "error: its worker was lost"]


def test_csv_says_when_the_points_are_old() -> None:
    lost = replace(ADA, error="its worker was lost", final=False)
    (line,) = rows(grades_csv([GradebookEntry("ada", "03_up", 4, 5, {})], by_name(lost)))
    assert (line["points"], line["status"]) == (
        "4",
        "error: its worker was lost; the points are those of an earlier run",
    )


def test_a_spreadsheet_computes_nothing() -> None:
    for start in "=+-@":
        evil = replace(ZOE, exercises=[ExerciseScore("kernel", 0, 2, f'{start}HYPERLINK("http://x")')])
        entry = GradebookEntry(evil.student, evil.unit, 0, 2, {"kernel": (0, 2)})
        (line,) = rows(exercises_csv([entry], by_name(evil)))
        assert line["message"] == f'\'{start}HYPERLINK("http://x")'
        named = replace(entry, student=f"{start}1", last_name=f"{start}2")
        (line,) = rows(grades_csv([named], {}))
        assert (line["student"], line["last_name"]) == (f"'{start}1", f"'{start}2")
