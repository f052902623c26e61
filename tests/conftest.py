"""Fixtures that several modules share."""

import functools
import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

import course_lib  # noqa: F401  (before TensorFlow, as in a notebook: it sets TensorFlow up)
from tests.support import browser

COMPILERS = (os.environ.get("CXX", "c++"), "g++", "clang++")
# Without a compiler only plain TensorFlow can be tested. With one, a library that cannot be built is a failure.
BACKENDS = (
    ("library", "reference") if any(map(shutil.which, COMPILERS)) or "TF_USER_OPS" in os.environ else ("reference",)
)


def pytest_configure() -> None:
    """Make a plain run, one in the background, and each worker of a parallel one alike."""
    # What a shell runs in the background ignores Ctrl-C, and under nohup a lost connection; so would what tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Readline exports the size of the terminal, and pytest's workers inherit it; no test may depend on it.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what their fixtures need, and start files that take long before the others."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "chromium" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "native_only" in fixtures or _backend(item) == "library":
            item.add_marker(pytest.mark.compiler)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Look for garbage less often: with TensorFlow loaded, that took a tenth of the time."""
    gc.freeze()  # modules stay
    gc.set_threshold(10_000, 10, 10)


def _backend(item: pytest.Item) -> object:
    """Tell with which backend a test runs; None without one."""
    call = getattr(item, "callspec", None)
    return call.params.get("backend") if call else None


@pytest.fixture(autouse=True)
def signals_unchanged() -> Iterator[None]:
    """Fail the test that leaves another answer to Ctrl-C and the like: later tests, and what they start, inherit it."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.fixture(scope="session", autouse=True)
def schema_asked_for_once() -> Iterator[None]:
    """Save seconds for each new gradebook: nbgrader runs a program to learn the newest version of its own tables."""
    with pytest.MonkeyPatch.context() as patch:
        if "nbgrader.api" in sys.modules:  # a test needs it
            from nbgrader import api

            patch.setattr(api, "get_alembic_version", functools.cache(api.get_alembic_version))
        yield


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test with the native operations, and again with the TensorFlow versions."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "reference":
            patch.setenv("PIXELWISE_OPS", "reference")
        else:
            patch.delenv("PIXELWISE_OPS", raising=False)
            need_library()
        yield request.param


@pytest.fixture(scope="module")
def native_only() -> Iterator[None]:
    """Run a test with the native operations alone."""
    if "library" not in BACKENDS:
        pytest.skip("no compiler is here, and TF_USER_OPS is not set")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PIXELWISE_OPS", raising=False)
        need_library()
        yield


def need_library() -> None:
    """Fail where the native operations could not be loaded."""
    from course_lib.ops import library

    assert library.load() is not None, library.status().reason


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser: one for each file, as starting it takes longer than most tests."""
    if browser.program() is None:
        pytest.skip(f"no browser is here: {' or '.join(browser.PROGRAMS)}")
    with browser.running_browser() as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open an empty page, which knows nothing of the pages before it."""
    with chromium.new_page(viewport={"width": 1280, "height": 900}) as opened:
        yield opened
