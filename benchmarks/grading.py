"""Throughput and grades of `course grade` and of stock ``nbgrader autograde`` on the same submissions, in one run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import nbformat
import psutil
import typer
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from rich.table import Table

from benchmarks.grading_profile import profile
from course_lib.answers import Answer, read_answers
from course_lib.course import CONFIG, Course
from course_lib.release import build_source, released

UNIT = "03_upsampling"
RIGHT_SHARE = 2 / 3
PROGRAMS = Path(sys.executable).parent
STOCK_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.root = {root!r}
c.Execute.timeout = 300
c.ClearSolutions.code_stub = {{"python": "raise NotImplementedError"}}
"""
PERIOD_S = 0.1  # between looks at the memory
Grades = dict[str, dict[str, float]]  # points by student and exercise


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


@dataclass
class Usage:
    """What a command used.

    Attributes
    ----------
    seconds : float
        Wall time.
    processor_s : float
        Processor time of all that ran on this machine meanwhile, so that nothing else should.
    memory_bytes : float
        By how much the machine's free memory shrank, at most.
    """

    seconds: float = 0
    processor_s: float = 0
    memory_bytes: float = 0


@dataclass(frozen=True)
class Graded:
    """A grader's run.

    Attributes
    ----------
    grader : str
        Its name.
    grades : dict
        Points by student and exercise.
    usage : Usage
        What it took.
    """

    grader: str
    grades: Grades
    usage: Usage = field(default_factory=Usage)


def main(
    count: Annotated[int, typer.Option(min=3, help="Submissions; two thirds of them right.")] = 60,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions that `course grade` runs at once.")] = os.cpu_count()
    or 1,
    unit: Annotated[str, typer.Option(help="Whose exercises they answer.")] = UNIT,
    against: Annotated[
        Path | None, typer.Option(help="Compare with `course grade` of this checkout, which has its own .venv.")
    ] = None,
    only_profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time of one submission goes.")
    ] = False,
) -> None:
    """Grade the same submissions in several ways, and print what each takes, and where the grades differ."""
    project, console = Course.find(), Console(width=110)
    submissions = hand_in(project, unit, count)
    with tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
        base = Path(folder)
        if only_profile:
            course = classroom(project, base / "profile", unit, submissions[:1])
            console.print(*profile(course), sep="\n")
            return
        if against:
            runs = [grade_with(against.resolve(), base / "other", unit, submissions, jobs, "that checkout")]
        else:
            runs = [
                grade_stock(project, base / "stock", unit, submissions, "nbgrader autograde"),
                grade_stock(project, base / "shorter", unit, without_demos(submissions), "the same, without demos"),
            ]
        runs.append(grade_with(project.root, base / "ours", unit, submissions, jobs, f"course grade, {jobs} jobs"))
    console.print(throughput(f"{count} submissions of {unit}", count, runs))
    console.print(differences(submissions, runs[-1], runs[0]))


@contextmanager
def measured() -> Iterator[Usage]:
    """Measure what runs within the block."""
    usage, over = Usage(), threading.Event()
    free = psutil.virtual_memory().available

    def watch() -> None:
        while not over.wait(PERIOD_S):
            usage.memory_bytes = max(usage.memory_bytes, free - psutil.virtual_memory().available)

    watcher = threading.Thread(target=watch)
    start, before = time.perf_counter(), psutil.cpu_times()
    watcher.start()
    yield usage
    usage.seconds, after = time.perf_counter() - start, psutil.cpu_times()
    usage.processor_s = after.user + after.system - before.user - before.system
    over.set()
    watcher.join()


