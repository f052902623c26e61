"""A real browser for tests of pages: Chromium, without a window and without a network beyond this machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

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
def open_page(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Open an empty page, and close the browser with the block."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program(), args=OPTIONS) as browser,
        browser.new_page(viewport={"width": width, "height": height}) as page,
    ):
        yield page
