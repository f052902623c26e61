"""The pages that `course check` and `course progress` write for a learner."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.formulas import CSS
from course_lib.grading.models import printable
from course_lib.learner_pages.rows import FAILED, PARTLY, PASSED, rows
from course_lib.release import released
from course_lib.schedule import NO_SCHEDULE, Schedule, local
from course_lib.statements import statements
from course_lib.workspace import Progress, points_to_come

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def write_checks(course: Course, unit: str, progress: Progress) -> Path:
    """Write the page with what the visible checks of a unit found.

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder gets the page.
    unit : str
        Full name of a released unit.
    progress : Progress
        The learner's points in it.

    Returns
    -------
    Path
        ``work/checks/UNIT.html``; an older page is replaced.
    """
    return _write(course.work / "checks" / f"{unit}.html", "checks", unit=_unit(course, unit, progress))


def write_progress(course: Course, units: Mapping[str, Progress], schedule: Schedule = NO_SCHEDULE) -> Path:
    """Write the page with the points in every unit, what is next, and what the checks found.

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder gets the page.
    units : mapping of str to Progress
        As `workspace.progress` returns them.
    schedule : Schedule
        When they are due.

    Returns
    -------
    Path
        ``work/progress.html``; an older page is replaced.
    """
    shown = [_unit(course, name, progress) for name, progress in units.items()]
    due = {name: local(time) for name, time in schedule.due.items()}
    unfinished = [unit for unit in shown if unit["to_do"]]
    # What a learner has begun comes first, whether or not earlier units are finished.
    begun = [unit for unit in unfinished if unit["progress"].begun]
    return _write(
        course.work / "progress.html", "progress", units=shown, due=due, next_unit=next(iter(begun + unfinished), None)
    )


def _unit(course: Course, name: str, progress: Progress) -> dict[str, Any]:
    """Prepare a unit for a page."""
    notebook = nbformat.read(released(course, name), as_version=4)
    shown = rows(progress.exercises, points_to_come(course, name), progress.opened, statements(notebook))
    return {
        "name": name,
        "progress": progress,
        "problem": printable(progress.problem),
        "rows": shown,
        "to_do": [row for row in shown if row.state in (PARTLY, FAILED)],
        "passed": sum(row.state == PASSED for row in shown),
    }


def _write(path: Path, template: str, **content: Any) -> Path:
    page = _PAGES.get_template(f"{template}.html.j2").render(
        now=f"{datetime.now():%Y-%m-%d %H:%M}", formulas_css=CSS, **content
    )
    write_aside(path, page.encode(errors="replace"))
    return path
