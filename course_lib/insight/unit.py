"""What a class got wrong in one unit."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import nbformat

from course_lib.answers import Answer, bank_of, read_bank
from course_lib.course import Course
from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.models import GradingResult, printable
from course_lib.insight.anonymous import remover, without_quoted_comments
from course_lib.insight.class_results import ClassResults, class_results
from course_lib.insight.examples import Example, Examples
from course_lib.insight.findings import Finding, findings
from course_lib.insight.statistics import ItemStatistics, statistics
from course_lib.release import released
from course_lib.statements import statements

LONGEST = 4000  # characters of a message or an answer on the page
BARS = 10  # of the histogram
FEWEST_WARNED = 10  # learners: with fewer, a negative discrimination means nothing
WARNED = -0.05  # a discrimination nearer to 0 counts as none


@dataclass(frozen=True)
class Kind:
    """Failures of one kind, without names; see `Finding` for the words and numbers.

    Attributes
    ----------
    title, message : str
        The slip or what the messages have in common, and the most frequent message.
    learners, same : int
        The number of learners, and of those with exactly this message.
    follows : dict of str to int
        Exercises that this one uses, and the number of these learners who failed in them as well.
    example : Example
        An answer.
    """

    title: str
    learners: int
    same: int
    message: str
    follows: dict[str, int]
    example: Example


@dataclass(frozen=True)
class ExerciseInsight:
    """One exercise or question.

    Attributes
    ----------
    name, title : str
        Its name, and the heading above it.
    question : bool
        Whether it is answered in words.
    statistics : ItemStatistics
        Of all learners whose work was graded.
    slips, groups : list of Kind
        Failures whose slip the check names, and the others, the most frequent first.
    """

    name: str
    title: str
    question: bool
    statistics: ItemStatistics
    slips: list[Kind]
    groups: list[Kind]

    @property
    def reversed(self) -> bool:
        """Tell whether learners with more points in the rest of the unit have fewer in this exercise."""
        found = self.statistics.discrimination
        return found is not None and found <= WARNED and self.statistics.learners >= FEWEST_WARNED

    @property
    def by_chance(self) -> bool:
        """Tell whether chance alone explains that."""
        interval = self.statistics.interval
        return interval is None or interval[1] >= 0


@dataclass(frozen=True)
class UnitInsight:
    """What a class got wrong in one unit.

    Attributes
    ----------
    unit : str
        Full name.
    learners, not_graded : int
        The number of learners that everything else is about, and of submissions that could not be graded.
    max_points : float
        The points that count.
    histogram : list of int
        The number of learners in each tenth of the points, full marks in the last.
    exercises : list of ExerciseInsight
        In the order of the unit.
    """

    unit: str
    learners: int
    not_graded: int
    max_points: float
    histogram: list[int]
    exercises: list[ExerciseInsight]

    def most_frequent(self, count: int) -> list[tuple[ExerciseInsight, Kind]]:
        """List the kinds of failures that most learners share, at least two of them, with their exercises."""
        kinds = [(each, kind) for each in self.exercises for kind in (*each.slips, *each.groups) if kind.learners > 1]
        return sorted(kinds, key=lambda pair: -pair[1].learners)[:count]


def unit_insight(
    course: Course,
    unit: str,
    results: Sequence[GradingResult],
    entries: Sequence[GradebookEntry],
    withdrawn: Collection[str] = (),
) -> UnitInsight:
    """Find out what a class got wrong in a unit, and write the examples beside its page.

    Parameters
    ----------
    course, unit, results, entries, withdrawn
        As for `class_results`.

    Returns
    -------
    UnitInsight
        Without the ids and names of learners.
    """
    found = class_results(course, unit, results, entries, withdrawn)
    notebook = nbformat.read(released(course, unit), as_version=4)
    anonymous = remover(entries, "\n".join([unit, *(cell.source for cell in notebook.cells)]))
    looking = _Looking(course, found, anonymous, Examples(course, unit, anonymous))
    titles = {name: statement.title for name, statement in statements(notebook).items()}
    exercises = [
        looking.exercise(name, titles.get(name) or name, question) for name, question in found.exercises.items()
    ]
    looking.examples.finish()
    return UnitInsight(unit, len(found.learners), found.not_graded, *_histogram(found), exercises)


@dataclass(frozen=True)
class _Looking:
    """What is needed to look at the exercises of a unit, one after the other."""

    course: Course
    found: ClassResults
    anonymous: Callable[[str], str]
    examples: Examples

    def exercise(self, name: str, title: str, question: bool) -> ExerciseInsight:
        learners = self.found.learners
        numbers = statistics(name, [each.points for each in learners], [name in each.untouched for each in learners])
        kinds = [] if question else findings(name, learners)
        path = bank_of(self.course.solutions / self.found.unit, name)
        bank = read_bank(path) if kinds and path.exists() else []
        slips, groups = (
            [self.kind(name, each, bank) for each in kinds if each.named is named] for named in (True, False)
        )
        return ExerciseInsight(name, title, question, numbers, slips, groups)

    def kind(self, name: str, finding: Finding, bank: Sequence[Answer]) -> Kind:
        title, message = (self.anonymous(without_quoted_comments(text)) for text in (finding.title, finding.message))
        example = self.examples.example(name, finding, bank)
        example = replace(example, code=_bounded(example.code))
        return Kind(title, len(finding.learners), finding.same, _bounded(message), finding.follows, example)


def _bounded(text: str) -> str:
    """Cut a long text, and leave out what cannot be shown."""
    more = len(text) - LONGEST
    return printable(text if more <= 0 else f"{text[:LONGEST]}\n… {more} more characters")


def _histogram(found: ClassResults) -> tuple[float, list[int]]:
    """Return the most points that a learner can have, and the number of learners in each tenth of them."""
    most = max((sum(possible for _, possible in each.points.values()) for each in found.learners), default=0.0)
    counts = [0] * BARS
    for learner in found.learners if most else ():
        counts[min(max(int(BARS * learner.earned / most), 0), BARS - 1)] += 1
    return most, counts
