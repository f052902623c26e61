"""Answer banks: the right and wrong answers that every exercise is tried with."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from course_lib.changes import ChangeError, apply_change, find_change
from course_lib.errors import CourseError
from course_lib.files import read_text
from course_lib.native.cells import as_python

FOLDER = "answers"  # beside a unit's text
MIN_RIGHT = 2
MIN_WRONG = 6
CLEARLY_SHORTER = 2 / 3  # of the lines of an answer, that a change to another may have


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
        The text of the solution cell.
    line : int
        The line of its heading in the file, counted from 1.
    """

    exercise: str
    title: str
    right: bool
    says: tuple[str, ...]
    code: str
    line: int


@dataclass(frozen=True)
class _Entry:
    """An answer as written in the file: if it has a ``base``, its code is still a change to that right answer."""

    answer: Answer
    base: str
    code_line: int


def bank_of(unit: Path, exercise: str) -> Path:
    """Path of the answer bank of an exercise of a unit, ``solutions/NN_unit``."""
    return unit / FOLDER / f"{exercise}.md"


def banks(unit: Path) -> list[Path]:
    """List the answer banks of a unit, ``solutions/NN_unit``, by name."""
    return sorted((unit / FOLDER).glob("*.md"))


def read_answers(unit: Path) -> list[Answer]:
    """Read all answer banks of a unit.

    Parameters
    ----------
    unit : Path
        ``solutions/NN_unit``.

    Returns
    -------
    list of Answer
        By exercise, then in the order of the file.

    Raises
    ------
    CourseError
        If a bank breaks a rule; see `read_bank`.
    """
    return [answer for bank in banks(unit) for answer in read_bank(bank)]


def read_bank(path: Path) -> list[Answer]:
    """Read the answer bank of one exercise.

    A bank is Markdown. Each answer is a heading ``### right: title`` or ``### wrong: title`` and a block. The block of
    a right answer is the whole solution cell: Python, or C++ below ``%%cpp`` (``cpp``). The block of a wrong one is a
    change (``diff``) to the right answer named in a line ``From: title``, or also the whole cell; lines ``Says: words
    of the feedback`` come before it.

    Parameters
    ----------
    path : Path
        ``solutions/NN_unit/answers/<exercise>.md``.

    Returns
    -------
    list of Answer
        In the order of the file.

    Raises
    ------
    CourseError
        If an answer has no kind, does not have exactly one block, has no words although it is wrong, has the title of
        another one, or has a change that does not apply exactly once; or if `read_text` refuses a character. The
        message names the line.
    """
    entries: dict[str, _Entry] = {}
    for heading, body in _sections(MarkdownIt().parse(read_text(path))):
        entry = _entry(path, heading, body)
        if entry.answer.title in entries:
            raise CourseError(f"{path}:{entry.answer.line}: expected a title that no other answer has")
        entries[entry.answer.title] = entry
    rights = {title: entry.answer.code for title, entry in entries.items() if entry.answer.right}
    return [_written_out(path, entry, rights) for entry in entries.values()]


def _sections(tokens: list[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """Yield the text of each heading except the title, with the tokens up to the next heading."""
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open"]
    for start, end in zip(starts, [*starts, len(tokens)][1:], strict=True):
        if tokens[start].tag != "h1":
            yield tokens[start + 1], tokens[start + 3 : end]


def _entry(path: Path, heading: Token, body: list[Token]) -> _Entry:
    line = (heading.map or [0])[0] + 1
    where = f"{path}:{line}"
    kind, _, title = heading.content.partition(":")
    blocks = [token for token in body if token.type == "fence"]
    says, bases = list(_values("Says:", body)), list(_values("From:", body))
    if kind not in ("right", "wrong"):
        raise CourseError(f"{where}: expected '### right: …' or '### wrong: …', got the heading '{heading.content}'")
    if len(blocks) != 1:
        raise CourseError(f"{where}: expected one block of code, found {len(blocks)}")
    if kind == "wrong" and not says:
        raise CourseError(f"{where}: expected a line 'Says: …' with words of the feedback, found none")
    if blocks[0].info not in ("python", "cpp", "diff"):
        raise CourseError(f"{where}: expected a block of 'python', 'cpp' or 'diff', got one of {blocks[0].info!r}")
    if blocks[0].info != "diff" and blocks[0].info != _language(blocks[0].content):
        raise CourseError(f"{where}: expected a block of 'cpp' to begin with '%%cpp', and no other one")
    if len(bases) != (blocks[0].info == "diff"):
        raise CourseError(f"{where}: expected a line 'From: …' and a block 'diff', or neither, found one of the two")
    if kind == "right" and bases:
        raise CourseError(f"{where}: expected a right answer written out, found a change")
    answer = Answer(path.stem, title.strip(), kind == "right", tuple(says), blocks[0].content, line)
    return _Entry(answer, "".join(bases), (blocks[0].map or [0])[0] + 2)


def _language(code: str) -> str:
    """Return the language of the block of an answer that is written in full."""
    return "python" if as_python(code) is code else "cpp"


def _values(key: str, body: list[Token]) -> Iterator[str]:
    """Yield the values that follow a key at the beginning of a line, except empty ones."""
    for token in body:
        for line in token.content.split("\n") if token.type == "inline" else []:
            if line.startswith(key) and line != key:
                yield line.removeprefix(key).strip()


def _written_out(path: Path, entry: _Entry, rights: dict[str, str]) -> Answer:
    """Apply the change as which an answer is written."""
    if not entry.base:
        return entry.answer
    if entry.base not in rights:
        titles = ", ".join(map(repr, rights)) or "none"
        raise CourseError(
            f"{path}:{entry.answer.line}: expected 'From:' with the title of a right answer, one of {titles}; "
            f"got {entry.base!r}"
        )
    try:
        return replace(entry.answer, code=apply_change(rights[entry.base], entry.answer.code))
    except ChangeError as error:
        line = entry.code_line + error.line - 1
        raise CourseError(f"{path}:{line}: the change does not apply to {entry.base!r}: {error}") from None


def write_entry(answer: Answer, rights: Iterable[Answer]) -> str:
    """Write an answer as Markdown for its bank.

    Parameters
    ----------
    answer : Answer
        A wrong one is written as a change to a right one if that is clearly shorter than the whole answer.
    rights : iterable of Answer
        The right answers of its exercise.
    """
    changes = {right.title: find_change(right.code, answer.code) for right in rights}
    base = min(changes, key=lambda title: changes[title].count("\n"), default="")
    head = [f"### {'right' if answer.right else 'wrong'}: {answer.title}\n"]
    if answer.right or not base or changes[base].count("\n") > CLEARLY_SHORTER * answer.code.count("\n"):
        info, block = _language(answer.code), answer.code
    else:
        head.append(f"From: {base}")
        info, block = "diff", changes[base]
    if answer.says:
        head += [*(f"Says: {words}" for words in answer.says), ""]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`{3,}", block)), 0)
    return "\n".join([*head, f"{fence}{info}", f"{block}{fence}", ""])
