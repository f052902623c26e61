"""Verdicts about answers, which are kept until something that they depend on changes."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from course_lib.answers import Answer
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.trials.library import fingerprint
from course_lib.trials.trial import Trial, running_cells, tests_of


class Verdicts:
    """The verdicts about answers to one unit's exercises.

    A verdict is valid as long as these are the same: the answer, the tests of its exercise, the cells that run before
    it, Python, and the files that decide what all of them and the trial itself do, as in
    `course_lib.trials.library.fingerprint`. Unexpected verdicts are not kept.

    Parameters
    ----------
    course : Course
        The course of the unit; verdicts are below its ``build/verdicts``.
    unit : str
        Its full name.
    place : type
        Where answers are tried, a class of `course_lib.trials`.
    notebook : NotebookNode
        The instructor's.
    """

    def __init__(self, course: Course, unit: str, place: type, notebook: NotebookNode) -> None:
        self._root, self._notebook = course.root, notebook
        self._path = course.root / "build" / "verdicts" / unit / f"{place.__name__.lower()}.json"
        self._trial = f"import {place.__module__}"

    def read(self, answers: Iterable[Answer]) -> list[Trial]:
        """Return the known verdicts about some answers."""
        kept: object = None
        with suppress(OSError, ValueError):
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        if not isinstance(kept, dict):
            return []
        trials = [_trial(answer, kept.get(self._key(answer))) for answer in answers]
        return [trial for trial in trials if trial and trial.as_expected]

    def write(self, trials: Iterable[Trial]) -> None:
        """Store these verdicts, and remove all others."""
        kept = {self._key(t.answer): (t.passed, t.tests, t.feedback, t.plain) for t in trials if t.as_expected}
        write_aside(self._path, json.dumps(kept))

    def _key(self, answer: Answer) -> str:
        """Hash all that a verdict depends on."""
        before = []
        for cell in running_cells(self._notebook):
            if is_solution(cell) and cell.metadata.nbgrader["grade_id"] == answer.exercise:
                break
            before.append(cell.source)
        tests = [test.source for test in tests_of(self._notebook, answer.exercise)]
        files = fingerprint(self._root, [*before, *tests, answer.code, self._trial])
        parts = [sys.version, self._trial, answer.exercise, before, tests, answer.code, files]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def in_use() -> bool:
    """Tell whether earlier results may be used: not on a machine that checks everything, which sets ``CI=true``."""
    return os.environ.get("CI") != "true"


def _trial(answer: Answer, kept: object) -> Trial | None:
    match kept:
        case [int(passed), int(tests), str(feedback), bool(plain)]:
            return Trial(answer, passed, tests, feedback, plain)
    return None
