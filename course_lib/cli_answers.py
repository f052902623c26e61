"""The commands ``course answers …``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from course_lib.answers import bank_of, read_bank
from course_lib.course import Course
from course_lib.grading.models import printable
from course_lib.terminal import console
from course_lib.trials import add as trials_add

app = typer.Typer(
    help="Answer banks, which hold the right and wrong answers that every exercise is tried with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def add(
    unit: Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")],
    exercise: Annotated[str, typer.Argument(help="What the exercise is called.")],
    file: Annotated[Path, typer.Argument(help="A .py or .cpp file with the answer, or a notebook with its cell.")],
    title: Annotated[str | None, typer.Option(help="What is special about the answer; asked for by default.")] = None,
) -> None:
    """Try a learner's answer, and write it into the bank as a right or a wrong one."""
    course = Course.find()
    name = course.unit_with_solutions(unit)
    notebook = trials_add.notebook_with(course, name, exercise)
    code = trials_add.learners_code(file, exercise)
    bank = bank_of(course.solutions / name, exercise)
    trials_add.require_new(read_bank(bank) if bank.exists() else [], code, title or "")
    with console.status(f"trying it on the tests of {exercise}"):
        trial = trials_add.try_code(notebook, exercise, code)
    console.print(f"{trial.passed} of {trial.tests} tests passed; {'right' if trial.answer.right else 'wrong'}")
    console.print(printable(trial.feedback), soft_wrap=True)
    title = title or typer.prompt("What is special about it, as a title")
    entry = trials_add.append(course, name, replace(trial.answer, title=title.strip()))
    console.print(f"added to {bank}:\n\n{printable(entry)}", soft_wrap=True)
