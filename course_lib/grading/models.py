"""What travels to the process that grades a submission, and what comes back."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import nbformat

from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import ExerciseScore, score

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class GradingJob:
    """One submission to grade, with everything that it takes: the grading process may run on another machine.

    Attributes
    ----------
    student, unit : str
        Whose work it is, and of what.
    submission : bytes
        The file that was handed in, as it is.
    source : str
        The instructor's notebook as JSON, with answers and hidden tests.
    limits : Limits
        What the learner's code may use.
    version : str
        Of the course that grades; see `cache.grader_version`.
    isolated : bool
        Whether the learner's code runs in the sandbox.
    data : dict of str to bytes
        Files by their relative paths, which the learner's code may read: the unit's own, and those that were handed in.
    audit_flags : list of str
        About those files, for the instructor.
    key : str
        A hash of all of these, on which the result depends: 64 hexadecimal digits.
    """

    student: str
    unit: str
    submission: bytes = field(repr=False)
    source: str = field(repr=False)
    limits: Limits
    version: str
    isolated: bool = True
    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    audit_flags: list[str] = field(default_factory=list)

    @cached_property
    def key(self) -> str:
        """See the class."""
        conditions = (repr(self.limits), str(self.isolated), repr(self.audit_flags))
        words = (self.student, self.unit, self.source, self.version, *conditions)
        files = (part for name in sorted(self.data) for part in (name.encode(), self.data[name]))
        return hash_parts([*(word.encode("utf-8", "surrogatepass") for word in words), self.submission, *files])


def hash_parts(parts: Iterable[bytes]) -> str:
    """Hash parts with their lengths, so that no two lists of parts are the same bytes; 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode())
        digest.update(part)
    return digest.hexdigest()


@dataclass(frozen=True)
class GradingResult:
    """How the grading of one submission went.

    Attributes
    ----------
    student, unit : str
        Whose work it is, and of what.
    error : str or None
        What is wrong with the submission, in words; None if nothing is.
    exercises : list of ExerciseScore
        Every exercise of the unit, in its order; with 0 points where it could not be graded.
    answers : dict of str to str
        The checksum of each answer; see `scores.answer_checksums`.
    notebook : str
        The restored submission with its outputs, as JSON; empty if it could not be read or did not come to an end.
    changes : list of str
        How it differed from the release and was restored before it ran.
    audit_flags : list of str
        What an instructor may want to look at: changed tests, touched hooks.
    log : str
        What happened, for the instructor.
    seconds : float
        Wall time.
    isolated : bool
        Whether the learner's code ran in the sandbox.
    final : bool
        False where a machine was at fault and not the submission: the next run tries again.
    """

    student: str
    unit: str
    error: str | None
    exercises: list[ExerciseScore]
    answers: dict[str, str] = field(default_factory=dict, repr=False)
    notebook: str = field(default="", repr=False)
    changes: list[str] = field(default_factory=list)
    audit_flags: list[str] = field(default_factory=list)
    log: str = field(default="", repr=False)
    seconds: float = 0
    isolated: bool = True
    final: bool = True

    @property
    def status(self) -> str:
        """For people: ``graded``, or the error."""
        return "graded" if self.error is None else f"error: {self.error}"

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float:
        """Points that can be earned."""
        return sum(exercise.max_points for exercise in self.exercises)


def printable(text: str) -> str:
    """Replace what no file can hold, such as halves of characters, and what a terminal would obey."""
    return _CONTROL.sub("�", text.encode("utf-8", "replace").decode())


def nothing_earned(source: str) -> list[ExerciseScore]:
    """List the exercises of an instructor's notebook (JSON) with no points."""
    notebook = nbformat.reads(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
    return [replace(exercise, points=0.0, message="") for exercise in score(notebook)]


def not_graded(job: GradingJob, reason: str, log: str = "", final: bool = True) -> GradingResult:
    """Tell that a submission could not be graded, and why; see `GradingResult` for the parameters."""
    return GradingResult(
        job.student,
        job.unit,
        reason,
        nothing_earned(job.source),
        log=log or reason,
        isolated=job.isolated,
        final=final,
    )
