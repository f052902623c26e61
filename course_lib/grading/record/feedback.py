"""The page that tells a learner what a submission earned, and why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from nbformat import NotebookNode

from course_lib.grading.record import sanitized
from course_lib.grading.scores import ExerciseScore, exercise_of
from course_lib.grading.submission.template import visible

PAGE = 20_000_000  # characters of all outputs together
MARKUP = 500_000  # characters of Markdown and HTML that are converted
SHORTEST = 8  # a shorter line of a hidden test says nothing
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_HIDDEN = "BEGIN HIDDEN TESTS"
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def feedback_html(
    notebook: NotebookNode | None,
    exercises: Sequence[ExerciseScore],
    student: str,
    unit: str,
    comments: Mapping[str, str] | None = None,
    status: str = "",
    late: float = 0,
) -> str:
    """Write the feedback on one submission.

    Parameters
    ----------
    notebook : NotebookNode or None
        Executed, with the hidden tests; none where there is nothing to show.
    exercises : sequence of ExerciseScore
        What each exercise earned.
    student, unit : str
        Whose work it is, and of what.
    comments : mapping of str to str, optional
        What a person wrote, by the grade_id of the cell that it is about.
    status : str
        Why the submission could not be graded; mostly empty.
    late : float
        Points that are taken off because it was handed in late.

    Returns
    -------
    str
        An HTML page that needs no other file. Nothing in it can run or load anything. It holds no
        line of a hidden test.
    """
    cells = notebook.cells if notebook else []
    secret = _secret(cells)
    said = dict(comments or {})
    rows = [_row(exercise, secret, said) for exercise in exercises]
    page = _PAGES.get_template("feedback.html.j2").render(
        student=student,
        unit=unit,
        status=status,
        points=max(0, sum(exercise.points for exercise in exercises) - late),
        late=late,
        max_points=sum(exercise.max_points for exercise in exercises),
        rows=rows,
        has_cells=bool(cells),
        comments=[text for text in said.values() if text],
        cells=_Cells(secret).rows(cells, {exercise.name for exercise in exercises}),
    )
    return page.encode(errors="replace").decode()


def _row(exercise: ExerciseScore, secret: set[str], comments: dict[str, str]) -> dict[str, Any]:
    """Lay out an exercise, and take the comments on it."""
    own = [name for name in comments if exercise.name in (name, exercise_of(name))]
    verdict = "partly" if 0 < exercise.points < exercise.max_points else "wrong"
    return {
        "exercise": exercise,
        "verdict": "right" if exercise.points >= exercise.max_points else verdict,
        "message": sanitized.without_lines(sanitized.plain(exercise.message), secret),
        "comments": [text for text in map(comments.pop, own) if text],
    }


def _secret(cells: Sequence[NotebookNode]) -> set[str]:
    """Collect the lines that stand in hidden tests alone."""
    shown = {line.strip() for cell in cells for line in visible(cell.source).splitlines()}
    hidden = {line.strip() for cell in cells if _HIDDEN in cell.source for line in cell.source.splitlines()}
    return {line for line in hidden - shown if len(line) >= SHORTEST}


class _Cells:
    """Lays out the cells of a notebook, within bounds of the page's size and of the time that it takes.

    Parameters
    ----------
    secret : set of str
        Lines that must not be shown.
    """

    def __init__(self, secret: set[str]) -> None:
        self._secret = secret
        self._left, self._markup = PAGE, MARKUP

    def rows(self, cells: Sequence[NotebookNode], names: set[str]) -> Iterator[dict[str, Any]]:
        """Yield each cell; the first one of each exercise that is named can be linked to."""
        for cell in cells:
            mark = cell.metadata.get("nbgrader", {})
            name = exercise_of(mark.get("grade_id", ""))
            source = self._source(cell)
            outputs = [self._bounded(output, _HIDDEN in cell.source) for output in cell.get("outputs", [])]
            yield {
                "anchor": name if name in names else "",
                "kind": cell.cell_type,
                "is_test": mark.get("grade", False),
                "source": source,
                "was_left_out": cell.cell_type == "code" and cell.get("execution_count") is None,
                "outputs": filter(None, outputs),
            }
            names = names - {name}

    def _source(self, cell: NotebookNode) -> str:
        if cell.cell_type == "markdown":
            pasted = [pair for files in cell.get("attachments", {}).values() for pair in files.items()]
            pictures = "".join(sanitized.picture(kind, data) for kind, data in pasted)
            return self._marked_up(sanitized.markdown, cell.source) + pictures
        if cell.cell_type == "code":
            return sanitized.code(visible(cell.source) or "# A hidden test.")
        return sanitized.console(cell.source)

    def _bounded(self, output: NotebookNode, hidden: bool) -> str:
        """Show an output as long as there is room, and then once that there is none."""
        if self._left <= 0:
            return ""
        shown = self._error(output, hidden) if output.output_type == "error" else self._output(output)
        self._left -= len(shown)
        return shown if self._left > 0 else "<p>More output is not shown.</p>"

    def _error(self, error: NotebookNode, hidden: bool) -> str:
        """Show an error; of one in a hidden test only the message, for a traceback quotes its cell."""
        short = hidden and error.ename != "CheckFailed"
        lines = [f"{error.ename}: {error.evalue}"] if short else error.traceback
        return sanitized.console(self._public(sanitized.without_folders("\n".join(lines))))

    def _output(self, output: NotebookNode) -> str:
        if output.output_type == "stream":
            return sanitized.console(self._public(_text(output.text)))
        data = {kind: _text(value) for kind, value in output.get("data", {}).items()}
        for kind in _PICTURES:
            if kind in data:
                return sanitized.picture(kind, data[kind])
        if "text/html" in data and ("text/plain" not in data or len(data["text/html"]) <= sanitized.LONGEST_MARKUP):
            return self._marked_up(sanitized.html, self._public(data["text/html"]))
        if "text/markdown" in data:
            return self._marked_up(sanitized.markdown, self._public(data["text/markdown"]))
        text = data.get("text/plain", data.get("text/latex", "(this kind of output is not shown)"))
        return sanitized.console(self._public(text))

    def _marked_up(self, convert: Callable[[str], str], text: str) -> str:
        """Convert markup; where there is much of it, show it as it is written, for converting takes time."""
        self._markup -= len(text)
        return convert(text) if self._markup > 0 else sanitized.console(text)

    def _public(self, text: str) -> str:
        return sanitized.without_lines(text, self._secret)


def _text(value: Any) -> str:
    """Join what may be a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
