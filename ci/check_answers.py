"""Check every exercise against its answer bank: right answers pass, wrong ones fail with the cause.

With ``--both``, an answer that exchanges only plain data with its tests, and shares no names with them, is tried once,
as in a grade: what a test gets from another process is then equal to what it would get in the notebook.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from typing import Annotated

import typer

from course_lib.answers import Answer, read_answers
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.terminal import console, stop
from course_lib.trials.report import disagreeing, explain, table, unexpected, unstable
from course_lib.trials.trial import Trial
from course_lib.trials.unit import try_unit
from course_lib.trials.verdicts import in_use

# Some answers wait for a thread, or for ever: two more processes than processors keep these busy.
JOBS = (os.cpu_count() or 1) + 2
WAYS = {False: "as in a notebook", True: "as in a grade"}

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(  # noqa: PLR0913, PLR0917  (options)
    units: Annotated[list[str] | None, typer.Argument(help="Units, in whole or in part (03); all by default.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Units, and ways of testing, at once.")] = JOBS,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what every wrong answer is told.")] = False,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Test the answers from another process, as a grade.")
    ] = False,
    both: Annotated[
        bool, typer.Option("--both", help="Test them both ways, where these can differ; verdicts must be the same.")
    ] = False,
    repeat: Annotated[
        int, typer.Option(min=1, help="Try each answer so often; it must be told the same each time.")
    ] = 1,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Try all answers, also those whose verdict is known; so does CI=true.")
    ] = False,
    show: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print the answer of this exercise and title, in whole or in part."),
    ] = None,
) -> None:
    """Try the answers of every bank; exit 1 if a result is not as the bank says."""
    try:
        course = Course.find()
        names = [course.unit_with_solutions(unit) for unit in units or []] or course.units_with_solutions()
    except CourseError as error:
        stop(error, 2)
    if show is not None:
        try:
            typer.echo(_find(course, names, show).code, nl=False)
        except CourseError as error:  # of a bank
            stop(error)
        return
    cached = in_use() and not no_cache and repeat == 1
    start = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        try_bank = partial(_start, pool, course, repeat, cached)
        first = {unit: try_bank(unit, trusted or both) for unit in names}
        second = _others_in_a_notebook(first, try_bank) if both else {}
        failed = 0
        for unit in names:
            try:
                tried = {trusted or both: first[unit].result()}
                if unit in second:
                    tried[False] = second[unit].result()
                failed += _show(unit, tried, verbose)
            except CourseError as error:
                console.print(f"{unit}: {error}", soft_wrap=True)
                failed += 1
    console.print(f"{failed} unexpected, {time.monotonic() - start:.0f} s")
    raise typer.Exit(int(failed > 0))


def _start(
    pool: Executor,
    course: Course,
    repeat: int,
    cached: bool,
    unit: str,
    trusted: bool,
    told: Sequence[Trial] = (),
) -> Future[list[Trial]]:
    return pool.submit(try_unit, course, unit, trusted, repeat, cached, told)


def _others_in_a_notebook(
    graded: Mapping[str, Future[list[Trial]]], try_bank: Callable[..., Future[list[Trial]]]
) -> dict[str, Future[list[Trial]]]:
    """Try, as in a notebook, what a trial as in a grade does not decide."""
    others = {}
    units = {future: unit for unit, future in graded.items()}
    for done in as_completed(units):
        if not done.exception():
            told = [trial for trial in done.result() if trial.plain]
            others[units[done]] = try_bank(units[done], False, told)
    return others


def _show(unit: str, tried: dict[bool, list[Trial]], verbose: bool) -> int:
    """Print the trials of a unit, made in one way or both; return the number of unexpected results."""
    failures = []
    for way, trials in sorted(tried.items()):
        last = list({trial.answer: trial for trial in trials}.values())
        console.print(table(last, f"{unit}, {WAYS[way]}") if last else f"{unit}: no exercises")
        different = dict.fromkeys(trials)
        for trial in different if verbose else unexpected(different):
            console.print(explain(trial, unit), soft_wrap=True)
        failures += [*unexpected(different), *_printed(unstable(trials, unit))]
    if len(tried) > 1:
        answers = {trial.answer: trial for trial in tried[True]}
        once = sum(trial.plain for trial in answers.values())
        console.print(f"{once} of {len(answers)} answers tried once for both ways")
        failures += _printed(disagreeing(tried[False], tried[True], unit))
    return len(failures)


def _printed(texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    for text in texts:
        console.print(text, soft_wrap=True)
    return texts


def _find(course: Course, units: list[str], name: str) -> Answer:
    """Find the one answer whose exercise and title contain all words of a name."""
    answers = {f"{a.exercise}: {a.title}": a for unit in units for a in read_answers(course.solutions / unit)}
    words = name.casefold().split()
    found = [label for label in answers if all(word in label.casefold() for word in words)]
    if name in answers:
        found = [name]
    if len(found) != 1:
        near = found or [label for label in answers if any(word in label.casefold() for word in words)] or answers
        stop("\n".join([f"expected a name of one answer, found {len(found)} for {name!r}; there are", *near]), 2)
    return answers[found[0]]


if __name__ == "__main__":
    app()
