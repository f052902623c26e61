"""What a run of collecting has done, for people and for programs."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Row:
    """What was done with one student's work for one unit.

    Attributes
    ----------
    student, unit : str
        Whose, and of what.
    file : str
        The notebook that counts, by its path in what was handed in.
    time : str
        When it was handed in.
    time_from : str
        How this is known: ``Gradescope``, ``file``, or ``download`` if it may be the time of that.
    outcome : str
        ``placed``, ``already there`` or ``earlier attempt``.
    notes : list of str
        What is unusual; usually empty.
    """

    student: str
    unit: str
    file: str
    time: str
    time_from: str
    outcome: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Collected:
    """The result of a run.

    Attributes
    ----------
    rows : list of Row
        What is in the classroom.
    refused : list of str
        A line for everything that could not be placed: which, what was expected, what to do.
    notes : list of str
        Lines that need nobody to act.
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Write everything as a JSON object."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)
