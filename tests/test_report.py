import io
import json

from rich.console import Console
from rich.table import Table

from course_lib.grading.report import Grade, exercise_table, table, to_json
from course_lib.grading.scores import ExerciseScore

EXERCISES = [ExerciseScore("kernel", 2, 2, ""), ExerciseScore("phases", 0.5, 3, "phases(x=1)\n  came: [red]2[/red]")]
GRADES = [
    Grade("Zoë O'Neil", "03_up", 2.5, 5, "graded", EXERCISES),
    Grade("ada", "03_up", 0, 5, "error: expected a notebook, found other JSON"),
]


def shown(drawn: Table, width: int = 100) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=width, highlight=False, markup=False).print(drawn)
    return screen.getvalue().splitlines()


def row(lines: list[str], start: str) -> list[str]:
    """The cells of the line whose first cell is given."""
    line = next(line for line in lines if line.startswith(f"│ {start} "))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_json_has_the_agreed_keys() -> None:
    assert json.loads(to_json(GRADES)) == [
        {
            "student": "Zoë O'Neil",
            "unit": "03_up",
            "points": 2.5,
            "max_points": 5,
            "status": "graded",
            "exercises": [
                {"name": "kernel", "points": 2, "max_points": 2, "message": ""},
                {"name": "phases", "points": 0.5, "max_points": 3, "message": "phases(x=1)\n  came: [red]2[/red]"},
            ],
        },
        {
            "student": "ada",
            "unit": "03_up",
            "points": 0,
            "max_points": 5,
            "status": "error: expected a notebook, found other JSON",
            "exercises": [],
        },
    ]


def test_json_of_nothing() -> None:
    assert json.loads(to_json([])) == []


def test_table_has_a_line_for_each_submission() -> None:
    lines = shown(table(GRADES))
    assert row(lines, "Zoë O'Neil") == ["Zoë O'Neil", "03_up", "2.5/5", "graded"]
    assert row(lines, "ada") == ["ada", "03_up", "0/5", "error: expected a notebook, found other JSON"]


def test_a_narrow_terminal_loses_no_word() -> None:
    words = " ".join(line.strip("│").split("│")[-1].strip() for line in shown(table(GRADES), 50) if "│" in line)
    assert "expected a notebook, found other JSON" in words


def test_exercises_show_what_their_tests_said() -> None:
    lines = shown(exercise_table("03_up", EXERCISES))
    assert lines[0].strip() == "03_up"
    assert row(lines, "kernel") == ["kernel", "2/2", "✓"]
    assert row(lines, "phases") == ["phases", "0.5/3", "phases(x=1)"]
    assert any("came: [red]2[/red]" in line for line in lines)


def test_an_exercise_that_did_not_run() -> None:
    assert row(shown(exercise_table("u", [ExerciseScore("one", 0, 1, "")])), "one")[2] == "not run"
