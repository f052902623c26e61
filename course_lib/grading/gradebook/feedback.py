"""The page with a learner's points, and the reasons for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from nbformat import NotebookNode
from nbgrader.utils import is_solution

from course_lib.cells import exercise_of, is_test
from course_lib.formulas import CSS
from course_lib.grading.gradebook import sanitized
from course_lib.grading.gradebook.feedback_cells import Shown, below, has_picture, secret_lines
from course_lib.grading.models import hash_parts
from course_lib.grading.scores import UNREAD, ExerciseScore, points_of

UNDER_TITLE, UNDER_NOTEBOOK, UNDER_EXERCISE = 2, 3, 4  # the highest level of headings there
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class HandIn:
    """How a submission was handed in.

    Attributes
    ----------
    words : str
        Who handed it in and when, and what that means, in sentences; empty if unknown.
    late : float
        Points subtracted because it was late.
    """

    words: str = ""
    late: float = 0


ON_TIME = HandIn()


def feedback_html(
    notebook: NotebookNode | None,
    exercises: Sequence[ExerciseScore],
    student: str,
    unit: str,
    comments: Mapping[str, str] | None = None,
    status: str = "",
    hand_in: HandIn = ON_TIME,
) -> str:
    """Write the feedback on one submission.

    The page begins with the points and the messages of the tests. Then comes each exercise with the comments on it, the
    learner's answer, and its output and figures. The whole notebook is folded away at the end.

    Parameters
    ----------
    notebook : NotebookNode or None
        Executed, with the hidden tests; None if there is nothing to show.
    exercises : sequence of ExerciseScore
        The result of each exercise.
    student, unit : str
        Whose work it is, and of what.
    comments : mapping of str to str, optional
        Comments by a person, by the grade_id of the cell that they are about: Markdown with formulas.
    status : str
        Why the submission could not be graded; usually empty.
    hand_in : HandIn
        When it was handed in, and what lateness costs.

    Returns
    -------
    str
        An HTML page that needs no other file. Nothing in it can run or load anything. It contains no line of a hidden
        test.
    """
    cells = notebook.cells if notebook else []
    secret = secret_lines(cells)
    shown = Shown(secret)
    belongs = partial(_exercise, {cell: exercise.name for exercise in exercises for cell in exercise.cells})
    parts = parts_of(cells, [exercise.name for exercise in exercises], belongs)
    said = dict(comments or {})
    rows = []
    for exercise in exercises:
        own = [name for name in said if exercise.name in (name, belongs(name))]
        comments_here = [_comment(text, UNDER_EXERCISE) for text in map(said.pop, own) if text]
        rows.append(_row(exercise, parts[exercise.name], shown, comments_here, graded=notebook is not None))
    page = _PAGES.get_template("feedback.html.j2").render(
        student=student,
        unit=unit,
        status=status,
        points=max(0, sum(exercise.points for exercise in exercises) - hand_in.late),
        late=hand_in.late,
        handed_in=hand_in.words,
        max_points=sum(exercise.max_points for exercise in exercises),
        rows=rows,
        comments=[_comment(text, UNDER_TITLE) for text in said.values() if text],
        cells=list(_notebook(cells, parts, shown)),
        tests=_version_of_tests(cells),
        formulas_css=CSS,
    )
    return page.encode(errors="replace").decode()


def _exercise(known: Mapping[str, str], grade_id: str) -> str:
    """Name the exercise that a cell belongs to."""
    return known.get(grade_id) or exercise_of(grade_id)


@dataclass
class Part:
    """The parts of a notebook that belong to an exercise: the cells of its answer, and pictures of its effect."""

    answers: list[NotebookNode] = field(default_factory=list)
    pictures: list[tuple[NotebookNode, list[NotebookNode]]] = field(default_factory=list)


def parts_of(
    cells: Sequence[NotebookNode], names: Sequence[str], belongs: Callable[[str], str] = exercise_of
) -> dict[str, Part]:
    """Find the cells of each exercise; pictures between them and the next heading or exercise belong to it."""
    parts = {name: Part() for name in names}
    current = ""
    for cell in cells:
        name = belongs(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if name in parts:
            current = name
        elif cell.cell_type == "markdown" and any(line.startswith("#") for line in cell.source.splitlines()):
            current = ""
        if is_solution(cell) and name in parts:
            parts[name].answers.append(cell)
        elif current and (pictures := [output for output in cell.get("outputs", []) if has_picture(output)]):
            parts[current].pictures.append((cell, pictures))
    return parts


def _row(exercise: ExerciseScore, part: Part, shown: Shown, comments: Sequence[str], *, graded: bool) -> dict[str, Any]:
    """Prepare an exercise and its comments for the page."""
    return {
        "exercise": exercise,
        "verdict": _verdict(exercise, graded),
        "points": points_of(exercise).replace("/", " / "),
        "message": shown.public(sanitized.plain(exercise.message)),
        "comments": comments,
        "has_more": bool(comments or part.answers or part.pictures),
        **shown_work(exercise.name, part, shown, UNDER_EXERCISE),
    }


def shown_work(name: str, part: Part, shown: Shown, level: int) -> dict[str, Any]:
    """Prepare an answer, its outputs and its figures for ``work.html.j2``; its headings begin with this level."""
    figure = f"Figure of the exercise {name}"
    return {
        "answers": [
            {
                "kind": cell.cell_type,
                "source": shown.source(cell, level),
                "outputs": shown.outputs(cell, cell.get("outputs", []), level, figure),
            }
            for cell in part.answers
        ],
        "figures": [
            {
                "shown": shown.outputs(cell, pictures, level, figure),
                "handed_in": cell.get("execution_count") is None,
            }
            for cell, pictures in part.pictures
        ],
    }


def _verdict(exercise: ExerciseScore, graded: bool) -> str:
    """Choose one of the verdicts of the page."""
    if exercise.question and (not exercise.max_points or exercise.message == UNREAD):
        return "open"
    if not exercise.graded and not exercise.points:
        return "open"
    if exercise.points >= exercise.max_points and (exercise.max_points or (graded and not exercise.message)):
        return "right"
    return "partly" if exercise.points > 0 else "wrong" if graded else "open"


def _version_of_tests(cells: Sequence[NotebookNode]) -> str:
    """Return a short hash of the tests, to compare with that of another page; empty if there are no tests."""
    sources = [cell.source.encode("utf-8", "surrogatepass") for cell in cells if is_test(cell)]
    return hash_parts(sources)[:8] if sources else ""


def _comment(text: str, level: int) -> str:
    return below(sanitized.markdown(text), level)


def _notebook(cells: Sequence[NotebookNode], parts: Mapping[str, Part], shown: Shown) -> Iterator[dict[str, Any]]:
    """Yield every cell; outputs that are shown with an exercise are not repeated."""
    above = {
        id(output): name
        for name, part in parts.items()
        for outputs in [*(cell.get("outputs", []) for cell in part.answers), *(found for _, found in part.pictures)]
        for output in outputs
    }
    for cell in cells:
        outputs = cell.get("outputs", [])
        here = [output for output in outputs if id(output) not in above]
        yield {
            "kind": cell.cell_type,
            "is_test": is_test(cell),
            "source": shown.source(cell, UNDER_NOTEBOOK),
            "was_left_out": cell.cell_type == "code" and cell.get("execution_count") is None,
            "exercise": next((above[id(output)] for output in outputs if id(output) in above), ""),
            "outputs": shown.outputs(cell, here, UNDER_NOTEBOOK, "Figure of the notebook"),
        }
