"""How alike the answers of two students are.

Fingerprints are indexed, so that only answers that share one are compared.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from course_lib.similar.documents import Document, Kind
from course_lib.similar.winnowing import winnow

COMMON = 0.1  # the fraction of the answers that may share a run; what more of them share is a usual way to write it
COMMON_AT_LEAST = 4  # answers that may share a run in a small class
ALIKE = 0.5  # the fraction of an answer's own fingerprints
ALIKE_AT_LEAST = 5  # fingerprints: about 20 words; what is alike in fewer may be chance


@dataclass(frozen=True)
class Match:
    """How alike two students' answers to one exercise are.

    Attributes
    ----------
    exercise : str
        What they answer.
    shared : int
        Fingerprints that both have.
    own : int
        Fingerprints of the answer that has fewer.
    """

    exercise: str
    shared: int
    own: int

    @property
    def share(self) -> float:
        """The fraction that is shared, 0 to 1."""
        return self.shared / self.own if self.own else 0.0

    @property
    def alike(self) -> bool:
        """Tell whether a person should look at them."""
        return self.share >= ALIKE and self.shared >= ALIKE_AT_LEAST


@dataclass(frozen=True)
class Pair:
    """Two students who share a fingerprint.

    Attributes
    ----------
    students : tuple of (str, str)
        In the order of their names.
    matches : tuple of Match
        For each exercise that both have answered in words of their own.
    """

    students: tuple[str, str]
    matches: tuple[Match, ...]

    @property
    def shared(self) -> int:
        """Fingerprints that both have, in all exercises."""
        return sum(match.shared for match in self.matches)

    @property
    def share(self) -> float:
        """The fraction that is shared in all exercises together, 0 to 1."""
        return self.shared / sum(match.own for match in self.matches)

    @property
    def alike(self) -> tuple[Match, ...]:
        """The exercises that a person should look at, those with the most in common first."""
        return tuple(sorted((match for match in self.matches if match.alike), key=lambda match: -match.shared))


@dataclass(frozen=True)
class Exercise:
    """The answers to an exercise.

    Attributes
    ----------
    name : str
        Its name.
    compared : dict of str to Document
        By student: the answers that are long enough.
    short : int
        The number of answers that are too short.
    fingerprints : dict of str to frozenset of int
        By student: what is the answer's own, for each that is compared; it may be empty.
    known : frozenset of int
        Runs that do not count: what the course says, and what many in the class have.
    runs, of_course, of_class : int
        The number of all runs, of those that the course says, and of those that many in the class have.
    """

    name: str
    compared: dict[str, Document]
    short: int
    fingerprints: dict[str, frozenset[int]]
    known: frozenset[int]
    runs: int
    of_course: int
    of_class: int

    @classmethod
    def of(cls, name: str, documents: Sequence[Document], known: Mapping[Kind, frozenset[int]]) -> "Exercise":
        """Find the fingerprints of all answers to an exercise, without what is known."""
        compared = {document.student: document for document in documents if not document.is_short}
        counts = Counter(each for document in compared.values() for each in set(document.hashes))
        limit = max(COMMON_AT_LEAST, COMMON * len(compared))
        said = known[documents[0].kind]
        usual = {each for each, count in counts.items() if count > limit} - said
        without = said | usual
        fingerprints = {
            student: frozenset(
                document.hashes[place] for place in winnow(document.hashes, document.kind.window, without)
            )
            for student, document in compared.items()
        }
        runs = [each for document in compared.values() for each in document.hashes]
        return cls(
            name,
            compared,
            len(documents) - len(compared),
            fingerprints,
            frozenset(without),
            len(runs),
            sum(each in said for each in runs),
            sum(each in usual for each in runs),
        )

    def shared(self, one: str, other: str) -> frozenset[int]:
        """Find all runs, fingerprints or not, that two students' answers share and that are not known."""
        return frozenset(self.compared[one].hashes).intersection(self.compared[other].hashes) - self.known


def exercises_of(documents: Sequence[Document], known: Mapping[Kind, frozenset[int]]) -> list[Exercise]:
    """Sort answers by exercise, in the order of their first appearance, and find their fingerprints."""
    sorted_out: dict[str, list[Document]] = {}
    for document in documents:
        sorted_out.setdefault(document.exercise, []).append(document)
    return [Exercise.of(name, answers, known) for name, answers in sorted_out.items()]


def find_pairs(exercises: Sequence[Exercise], groups: Mapping[str, str]) -> list[Pair]:
    """Find the pairs of students who share a fingerprint.

    Parameters
    ----------
    exercises : sequence of Exercise
        The answers.
    groups : mapping of str to str
        The group of each student who has one; its members are not compared with each other.

    Returns
    -------
    list of Pair
        The most alike first.
    """
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for exercise in exercises:
        owners: dict[int, list[str]] = defaultdict(list)
        for student in sorted(exercise.fingerprints):
            for each in exercise.fingerprints[student]:
                owners[each].append(student)
        for students in owners.values():
            for pair in combinations(students, 2):
                counts[pair][exercise.name] += 1
    pairs = [
        Pair(students, tuple(_matches(exercises, students, shared)))
        for students, shared in counts.items()
        if not together(students, groups)
    ]
    return sorted(pairs, key=lambda pair: (-pair.share, -pair.shared, pair.students))


def together(students: Sequence[str], groups: Mapping[str, str]) -> bool:
    """Tell whether two students hand in as a group."""
    one, other = (groups.get(student, "") for student in students)
    return bool(one) and one == other


def _matches(exercises: Sequence[Exercise], students: tuple[str, str], shared: Mapping[str, int]) -> list[Match]:
    matches = []
    for exercise in exercises:
        own = min(len(exercise.fingerprints.get(student, ())) for student in students)
        if own:
            matches.append(Match(exercise.name, shared[exercise.name], own))
    return matches
