"""A running JupyterLab for tests in a browser, with a home of its own."""

import http.client
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import Page

TOKEN = "a-token"
PATIENCE_MS = 180_000


@contextmanager
def running_lab(command: Sequence[str], folder: Path, home: Path) -> Iterator[str]:
    """Start JupyterLab with a command, and stop it with the block.

    Parameters
    ----------
    command : sequence of str
        Starts JupyterLab; options for the port, the token and so on are added.
    folder : Path
        Where it is started.
    home : Path
        What it takes for the user's home, made if needed.

    Yields
    ------
    str
        Its address, without a slash at the end.
    """
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--allow-root",
        "--no-browser",
        f"--port={port}",
        "--port-retries=0",
        f"--IdentityProvider.token={TOKEN}",
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG", "MPL"))}
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options], cwd=folder, env={**environment, "HOME": str(home)}, stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # an idle worker thread of its own holds up a server that ends early
            process.kill()
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=10).close()
        except (URLError, http.client.HTTPException, ConnectionError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def open_lab(page: Page, address: str, path: str = "/") -> None:
    """Open JupyterLab, and wait until a notebook is there with its kernel."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}{path}?token={TOKEN}")
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for()
    page.get_by_text("(ipykernel) | Idle").wait_for()  # before that, JupyterLab asks which kernel to start


def choose(page: Page, menu: str, entry: str) -> None:
    """Choose an entry of a menu."""
    page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
    page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()
