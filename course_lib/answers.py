"""Answer banks: the right and wrong answers that every exercise is tried with."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from course_lib.files import read_text

MIN_RIGHT = 2
MIN_WRONG = 4


@dataclass(frozen=True)
class Answer:
    """One answer that a learner might give.

    Attributes
    ----------
    exercise : str
        The exercise it answers.
    title : str
        What is special about it.
    right : bool
        Whether it must earn every point.
    says : tuple of str
        Words that the feedback of a wrong answer must contain.
    code : str
        What stands in the solution cell.
    line : int
        Where its heading stands in the file, counted from 1.
    """

    exercise: str
    title: str
    right: bool
    says: tuple[str, ...]
    code: str
    line: int


def read_answers(path: Path) -> list[Answer]:
    """Read an answer bank.

    A bank is Markdown: ``## exercise``, then for each answer a heading ``### right: title`` or
    ``### wrong: title``, for a wrong one a paragraph with lines ``Says: words of the feedback``, and
    one block of Python.

    Parameters
    ----------
    path : Path
        Usually ``solutions/NN_unit/answers.md``.

    Returns
    -------
    list of Answer
        In the order of the file.

    Raises
    ------
    ValueError
        If an answer has no exercise, no kind, no code or (a wrong one) no words, or a character is refused by
        `read_text`; with the line.
    """
    answers = []
    exercise = ""
    for heading, body in _sections(MarkdownIt().parse(read_text(path))):
        text, line = heading.content.strip(), (heading.map or [0])[0] + 1
        if heading.meta["level"] == "h2":
            exercise = text
        elif heading.meta["level"] == "h3":
            answers.append(_answer(f"{path}:{line}", exercise, text, line, body))
    return answers


def _sections(tokens: list[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """Yield each heading's text with the tokens up to the next heading."""
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open"]
    for start, end in zip(starts, [*starts, len(tokens)][1:], strict=True):
        heading = tokens[start + 1]
        heading.meta["level"] = tokens[start].tag
        yield heading, tokens[start + 3 : end]


def _answer(where: str, exercise: str, heading: str, line: int, body: list[Token]) -> Answer:
    kind, _, title = heading.partition(":")
    code = [token.content for token in body if token.type == "fence"]
    says = tuple(
        text.removeprefix("Says:").strip()
        for token in body
        if token.type == "inline"
        for text in token.content.split("\n")
        if text.startswith("Says:") and text != "Says:"
    )
    if not exercise:
        raise ValueError(f"{where}: expected '## exercise' before the first answer, found none")
    if kind not in ("right", "wrong"):
        raise ValueError(f"{where}: expected '### right: …' or '### wrong: …', got '### {heading}'")
    if len(code) != 1:
        raise ValueError(f"{where}: expected one block of code, found {len(code)}")
    if kind == "wrong" and not says:
        raise ValueError(f"{where}: expected a line 'Says: …' with words of the feedback, found none")
    return Answer(exercise, title.strip(), kind == "right", says, code[0], line)