def hand_in(course: Course, unit: str, count: int) -> list[Handed]:
    """Make submissions of all the bank's right answers in turn, and every third with wrong ones in two exercises."""
    bank = read_answers(course.solutions / unit)
    exercises = list(dict.fromkeys(answer.exercise for answer in bank))
    submissions = []
    for number in range(count):
        bad = number >= round(count * RIGHT_SHARE)
        wrong = {exercises[number % len(exercises)], exercises[(3 * number + 1) % len(exercises)]} if bad else set()
        answers = {name: _answer(bank, name, name not in wrong, number) for name in exercises}
        notebook = nbformat.read(released(course, unit), as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers:
                cell.source = answers[name].code
        submissions.append(Handed(f"student{number:02}", notebook, tuple(sorted(wrong))))
    return submissions


def _answer(bank: list[Answer], exercise: str, right: bool, number: int) -> Answer:
    fitting = [answer for answer in bank if answer.exercise == exercise and answer.right == right]
    return fitting[number % len(fitting)]


def without_demos(submissions: Sequence[Handed]) -> list[Handed]:
    """Leave out the cells that `course grade` does not run."""
    shorter = deepcopy([*submissions])
    for handed in shorter:
        handed.notebook.cells = [cell for cell in handed.notebook.cells if "demo" not in cell.metadata.get("tags", [])]
    return shorter


def _write(submissions: Sequence[Handed], folder: Path, unit: str) -> None:
    for handed in submissions:
        path = folder / handed.student / unit / f"{unit}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(handed.notebook, path)


def classroom(project: Course, root: Path, unit: str, submissions: Sequence[Handed]) -> Course:
    """Make a course of one unit with an empty gradebook, to which these were handed in."""
    course = Course(root)
    for folder in ("solutions", "notebooks"):
        shutil.copytree(project.root / folder / unit, root / folder / unit)
    shutil.copy(project.root / CONFIG, root)
    _write(submissions, course.classroom / "submitted", unit)
    return course


def grade_with(checkout: Path, root: Path, unit: str, submissions: Sequence[Handed], jobs: int, name: str) -> Graded:
    """Grade with this course's grader, as a checkout has it."""
    course = classroom(Course(checkout), root, unit, submissions)
    program, submitted = str(checkout / ".venv/bin/course"), str(course.classroom / "submitted")
    command = [program, "grade", "--json", "--jobs", str(jobs), submitted]
    with measured() as usage:
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=False)
    grades = {
        grade["student"]: {exercise["name"]: exercise["points"] for exercise in grade["exercises"]}
        for grade in json.loads(done.stdout)
    }
    return Graded(name, grades, usage)


def grade_stock(project: Course, root: Path, unit: str, submissions: Sequence[Handed], name: str) -> Graded:
    """Grade with nbgrader as it comes."""
    source = root / "source" / unit / f"{unit}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(build_source(project, unit), source)
    (root / CONFIG).write_text(STOCK_CONFIG.format(root=str(root)), encoding="utf-8")
    _nbgrader(root, "generate_assignment", unit)
    _write(submissions, root / "submitted", unit)
    with measured() as usage:
        _nbgrader(root, "autograde", unit)
    grades = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        for handed in submissions:
            try:
                found = gradebook.find_submission_notebook(unit, unit, handed.student).grades
            except MissingEntry:
                found = []
            points: dict[str, float] = {}
            for grade in found:
                exercise = grade.name.removeprefix("test_").removesuffix("_hidden")
                points[exercise] = points.get(exercise, 0) + float(grade.score)
            grades[handed.student] = points
    return Graded(name, grades, usage)


def _nbgrader(root: Path, *arguments: str) -> None:
    """Run a command of nbgrader, whose log lines are of no use here; one that fails is seen in the grades."""
    environment = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [str(PROGRAMS / "nbgrader"), *arguments], cwd=root, env=environment, capture_output=True, check=False
    )


def throughput(title: str, count: int, runs: Sequence[Graded]) -> Table:
    """Lay out what each grader takes, and how many times as long, or as much, as the last one."""
    table = Table(title=title, title_justify="left")
    for column in ("grader", "seconds", "an hour", "ratio", "processor s", "ratio", "memory, GB", "ratio"):
        table.add_column(column, justify="left" if column == "grader" else "right")
    last = runs[-1].usage
    for run in runs:
        used = run.usage
        row = [f"{used.seconds:.0f}", f"{3600 * count / used.seconds:.0f}", f"{used.seconds / last.seconds:.2f}"]
        row += [f"{used.processor_s:.0f}", f"{used.processor_s / last.processor_s:.2f}"]
        row += [f"{used.memory_bytes / 1e9:.1f}", f"{used.memory_bytes / last.memory_bytes:.2f}"]
        table.add_row(run.grader, *row)
    return table


def differences(submissions: Sequence[Handed], ours: Graded, other: Graded) -> Table:
    """Lay out every exercise that two graders see differently, with what the answer bank says."""
    table = Table(title="Where the grades differ", title_justify="left")
    for column in ("student", "exercise", "answer", ours.grader, other.grader):
        table.add_column(column)
    for handed in submissions:
        mine, theirs = ours.grades[handed.student], other.grades[handed.student]
        for exercise in mine:
            if mine[exercise] != theirs.get(exercise):
                bank = "wrong" if exercise in handed.wrong else "right"
                table.add_row(handed.student, exercise, bank, f"{mine[exercise]:g}", str(theirs.get(exercise)))
    if not table.row_count:
        table.add_row("none", "", "", "", "")
    return table


if __name__ == "__main__":
    typer.run(main)
