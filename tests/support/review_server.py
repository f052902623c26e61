"""A review that is served in this process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from course_lib.course import Course
from course_lib.review.answers import find_exercise
from course_lib.review.pages import Pages
from course_lib.review.reference import read_reference
from course_lib.review.server import serve
from course_lib.review.session import Review

PATIENCE_S = 120


@dataclass(frozen=True)
class Served:
    """A review and its addresses: the one that stays valid, and the one that can be opened once."""

    review: Review
    address: str
    once: str


@contextmanager
def served(course: Course, exercise: str) -> Iterator[Served]:
    """Serve a review until the end of the block."""
    found = find_exercise(course, exercise)
    review = Review(course, found)
    pages = Pages(review, read_reference(course, found))
    started, addresses = threading.Event(), []
    loop = asyncio.new_event_loop()

    def ready(address: str, once: str) -> None:
        addresses.append(Served(review, address, once))
        started.set()

    task = loop.create_task(serve(review, pages, ready))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(PATIENCE_S)
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
