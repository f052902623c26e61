"""What the message of a failed check says about the slip behind the failure."""

import re
from dataclasses import dataclass

LONGEST = 200  # characters of a title

# A line of a message with the words after its lead-in, which may continue on indented lines; see
# `course_lib.checks.results`.
_ENTRY = r"^ *{}: +(.+(?:\n {{16}}.+)*)"
_CAUSE, _WHY = (re.compile(_ENTRY.format(lead_in), re.MULTILINE) for lead_in in ("likely cause", "why"))
_RAISED = re.compile(r"^ *(your (?:\w+ raised|C\+\+:) .+)", re.MULTILINE)
# See `course_lib.grading.causes`: what a failure may follow from, and what a test says after the real cause.
_FOLLOWS = re.compile(r"\n\w+ uses (\w+), whose own test failed: correct \1 first")
_TEST = "\nits test says: "
_NOTHING_SAID = "points were lost without a message"

_QUOTED = re.compile(r"`[^`]*`")
_TEXT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BRACKETS = re.compile(r"\[[^][]*\]|\([^()]*\)")
_CELL = re.compile(r"\bcell #")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\w.+]*(?:[×x]\d+)*")


@dataclass(frozen=True)
class Failure:
    """Why an exercise failed, as its message says.

    Attributes
    ----------
    slip : str
        What the check names as the likely cause; empty if it names none.
    title : str
        The slip, or the words of the message that say the most.
    key : str
        Failures with the same key are alike.
    message : str
        The message without the lines about other exercises.
    follows : tuple of str
        Other exercises that failed, and that this one uses.
    """

    slip: str
    title: str
    key: str
    message: str
    follows: tuple[str, ...]


def read_failure(message: str) -> Failure:
    """Find the slip in a message, or what makes it like others.

    Two wordings are the same slip if they differ only in the names in them; after an exception also in numbers and
    shapes, which are the learner's. Other failures are alike if their reason, their exception or their whole text
    differs only in names, numbers and shapes.

    Parameters
    ----------
    message : str
        As in `course_lib.grading.scores.ExerciseScore`.
    """
    follows = tuple(_FOLLOWS.findall(message))
    own = _FOLLOWS.sub("", message)
    said = own.partition(_TEST)[0].strip() or _NOTHING_SAID
    raised, causes = _RAISED.search(said), _CAUSE.findall(said)
    if causes:
        slip = _one_line(causes[-1])  # a check may add its own cause to that of another
        key = loosened(slip) if raised else _QUOTED.sub("`…`", slip)
        return Failure(slip, slip, f"slip: {key}", own, follows)
    found = _WHY.search(said) or raised
    title = _one_line(found[1]) if found else _shortened(_one_line("\n".join(said.split("\n")[:3])))
    return Failure("", title, loosened(title if found else said), own, follows)


def loosened(text: str) -> str:
    """Replace names, numbers, shapes and what is in brackets, so that messages that differ only in these are equal."""
    text = _TEXT.sub("'…'", _QUOTED.sub("`…`", text))
    before = ""
    while before != text:
        before, text = text, _BRACKETS.sub("…", text)
    return _one_line(_CELL.sub("cell", _NUMBER.sub("#", text)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
