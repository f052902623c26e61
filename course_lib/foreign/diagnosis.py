"""What can be said about a course before anything is graded: where its tests run, and what is unusual."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from course_lib.cells import is_test
from course_lib.code_names.cells import parse_roughly
from course_lib.code_names.paths import imported
from course_lib.errors import CourseError
from course_lib.foreign.course import ROOT, ForeignCourse
from course_lib.foreign.plan import TestPlan, plan_tests
from course_lib.foreign.trial import Tried, limits_of, try_units
from course_lib.foreign.units import AUTOTEST, ForeignUnit, convert, read_files, read_unit
from course_lib.grading.cache import ResultCache
from course_lib.grading.sandbox.bubblewrap import available


@dataclass(frozen=True)
class Diagnosis:
    """What is known of one notebook.

    Attributes
    ----------
    name : str
        ``<assignment>/<notebook>``.
    tests : dict of str to str
        Why each test runs in the learner's process; empty for one that runs apart.
    notes : list of str
        What is unusual, or worth knowing.
    problems : list of str
        Why it cannot be graded.
    """

    name: str
    tests: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def diagnose_course(course: ForeignCourse, workers: int = 1) -> list[Diagnosis]:
    """Look at every notebook of a course, and run those with tests once, in the sandbox, with the instructor's answers.

    Raises
    ------
    CourseError
        If a setting of the course cannot be used, or it has no assignment.
    """
    assignments = course.assignments()
    if not assignments:
        folder = course.folder("source", ROOT, "<assignment>")
        raise CourseError(f"expected notebooks of assignments in {folder}, found none")
    limits = limits_of(course.config)
    units: dict[str, ForeignUnit] = {}
    refused: dict[str, str] = {}
    names = [(assignment, notebook) for assignment, notebooks in assignments.items() for notebook in notebooks]
    for assignment, notebook in names:
        try:
            units[f"{assignment}/{notebook}"] = read_unit(course, assignment, notebook)
        except CourseError as error:
            refused[f"{assignment}/{notebook}"] = str(error).removeprefix(f"{assignment}/{notebook}: ")
    reason = available()
    cache = ResultCache(course.results)
    tried = {} if reason else try_units(units.values(), limits, cache, isolated=True, workers=workers)
    found = []
    for assignment, notebook in names:
        name = f"{assignment}/{notebook}"
        path = course.folder("source", ROOT, assignment) / f"{notebook}.ipynb"
        known = _diagnose(name, units.get(name), tried.get(name), path)
        if name in refused:
            known.problems.append(refused[name])
            known.tests.update(_planned(course, path))
        known.notes.extend(_of_modules(path, read_files(course, assignment)))
        found.append(known)
    return found


def _diagnose(name: str, unit: ForeignUnit | None, tried: Tried | None, path: Path) -> Diagnosis:
    plans = tried.plans if tried else plan_tests(unit.cells) if unit else {}
    notes = list(_unusual(_cells(path)))
    if unit and unit.changed:
        notes.append(
            f"{_list(unit.changed)}: changed in the source after `nbgrader generate_assignment`; "
            "as in nbgrader, those in the gradebook count"
        )
    if tried and tried.error:
        notes.append(f"the instructor's notebook did not run to its end: {tried.error}")
    for test, message in tried.failing.items() if tried else ():
        notes.append(f"{test} fails with the answers of the source: {_first(message)}")
    return Diagnosis(name, {test: plan.why for test, plan in plans.items()}, notes)


def _planned(course: ForeignCourse, path: Path) -> dict[str, str]:
    """Plan by the text alone, without a gradebook; nothing if nbgrader refuses the notebook."""
    plans: dict[str, TestPlan] = {}
    try:
        plans = plan_tests(convert(course, path, with_answers=True).cells)
    except CourseError:
        return {}
    return {test: plan.why for test, plan in plans.items()}


def _cells(path: Path) -> list[NotebookNode]:
    """Read the source as it is; no cells if it cannot be read, which is a problem of its own."""
    try:
        return list(nbformat.read(path, as_version=4).cells)
    except Exception:  # nbformat raises many kinds
        return []


def _unusual(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Yield what is unusual about the cells of a source."""
    marked = [cell for cell in cells if "grade_id" in cell.metadata.get("nbgrader", {})]
    counts = Counter(str(cell.metadata.nbgrader.grade_id) for cell in marked)
    if twice := [name for name, count in counts.items() if count > 1]:
        yield f"{_list(twice)}: the same grade_id in several cells"
    tests = [cell for cell in marked if is_test(cell)]
    if free := [_id(cell) for cell in tests if not cell.metadata.nbgrader.get("points")]:
        yield f"{_list(free)}: tests with 0 points"
    if text := [_id(cell) for cell in tests if cell.cell_type != "code"]:
        yield f"{_list(text)}: marked as tests, but no code; a person has to give the points"
    if auto := [_id(cell) for cell in tests if AUTOTEST in cell.source]:
        yield f"{_list(auto)}: written by nbgrader (AUTOTEST); the tests in the gradebook count"
    if empty := [_id(cell) for cell in tests if cell.cell_type == "code" and not _does(cell.source)]:
        yield f"{_list(empty)}: tests that test nothing, so everybody gets the points"
    if by_hand := [_id(cell) for cell in marked if is_task(cell) or (is_grade(cell) and is_solution(cell))]:
        yield f"{_list(by_hand)}: a person gives the points"
    if not any(map(is_grade, marked)):
        yield "no cell gives points"


def _does(source: str) -> bool:
    """Tell whether code does anything, or will."""
    if AUTOTEST in source:
        return True
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return True
    return not all(isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and _is_text(each)) for each in tree.body)


def _is_text(statement: ast.Expr) -> bool:
    return isinstance(statement.value, ast.Constant)


def _of_modules(path: Path, files: dict[str, bytes]) -> Iterator[str]:
    """Yield the modules that a source imports and that are not installed here."""
    own = {Path(name).parts[0].removesuffix(".py") for name in files}
    trees = [parse_roughly(cell.source) for cell in _cells(path) if cell.cell_type == "code"]
    wanted = {module.split(".")[0] for tree in trees if tree for _, module in imported(tree)} - own - {"None"}
    if missing := sorted(name for name in wanted if find_spec(name) is None):
        yield f"not installed beside this program, so cells that import them fail: {_list(missing)}"


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.nbgrader.grade_id)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _first(text: str) -> str:
    return text.strip().split("\n", 1)[0][:200]
