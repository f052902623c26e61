"""Throughput and grades of `course grade` and of stock ``nbgrader autograde`` on the same submissions, in one run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from rich.table import Table

from course_lib.answers import Answer, read_answers
from course_lib.course import CONFIG, Course
from course_lib.release import build_source, released

UNIT = "03_upsampling"
RIGHT_SHARE = 2 / 3
PROGRAMS = Path(sys.executable).parent
STOCK_CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.root = {{root!r}}
c.Execute.timeout = 300
c.ClearSolutions.code_stub = {{{{"python": "raise NotImplementedError"}}}}
# {UNIT}
"""


@dataclass(frozen=True)
class Handed:
    """A submission, and what is known of it.

    Attributes
    ----------
    student : str
        A made-up name.
    notebook : NotebookNode
        The released notebook with answers of the bank.
    wrong : tuple of str
        The exercises with a wrong answer; none in a right submission.
    """

    student: str
    notebook: NotebookNode
    wrong: tuple[str, ...]


def main(
    count: Annotated[int, typer.Option(min=3, help="Submissions; two thirds of them right.")] = 60,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions that `course grade` runs at once.")] = os.cpu_count()
    or 1,
) -> None:
    """Grade the same submissions in both ways, and print throughput and differing grades."""
    project = Course.find()
    submissions = hand_in(project, count)
    with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
        ours, our_seconds = grade_here(project, Path(folder, "ours"), submissions, jobs)
        stock, stock_seconds = grade_stock(project, Path(folder, "stock"), submissions)
    console = Console()
    console.print(throughput(count, jobs, our_seconds, stock_seconds))
    console.print(differences(submissions, ours, stock))


def hand_in(course: Course, count: int) -> list[Handed]:
    """Make submissions of all the bank's right answers in turn, and every third with wrong ones in two exercises."""
    bank = read_answers(course.solutions / UNIT)
    exercises = list(dict.fromkeys(answer.exercise for answer in bank))
    submissions = []
    for number in range(count):
        bad = number >= round(count * RIGHT_SHARE)
        wrong = {exercises[number % len(exercises)], exercises[(3 * number + 1) % len(exercises)]} if bad else set()
        answers = {name: _answer(bank, name, name not in wrong, number) for name in exercises}
        notebook = nbformat.read(released(course, UNIT), as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers:
                cell.source = answers[name].code
        submissions.append(Handed(f"student{number:02}", notebook, tuple(sorted(wrong))))
    return submissions


def _answer(bank: list[Answer], exercise: str, right: bool, number: int) -> Answer:
    fitting = [answer for answer in bank if answer.exercise == exercise and answer.right == right]
    return fitting[number % len(fitting)]


def _write(submissions: list[Handed], folder: Path) -> None:
    for handed in submissions:
        path = folder / handed.student / UNIT / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(handed.notebook, path)


def grade_here(
    project: Course, root: Path, submissions: list[Handed], jobs: int
) -> tuple[dict[str, dict[str, float]], float]:
    """Grade with this course's grader in an empty classroom; return points by student and exercise, and seconds."""
    course = Course(root)
    for folder in ("solutions", "notebooks"):
        shutil.copytree(project.root / folder / UNIT, root / folder / UNIT)
    shutil.copy(project.root / CONFIG, root)
    _write(submissions, course.classroom / "submitted")
    command = [str(PROGRAMS / "course"), "grade", "--json", "--jobs", str(jobs), str(course.classroom / "submitted")]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - start
    grades = {
        grade["student"]: {exercise["name"]: exercise["points"] for exercise in grade["exercises"]}
        for grade in json.loads(done.stdout)
    }
    return grades, seconds


def grade_stock(project: Course, root: Path, submissions: list[Handed]) -> tuple[dict[str, dict[str, float]], float]:
    """Grade with nbgrader as it comes; return points by student and exercise, and seconds."""
    source = root / "source" / UNIT / f"{UNIT}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(build_source(project, UNIT), source)
    (root / CONFIG).write_text(STOCK_CONFIG.format(root=str(root)), encoding="utf-8")
    _nbgrader(root, "generate_assignment", UNIT)
    _write(submissions, root / "submitted")
    start = time.perf_counter()
    _nbgrader(root, "autograde", UNIT)
    seconds = time.perf_counter() - start
    grades = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        for handed in submissions:
            try:
                found = gradebook.find_submission_notebook(UNIT, UNIT, handed.student).grades
            except MissingEntry:
                found = []
            points: dict[str, float] = {}
            for grade in found:
                exercise = grade.name.removeprefix("test_").removesuffix("_hidden")
                points[exercise] = points.get(exercise, 0) + float(grade.score)
            grades[handed.student] = points
    return grades, seconds


def _nbgrader(root: Path, *arguments: str) -> None:
    """Run a command of nbgrader, whose log lines are of no use here; one that fails is seen in the grades."""
    environment = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [str(PROGRAMS / "nbgrader"), *arguments], cwd=root, env=environment, capture_output=True, check=False
    )


def throughput(count: int, jobs: int, ours: float, stock: float) -> Table:
    """Lay out both speeds and their ratio."""
    table = Table(title=f"{count} submissions of {UNIT}", title_justify="left")
    for column in ("grader", "seconds", "submissions an hour", "ratio"):
        table.add_column(column, justify="left" if column == "grader" else "right")
    table.add_row("nbgrader autograde", f"{stock:.0f}", f"{3600 * count / stock:.0f}", "1.0")
    table.add_row(f"course grade, {jobs} jobs", f"{ours:.0f}", f"{3600 * count / ours:.0f}", f"{stock / ours:.1f}")
    return table


def differences(
    submissions: list[Handed], ours: dict[str, dict[str, float]], stock: dict[str, dict[str, float]]
) -> Table:
    """Lay out every exercise that the two graders see differently, with what the answer bank says."""
    table = Table(title="Where the grades differ", title_justify="left")
    for column in ("student", "exercise", "answer", "course grade", "nbgrader"):
        table.add_column(column)
    for handed in submissions:
        mine, other = ours[handed.student], stock[handed.student]
        for exercise in mine:
            if mine[exercise] != other.get(exercise):
                bank = "wrong" if exercise in handed.wrong else "right"
                table.add_row(handed.student, exercise, bank, f"{mine[exercise]:g}", str(other.get(exercise)))
    if not table.row_count:
        table.add_row("none", "", "", "", "")
    return table


if __name__ == "__main__":
    typer.run(main)
