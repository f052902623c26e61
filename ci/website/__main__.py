"""Build the course's site: ``python -m ci.website``, which ``make site`` calls."""

import os
import subprocess
import sys
import time
from pathlib import Path

from ci.website.sources import Sources, collect, write
from ci.website.unit_pages import DOWNLOADS
from course_lib.course import Course
from course_lib.errors import CourseError

SITE = Path("build") / "site"
WORK = Path("build") / "website"  # sources, and what Sphinx keeps between builds


def main() -> int:
    """Build what has changed.

    Returns
    -------
    int
        The exit status: 0 if the site is complete, 1 if a text is wrong.
    """
    start = time.monotonic()
    course = Course.find()
    try:
        sources = collect(course, course.report, os.environ.get("GITHUB_REPOSITORY"))  # GitHub's workflows set it
    except (CourseError, ValueError) as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    if sources.without_outputs:
        print(f"site: no outputs for {', '.join(sources.without_outputs)}: `make course` has not run them")
    status = build(sources, course.root)
    if status == 0:
        print(f"site: {course.root / SITE / 'index.html'}, {time.monotonic() - start:.0f} s")
    return status


def build(sources: Sources, root: Path) -> int:
    """Write the sources, and let Sphinx make pages of them.

    Parameters
    ----------
    sources : Sources
        All texts.
    root : Path
        Where ``build`` is.

    Returns
    -------
    int
        Sphinx's exit status; a warning counts as an error.
    """
    write(sources.pages, root / WORK / "source")
    options = [
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-c",
        str(Path(__file__).parent),
        "-d",
        str(root / WORK / "doctrees"),
    ]
    command = [sys.executable, "-m", "sphinx", *options, str(root / WORK / "source"), str(root / SITE)]
    no_dates = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    status = subprocess.run(command, env=no_dates, check=False).returncode
    write(sources.downloads, root / SITE / DOWNLOADS)
    return status


if __name__ == "__main__":
    sys.exit(main())
