"""Run every notebook with papermill, grade it, and leave a report in ``build/report``."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from course_lib.errors import CourseError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where the package ci is

from ci import jobs, parameters
from ci.comparison import Record, compare, read_run
from ci.kept import Kept
from ci.monitor import Monitor, table
from ci.pages import write_index
from ci.report import write_json, write_junit
from ci.summary import write_summary
from ci.verdict import Outcome
from course_lib.course import Course
from course_lib.trials.verdicts import in_use

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def plan(course: Course, units: list[str], values: parameters.Parameters, file: Path | None) -> parameters.ByUnit:
    """Choose the units to run, and the parameters of each.

    Parameters
    ----------
    course : Course
        Where the units lie.
    units : list of str
        Names as typed; all units if empty.
    values : dict
        Parameters for every unit; they override those of the file.
    file : Path or None
        YAML with parameters by unit.

    Returns
    -------
    dict
        Parameters by whole name of the unit, in teaching order.

    Raises
    ------
    CourseError
        If there is no such unit, or the file is not as it should be.
    """
    chosen = {course.unit_with_solutions(name) for name in units} or set(course.units_with_solutions())
    by_unit = parameters.from_file(course, file) if file else {}
    return {unit: by_unit.get(unit, {}) | values for unit in sorted(chosen)}


def write_report(
    outcomes: Sequence[Outcome], seconds: float, folder: Path, title: str, before: Mapping[str, Record] | None
) -> None:
    """Write the files of a report that tell of all notebooks.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where the files go.
    title : str
        What was run.
    before : mapping or None
        The last run, if there was one.
    """
    comparison = None if before is None else compare(before, outcomes)
    write_json(outcomes, seconds, folder, comparison)
    write_junit(outcomes, seconds, folder, title)
    write_index(outcomes, seconds, folder, title, comparison)
    write_summary(outcomes, seconds, folder, title, comparison)


@app.command()
def main(
    units: Annotated[list[str] | None, typer.Argument(help="Units, in whole or in part (03); all by default.")] = None,
    learner: Annotated[
        bool, typer.Option("--learner", help="Run the released notebooks: NotImplementedError is fine, points are not.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="A parameter of every notebook run, in YAML (3, true, text, [1, 2]); repeatable.",
        ),
    ] = None,
    parameter_file: Annotated[
        Path | None,
        typer.Option("--parameters", exists=True, dir_okay=False, help="YAML that maps units to their parameters."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run notebooks also where nothing has changed; so does CI=true.")
    ] = False,
    workers: Annotated[int, typer.Option("--jobs", min=1, help="Notebooks run at once.")] = os.cpu_count() or 1,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one cell may take.")] = 600,
) -> None:
    """Run notebooks, grade them, and leave a report in build/report (with --learner, in its folder learner)."""
    console = Console()
    start = time.monotonic()
    try:
        course = Course.find()
        values = plan(course, units or [], parameters.from_options(parameter or []), parameter_file)
        todo = jobs.prepare(course, values, learner, timeout)
    except CourseError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    folder = jobs.report_folder(course, learner)
    before = read_run(folder)
    jobs.remove_report(folder)
    with Monitor(console) as monitor:
        kept = Kept(course.root) if in_use() and not no_cache else None
        outcomes = jobs.run_all(todo, workers, monitor, kept)
    title = "Released notebooks" if learner else "Instructor notebooks"
    write_report(outcomes, time.monotonic() - start, folder, title, before)
    console.print(table(outcomes, title))
    console.print(f"report: {folder / 'index.html'}", soft_wrap=True, markup=False, highlight=False)
    raise typer.Exit(int(any(outcome.status != "ok" for outcome in outcomes)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a canceled CI job kills its kernels as Ctrl-C does
    app()
