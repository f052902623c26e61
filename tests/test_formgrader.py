import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from course_lib.course import Course
from course_lib.grading import runner
from course_lib.grading.submission.find import find_submissions
from tests.tiny_course import HALF_RIGHT, UNIT, Words, answered, make_course, submit

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
TOKEN = "a token"


@dataclass
class Server:
    """A running JupyterLab."""

    port: int

    def get(self, path: str) -> str:
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode("utf-8"))

    def api(self, path: str) -> Any:
        return json.loads(self.get(f"/formgrader/api/{path}"))


def wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            server.get("/formgrader/api/status")
        except (URLError, http.client.HTTPException, ConnectionError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    pytest.fail(log.read_text())


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with one graded submission, handed in where nbgrader expects it."""
    course = make_course(tmp_path_factory.mktemp("to look at") / "course")
    submitted = course.classroom / "submitted"
    notebook = answered(course, HALF_RIGHT)
    show = "from IPython.display import HTML, Javascript, display\n"
    show += "display(HTML('<script>alert(1)</script>'), Javascript('alert(2)'), HTML('<img src=x onerror=alert(3)>'))"
    show += "\nimport IPython.display\nfor size in ({'width': '1 onerror=alert(5) x=1'}, [1]):\n"
    show += "    display({'image/png': 'AAAA', 'text/plain': 'x'}, raw=True, metadata={'image/png': size})\n"
    show += "display(IPython.display.Markdown('[x](javascript:alert(6))'))"
    notebook["cells"].append({**notebook["cells"][1], "id": "evil", "metadata": {}, "source": show})
    text = "[my result](javascript:alert(7)) ![plot](attachment:plot.webp)"
    files = {"plot.webp": {"image/webp": "UklGRg=="}}
    notebook["cells"].append(
        {"cell_type": "markdown", "id": "link", "metadata": {}, "source": text, "attachments": files}
    )
    notebook["cells"][0]["source"] += "\n\n<script>alert(4)</script>\n"
    submit(submitted, "Ada Byron", notebook)
    runner.grade(course, find_submissions(course, [submitted]), runner.Settings(isolated=False), lambda _: None)
    return course


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[Server]:
    """JupyterLab as an instructor starts it, from the course's folder, with an empty home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home, log = course.root.parent / "home", course.root.parent / "log"
    home.mkdir()
    options = ["--no-browser", f"--port={port}", "--port-retries=0", f"--IdentityProvider.token={TOKEN}"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--allow-root", *options],
            cwd=course.root,
            env={**environment, "HOME": str(home)},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(Server(port), process, log)
        yield Server(port)
    finally:
        process.terminate()
        process.wait()


def test_formgrader_lists_the_assignment(server: Server) -> None:
    (assignment,) = server.api("assignments")
    assert assignment["name"] == UNIT
    assert (assignment["num_submissions"], assignment["max_score"], assignment["average_score"]) == (1, 3, 1)
    assert assignment["source_path"] == f"build/source/{UNIT}"
    assert assignment["release_path"] == f"notebooks/{UNIT}"


def test_formgrader_shows_its_start_page(server: Server) -> None:
    page = server.get("/formgrader/manage_assignments")
    assert "<title>" in page
    assert "nbgrader" in page
    assert "not a subdirectory" not in page


def test_formgrader_opens_a_graded_submission(server: Server) -> None:
    (submission,) = server.api(f"submissions/{UNIT}")
    assert (submission["student"], submission["score"], submission["autograded"]) == ("Ada Byron", 1, True)
    (notebook,) = server.api(f"submitted_notebooks/{UNIT}/{UNIT}")
    page = Words(server.get(f"/formgrader/submissions/{notebook['id']}/")).text
    assert "np.abs" in page
    assert "secret_number" in page  # an instructor sees the hidden tests
    assert "alert(1)" in page
    grades = server.api(f"grades?submission_id={notebook['id']}")
    assert {grade["name"]: grade["auto_score"] for grade in grades} == {"test_double": 1, "test_double_hidden": 0}


def test_nothing_that_a_learner_wrote_runs_in_formgrader(server: Server) -> None:
    (notebook,) = server.api(f"submitted_notebooks/{UNIT}/{UNIT}")
    page = server.get(f"/formgrader/submissions/{notebook['id']}/")
    assert not re.search(r"<script[^>]*>[^<]*alert\(", page)
    assert not re.search(r"<img[^>]*onerror", page)
    assert "my result" in page
    assert not re.search(r"href=\W*javascript:", page)
