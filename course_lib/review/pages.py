"""The pages of a review, as HTML: the overview, an answer, and a notice. None of them names a student."""

import re
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from course_lib.formulas import CSS
from course_lib.grading.gradebook import feedback, sanitized
from course_lib.grading.gradebook.feedback_cells import Shown, below
from course_lib.grading.scores import ANSWERED
from course_lib.review.answers import graded_notebook
from course_lib.review.comments import kept_comments, split
from course_lib.review.decisions import Entry
from course_lib.review.reference import Reference
from course_lib.review.session import Decision, Review

LETTERS = "abdefhijlqrvxyz"  # for comments; the others are commands
_LEVEL = 3  # of the highest heading in a text
_HEADING = re.compile(r"<h([1-6])>")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader([Path(__file__).parent, Path(feedback.__file__).parent]),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Pages:
    """Writes the pages of a review.

    Parameters
    ----------
    review : Review
        What they show.
    reference : Reference
        Shown beside each answer.
    """

    def __init__(self, review: Review, reference: Reference) -> None:
        self._review = review
        name = f"{review.exercise.unit}: {review.exercise.name}"
        self._common = {"title": name, "formulas_css": CSS, "total": len(review.answers)}
        self._reference = {
            "statement": _markdown(reference.statement),
            "model_code": sanitized.code(reference.answer.code) if reference.answer.code else "",
            "model_words": _markdown(reference.answer.words),
        }

    def overview(self, nonce: str, note: str = "", error: str = "") -> str:
        """Write the page with a line for each group of answers."""
        review = self._review
        rows = [
            {
                "numbers": numbers,
                "slip": group.slip,
                "points": ", ".join(dict.fromkeys(f"{entry.points:g}" for entry in self._entries(numbers))),
                "state": self._state(numbers),
            }
            for group, numbers in review.groups()
        ]
        still_open = sum(map(review.is_open, range(1, len(review.answers) + 1)))
        return self._page(
            "overview",
            nonce,
            rows=rows,
            note=note,
            error=error,
            still_open=still_open,
            next_open=review.next_open(),
            can_undo=review.can_undo,
            maximum=next((entry.maximum for entry in review.entries.values()), 0),
        )

    def answer(
        self,
        number: int,
        nonce: str,
        note: str = "",
        error: str = "",
        chosen: Decision | None = None,
        retry: bool = False,
    ) -> str:
        """Write the page of one answer.

        Parameters
        ----------
        number : int
            Of the answer.
        nonce : str
            Of the style and the script.
        note, error : str
            What was done, and what went wrong.
        chosen : Decision, optional
            What the form contains; by default, what the gradebook holds.
        retry : bool
            Whether the page sends the form again by itself.
        """
        review = self._review
        numbers = review.alike(number)
        entry, answer = review.entry(number), review.answers[number - 1]
        if entry is None:
            return self.notice(nonce, "This submission is no longer in the gradebook. Start `course review` again.")
        kept = kept_comments(review.course, review.exercise.name)
        differ = len({(each.manual, each.comment or "") for each in self._entries(numbers)}) > 1
        chosen = chosen or _as_decided(entry, kept, whole_group=not differ)
        return self._page(
            "answer",
            nonce,
            number=number,
            numbers=numbers,
            row=self._work(answer.student),
            message="" if answer.message == ANSWERED else sanitized.plain(answer.message),
            entry=entry,
            state=self._state(range(number, number + 1)),
            differ=differ,
            comments=list(zip([*LETTERS, *[""] * len(kept)], kept, strict=False)),
            chosen=chosen,
            next_open=review.next_open(number),
            can_undo=review.can_undo,
            note=note,
            error=error,
            retry=retry,
            **self._reference,
        )

    def notice(self, nonce: str, error: str, retry: bool = False) -> str:
        """Write a page that only says what is wrong; with ``retry``, it is loaded again by itself."""
        return self._page("notice", nonce, error=error, retry=retry)

    def _page(self, template: str, nonce: str, **content: Any) -> str:
        page = _PAGES.get_template(f"{template}.html.j2").render(nonce=nonce, **self._common, **content)
        return page.encode(errors="replace").decode()

    def _work(self, student: str) -> dict[str, Any]:
        """Show the learner's cell, its outputs and figures: nothing in them can run."""
        review = self._review
        notebook = nbformat.read(graded_notebook(review.course, review.exercise, student), as_version=4)
        name = review.exercise.name
        return feedback.shown_work(name, feedback.parts_of(notebook.cells, [name])[name], Shown(set()), _LEVEL)

    def _entries(self, numbers: range) -> list[Entry]:
        return [entry for entry in map(self._review.entry, numbers) if entry]

    def _state(self, numbers: range) -> str:
        """Say what was decided about some answers."""
        entries = self._entries(numbers)
        if any(entry.waiting for entry in entries):
            return "waits for you"
        if any(map(self._review.is_open, numbers)):
            return "points from the tests"
        return "decided"


def _as_decided(entry: Entry, kept: list[str], whole_group: bool) -> Decision:
    """Fill in the form from the gradebook."""
    reused, own = split(entry.comment or "", kept)
    return Decision("" if entry.manual is None else f"{entry.manual:g}", reused, own, not own, whole_group)


def _markdown(text: str) -> str:
    """Convert a text whose highest heading may have any level."""
    converted = sanitized.markdown(text) if text else ""
    highest = min(map(int, _HEADING.findall(converted)), default=1)
    return below(converted, _LEVEL + 1 - highest)
