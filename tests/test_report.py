import csv
import io
import json
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from course_lib.grading.outcome import Outcome
from course_lib.grading.record.entries import Recorded
from course_lib.grading.report import exercise_table, exercises_csv, grades_csv, line, summary, table, to_json
from course_lib.grading.scores import ExerciseScore

EXERCISES = [ExerciseScore("kernel", 2, 2, ""), ExerciseScore("phases", 0.5, 3, "phases(x=1)\n  came: [red]2[/red]")]
ZOE = Outcome("Zoë O'Neil", "03_up", "graded", EXERCISES, mended=["test_kernel: put back"], notes=["patches numpy"])
ADA = Outcome(
    "ada",
    "03_up",
    "error: expected a notebook, found other JSON",
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


def by_name(*outcomes: Outcome) -> dict[tuple[str, str], Outcome]:
    return {(outcome.unit, outcome.student): outcome for outcome in outcomes}


def test_json_has_the_agreed_keys() -> None:
    first, second = json.loads(to_json([ZOE, ADA]))
    assert first == {
        "student": "Zoë O'Neil",
        "unit": "03_up",
        "points": 2.5,
        "max_points": 5,
        "status": "graded",
        "exercises": [
            {"name": "kernel", "points": 2, "max_points": 2, "message": ""},
            {"name": "phases", "points": 0.5, "max_points": 3, "message": "phases(x=1)\n  came: [red]2[/red]"},
        ],
        "isolated": True,
        "mended": ["test_kernel: put back"],
        "notes": ["patches numpy"],
    }
    assert (second["points"], second["max_points"], second["status"]) == (0, 5, ADA.status)


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
    assert any("came: [red]2[/red]" in line for line in lines)


def test_an_exercise_that_did_not_run() -> None:
    assert row(shown(exercise_table("u", [ExerciseScore("one", 0, 1, "")])), "one")[2] == "not run"


def test_the_summary_counts() -> None:
    assert summary([ZOE, ADA, replace(ZOE, student="bob", mended=[], notes=[])], 1, []).splitlines() == [
        "3 submissions, 1 of them graded before; 5 of 15 points from tests, 1 error, 1 mended",
        "mended: Zoë O'Neil, 03_up: test_kernel: put back",
        "note: Zoë O'Neil, 03_up: patches numpy",
    ]


def test_the_summary_says_what_to_do_about_errors_of_machines() -> None:
    lost = replace(ADA, status="error: its worker was lost", final=False)
    last = summary([lost, lost], 0, []).splitlines()[-1]
    assert last.startswith("ada, 03_up: not recorded, an earlier grade stays")
    assert summary([lost, lost], 0, []).count("run the command again") == 1
    assert "again" not in summary([ADA], 0, [])


def test_the_summary_says_which_grade_counts() -> None:
    entries = [
        Recorded("Zoë O'Neil", "03_up", 3, 5, {}),
        Recorded("ada", "03_up", 4, 5, {}),
        Recorded("eve", "03_up", 1, 5, {}),
    ]
    lost = replace(ADA, status="error: its worker was lost", final=False)
    assert [line for line in summary([ZOE, lost], 0, entries).splitlines() if line.startswith("counts")] == [
        "counts: Zoë O'Neil, 03_up: 3 points (by hand or late, 2.5 from tests)",
        "counts: ada, 03_up: 4 points (from an earlier run)",
    ]
    assert "counts" not in summary([ZOE], 0, [Recorded("Zoë O'Neil", "03_up", 2.5, 5, {})])


def test_csv_holds_the_points_of_the_gradebook() -> None:
    entries = [
        Recorded("Zoë O'Neil", "03_up", 4.1, 5, {"phases": (2.5, 3), "kernel": (2, 2)}, late=0.4),
        Recorded("by hand", "02_net", 7, 7, {"net": (7, 7)}),
    ]
    outcomes = by_name(ZOE, ADA)
    assert rows(grades_csv(entries, outcomes)) == [
        dict(zip(("student", "unit", "points", "max_points", "late", "status", "isolated"), values, strict=True))
        for values in (
            ("by hand", "02_net", "7", "7", "0", "graded by nbgrader", ""),
            ("Zoë O'Neil", "03_up", "4.1", "5", "0.4", "graded", "yes"),
            ("ada", "03_up", "0", "5", "0", ADA.status, "yes"),
        )
    ]
    assert [tuple(row.values()) for row in rows(exercises_csv(entries, outcomes))] == [
        ("Zoë O'Neil", "03_up", "kernel", "2", "2", ""),
        ("Zoë O'Neil", "03_up", "phases", "2.5", "3", "phases(x=1)\n  came: [red]2[/red]"),
        ("by hand", "02_net", "net", "7", "7", ""),
    ]


def test_csv_says_when_the_points_are_old() -> None:
    lost = replace(ADA, status="error: its worker was lost", final=False)
    (line,) = rows(grades_csv([Recorded("ada", "03_up", 4, 5, {})], by_name(lost)))
    assert (line["points"], line["status"]) == (
        "4",
        "error: its worker was lost; the points are those of an earlier run",
    )


def test_a_spreadsheet_computes_nothing() -> None:
    for start in "=+-@":
        evil = replace(ZOE, exercises=[ExerciseScore("kernel", 0, 2, f'{start}HYPERLINK("http://x")')])
        entry = Recorded(evil.student, evil.unit, 0, 2, {"kernel": (0, 2)})
        (line,) = rows(exercises_csv([entry], by_name(evil)))
        assert line["message"] == f'\'{start}HYPERLINK("http://x")'
