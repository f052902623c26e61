"""A class whose work is graded and recorded at once: the tests run in this process, and each answer once."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import is_solution

from course_lib.cells import is_exercise, is_question, is_test
from course_lib.course import Course
from course_lib.grading.cache import ResultCache
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.gradebook.recorder import register
from course_lib.grading.gradebook.writer import enter
from course_lib.grading.models import GradingResult
from course_lib.grading.scores import answer_checksums, score
from course_lib.release import released
from course_lib.trials.here import Here
from course_lib.trials.trial import running_cells, tests_of

LIMIT_S = 600  # for a cell: a busy machine takes long to import TensorFlow
Outputs = dict[str, list[NotebookNode]]  # of the cells of an exercise and its tests, by grade_id
_RAISED = re.compile(r"(\w+(?:Error|Exception|Exit))(?:: )?(.*)", re.DOTALL)


def error(said: str) -> NotebookNode:
    """The error that a cell ends with, from the words of a trial."""
    raised = _RAISED.fullmatch(said)
    name, words = raised.groups() if raised else ("CheckFailed", said)
    return new_output("error", ename=name, evalue=words, traceback=[])


def run_answers(notebook: NotebookNode, answers: Mapping[str, set[str]]) -> dict[tuple[str, str], Outputs]:
    """Run answers to each exercise in the instructor's notebook; return the outputs by exercise and code."""
    place, found = Here(limit=LIMIT_S), {}
    for cell in running_cells(notebook):
        if is_exercise(cell):
            name = cell.metadata.nbgrader.grade_id
            for code in sorted(answers.get(name, ())):
                with place.attempt():
                    failed = place.run(code, f"answer to {name}")
                    outputs = {name: [error(failed)] if failed else []}
                    for test in tests_of(notebook, name):
                        said = place.test(test)
                        passed = {"text/plain": str(test.metadata.nbgrader.points)}
                        shown = error(said) if said else new_output("execute_result", passed, execution_count=1)
                        outputs[test.metadata.nbgrader.grade_id] = [shown]
                found[name, code] = outputs
        failed = place.run(cell.source, cell.id)
        assert not failed, failed
    return found


def graded_class(course: Course, unit: str) -> "GradedClass":
    """Enter a unit into the gradebook of a course, for a class that has handed in nothing."""
    source = nbformat.reads(register(course, unit).source, as_version=4)
    cells = nbformat.read(released(course, unit), as_version=4).cells
    stubs = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if is_solution(cell)}
    return GradedClass(course, unit, source, stubs)


@dataclass(frozen=True)
class GradedClass:
    """A class of one unit: the instructor's notebook, and what the release has in place of answers."""

    course: Course
    unit: str
    source: NotebookNode
    stubs: dict[str, str]

    def hand_in(self, handed: Mapping[str, Mapping[str, str]]) -> None:
        """Grade and record the answers of each student, by exercise; what is left out is untouched."""
        work = {student: self.stubs | dict(answers) for student, answers in handed.items()}
        names = {name for each in work.values() for name in each}
        run = run_answers(self.source, {name: {each[name] for each in work.values()} for name in names})
        cache, records = ResultCache(self.course.results), RecordedResults(self.course.results)
        config = self.course.nbgrader_config()
        for student, answers in work.items():
            result = self._graded(student, answers, run)
            key = f"{self.unit}-{student}"
            cache.store(key, result)
            records.keep(key, result, enter(config, result, None))

    def _graded(
        self, student: str, answers: Mapping[str, str], run: Mapping[tuple[str, str], Outputs]
    ) -> GradingResult:
        notebook = deepcopy(self.source)
        outputs = {cell: shown for name, code in answers.items() for cell, shown in run.get((name, code), {}).items()}
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if is_exercise(cell) or is_question(cell):
                cell.source = answers[grade_id]
            if cell.cell_type == "code":
                cell.execution_count = 1
                cell.outputs = deepcopy(outputs.get(grade_id, [])) if is_test(cell) or is_solution(cell) else []
        scores = score(notebook)
        return GradingResult(student, self.unit, None, scores, answer_checksums(notebook), nbformat.writes(notebook))
