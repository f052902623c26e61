"""A class whose submissions tell the stub what they earn, with a class list and a schedule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from course_lib.classroom.roster import roster_path
from course_lib.course import Course
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.attempts import to_grade
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.collect.students import submitted
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.gradebook.entries import GradebookEntry
from tests.support import stub_grader
from tests.support.tiny_course import UNIT, Words, submit

OTHER = "02_again"
DUE = f"[units.{UNIT}]\ndue = 2026-05-04T18:00:00+02:00\n"
RULE = "[late]\ngrace_days = 2\npercent_per_day = 10\nmost_percent = 50\n"


class Class:
    """A course with a classroom, whose submissions tell the stub what to do."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.begun = course.root / "begun"

    def roster(self, text: str) -> None:
        roster_path(self.course).parent.mkdir(exist_ok=True)
        roster_path(self.course).write_text(text, encoding="utf-8")

    def schedule(self, text: str) -> None:
        (self.course.root / "course.toml").write_text(text, encoding="utf-8")

    def hand_in(self, student: str, time: str = "", unit: str = UNIT, **orders: Any) -> Path:
        path = submit(submitted(self.course), f"{student}/new", {"begun": str(self.begun), **orders})
        target = submitted(self.course) / student / unit / f"{unit}.ipynb"
        target.parent.mkdir(exist_ok=True, parents=True)
        path.rename(target)
        path.parent.rmdir()
        path.parent.parent.rmdir()
        if time:
            target.with_name("timestamp.txt").write_text(time, encoding="utf-8")
        return target

    def run(self, *inside: str) -> Run:
        found = find_submissions(self.course, [submitted(self.course).joinpath(*inside)])
        counting = to_grade(self.course, found)
        options = GradeOptions(isolated=False, grader=stub_grader.obey)
        return grade_class(self.course, counting, options, lambda _: None)

    def executed(self) -> list[str]:
        lines = self.begun.read_text(encoding="utf-8").splitlines() if self.begun.exists() else []
        return [line.rpartition(" ")[0] for line in lines]

    def gradebook(self) -> Gradebook:
        return Gradebook(self.course.nbgrader_config().CourseDirectory.db_url)

    def feedback(self, student: str, unit: str = UNIT) -> str:
        page = self.course.classroom / "feedback" / student / unit / f"{unit}.html"
        return " ".join(Words(page.read_text(encoding="utf-8").partition("<main>")[2]).text.split())

    def csv(self) -> list[str]:
        return (self.course.classroom / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]

    def files(self) -> Mapping[Path, tuple[bytes, int]]:
        """What a run leaves and the next one need not write, with the time of the last change."""
        paths = [
            path for path in self.course.classroom.rglob("*") if path.suffix in (".html", ".ipynb", ".json", ".db")
        ]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def late(run: Run, student: str, unit: str = UNIT) -> float:
    return entry(run, student, unit).late


def entry(run: Run, student: str, unit: str = UNIT) -> GradebookEntry:
    (found,) = [each for each in run.entries if (each.student, each.unit) == (student, unit)]
    return found
