"""Which cells of a notebook an exercise needs, read from their text, to grade that exercise alone."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from nbformat import NotebookNode

from course_lib.cells import exercise_of, is_demo, is_exercise, is_test
from course_lib.code_names.effects import Effects, effects, imports
from course_lib.code_names.free_names import free_names


@dataclass(frozen=True)
class Plan:
    """What must run to grade one exercise as if the whole notebook had run.

    Attributes
    ----------
    cells : frozenset of int
        Places of the cells that run, with the tests of the exercise.
    reason : str
        Why all cells before these tests run; empty if only those run that the exercise needs.
    whole : str
        Why that is not enough, and the whole notebook has to run, with all tests; usually empty.
    """

    cells: frozenset[int] = frozenset()
    reason: str = ""
    whole: str = ""


def plan(cells: Sequence[NotebookNode], exercise: str, given: Collection[str] = ()) -> Plan:
    """Decide which cells have to run.

    These run: everything before the first exercise, every import, the answer, and the cells that give a value to a name
    which a cell that runs uses, or may change what such a name refers to. If the text of a cell does not tell what it
    changes, all cells before the tests run. The tests of other exercises do not run; if a learner's function may change
    something that matters when such a test calls it, the whole notebook has to run.

    Parameters
    ----------
    cells : sequence of NotebookNode
        A restored submission.
    exercise : str
        The name of the exercise, which has a test.
    given : collection of str
        The texts of cells of the release, whose functions are known to do no harm when tests call them.

    Returns
    -------
    Plan
        The plan.
    """
    tests = {place for place, cell in enumerate(cells) if is_test(cell) and _exercise(cell) == exercise}
    reading = _Reading(cells, exercise, max(tests), given)
    if reading.dynamic:
        everything, names = frozenset(reading.before), {*reading.modules}.union(*map(_names, reading.before.values()))
        return Plan(everything | tests, reading.dynamic, reading.side_effect(names))
    chosen = reading.needed()
    names = reading.needed_names(chosen)
    return Plan(chosen | tests, "", reading.side_effect(names | reading.modules))


def _exercise(cell: NotebookNode) -> str:
    return exercise_of(str(cell.metadata.nbgrader["grade_id"]))


def _names(found: Effects) -> set[str]:
    return found.defines | found.uses


def _free(test: NotebookNode) -> set[str]:
    with suppress(SyntaxError, ValueError):
        return free_names(test.source)
    return set()


@dataclass
class _Reading:
    """What the cells before the last test of an exercise do.

    Attributes
    ----------
    cells : sequence of NotebookNode
        All cells of the notebook.
    exercise : str
        The exercise.
    last : int
        The place of its last test.
    given : collection of str
        See `plan`.
    """

    cells: Sequence[NotebookNode]
    exercise: str
    last: int
    given: Collection[str]
    before: dict[int, Effects] = field(init=False)

    def __post_init__(self) -> None:
        places = [place for place in range(self.last) if self._may_run(self.cells[place])]
        modules = set[str]().union(*(imports(self.cells[place].source) for place in places))
        self.before = {place: effects(self.cells[place].source, modules) for place in places}

    @staticmethod
    def _may_run(cell: NotebookNode) -> bool:
        return cell.cell_type == "code" and not is_test(cell) and not is_demo(cell)

    @cached_property
    def modules(self) -> set[str]:
        """Names that refer to a module, function or class of a library."""
        return set[str]().union(*(found.modules for found in self.before.values()))

    @cached_property
    def objects(self) -> set[str]:
        """Names that may refer to something that can be changed."""
        return set[str]().union(*(found.objects for found in self.before.values()))

    @cached_property
    def dynamic(self) -> str:
        """Why the text of the cells does not tell what they change."""
        for place, found in self.before.items():
            if found.dynamic:
                return f"cell {place + 1} may change anything: {found.dynamic}"
        return ""

    def needed(self) -> frozenset[int]:
        """Find the places of the cells that the exercise needs."""
        exercises = [place for place in self.before if is_exercise(self.cells[place])]
        set_up = {place for place in self.before if place < min(exercises, default=self.last)}
        imports = {place for place, found in self.before.items() if found.modules}
        answer = {place for place in exercises if self.cells[place].metadata.nbgrader["grade_id"] == self.exercise}
        chosen, more = set[int](), {*set_up, *imports, *answer}
        while more:
            chosen |= more
            names = self.needed_names(chosen)
            more = {place for place in self.before.keys() - chosen if self._matters(self.before[place], names)}
        return frozenset(chosen)

    def needed_names(self, chosen: Iterable[int]) -> set[str]:
        """Return the names that the tests and some cells use or define."""
        tests = (cell for cell in self.cells[: self.last + 1] if is_test(cell) and _exercise(cell) == self.exercise)
        return {self.exercise}.union(*map(_free, tests), *(_names(self.before[place]) for place in chosen))

    def _matters(self, found: Effects, names: set[str]) -> bool:
        """Tell whether a cell gives a value to one of some names, or may change what one refers to."""
        if found.defines & names:
            return True
        if not found.computes:
            return False
        reached = self._reached(found.uses)
        functions = [other for other in self.before.values() if other.defines & reached]
        changed = found.sets | (reached & self.objects)
        changed |= set[str]().union(*(other.called | (other.passed & self.objects) for other in functions))
        return bool(changed & (names | self.modules)) or any(other.dynamic_called for other in functions)

    def _reached(self, names: Iterable[str]) -> set[str]:
        """Return some names, and all names used by the cells that define them, and so on."""
        reached, ahead = set[str](), {*names}
        while ahead:
            reached |= ahead
            ahead = set[str]().union(*(each.uses for each in self.before.values() if each.defines & ahead)) - reached
        return reached

    def side_effect(self, needed: set[str]) -> str:
        """Say what the tests of other exercises may change among some names by calling learners' functions."""
        tests = {place: cell for place, cell in enumerate(self.cells[: self.last]) if is_test(cell)}
        others = {place: _free(cell) for place, cell in tests.items() if _exercise(cell) != self.exercise}
        reached = self._reached(set[str]().union(*others.values()))
        for place, found in self.before.items():
            if self.cells[place].source.strip() in self.given or not found.defines & reached:
                continue
            last_call = max((at for at, names in others.items() if found.defines & self._reached(names)), default=-1)
            if last_call < place:
                continue
            if found.dynamic_called:
                return f"a function in cell {place + 1} may change anything: {found.dynamic_called}"
            for name in sorted((found.called | (found.passed & self.objects)) & needed):
                return f"a function in cell {place + 1} may change {name} when the tests of other exercises call it"
            direct = set[str]().union(*others.values()) & found.objects
            for name in sorted(direct & needed):
                return f"the tests of other exercises may change {name}, an object of cell {place + 1}"
        return ""
