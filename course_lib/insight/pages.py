"""The pages of `course insight`, and the same as JSON for programs."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import jinja2

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.insight.unit import BARS, UnitInsight

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def write_insight(course: Course, found: UnitInsight) -> Path:
    """Write the page and the JSON of one unit; older ones are replaced.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    found : UnitInsight
        The content.

    Returns
    -------
    Path
        ``classroom/insight/UNIT.html``; ``UNIT.json`` is beside it.
    """
    path = course.classroom / "insight" / f"{found.unit}.html"
    write_aside(path.with_suffix(".json"), json.dumps(asdict(found), indent=2, ensure_ascii=False) + "\n")
    page = _PAGES.get_template("insight.html.j2").render(
        found=found, bars=_bars(found), now=f"{datetime.now():%Y-%m-%d %H:%M}", percent=percent, learners=learners
    )
    write_aside(path, page.encode(errors="replace"))
    return path


def percent(share: float | None) -> str:
    """Write a share as in ``61 %``; a dash if it is not known."""
    return "–" if share is None else f"{100 * share:.0f} %"


def learners(count: int) -> str:
    """Write a number of learners."""
    return f"{count} learner{'' if count == 1 else 's'}"


def _bars(found: UnitInsight) -> list[tuple[str, int]]:
    """Return the points that each bar of the histogram stands for, in words, and its learners."""
    edges = [f"{found.max_points * place / BARS:.3g}" for place in range(BARS + 1)]
    return [(f"{edges[place]} to {edges[place + 1]}", count) for place, count in enumerate(found.histogram)]
