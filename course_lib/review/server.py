"""A web server for one person on this machine: pages of a review, and decisions that are saved at once.

Only who knows the random first part of the address gets anything, and only under a name of this machine, so that no web
site can reach it by giving this machine another name. Learners' texts were sanitized, and the browser is told to run
no script but the page's own.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import split_host_and_port
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import GradebookLockedError
from course_lib.review.comments import cleaned
from course_lib.review.pages import Pages
from course_lib.review.session import Decision, Review

HERE, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
MAX_BODY_BYTES, MAX_HEADER_BYTES = 200_000, 20_000
LOCKED = "The gradebook is locked: another program is writing it."
RETRY = f"{LOCKED} The page tries again by itself."
NOT_SAVED = f"{LOCKED} Nothing is saved yet; the page tries again by itself."
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "script-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def serve(review: Review, pages: Pages, ready: Callable[[str, str], None]) -> None:
    """Serve a review until the task is ended from outside.

    Parameters
    ----------
    review : Review
        The review.
    pages : Pages
        Its pages.
    ready : callable
        Called once with two addresses: the one of the review, and one that leads there the first time it is opened.
        Other people on this machine may see the second one in the command that opens the browser.
    """
    token, once = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with ThreadPoolExecutor(1) as worker:  # one at a time; on leaving, what has begun is finished
        state = {"review": review, "pages": pages, "worker": worker, "notes": {}}
        first = {"target": f"/{token}/", "unused": [True]}
        application = Application(
            [
                (f"/{once}/", FirstHandler, first),
                (f"/{token}/", OverviewHandler, state),
                (rf"/{token}/(\d{{1,6}})", AnswerHandler, state),
                (f"/{token}/undo", UndoHandler, state),
            ],
            default_handler_class=NothingHandler,
            log_function=lambda _: None,
        )
        server = HTTPServer(application, max_body_size=MAX_BODY_BYTES, max_header_size=MAX_HEADER_BYTES)
        sockets = bind_sockets(0, HERE)
        server.add_sockets(sockets)
        address = f"http://{HERE}:{sockets[0].getsockname()[1]}"
        try:
            ready(f"{address}/{token}/", f"{address}/{once}/")
            await asyncio.Event().wait()
        finally:
            server.stop()
            await server.close_all_connections()


class LocalHandler(RequestHandler):
    """Answers only under a name of this machine, with headers that forbid all but what the pages need."""

    nonce: str

    def set_default_headers(self) -> None:
        """Set the headers of every answer."""
        self.nonce = secrets.token_urlsafe(16)
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", _POLICY.format(nonce=self.nonce))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse other names of this machine: a web site may have chosen them."""
        if split_host_and_port(self.request.host.lower())[0] not in NAMES:
            raise HTTPError(403)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say only the status."""
        self.finish(f"<!DOCTYPE html><html lang=en><title>{status_code}</title><h1>{status_code}: {self._reason}</h1>")


class NothingHandler(LocalHandler):
    """Any other address."""

    def prepare(self) -> None:
        """Say that there is nothing."""
        super().prepare()
        raise HTTPError(404)


class FirstHandler(LocalHandler):
    """Leads the browser that was opened to the review, once."""

    def initialize(self, target: str, unused: list[bool]) -> None:
        """Take what `serve` made."""
        self._target, self._unused = target, unused

    def get(self) -> None:
        """Redirect, the first time."""
        if not self._unused:
            raise HTTPError(404)
        self._unused.clear()
        self.redirect(self._target)


class ReviewHandler(LocalHandler):
    """What the pages of a review share."""

    def initialize(self, review: Review, pages: Pages, worker: ThreadPoolExecutor, notes: dict[str, str]) -> None:
        """Take what `serve` made."""
        self.review, self.pages, self._worker, self._notes = review, pages, worker, notes

    async def work(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Wait for a function in the thread that alone uses the review."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    async def show(self, write: Callable[..., str]) -> None:
        """Read the gradebook, and send a page with what was done before."""
        try:
            await self.work(self.review.refresh)
            page = await self.work(lambda: write(self.nonce, **self._notes))
            self._notes.clear()
        except GradebookLockedError:
            self.set_status(503)
            page = self.pages.notice(self.nonce, RETRY, retry=True)
        except CourseError as error:
            self.set_status(409)
            page = self.pages.notice(self.nonce, str(error))
        self.finish(page)

    def go_to(self, number: int, **notes: str) -> None:
        """Lead to the page of an answer, or to the overview if there is no such answer."""
        self._notes.update(notes)
        self.redirect(str(number) if 1 <= number <= len(self.review.answers) else "./", status=303)


class OverviewHandler(ReviewHandler):
    """All groups of answers."""

    async def get(self) -> None:
        """Show them."""
        await self.show(self.pages.overview)


class AnswerHandler(ReviewHandler):
    """One answer."""

    def _number(self, text: str) -> int:
        if not 1 <= int(text) <= len(self.review.answers):
            raise HTTPError(404)
        return int(text)

    async def get(self, text: str) -> None:
        """Show it."""
        number = self._number(text)
        await self.show(lambda nonce, **notes: self.pages.answer(number, nonce, **notes))

    async def post(self, text: str) -> None:
        """Save the decision on it, and go on; if that fails, show what was typed again."""
        number = self._number(text)
        decision = Decision(
            self.get_body_argument("points", ""),
            [cleaned(comment) for comment in self.get_body_arguments("reuse")],
            cleaned(self.get_body_argument("comment", "")),
            keep="keep" in self.request.body_arguments,
            whole_group="group" in self.request.body_arguments,
        )
        try:
            note, following = await self.work(self.review.save, number, decision)
        except CourseError as error:
            locked = isinstance(error, GradebookLockedError)
            self.set_status(503 if locked else 409)
            said = NOT_SAVED if locked else str(error)
            self.finish(
                await self.work(lambda: self.pages.answer(number, self.nonce, "", said, decision, retry=locked))
            )
        else:
            self.go_to(following, note=note)


class UndoHandler(ReviewHandler):
    """Undoing the last decision."""

    async def post(self) -> None:
        """Undo it, and go to its answer."""
        here = self.get_body_argument("here", "")
        try:
            note, number = await self.work(self.review.undo)
        except CourseError as error:
            said = f"{LOCKED} Nothing is undone." if isinstance(error, GradebookLockedError) else str(error)
            self.go_to(int(here) if re.fullmatch(r"\d{1,6}", here) else 0, error=said)
        else:
            self.go_to(number, note=note)
