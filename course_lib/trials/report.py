"""Reports on trials: tables, and answers with an unexpected result."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.table import Table

from course_lib.answers import Answer, bank_of
from course_lib.trials.trial import Trial


def table(trials: Sequence[Trial], title: str) -> Table:
    """Summarize the trials of a unit, one row for each exercise."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("exercise", no_wrap=True)
    for column in ("right accepted", "wrong rejected", "wrong diagnosed", "untouched passes"):
        shown.add_column(column, justify="right")
    for name in dict.fromkeys(trial.answer.exercise for trial in trials):
        own = [trial for trial in trials if trial.answer.exercise == name]
        right = [trial for trial in own if trial.answer.right]
        wrong = [trial for trial in own if not trial.answer.right and trial.answer.line]
        untouched = next(trial for trial in own if not trial.answer.line)
        shown.add_row(
            name,
            f"{sum(trial.accepted for trial in right)}/{len(right)}",
            f"{sum(not trial.accepted for trial in wrong)}/{len(wrong)}",
            f"{sum(trial.as_expected for trial in wrong)}/{len(wrong)}",
            f"{untouched.passed}/{untouched.tests}",
        )
    return shown


def unexpected(trials: Iterable[Trial]) -> list[Trial]:
    """Select the trials with results other than the bank says; an untouched exercise must fail every test."""
    return [trial for trial in trials if not trial.as_expected or (not trial.answer.line and trial.passed)]


def explain(trial: Trial, unit: str) -> str:
    """Explain how a result differs from what the bank says."""
    answer = trial.answer
    wanted = "every test passed" if answer.right else f"a failed test that says {' and '.join(map(repr, answer.says))}"
    return (
        f"{_name(answer, unit)}\n"
        f"  expected: {wanted}\n  got:     {trial.passed} of {trial.tests} tests passed\n{trial.feedback}"
    )


def unstable(trials: Iterable[Trial], unit: str) -> Iterator[str]:
    """Report answers whose results differed when they were tried several times."""
    trials = list(trials)
    for answer in dict.fromkeys(trial.answer for trial in trials):
        seen = Counter(trial for trial in trials if trial.answer == answer)
        if len(seen) > 1:
            each = "\n".join(_result(f"{count} times", trial) for trial, count in seen.items())
            yield f"{_name(answer, unit)}\n  expected: the same verdict and feedback each time\n{each}"


def disagreeing(notebook: Iterable[Trial], grade: Iterable[Trial], unit: str) -> Iterator[str]:
    """Report answers that pass different tests in a notebook than in a grade."""
    graded = {trial.answer: trial for trial in grade}
    for answer, trial in {trial.answer: trial for trial in notebook}.items():
        if trial.passed != graded[answer].passed:
            each = f"{_result('notebook', trial)}\n{_result('grade', graded[answer])}"
            yield f"{_name(answer, unit)}\n  expected: the same verdict in the notebook and in the grade\n{each}"


def _name(answer: Answer, unit: str) -> str:
    """Name an answer by its file and line."""
    kind = "right" if answer.right else "wrong"
    return f"{bank_of(Path(unit), answer.exercise)}:{answer.line}: {kind}: {answer.title}"


def _result(when: str, trial: Trial) -> str:
    return f"  got, {when}: {trial.passed} of {trial.tests} tests passed\n{trial.feedback}".rstrip()
