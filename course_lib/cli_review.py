"""The command ``course review``."""

import asyncio
import threading
import webbrowser
from typing import Annotated

import typer

from course_lib.course import Course
from course_lib.review.answers import find_exercise
from course_lib.review.pages import Pages
from course_lib.review.reference import read_reference
from course_lib.review.server import serve
from course_lib.review.session import Review
from course_lib.terminal import console, end_orderly


def review(
    exercise: Annotated[str, typer.Argument(help="What the exercise or the question is called.")],
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the page; it works on this machine alone.")
    ] = False,
) -> None:
    """Grade one exercise of the whole class by hand: the answers one after the other, in the browser."""
    course = Course.find()
    found = find_exercise(course, exercise)
    with console.status("reading the graded notebooks"):
        reviewed = Review(course, found)
        pages = Pages(reviewed, read_reference(course, found))

    def ready(address: str, once: str) -> None:
        still_open = sum(map(reviewed.is_open, range(1, len(reviewed.answers) + 1)))
        console.print(f"{found.unit}, {found.name}: {len(reviewed.answers)} in all, {still_open} without a decision")
        console.print(f"{address}\nEvery decision is saved at once; Ctrl-C ends the review.", soft_wrap=True)
        if not no_browser:
            threading.Thread(target=webbrowser.open, args=[once], daemon=True).start()  # some wait until it is closed

    try:
        with end_orderly():
            asyncio.run(serve(reviewed, pages, ready))
    except KeyboardInterrupt:
        console.print(f"\nanswers decided: {reviewed.saved}; `course grade` brings them to the feedback and the tables")
