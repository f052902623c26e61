"""Names through which an answer and its test would affect each other in a notebook, where both are global."""

import re
from collections.abc import Iterable, Sequence

from course_lib.code_names.cells import parse
from course_lib.code_names.definitions import names_of
from course_lib.code_names.paths import imported

_WORD = re.compile(r"[^\W\d]\w*")


def shared_names(cells: Sequence[str], exercise: str, test: str) -> set[str]:
    """Find names that one of an answer and its test defines, and that occur in the other.

    Parameters
    ----------
    cells : sequence of str
        The cells that ran so far; the last one is the answer.
    exercise : str
        What the test knows of the answer: this name is left out.
    test : str
        The cell.

    Returns
    -------
    set of str
        Names, and ``*`` if the answer imports everything of a module. Those that both import from the same place are
        left out. A word in a comment counts.
    """
    answer = cells[-1]
    theirs, ours = _imports(cells), _imports([test])
    same = {name for name, path in ours.items() if theirs.get(name) == path}
    defined = names_of(answer) - {exercise}
    occurring = (defined & {*_WORD.findall(test)}) | (names_of(test) & {*_WORD.findall(answer)})
    return (occurring - same) | (defined & {"*"})


def _imports(cells: Iterable[str]) -> dict[str, str]:
    """Return what imported names refer to."""
    return dict(pair for cell in cells for statement in parse(cell) for pair in imported(statement))
