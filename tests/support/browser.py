"""A real browser for tests of pages: Chromium, without a window and without a network beyond this machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: root has none. The others keep Chromium from calling home.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program() -> str | None:
    """Find the browser; None if no browser is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start the browser, and end it with the block. Until then, a loop of asyncio runs in this thread."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program(), args=OPTIONS) as browser,
    ):
        yield browser
