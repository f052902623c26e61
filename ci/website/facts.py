"""What a unit says of itself in its first lines: title, time, points and what it builds on."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

FACTS = re.compile(
    r"^\*\*(?P<time>[^*·]+) · (?P<points>\d+) points · builds on (?P<builds_on>[^*·]+)\*\*$", re.MULTILINE
)
_GOALS = re.compile(r"^After this notebook you can\n\n(?P<goals>(?:- .+\n?)+)", re.MULTILINE)
_TITLE = re.compile(r"^# (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class UnitFacts:
    """One line of the table of units.

    Attributes
    ----------
    name : str
        Such as ``03_upsampling``.
    title : str
        Its heading.
    time : str
        Such as ``3½ to 4 hours``.
    points : int
        Of all its exercises.
    builds_on : str
        Numbers of other units, or ``nothing``.
    goals : str
        What learners can do afterwards, as a list in Markdown.
    """

    name: str
    title: str
    time: str
    points: int
    builds_on: str
    goals: str

    @property
    def page(self) -> str:
        """The page of the unit, as Sphinx names it."""
        return f"notebooks/{self.name}/{self.name}"


def read_facts(name: str, notebook: NotebookNode) -> UnitFacts:
    """Read the first cell of a unit.

    Parameters
    ----------
    name : str
        Full name of the unit.
    notebook : NotebookNode
        The unit as it is released.

    Returns
    -------
    UnitFacts
        What it says.

    Raises
    ------
    ValueError
        If the cell has no title, no line with time, points and units, or no list of goals.
    """
    text = notebook.cells[0].source if notebook.cells else ""
    title, facts, goals = _TITLE.search(text), FACTS.search(text), _GOALS.search(text)
    if not title or not facts or not goals:
        raise ValueError(
            f"{name}: expected a first cell with a title, `**TIME · N points · builds on UNITS**` and a list after "
            f"`After this notebook you can`, got {text[:80]!r}"
        )
    builds_on = facts["builds_on"].removeprefix("units ").removeprefix("unit ")
    return UnitFacts(name, title["title"], facts["time"], int(facts["points"]), builds_on, goals["goals"].strip())
