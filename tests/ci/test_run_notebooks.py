import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import nbformat
import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page as BrowserPage
from rich.console import Console
from typer.testing import CliRunner

from ci import jobs, pages
from ci.execution import execute
from ci.monitor import Monitor
from ci.run_notebooks import app, plan
from ci.verdict import Outcome, judge
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.release import ReleaseError
from tests.support.cells import graded_cell
from tests.support.paths import ROOT
from tests.support.processes import commands_below

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "ci" / "run_notebooks.py"
UNITS = ["00_good", "01_failing", "02_hanging", "03_dying", "04_short", "05_broken"]
LEARNER_UNITS = ["00_good", "01_failing", "02_hanging", "03_dying"]


def notebook(*cells: str | NotebookNode) -> NotebookNode:
    """A notebook like those of a release: kernel and language are named."""
    metadata = {
        "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=[new_code_cell(c) if isinstance(c, str) else c for c in cells], metadata=metadata)


GOOD = notebook(
    new_markdown_cell("# Good\n\nA formula, $a < b$."),
    new_code_cell("SEED = 1\nSTEP = 0.1", metadata={"tags": ["parameters"]}),
    "import logging, os, sys, pathlib\nlogging.warning('words on stderr')\nprint('parameters', SEED, STEP)",
    "print('files', list(pathlib.Path().iterdir()))\npathlib.Path('left.txt').write_text('x')",
    "print('python', sys.executable)",
    "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.show()",
    new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
    graded_cell("assert SEED", "test_one", 2),
    graded_cell("print('2 points', file=sys.stderr)", "test_one_hidden", 1),
)
FAILING = notebook(
    graded_cell("assert True", "test_one", 2),
    "# first line\n# second line\n# third line\nraise ValueError('\\x1b[31m\\x07<script>red</script>\\x1b[0m [/b]')",
    graded_cell("assert True", "test_two", 3),
)
HANGING = notebook("print('before')", "import time\ntime.sleep(100)", graded_cell("assert True", "test_one", 1))
DYING = notebook("import os\nos._exit(1)", graded_cell("assert True", "test_one", 1))
SHORT = notebook(graded_cell("1.5", "test_one", 2), graded_cell("assert True", "test_two", 1))

UNTOUCHED = notebook(
    "def one():\n    raise NotImplementedError",
    graded_cell("one()", "test_one", 2),
    graded_cell("", "test_one_hidden", 1),
    "print('after the error')",
)
OTHER_ERROR = notebook("raise NotImplementedError", "undefined_name", "print('after the error')")
EASY = notebook("raise NotImplementedError", graded_cell("assert True", "test_one", 2))


@dataclass
class Run:
    """A finished run of the command line."""

    course: Course
    code: int
    output: str
    folder: Path

    def outcomes(self) -> dict[str, dict[str, Any]]:
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return {outcome["unit"]: outcome for outcome in report["notebooks"]}

    def text(self, unit: str) -> str:
        """Everything that a notebook printed."""
        executed = nbformat.read(self.folder / f"{unit}.ipynb", as_version=4)
        outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
        return "".join(output.text for output in outputs if output.output_type == "stream")


class Page(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def attributes(self, tag: str, name: str) -> list[str]:
        return [value for found, attributes in self.elements if found == tag and (value := attributes.get(name))]


def make_course(root: Path) -> Course:
    root.mkdir()
    (root / "nbgrader_config.py").touch()
    course = Course(root)
    for unit in UNITS:
        (course.solutions / unit).mkdir(parents=True)
        (course.solutions / unit / f"{unit}.md").touch()
    contents = [UNTOUCHED, OTHER_ERROR, EASY]
    for unit, content in zip(LEARNER_UNITS, contents, strict=False):
        (course.notebooks / unit).mkdir(parents=True)
        nbformat.write(content, course.notebooks / unit / f"{unit}.ipynb")
    return course


def fake_build(course: Course, unit: str) -> Path:
    """Stands for the conversion of a unit's text, which has tests of its own."""
    if unit == "05_broken":
        raise ReleaseError("05_broken.md: cell 3: an unclosed region")
    contents = dict(zip(UNITS, [GOOD, FAILING, HANGING, DYING, SHORT], strict=False))
    path = course.source / unit / f"{unit}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(contents[unit], path)
    return path


def call(course: Course, *arguments: str) -> Run:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "CI": "true"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    folder = jobs.report_folder(course, "--learner" in arguments)
    return Run(course, result.exit_code, result.output, folder)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A course in a folder with a space, on a machine whose own Jupyter is not to be trusted."""
    base = tmp_path_factory.mktemp("run notebooks")
    course = make_course(base / "course")
    kernel = base / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["false"], "display_name": "Not this", "language": "python"}')
    (base / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "build_source", fake_build)
        patch.setattr(tempfile, "tempdir", str(base / "tmp"))
        patch.setenv("JUPYTER_PATH", str(base / "jupyter"))
        patch.setenv("MPLBACKEND", "agg")
        patch.chdir(course.root)
        yield course


@pytest.fixture(scope="module")
def instructor(course: Course) -> Run:
    values = course.root / "values.yaml"
    values.write_text("good: {SEED: 7, STEP: 1e-3}\n")
    return call(course, "--jobs", "2", "--timeout", "5", "--parameters", str(values))


@pytest.fixture(scope="module")
def learner(course: Course, instructor: Run) -> Run:
    return call(course, "--learner", *LEARNER_UNITS)


def test_every_notebook_has_an_outcome(instructor: Run) -> None:
    outcomes = instructor.outcomes()
    assert {unit: outcome["status"] for unit, outcome in outcomes.items()} == {
        "00_good": "ok",
        "01_failing": "failed",
        "02_hanging": "timeout",
        "03_dying": "failed",
        "04_short": "short",
        "05_broken": "failed",
    }
    points = {unit: (outcome["points"], outcome["max_points"]) for unit, outcome in outcomes.items()}
    assert points["00_good"] == (3, 3)
    assert points["01_failing"] == (2, 5)
    assert points["04_short"] == (2.5, 3)
    assert instructor.code == 1


def test_report_has_the_agreed_keys(instructor: Run) -> None:
    report = json.loads((instructor.folder / "report.json").read_text(encoding="utf-8"))
    assert set(report) == {"notebooks", "seconds"}
    keys = {"unit", "status", "seconds", "points", "max_points", "peak_mb", "error", "kept", "cells"}
    assert all(set(outcome) == keys for outcome in report["notebooks"])
    assert report["notebooks"][0]["error"] is None
    assert 0 < report["notebooks"][0]["seconds"] <= report["seconds"]


def test_report_has_the_cells_that_ran(instructor: Run) -> None:
    outcomes = instructor.outcomes()
    cells: dict[str, list[dict[str, Any]]] = {unit: outcome["cells"] for unit, outcome in outcomes.items()}
    assert all(set(cell) == {"number", "id", "name", "seconds", "peak_mb"} for unit in UNITS for cell in cells[unit])
    numbers = {unit: [cell["number"] for cell in cells[unit]] for unit in UNITS}
    assert numbers["01_failing"] == [1, 2]
    assert numbers["02_hanging"] == [1, 2]
    assert numbers["03_dying"] == [1]
    assert numbers["05_broken"] == []
    assert cells["02_hanging"][1]["seconds"] >= 2
    assert outcomes["00_good"]["peak_mb"] == max(cell["peak_mb"] for cell in cells["00_good"])


def test_errors_say_where_and_what(instructor: Run) -> None:
    errors = {unit: str(outcome["error"]) for unit, outcome in instructor.outcomes().items()}
    assert errors["01_failing"].splitlines() == [
        "cell 2 of 3: ValueError: <script>red</script> [/b]",
        "    # first line",
        "    # second line",
        "    # third line",
        "    ...",
    ]
    assert errors["02_hanging"].startswith("cell 2 of 3: still running after 5 s\n    import time\n")
    assert errors["03_dying"].startswith("cell 1 of 2: the kernel died")
    assert errors["04_short"] == "one: 1.5 of 2 points."
    assert errors["05_broken"] == "05_broken.md: cell 3: an unclosed region"


def test_terminal_gets_plain_lines_and_a_table(instructor: Run) -> None:
    assert "\x1b" not in instructor.output
    assert "\x07" not in instructor.output
    assert "cell 2 of 3: ValueError: <script>red</script> [/b]" in instructor.output
    assert f"its outputs so far: {instructor.folder / '01_failing.ipynb'}" in instructor.output
    row = next(line for line in instructor.output.splitlines() if re.match(r"│ 00_good", line))
    assert re.fullmatch(r"│ 00_good +│ ok +│ +[\d.]+ │ +\d+ │ +3/3 │", row)


def test_nothing_but_the_runner_speaks(instructor: Run) -> None:
    expected = re.compile(r"[┏┃┡│└]|\d\d_\w+: |    |Instructor notebooks|report: ")
    assert [line for line in instructor.output.splitlines() if not expected.match(line)] == []


def test_partial_outputs_stay(instructor: Run) -> None:
    assert instructor.text("02_hanging") == "before\n"


def test_kernel_is_this_interpreter_in_an_empty_folder(instructor: Run) -> None:
    text = instructor.text("00_good")
    assert f"python {sys.executable}\n" in text
    assert "files []\n" in text


def test_nothing_is_left_behind(instructor: Run) -> None:
    assert not list(instructor.course.root.rglob("left.txt"))
    assert not list(Path(tempfile.gettempdir()).iterdir())
    assert not [command for command in commands_below() if "ipykernel" in command]
    assert not list(instructor.course.report.rglob("*.tmp"))


def test_junit(instructor: Run) -> None:
    root = ElementTree.parse(instructor.folder / "junit.xml").getroot()
    cases = {case.get("name"): case.find("failure") for case in root.iter("testcase")}
    assert list(cases) == UNITS
    assert cases["00_good"] is None
    failure = cases["01_failing"]
    assert failure is not None
    assert failure.get("message") == "cell 2 of 3: ValueError: <script>red</script> [/b]"
    assert (root.get("tests"), root.get("failures")) == ("6", "5")


def test_junit_has_properties(instructor: Run) -> None:
    root = ElementTree.parse(instructor.folder / "junit.xml").getroot()
    cases = {str(case.get("name")): case for case in root.iter("testcase")}
    properties = {
        unit: {str(found.get("name")): str(found.get("value")) for found in case.iterfind("properties/property")}
        for unit, case in cases.items()
    }
    good = properties["00_good"]
    assert list(good) == ["seconds", "points", "max_points", "peak_mb", "slowest_cell"]
    assert (good["points"], good["max_points"]) == ("3", "3")
    assert float(good["seconds"]) > 0
    assert int(good["peak_mb"]) > 10
    assert re.fullmatch(r"cell 2 \(import time\), [\d.]+ s", properties["02_hanging"]["slowest_cell"])
    assert "slowest_cell" not in properties["05_broken"]
    assert [child.tag for child in cases["01_failing"]] == ["properties", "failure"]


def test_index_links_pages_and_figures(instructor: Run) -> None:
    index = Page(instructor.folder / "index.html")
    links = [unquote(link) for link in index.attributes("a", "href")]
    for unit in UNITS[:5]:
        assert f"{unit}.html" in links
        assert (instructor.folder / f"{unit}.html").is_file()
    assert "05_broken.html" not in links
    assert [src[:22] for src in index.attributes("img", "src")] == ["data:image/png;base64,"]
    figure = next(link for link in links if "#cell-id=" in link)
    assert figure.partition("#")[2] in Page(instructor.folder / "00_good.html").attributes("div", "id")


def test_pages_escape_what_notebooks_say(instructor: Run) -> None:
    assert "<script>red</script>" in Page(instructor.folder / "index.html").words
    for page in ("index.html", "01_failing.html"):
        assert "<script>red" not in (instructor.folder / page).read_text(encoding="utf-8")


def test_pages_load_nothing_and_show_formulas(instructor: Run, page: BrowserPage) -> None:
    path = instructor.folder / "00_good.html"
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert requests == [path.as_uri()]
    assert page.locator("math > mrow > *").all_text_contents() == ["a", "<", "b"]
    assert "import(" not in path.read_text(encoding="utf-8")


def written(folder: Path, *cells: NotebookNode) -> Page:
    """The page of a notebook with these cells."""
    nbformat.write(notebook(*cells), folder / "u.ipynb")
    pages.write_page(folder / "u.ipynb", "u", folder)
    return Page(folder / "u.html")


def test_pictures_keep_their_text_alternative(tmp_path: Path) -> None:
    described = {"image/png": {"alt": 'a "curve" <b>', "width": 300}}
    outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": "AAAA"}, metadata=described),
        nbformat.v4.new_output("display_data", data={"image/png": "AAAA"}),
    ]
    page = written(tmp_path, new_code_cell("plot", outputs=outputs))
    pages.write_index([Outcome("u", "ok", 1, 0, 0, None, tmp_path / "u.ipynb")], 1, tmp_path, "A title")
    assert page.attributes("img", "alt") == ['a "curve" <b>', "Figure"]
    assert page.attributes("img", "width") == ["300"]
    assert Page(tmp_path / "index.html").attributes("img", "alt") == ['a "curve" <b>', "u, figure 2"]


def test_pages_show_formulas_of_outputs_and_attached_pictures(tmp_path: Path) -> None:
    latex = nbformat.v4.new_output("display_data", data={"text/latex": "$$x^2$$", "text/plain": "<Math object>"})
    text = new_markdown_cell("![mine](attachment:a.png)", attachments={"a.png": {"image/png": "AAAA"}})
    page = written(tmp_path, text, new_code_cell("Math('x^2')", outputs=[latex]))
    assert "msup" in [tag for tag, _ in page.elements]
    assert page.attributes("img", "src") == ["data:image/png;base64,AAAA"]


def test_widgets_fall_back_to_words_on_a_page(tmp_path: Path) -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": "a slider"}
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"m": {}}, "version_major": 2, "version_minor": 0}}
    cell = new_code_cell("slider", outputs=[nbformat.v4.new_output("display_data", data=view)])
    executed = notebook(cell)
    executed.metadata["widgets"] = state
    nbformat.write(executed, tmp_path / "u.ipynb")
    pages.write_page(tmp_path / "u.ipynb", "u", tmp_path)
    page = Page(tmp_path / "u.html")
    assert "a slider" in page.words
    assert page.attributes("script", "src") == []


def test_file_sets_parameters(instructor: Run) -> None:
    assert "parameters 7 0.001\n" in instructor.text("00_good")


def test_released_notebooks(learner: Run) -> None:
    outcomes = learner.outcomes()
    assert {unit: outcome["status"] for unit, outcome in outcomes.items()} == {
        "00_good": "ok",
        "01_failing": "failed",
        "02_hanging": "failed",
        "03_dying": "failed",
    }
    assert (outcomes["00_good"]["points"], outcomes["00_good"]["max_points"]) == (0, 2)
    assert learner.code == 1


def test_released_notebooks_go_on_after_errors(learner: Run) -> None:
    assert learner.text("00_good") == "after the error\n"
    assert learner.text("01_failing") == "after the error\n"
    executed = nbformat.read(learner.folder / "00_good.ipynb", as_version=4)
    assert len(executed.cells) == len(UNTOUCHED.cells)


def test_released_notebooks_say_what_may_not_be(learner: Run) -> None:
    errors = {unit: str(outcome["error"]) for unit, outcome in learner.outcomes().items()}
    assert errors["01_failing"].startswith("cell 2 of 3: NameError: name 'undefined_name' is not defined\n")
    assert errors["02_hanging"] == "an untouched notebook earns points\none: 2 of 2 points."
    assert errors["03_dying"].startswith("expected notebooks/03_dying/03_dying.ipynb, found none")


def test_learner_report_leaves_the_other_alone(instructor: Run, learner: Run) -> None:
    assert learner.folder != instructor.folder
    assert list(instructor.outcomes()) == UNITS


def test_a_unit_by_part_of_its_name_with_parameters(course: Course, instructor: Run, learner: Run) -> None:
    values = course.root / "values.yaml"
    run = call(course, "good", "-p", "SEED=8", "--parameters", str(values))
    assert run.code == 0
    assert list(run.outcomes()) == ["00_good"]
    assert "parameters 8 0.001\n" in run.text("00_good")
    assert not (run.folder / "01_failing.ipynb").exists()
    compared = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))["compared"]
    assert (compared["points"], compared["figures"], compared["new_units"]) == ([], [], [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["07"], "got '07'"),
        (["00", "-p", "SED=1"], "expected a parameter of 00_good, one of SEED, STEP; got 'SED'"),
        (["00", "01", "-p", "SEED=1"], "expected a parameter of 01_failing, which has none; got 'SEED'"),
        (["00", "-p", "SEED"], "expected a parameter as NAME=VALUE; got 'SEED'"),
        (["00", "-p", "SEED=[1"], "parameter SEED: expected YAML"),
    ],
)
def test_wrong_arguments_get_one_line(course: Course, arguments: list[str], words: str) -> None:
    run = call(course, *arguments)
    assert run.code == 2
    assert len(run.output.splitlines()) == 1
    assert words in run.output


@pytest.mark.parametrize(
    ("content", "words"), [("SEED: 1", "to map units to parameters"), ("07: {SEED: 1}", "got '07'")]
)
def test_wrong_parameter_files(course: Course, content: str, words: str) -> None:
    path = course.root / "wrong.yaml"
    path.write_text(content)
    with pytest.raises(CourseError, match=re.escape(words)):
        plan(course, [], {}, path)


def test_no_units(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"expected units with solutions .* found none"):
        plan(Course(tmp_path), [], {}, None)


def test_a_cell_that_fails_without_a_word(tmp_path: Path) -> None:
    silent = new_code_cell("silent()", metadata={"papermill": {"exception": True}})
    nbformat.write(notebook("1", silent), tmp_path / "u.ipynb")
    outcome = judge("u", tmp_path / "u.ipynb", None, 1, learner=False)
    assert (outcome.status, outcome.error) == ("failed", "cell 2 of 2: an error without an output\n    silent()")


@pytest.mark.parametrize(
    ("leaving", "error"),
    [
        ("exit()", None),
        ("quit", None),
        ("import sys; sys.exit()", "cell 2 of 3: SystemExit"),
        ("raise SystemExit(3)", "cell 2 of 3: SystemExit: 3"),
    ],
)
def test_who_leaves_a_notebook_is_named_or_goes_on(leaving: str, error: str | None, tmp_path: Path) -> None:
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook("1", leaving, graded_cell("import time; time.sleep(0.5)", "test_one", 1)), source)
    stopped = execute(source, target, {}, 60, False, lambda cell, cells: None)
    outcome = judge("01_unit", target, stopped, 1, learner=False)
    assert (outcome.error or "").partition("\n")[0] == (error or "")
    assert outcome.points == (0 if error else 1)


def test_unreadable_notebook_is_an_outcome(tmp_path: Path) -> None:
    (tmp_path / "u.ipynb").write_text("no notebook")
    job = jobs.Job("u", tmp_path / "u.ipynb", tmp_path / "out" / "u.ipynb", False, 5, {})
    with Monitor(Console(file=io.StringIO())) as monitor:
        outcome = jobs.run_all([job], 1, monitor)[0]
    assert outcome.status == "failed"
    assert "NotJSONError" in str(outcome.error)


def test_a_terminal_shows_the_cell_that_runs() -> None:
    screen = io.StringIO()
    with Monitor(Console(file=screen, force_terminal=True, width=100)) as monitor:
        monitor.begin("00_good")
        monitor.cell("00_good", 3, 9)
    assert "cell 3 of 9" in screen.getvalue()


def test_an_interrupted_run_leaves_no_kernel_and_no_noise(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    seen = tmp_path / "kernel"
    hanging = f"import os, time\nopen({str(seen)!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(100)"
    # Two long notebooks: the longest runs first, and the last one not at all.
    first, second = (
        notebook(new_markdown_cell("x" * length), *cells)
        for length, cells in ((20_000, DYING.cells), (10_000, [hanging]))
    )
    nbformat.write(first, course.notebooks / "00_good" / "00_good.ipynb")
    nbformat.write(second, course.notebooks / "01_failing" / "01_failing.ipynb")
    command = [sys.executable, str(SCRIPT), "--learner", "--jobs", "1", "00", "01", "02"]
    with subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        while not (seen.exists() and seen.read_text().endswith(".")) and run.poll() is None:
            time.sleep(0.05)
        run.terminate()
        output, errors = run.communicate(timeout=30)
    assert run.returncode not in (0, -signal.SIGTERM)
    assert not psutil.pid_exists(int(seen.read_text().removesuffix(".")))
    assert errors.strip() in ("", "Aborted!", "Aborted.")
    assert output.startswith("00_good: running\n00_good: failed, 0/1 points")
    assert "02_hanging" not in output
