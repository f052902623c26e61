"""Late penalties: by the rule in ``course.toml``, or else by nbgrader's plugin."""

import logging

from nbgrader.api import Gradebook, Student, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.orm import Session
from traitlets import TraitError
from traitlets.config import Config

from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, in_transaction
from course_lib.grading.gradebook.lateness import timings
from course_lib.schedule import Schedule

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False


def late_penalties(config: Config) -> AssignLatePenalties:
    """Make nbgrader's step for late penalties; raise `CourseError` if its settings are wrong."""
    try:
        step = AssignLatePenalties(config=config, log=log)
        step.init_plugin()
    except TraitError as error:
        raise CourseError(f"expected settings of late penalties that nbgrader knows: {error}") from error
    for kind in (AssignLatePenalties, type(step.plugin_inst)):
        known = sorted(kind.class_trait_names(config=True))
        for name in config[kind.__name__]:
            if name not in known:
                raise CourseError(f"expected c.{kind.__name__} to set some of {', '.join(known)}; got {name}")
    return step


def penalize(db: Session, config: Config, submission: SubmittedAssignment, schedule: Schedule) -> None:
    """Enter the late penalty of a submission; by the rule of a schedule, also those of the student's other work."""
    db.flush()
    db.expire_all()
    if schedule.late:
        _by_rule(submission.student, schedule)
    else:
        _by_plugin(config, submission)
    db.flush()
    db.expire_all()


def penalize_all(config: Config, schedule: Schedule) -> None:
    """Enter the late penalties of all students by the rule of the schedule, if it has one.

    Work on one unit uses up the grace days of another that was handed in later, even if that was graded before.
    """

    def enter(gradebook: Gradebook) -> None:
        for student in gradebook.db.query(Student):
            _by_rule(student, schedule)

    if schedule.late:
        in_transaction(config, enter, LOCK_TIMEOUT_S)


def _by_rule(student: Student, schedule: Schedule) -> None:
    timing = timings(student.submissions, schedule)
    for submission in student.submissions:
        percent = timing[submission.name].percent
        for submitted in submission.notebooks:
            submitted.late_submission_penalty = percent / 100 * submitted.score if percent else None


def _by_plugin(config: Config, submission: SubmittedAssignment) -> None:
    step = late_penalties(config)
    for submitted in submission.notebooks:
        penalty = of_plugin(step, submission.student.id, submitted.score, submission.total_seconds_late)
        submitted.late_submission_penalty = penalty


def of_plugin(step: AssignLatePenalties, student: str, points: float, seconds: float) -> float | None:
    """Compute the late penalty of nbgrader's plugin, at most all points; None if there is no penalty."""
    penalty = step.plugin_inst.late_submission_penalty(student, points, seconds) if seconds > 0 else None
    return None if penalty is None else min(max(penalty, 0), points)
