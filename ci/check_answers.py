"""Hold every exercise against its answer bank: right answers pass, wrong ones fail and are told why."""

import os
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where the package ci is

from ci.places import Here, apart
from ci.trials import Trial, try_answers
from course_lib.answers import Answer, bank_of, read_answers
from course_lib.course import Course
from course_lib.release import ReleaseError, build_source, generate
from course_lib.rules import exercises

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def check_unit(course: Course, unit: str, trusted: bool = False) -> list[Trial]:
    """Try the answers of one unit, and each exercise untouched.

    Parameters
    ----------
    course : Course
        Where the unit lies.
    unit : str
        Its whole name.
    trusted : bool
        Test the answers as in a grade: from another process than theirs.

    Returns
    -------
    list of Trial
        In the order of the notebook.

    Raises
    ------
    ReleaseError
        If the unit breaks a rule.
    """
    os.environ["MPLBACKEND"] = "agg"
    notebook = nbformat.read(build_source(course, unit), as_version=4)
    if not exercises(notebook):
        return []
    released = nbformat.reads(generate(course, unit), as_version=4)
    answers = read_answers(course.solutions / unit)
    tried = [*_untouched(released, exercises(notebook)), *answers]
    with apart() if trusted else nullcontext(Here()) as place:
        return try_answers(notebook, tried, place)


def _untouched(released: nbformat.NotebookNode, names: Iterable[str]) -> list[Answer]:
    """Take each exercise as a learner gets it for a wrong answer."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in released.cells}
    says = ("NotImplementedError",)
    return [Answer(name, "untouched", right=False, says=says, code=cells[name].source, line=0) for name in names]


def table(trials: Sequence[Trial], unit: str) -> Table:
    """Sum up the trials of a unit, one row an exercise."""
    shown = Table(title=unit, title_justify="left")
    shown.add_column("exercise", no_wrap=True)
    for column in ("right accepted", "wrong rejected", "wrong diagnosed", "untouched passes"):
        shown.add_column(column, justify="right")
    for name in dict.fromkeys(trial.answer.exercise for trial in trials):
        own = [trial for trial in trials if trial.answer.exercise == name]
        right = [trial for trial in own if trial.answer.right]
        wrong = [trial for trial in own if not trial.answer.right and trial.answer.line]
        untouched = next(trial for trial in own if not trial.answer.line)
        shown.add_row(
            name,
            f"{sum(trial.accepted for trial in right)}/{len(right)}",
            f"{sum(not trial.accepted for trial in wrong)}/{len(wrong)}",
            f"{sum(trial.as_expected for trial in wrong)}/{len(wrong)}",
            f"{untouched.passed}/{untouched.tests}",
        )
    return shown


def unexpected(trials: Iterable[Trial]) -> list[Trial]:
    """Pick the trials that did not go as the bank says; an untouched exercise must fail every test."""
    return [trial for trial in trials if not trial.as_expected or (not trial.answer.line and trial.passed)]


def explain(trial: Trial, unit: str) -> str:
    """Say in words what went otherwise than the bank says."""
    answer = trial.answer
    kind = "right" if answer.right else "wrong"
    wanted = "every test passed" if answer.right else f"a failed test that says {' and '.join(map(repr, answer.says))}"
    return (
        f"{bank_of(Path(unit), answer.exercise)}:{answer.line}: {kind}: {answer.title}\n"
        f"  expected: {wanted}\n  got:     {trial.passed} of {trial.tests} tests passed\n{trial.feedback}"
    )


@app.command()
def main(
    units: Annotated[list[str] | None, typer.Argument(help="Units, in whole or in part (03); all by default.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Units checked at once.")] = os.cpu_count() or 1,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what every wrong answer is told.")] = False,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Test the answers from another process, as a grade.")
    ] = False,
) -> None:
    """Try the answers of every bank; exit 1 where one does not fare as its bank says."""
    console = Console(highlight=False, markup=False)
    course = Course.find()
    try:
        names = [course.unit_with_solutions(unit) for unit in units or []] or course.units_with_solutions()
    except ValueError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    failed = 0
    start = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        running = {unit: pool.submit(check_unit, course, unit, trusted) for unit in names}
        for unit, future in running.items():
            try:
                trials = future.result()
            except ReleaseError as error:
                console.print(str(error))
                failed += 1
                continue
            if trials:
                console.print(table(trials, unit))
            for trial in trials if verbose else unexpected(trials):
                console.print(explain(trial, unit), soft_wrap=True)
            failed += len(unexpected(trials))
    console.print(f"{failed} unexpected, {time.monotonic() - start:.0f} s")
    raise typer.Exit(int(failed > 0))


if __name__ == "__main__":
    app()
