"""Exporting the points and the feedback of a class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course_lib.classroom.export import canvas, gradescope, moodle
from course_lib.classroom.export.downloads import downloaded_names
from course_lib.classroom.export.feedback import hand_back, pages
from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import ClassGrades, class_grades, named
from course_lib.classroom.export.table import table
from course_lib.classroom.export.template import Template, read_template
from course_lib.classroom.roster import read_roster
from course_lib.course import Course
from course_lib.errors import ArgumentError
from course_lib.grading.gradebook.entries import recorded
from course_lib.grading.gradebook.recorded_results import RecordedResults


class System(StrEnum):
    """What the files are for."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    GRADESCOPE = "gradescope"
    CSV = "csv"


@dataclass(frozen=True)
class Written:
    """What an export wrote.

    Attributes
    ----------
    files : list of Path
        The files.
    notes : list of str
        What is good to know.
    lines : list of str
        What a person should look at.
    """

    files: list[Path]
    notes: list[str]
    lines: list[str]


def export(course: Course, system: System, units: Sequence[str] = (), template: Path | None = None) -> Written:
    """Write files that a system imports into ``classroom/export/<system>``.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    system : System
        Moodle needs a template for the grading worksheet, and Canvas for anything.
    units : sequence of str
        Names of units, also in part; by default all that have submissions.
    template : Path, optional
        A file that the system exported, to fill in.

    Returns
    -------
    Written
        Nothing is written if anything raises an error.

    Raises
    ------
    ArgumentError
        If the units or the template do not fit.
    CourseError
        If the class list or the template has faults; the message has a line for each.
    """
    _check(system, template)
    roster = read_roster(course)
    entries = recorded(course.nbgrader_config()) if course.classroom.is_dir() else []
    graded = sorted({entry.unit for entry in entries})
    wanted = list(dict.fromkeys(map(course.unit_with_solutions, units))) or graded
    if missing := [unit for unit in wanted if unit not in graded]:
        raise ArgumentError(
            f"expected units with graded submissions, got {', '.join(missing)}; run `course grade` first"
        )
    if not wanted:
        raise ArgumentError("expected graded submissions, found none; run `course grade` first")
    of_class = class_grades(roster, entries, wanted)
    made = _make(course, system, of_class, template)
    files = [path for one in made for path in one.write(course.classroom / "export" / system)]
    notes = [*_counts(of_class), *(note for one in made for note in one.notes)]
    return Written(
        files, notes, [*of_class.lines, *_failures(course, of_class), *(line for one in made for line in one.lines)]
    )


def _counts(of_class: ClassGrades) -> Iterator[str]:
    for unit, grades in of_class.grades.items():
        absent = len(of_class.students) - len(grades)
        yield f"{unit}: {len(grades)} with points, {absent} without, who have handed in nothing"


def _failures(course: Course, of_class: ClassGrades) -> Iterator[str]:
    """Yield lines about submissions that are not in the gradebook."""
    failures = list(RecordedResults(course.results).failures())
    for unit in of_class.grades:
        if failed := [failure.student for failure in failures if failure.unit == unit]:
            yield f"{unit}: the last submission could not be graded, an earlier one counts if any: {named(failed)}"


def _check(system: System, template: Path | None) -> None:
    if template and system not in (System.MOODLE, System.CANVAS):
        raise ArgumentError(f"expected --template with --to moodle or canvas; --to {system} has no file to fill in")
    if template and not template.is_file():
        raise ArgumentError(f"expected a CSV file, got {template}")


def _make(course: Course, system: System, of_class: ClassGrades, template: Path | None) -> list[Export]:
    """Make everything before anything is written."""
    if system is System.CSV:
        return [table(of_class)]
    if system is System.GRADESCOPE:
        return [gradescope.points(of_class, unit) for unit in of_class.grades]
    downloaded = {unit: downloaded_names(course, unit) for unit in of_class.grades}
    read = read_template(template) if template else None
    if system is System.MOODLE:
        return [_moodle(course, of_class, unit, read, downloaded[unit]) for unit in _one_unit(of_class, read)]
    if read is None:
        raise ArgumentError(
            "expected --template with the gradebook that Canvas exports (Gradebook, Export): only that file has the "
            "numbers by which Canvas knows students and assignments"
        )
    return [_canvas(course, of_class, read, downloaded)]


def _one_unit(of_class: ClassGrades, template: Template | None) -> list[str]:
    units = list(of_class.grades)
    if template and len(units) > 1:
        raise ArgumentError(
            f"expected one unit with a grading worksheet, which is for one assignment, got {', '.join(units)}"
        )
    return units


def _moodle(
    course: Course, of_class: ClassGrades, unit: str, template: Template | None, downloaded: Mapping[str, str]
) -> Export:
    numbers = moodle.participants(downloaded)
    if template:
        made, in_worksheet = moodle.worksheet(template, of_class, unit, numbers)
        numbers |= in_worksheet
    else:
        made = moodle.gradebook(of_class, unit)
    grades = of_class.grades[unit]
    names = moodle.feedback_names(grades, numbers, unit)
    missing = "without a participant number, which --template with the grading worksheet tells"
    hand_back(made, unit, pages(course, grades, unit), names, missing)
    return made


def _canvas(
    course: Course, of_class: ClassGrades, template: Template, downloaded: Mapping[str, Mapping[str, str]]
) -> Export:
    numbers = {student: number for names in downloaded.values() for student, number in canvas.users(names).items()}
    made = canvas.gradebook(template, of_class, numbers)
    for unit, grades in of_class.grades.items():
        own = canvas.recipients(grades, downloaded[unit])
        missing = "without the name that Canvas gave the notebook, which `course collect` keeps"
        hand_back(made, unit, pages(course, own, unit), canvas.feedback_names(downloaded[unit]), missing)
    return made
