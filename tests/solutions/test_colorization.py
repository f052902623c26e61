"""A training that is watched in a notebook: papermill runs it, without a network and without a home to write to."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page

from ci.pages import write_page
from course_lib.colorization import tensorboard_page
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

EPOCHS = 6
RUN = """
import sys
from pathlib import Path
from ci.execution import execute
sys.exit(execute(Path(sys.argv[1]), Path(sys.argv[2]), {}, 120, False, lambda *_: None))
"""
PREPARE = f"""
import json, os, signal, time, urllib.request
import keras, numpy as np
from course_lib.colorization import TensorBoardLog, TrainingReport, show_tensorboard
def train():
    lightness = keras.Input((None, None, 1))
    model = keras.Model(lightness, keras.layers.Conv2D(2, 1)(lightness))
    model.compile("sgd", "mse")
    callbacks = [TrainingReport(), TensorBoardLog("log")]
    model.fit(np.ones((2, 4, 4, 1)), np.ones((2, 4, 4, 2)), epochs={EPOCHS}, verbose=0, callbacks=callbacks)
"""
IN_CI = "os.environ['CI'] = 'true'; train(); del os.environ['CI']"
SHOW = "page = show_tensorboard('log'); page"
INTERRUPT = """
try:
    os.killpg(0, signal.SIGINT)  # as Jupyter does it
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
"""
READ = """
def read(what):
    with urllib.request.urlopen(f"{page.address}data/plugin/scalars/{what}") as answer:
        return json.load(answer)
while not read("tags"):
    time.sleep(0.1)
print(len(read("scalars?run=.&tag=loss/training")))
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook after its run."""
    folder = tmp_path_factory.mktemp("k")
    cells = [new_code_cell(source) for source in (PREPARE, IN_CI, "train()", SHOW, INTERRUPT, READ)]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "source.ipynb")
    walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--bind", str(folder), str(folder)]
    walls += ["--unshare-net", "--die-with-parent"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"HOME": "/proc/none", "TMPDIR": str(folder), "MPLCONFIGDIR": str(folder)}
    command = [*walls, sys.executable, "-c", RUN, str(folder / "source.ipynb"), str(folder / "executed.ipynb")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return folder / "executed.ipynb"


@pytest.fixture(scope="module")
def outputs(executed: Path) -> list[list[NotebookNode]]:
    """The outputs of each cell."""
    return [cell.outputs for cell in nbformat.read(executed, as_version=4).cells]


def test_there_is_one_figure_with_all_epochs_and_its_words(outputs: list[list[NotebookNode]]) -> None:
    (figure,) = outputs[2]
    assert figure.output_type == "display_data"
    assert "image/png" in figure.data
    assert re.search(rf"loss over {EPOCHS} epochs.* Training: from \S+ to \S+,", figure.metadata["image/png"]["alt"])


def test_nothing_else_is_said(outputs: list[list[NotebookNode]]) -> None:
    assert [outputs[cell] for cell in (0, 1, 4)] == [[], [], []]
    assert [output.output_type for cell in outputs for output in cell] == ["display_data", "execute_result", "stream"]


def test_tensorboard_serves_all_steps_and_outlives_an_interrupt(outputs: list[list[NotebookNode]]) -> None:
    assert outputs[5][0].text == f"{EPOCHS}\n"
    assert outputs[3][0].data["text/plain"].startswith("TensorBoard shows log at http://localhost:")


def test_no_process_is_left(executed: Path) -> None:
    def left() -> list[Any]:
        lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        return [
            line for line in lines if str(tensorboard_page.SERVER) in line and str(executed.parent) in " ".join(line)
        ]

    for _ in range(50):
        if not left():
            break
        time.sleep(0.1)
    assert left() == []


def test_a_report_asks_for_nothing(executed: Path, page: Page, tmp_path: Path) -> None:
    write_page(executed, "unit", tmp_path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "unit.html").as_uri())
    page.get_by_text("Open it here").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("iframe").get_attribute("src") == page.get_by_role("link", name="TensorBoard").get_attribute(
        "href"
    )
    assert [url for url in asked if "localhost" in url] == []
