"""TensorBoard's page in a real browser."""

import functools
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import Page, expect

from course_lib.colorization import TensorBoardPage, show_tensorboard, tensorboard_page

pytestmark = pytest.mark.slow

STEPS = 12
RGB = np.random.default_rng(0).integers(0, 255, (1, 8, 12, 3), np.uint8)
PATIENCE_MS = 30_000
REFUSED = """
import runpy, socket

def bind(*_):
    raise OSError(99, "no such address")

socket.socket.bind = bind
runpy.run_path({!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoardPage]:
    """The page of a folder with a curve and an image."""
    folder = tmp_path_factory.mktemp("log")
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        for step in range(1, STEPS + 1):
            tf.summary.scalar("loss/training", 1 / step, step)
            tf.summary.image("pictures/cat/truth", RGB, step)
    writer.close()
    page = show_tensorboard(folder)
    assert page is not None
    yield page
    stop(folder)


def stop(folder: Path) -> None:
    """End the server of a folder."""
    process, _ = tensorboard_page._running[folder]
    process.kill()
    process.communicate()


def points(address: str, plugin: str, tag: str) -> Any:
    """The page's data about a tag, as soon as the server has read it."""
    for _ in range(300):
        with urllib.request.urlopen(f"{address}data/plugin/{plugin}/tags") as answer:
            if json.load(answer):
                break
        time.sleep(0.1)
    with urllib.request.urlopen(f"{address}data/plugin/{plugin}/{plugin}?run=.&tag={tag}") as answer:
        return json.load(answer)


def test_the_server_drops_no_step(shown: TensorBoardPage) -> None:
    curve = points(shown.address, "scalars", "loss/training")
    assert [point[1] for point in curve] == list(range(1, STEPS + 1))
    np.testing.assert_allclose([point[2] for point in curve], 1 / np.arange(1, STEPS + 1), rtol=1e-6)
    images = points(shown.address, "images", "pictures/cat/truth&sample=0")
    assert [image["step"] for image in images] == list(range(1, STEPS + 1))


def test_the_page_shows_scalars_and_images(shown: TensorBoardPage, page: Page) -> None:
    points(shown.address, "scalars", "loss/training")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{shown.address}#scalars")
    expect(page.get_by_text("tag: loss/training")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("vz-line-chart2 path.line, vz-line-chart2 svg").first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{shown.address}#images")
    page.reload()
    image = page.locator("tf-image-loader img")
    expect(image).to_be_visible(timeout=PATIENCE_MS)
    assert image.evaluate("image => image.decode().then(() => [image.naturalHeight, image.naturalWidth])") == [8, 12]
    assert [url for url in asked if not url.startswith((shown.address, "data:", "blob:"))] == []


def test_a_frame_asks_for_nothing_before_it_is_opened(shown: TensorBoardPage, page: Page, tmp_path: Path) -> None:
    points(shown.address, "scalars", "loss/training")
    (tmp_path / "page.html").write_text(f"<!doctype html><link rel=icon href=data:,>{shown._repr_html_()}")
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with ThreadingHTTPServer(("localhost", 0), functools.partial(quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://localhost:{server.server_port}/page.html")
        page.wait_for_timeout(300)
        assert [url for url in asked if not url.endswith("/page.html") and not url.startswith("data:")] == []
        page.get_by_text("Open it here").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("loss/training").first).to_be_visible(timeout=PATIENCE_MS)
        server.shutdown()
    link = page.get_by_role("link", name="TensorBoard")
    assert link.get_attribute("href") == shown.address


def test_a_folder_has_one_server_as_long_as_that_lives(tmp_path: Path) -> None:
    first, second = show_tensorboard(tmp_path), show_tensorboard(tmp_path / "." / "..")
    assert first is not None
    assert second is not None
    assert first.address != second.address
    assert show_tensorboard(tmp_path) == first
    stop(tmp_path)
    again = show_tensorboard(tmp_path)
    assert again is not None
    assert again.address != first.address
    stop(tmp_path)
    stop(tmp_path.parent)


def test_the_names_of_folders_are_text(tmp_path: Path) -> None:
    page = TensorBoardPage(Path("<b>&"), "http://localhost:1/")
    assert "<code>&lt;b&gt;&amp;</code>" in page._repr_html_()
    assert repr(page) == "TensorBoard shows <b>& at http://localhost:1/ until this program ends"


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="expected a folder of event files, got the file"):
        show_tensorboard(tmp_path / "file")


@pytest.mark.parametrize(
    ("program", "reason"),
    [(REFUSED.format(str(tensorboard_page.SERVER)), "no such address"), ("", "its process ended without a message")],
)
def test_it_says_that_tensorboard_cannot_start(
    program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server = tmp_path / "server.py"
    server.write_text(program)
    monkeypatch.setattr(tensorboard_page, "SERVER", server)
    assert show_tensorboard(tmp_path) is None
    assert capfd.readouterr() == (f"TensorBoard cannot start here: {reason}\n", "")
