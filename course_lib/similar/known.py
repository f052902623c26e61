"""What the course itself says in a unit: students who have it in common have it from there."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from nbformat import NotebookNode

from course_lib.answers import read_answers
from course_lib.course import Course
from course_lib.similar.documents import CODE, PROSE, Kind
from course_lib.worked_answers import worked_answers


def known_runs(course: Course, unit: str, cells: list[NotebookNode]) -> dict[Kind, frozenset[int]]:
    """Hash every run of words that the course says in a unit.

    Parameters
    ----------
    course : Course
        With solutions.
    unit : str
        Its full name.
    cells : list of NotebookNode
        Of the release, with hints; hidden tests may be among them.

    Returns
    -------
    dict of Kind to frozenset of int
        Of code: the cells, the code in their texts and hints, the worked answers, and every right and wrong answer in
        the banks. Of prose: the texts, the model answers and the rubrics.

    Raises
    ------
    CourseError
        If the text or a bank of the unit cannot be read.
    """
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    worked = worked_answers(course, unit).values()
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    code += [snippet for text in texts for snippet in _snippets(text)]
    code += [answer.code for answer in worked] + [answer.code for answer in read_answers(course.solutions / unit)]
    return {CODE: _hashed(CODE, code), PROSE: _hashed(PROSE, texts + [answer.words for answer in worked])}


def _hashed(kind: Kind, texts: list[str]) -> frozenset[int]:
    return frozenset(each for text in texts for each in kind.hashes(text))


def _snippets(text: str) -> Iterator[str]:
    """Yield the code in Markdown: blocks, and pieces within a line."""
    waiting: list[Token] = MarkdownIt().parse(text)
    while waiting:
        token = waiting.pop()
        if token.type in ("fence", "code_block", "code_inline"):
            yield token.content
        waiting += token.children or []
