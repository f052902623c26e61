"""What is sent to the process that grades a submission, and its answer."""

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
    """One submission to grade, with everything that is needed: the grading process may run on another machine.

    Attributes
    ----------
    student, unit : str
        The student and the unit of the submission.
    submission : bytes
        The file that was handed in, unchanged.
    source : str
        The instructor's notebook as JSON, with answers and hidden tests.
    limits : Limits
        What the learner's code may use.
    version : str
        The version of the course that grades; see `cache.grader_version`.
    isolated : bool
        Whether the learner's code runs in the sandbox.
    data : dict of str to bytes
        Files by relative path that the learner's code may read: the unit's own, and those that were handed in.
    audit_flags : list of str
        Notes about those files, for the instructor.
    work : str
        A hash of all of these but the source: 64 hexadecimal digits. It is the same after a test was corrected.
    key : str
        A hash of all of these, on which the result depends.
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
    def work(self) -> str:
        """See the class."""
        conditions = (repr(self.limits), str(self.isolated), repr(self.audit_flags))
        words = (self.student, self.unit, self.version, *conditions)
        files = (part for name in sorted(self.data) for part in (name.encode(), self.data[name]))
        return hash_parts([*(word.encode("utf-8", "surrogatepass") for word in words), self.submission, *files])

    @cached_property
    def key(self) -> str:
        """See the class."""
        return hash_parts([self.work.encode(), self.source.encode("utf-8", "surrogatepass")])

    def nothing_earned(self) -> list[ExerciseScore]:
        """List the exercises with no points, for a submission that cannot be graded."""
        notebook = nbformat.reads(self.source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = None
        return [replace(exercise, points=0.0, message="") for exercise in score(notebook)]


def hash_parts(parts: Iterable[bytes]) -> str:
    """Hash parts with their lengths, so that different lists never give the same bytes; 64 hexadecimal digits."""
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
        The student and the unit of the submission.
    error : str or None
        What is wrong with the submission, in words; None if it was graded.
    exercises : list of ExerciseScore
        Every exercise of the unit, in order; with 0 points if it could not be graded.
    answers : dict of str to str
        The checksum of each answer; see `scores.answer_checksums`.
    notebook : str
        The restored submission with its outputs, as JSON; empty if it could not be read or did not finish.
    changes : list of str
        How it differed from the release; these changes were undone before it ran.
    audit_flags : list of str
        What an instructor may want to look at: changed tests, touched hooks.
    log : str
        What happened, for the instructor.
    seconds : float
        Wall time.
    isolated : bool
        Whether the learner's code ran in the sandbox.
    final : bool
        False if the machine was at fault, not the submission: the next run tries again.
    handed_in_by : str
        The member of the student's group who handed it in; empty if it was the student.
    work : str
        `GradingJob.work` of the job.
    replaces : str
        If an exercise was graded again with other tests, the key of the result before that; otherwise empty.
    scope : str
        What ran then, and why if it was more than that exercise needs.
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
    handed_in_by: str = ""

    def credited_to(self, student: str, with_notes: bool = False) -> "GradingResult":
        """Return the result for another member of the group; notes for the instructor are usually told only once."""
        if student == self.student:
            return self
        notes = (self.changes, self.audit_flags) if with_notes else ([], [])
        return replace(self, student=student, handed_in_by=self.student, changes=notes[0], audit_flags=notes[1])

    work: str = ""
    replaces: str = ""
    scope: str = ""

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
    """Replace characters that no file can contain, such as half surrogate pairs, and control codes for terminals."""
    return _CONTROL.sub("�", text.encode("utf-8", "replace").decode())


def not_graded(job: GradingJob, reason: str, log: str = "", final: bool = True) -> GradingResult:
    """Make the result of a submission that could not be graded; see `GradingResult` for the parameters."""
    return GradingResult(
        job.student,
        job.unit,
        reason,
        job.nothing_earned(),
        log=log or reason,
        isolated=job.isolated,
        final=final,
    )
