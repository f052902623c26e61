"""Running a notebook of any course: each test apart from the learner's code, or in its process, as planned."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade

from course_lib.cells import is_test
from course_lib.checks.names import NOTEBOOK
from course_lib.code_names.definitions import defined_at_margin
from course_lib.foreign.plan import TestPlan
from course_lib.grading.models import GradingJob, hash_parts
from course_lib.grading.notebook_runner import Runner
from course_lib.grading.remote_test.run_test import compiled, converse, evaluate
from course_lib.grading.remote_test.session import Session
from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.outputs import error
from course_lib.grading.scores import ExerciseScore

UNPLANNED = "not planned: "  # how the reason begins if the learner's answer is the cause


@dataclass(frozen=True)
class ForeignJob(GradingJob):
    """One notebook to grade; see `GradingJob`, whose ``source`` is the released notebook with hidden tests here.

    Attributes
    ----------
    plans : dict of str to TestPlan
        How to run each test, by grade_id.
    own_files : dict of str to bytes
        The course's own files, which a test that runs apart may read and import.
    trial : bool
        Whether the answers are the instructor's: then a test that fails apart runs in their process too.
    """

    plans: dict[str, TestPlan] = field(default_factory=dict)
    own_files: dict[str, bytes] = field(default_factory=dict, repr=False)
    trial: bool = False

    @cached_property
    def key(self) -> str:
        """See `GradingJob`."""
        files = [part for name in sorted(self.own_files) for part in (name.encode(), self.own_files[name])]
        return hash_parts([super().key.encode(), repr((self.plans, self.trial)).encode(), *files])

    def nothing_earned(self) -> list[ExerciseScore]:
        """See `GradingJob`."""
        cells = filter(is_grade, nbformat.reads(self.source, as_version=4).cells)
        marked = ((cell.metadata.nbgrader, not is_test(cell)) for cell in cells)
        return [ExerciseScore(str(mark.grade_id), 0.0, float(mark.points), "", words) for mark, words in marked]


class ForeignRunner(Runner):
    """Runs the cells of a notebook; no cell is left out."""

    def __init__(self, job: ForeignJob, folder: Path) -> None:
        super().__init__(job, folder)
        self._plans, self._trial = job.plans, job.trial

    def leaves_out(self, cell: NotebookNode) -> bool:
        """Run every cell, as nbgrader does."""
        return False

    def _outputs(self, client: KernelClient, cell: NotebookNode) -> list[NotebookNode]:
        if not is_test(cell):
            return self._in_kernel(client, cell)
        name = cell.metadata.nbgrader.grade_id
        plan = self._plans[name]
        why = plan.why
        if not why:
            outputs, session = self._apart(client, cell, plan)
            why = self._reason(outputs, session)
            if not why:
                return outputs
            self._end_kernel()  # the test has begun: the next one must find the notebook as this one did
            again = self._running_kernel()
            if again is None:
                return [error("KernelDied", "the kernel died when the cells ran again")]
            client = again
        self.run.in_process[name] = why
        return self._in_kernel(client, cell)

    def _apart(self, client: KernelClient, cell: NotebookNode, plan: TestPlan) -> tuple[list[NotebookNode], Session]:
        """Run a test in this process."""
        sessions: list[Session] = []

        def run(seconds: float) -> list[NotebookNode]:
            test = partial(_execute, plan, cell.source)
            served, outputs, session = converse(test, client, self._sources, seconds)
            sessions.append(session)
            return [*filter(_is_text, served), *outputs]

        return self._timed(self._cell_s, run), sessions[0]

    def _reason(self, outputs: Sequence[NotebookNode], session: Session) -> str:
        """Say why a test that ran apart has to run in the learner's process after all; empty if its result counts."""
        failures = [output for output in outputs if output.output_type == "error"]
        if not failures:
            return ""
        if session.refused:
            return self._unplanned(session.refused)
        own = {name for source in self._sources for name in defined_at_margin(source)}
        if foreign := session.opaque - own:
            what = f"an object of the class {', '.join(sorted(foreign))}"
            return self._unplanned(f"{what} cannot be copied to another process")
        if self._trial:
            return f"fails apart, with the instructor's own answer: {failures[0].ename}: {failures[0].evalue}"[:200]
        return ""

    def _unplanned(self, why: str) -> str:
        return why if self._trial else f"{UNPLANNED}{why}"


def _is_text(output: NotebookNode) -> bool:
    return bool(output.output_type == "stream")


def _execute(plan: TestPlan, source: str, session: Session) -> object:
    """Execute a test among the names of its plan."""
    namespace: dict[str, object] = {"__name__": NOTEBOOK}
    for name in plan.names:
        with suppress(Exception):  # then it is not defined, as in the notebook
            namespace[name] = session.ask("name", name)
    asked = dict(namespace)
    exec(compile(plan.prelude, "<notebook>", "exec", dont_inherit=True), namespace)
    namespace.update(asked)  # an import with a star may have replaced some
    return evaluate(compiled(source), namespace)


def see_files(job: ForeignJob, folder: Path) -> None:
    """Let this process, which grades only this notebook, read and import the course's own files, and no learner's."""
    for name, content in job.own_files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    os.chdir(folder)
    sys.path.append(str(folder))
