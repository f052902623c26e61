"""Time of grading one exercise again, with ``course grade --exercise``, and of grading its whole unit, side by side."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.grading import PROGRAMS, Usage, classroom, hand_in, measured
from course_lib.course import Course
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.release import build_source

UNIT = "04_custom_layers"
EXERCISE = "dice_loss"
END = "### END HIDDEN TESTS"


def main(
    count: Annotated[int, typer.Option(min=3, help="Submissions; two thirds of them right.")] = 12,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions that run at once.")] = os.cpu_count() or 1,
    unit: Annotated[str, typer.Option(help="Whose exercises they answer.")] = UNIT,
    exercise: Annotated[str, typer.Option(help="The exercise whose hidden test gains a line.")] = EXERCISE,
) -> None:
    """Grade a class, change a test, and print what grading it again takes in both ways."""
    project, console = Course.find(), Console(width=110)
    with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
        course = classroom(project, Path(folder, "alone"), unit, hand_in(project, unit, count))
        _grade(course, jobs)
        _gain_a_line(course, unit, exercise)
        other = Course(Path(folder, "whole"))
        shutil.copytree(course.root, other.root)
        with measured() as alone:
            _grade(course, jobs, "--exercise", exercise, "--yes")
        with measured() as whole:
            _grade(other, jobs)
        runs = [("the whole unit", whole, _inside(other)), (f"{exercise} alone", alone, _inside(course))]
        console.print(_table(f"{count} submissions of {unit}", runs))
        same = _points(course) == _points(other)
        console.print("the points are the same" if same else "the points differ, which is a bug")


def _grade(course: Course, jobs: int, *more: str) -> None:
    command = [str(PROGRAMS / "course"), "grade", "--jobs", str(jobs), *more, str(course.classroom / "submitted")]
    subprocess.run(command, cwd=course.root, capture_output=True, check=True)


def _gain_a_line(course: Course, unit: str, exercise: str) -> None:
    """Add a line to the hidden test of an exercise that changes no verdict."""
    text = course.solutions / unit / f"{unit}.md"
    cells = nbformat.read(build_source(course, unit), as_version=4).cells
    hidden = next(
        cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == f"test_{exercise}_hidden"
    )
    before = text.read_text(encoding="utf-8")
    after = before.replace(hidden.source, hidden.source.replace(END, f"assert True\n{END}"))
    assert after != before, f"the hidden test of {exercise} should be in {text}"
    text.write_text(after, encoding="utf-8")


def _inside(course: Course) -> float:
    """Add up the seconds of the last result of each submission, without starting and recording."""
    return sum(result.seconds for result in RecordedResults(course.results).results())


def _points(course: Course) -> list[float]:
    return [result.points for result in RecordedResults(course.results).results()]


def _table(title: str, runs: Sequence[tuple[str, Usage, float]]) -> Table:
    """Lay out what each way takes, and which part of the first one."""
    table = Table(title=title, title_justify="left")
    for column in ("graded again", "seconds", "part", "processor s", "part", "in submissions, s", "part"):
        table.add_column(column, justify="left" if column == "graded again" else "right")
    _, whole, inside = runs[0]
    for name, used, within in runs:
        row = [f"{used.seconds:.1f}", f"{used.seconds / whole.seconds:.2f}"]
        row += [f"{used.processor_s:.1f}", f"{used.processor_s / whole.processor_s:.2f}"]
        table.add_row(name, *row, f"{within:.1f}", f"{within / inside:.2f}")
    return table


if __name__ == "__main__":
    typer.run(main)
