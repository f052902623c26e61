import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbconvert.filters import strip_ansi
from rich.console import Console
from typer.testing import CliRunner, Result

from course_lib import cli, cli_learn, doctor, workspace
from course_lib.course import Course
from course_lib.doctor import Row
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading import grade as grading
from course_lib.grading.scores import ExerciseScore
from course_lib.lab import WORKSPACES
from course_lib.release import released
from tests.support.paths import ROOT
from tests.support.tiny_course import QUESTION, RIGHT, TEXT, UNIT, answered, make_course, submit, untouched

# nbgrader uses SQLAlchemy in a way that warns; what reaches a terminal is seen in grading/test_course_grade.py.
pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
COMMANDS = ["doctor", "lab", "check", "progress", "solution", "colorize"]
COMMANDS += ["release", "pack", "collect", "grade", "review", "insight", "similar", "export", "answers", "ops"]
HOW_TO_STOP = "to stop JupyterLab, press Ctrl + C twice\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("a course") / "course")


@pytest.fixture
def course(shared: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A released course, as the current folder."""
    monkeypatch.chdir(shared.root)
    return shared


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_help_names_every_command() -> None:
    result = call("--help")
    assert result.exit_code == 0
    assert re.findall(r"^  (\w+) ", result.output.partition("Commands:")[2], re.MULTILINE) == COMMANDS


def test_version_is_that_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    result = call("--version")
    assert (result.exit_code, result.output) == (0, f"pixelwise {project['version']}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert all(not re.fullmatch(r"  --?\w[\w-]*( [A-Z]+)?", line) for line in result.output.splitlines())


@pytest.mark.parametrize(
    "arguments", [["check", "07"], ["release", "07"], ["lab", "--fresh", "07"], ["solution", "07", "double"]]
)
def test_an_unknown_unit_gets_one_line(course: Course, arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr == "expected a unit, one of 01_doubling; got '07'\n"
    assert result.stdout == ""


def test_a_missing_path_gets_one_line(course: Course, tmp_path: Path) -> None:
    result = call("grade", tmp_path / "none")
    assert result.exit_code == 2
    assert result.stderr == (f"expected a notebook or a folder of submissions, found nothing at {tmp_path / 'none'}\n")
    assert result.stdout == ""


def test_a_folder_without_notebooks_gets_one_line(course: Course, tmp_path: Path) -> None:
    result = call("grade", tmp_path)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_outside_of_any_course(monkeypatch: pytest.MonkeyPatch) -> None:
    def find() -> Course:
        raise ArgumentError("expected a course folder, found none")

    monkeypatch.setattr(Course, "find", find)
    for command in ("progress", "release"):
        result = call(command)
        assert (result.exit_code, result.stderr) == (2, "expected a course folder, found none\n")


def test_grade_as_json_and_as_a_table(course: Course, tmp_path: Path) -> None:
    submit(tmp_path, "Ada Byron", answered(course, RIGHT))
    submit(tmp_path, "broken", "{")
    result = call("grade", "--json", "--jobs", "2", tmp_path)
    assert result.exit_code == 1
    assert f" Ada Byron, {UNIT}: 3/3 graded" in [line.partition("/2")[2] for line in result.stderr.splitlines()]
    right, broken = json.loads(result.stdout)
    assert right == {
        "student": "Ada Byron",
        "unit": UNIT,
        "points": 3,
        "max_points": 3,
        "error": None,
        "handed_in_by": "Ada Byron",
        "exercises": [{"name": "double", "points": 3, "points_from_tests": 3, "max_points": 3, "message": ""}],
        "isolated": True,
        "changes": [],
        "audit_flags": [],
        "points_from_tests": 3,
        "late": 0,
        "review": {},
    }
    assert (broken["points"], broken["max_points"]) == (0, 3)
    assert broken["error"].startswith("expected a notebook, found broken JSON")
    result = call("grade", tmp_path / "Ada Byron")
    assert result.exit_code == 0
    assert "│ Ada Byron │ 01_doubling │ 3/3 │ graded │" in squeezed(result.output)
    assert "│ double │ 3/3 │ ✓ │" in squeezed(result.output)
    assert "1 submission, 1 of them graded before; 3 of 3 points, 0 errors, 0 with changes" in result.output
    assert f"feedback, grades.csv, logs: {course.classroom}" in result.output


def test_a_learner_may_import_what_the_unit_does_not(course: Course, tmp_path: Path) -> None:
    """Nothing has imported TensorFlow beforehand then, and it takes longer."""
    code = f"import tensorflow as tf\n{RIGHT.replace('2 *', 'tf.constant(2.0) *')}"
    assert code.count("tf.constant") == 1
    submit(tmp_path, "sofia", answered(course, code))
    assert f"1/1 sofia, {UNIT}: 3/3 graded" in call("grade", tmp_path).stderr


def test_a_resubmission_counts_and_nothing_is_passed_over_in_silence(course: Course) -> None:
    submitted = course.classroom / "submitted"
    first = submit(submitted, "ada", untouched(course))
    again = first.with_name(f"{UNIT} (1).ipynb")
    again.write_text(json.dumps(answered(course, RIGHT)), encoding="utf-8")
    (submitted / "ada" / "work.zip").touch()
    result = call("grade", submitted)
    assert (result.exit_code, result.stderr.splitlines()) == (0, [f"1/1 ada, {UNIT}: 3/3 graded"])
    counts = f"'{UNIT}/{again.name}' counts (the only one that was worked on)"
    line = f"{counts}; passed over: '{UNIT}/{first.name}' (untouched)"
    assert f"change: ada, {UNIT}: {line}\n" in result.stdout
    assert f"change: {line}\n" in (course.classroom / "logs" / "ada" / f"{UNIT}.log").read_text(encoding="utf-8")
    left = "ada: archives, which are not unpacked, not graded: 'work.zip'\n"
    assert left in result.stdout
    loose = submitted / first.name
    loose.write_bytes(again.read_bytes())
    result = call("grade", "--json", submitted)
    assert result.exit_code == 1
    (grade,) = json.loads(result.stdout)
    assert (grade["student"], grade["points"], grade["changes"][0]) == ("ada", 3, line)
    assert f"'{loose.name}' is not graded: nobody can tell whose it is" in result.stderr
    assert left in result.stderr
    shutil.rmtree(submitted / "ada")
    result = call("grade", submitted)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"'{loose.name}' is not graded: nobody can tell whose it is" in result.stderr
    shutil.rmtree(submitted)


def test_grading_without_a_sandbox_is_marked(course: Course, tmp_path: Path) -> None:
    submit(tmp_path, "eve", answered(course, RIGHT))
    result = call("grade", "--no-sandbox", tmp_path)
    assert result.exit_code == 0
    assert "│ eve │ 01_doubling │ 3/3 │ graded (not isolated) │" in squeezed(result.output)
    assert "not isolated: the learners' code ran with your rights" in result.output


def test_without_bubblewrap_the_command_says_how_to_install_it(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(tmp_path, "eve", answered(course, RIGHT))
    monkeypatch.setattr(grading, "available", lambda: "install bubblewrap: apt install bubblewrap")
    result = call("grade", tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("install bubblewrap: apt install bubblewrap\n")


def test_release_and_its_check(course: Course) -> None:
    path = released(course, UNIT)
    before = path.read_bytes()
    result = call("release", "--check")
    assert (result.exit_code, result.output) == (0, f"{course.notebooks} is up to date\n")
    path.write_text("{}")
    result = call("release", "--check", "01")
    assert (result.exit_code, result.output) == (1, "01_doubling: differs; run `course release`\n")
    assert path.read_text() == "{}"
    result = call("release", "doubling")
    assert (result.exit_code, result.output) == (0, "01_doubling: released\n")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("points", "code"), [(1, 0), (0, 1)])
def test_check_shows_verdicts_and_what_the_grade_adds(
    course: Course, monkeypatch: pytest.MonkeyPatch, points: float, code: int
) -> None:
    score = ExerciseScore("double", points, 1, "" if points else "double(2)\n  got: [6]")
    monkeypatch.setattr(workspace, "check", lambda *_: [score])
    result = call("check", "01")
    assert result.exit_code == code
    assert f"│ double │ {points}/1 │ +2 │ {'✓' if points else 'double(2)'} │" in squeezed(result.output)
    assert f"│ total │ {points}/1 │ +2 │ │" in squeezed(result.output)
    assert ("got: [6]" in result.output) == (not points)
    adds = "up to 2 more when your work is graded"
    page = course.work / "checks" / f"{UNIT}.html"
    said = f"\nPoints: {points} of 1 from visible checks; {adds}.\nThe same as a page, with hints: {page}\n"
    assert result.output.endswith(said)
    assert ("✓ passed" in page.read_text(encoding="utf-8")) == bool(points)


def test_progress_shows_points_and_what_the_grade_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course", units=(UNIT, "02_open"))
    monkeypatch.chdir(course.root)
    units = {UNIT: workspace.Progress(0.5, 1, 2), "02_open": workspace.Progress(3, 3, 0)}
    monkeypatch.setattr(workspace, "progress", lambda _: units)
    result = call("progress")
    assert result.exit_code == 0
    for row in (f"│ {UNIT} │ 0.5/1 │ +2 │", "│ 02_open │ 3/3 │ │", "│ total │ 3.5/4 │ +2 │"):
        assert row in squeezed(result.output)
    adds = "up to 2 more when your work is graded"
    page = course.work / "progress.html"
    assert result.output.endswith(
        f"\nPoints: 3.5 of 4 from visible checks; {adds}.\nAs a page, with what is next: {page}\n"
    )
    assert "3.5 of 4 points" in page.read_text(encoding="utf-8")


def test_progress_and_lab_say_when_units_are_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course", units=(UNIT, "02_open"))
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(workspace, "progress", lambda _: dict.fromkeys(course.units(), workspace.Progress(1, 1, 0)))
    monkeypatch.setattr(os, "execve", lambda *_: None)
    later = datetime.now().astimezone() + timedelta(days=2)
    dates = {UNIT: later, "02": later - timedelta(days=1)}
    (course.root / "course.toml").write_text(
        "".join(f"[units.{unit}]\ndue = {due.isoformat()}\n" for unit, due in dates.items())
    )
    output = squeezed(call("progress").output)
    assert f"│ {UNIT} │ 1/1 │ │ {later:%Y-%m-%d %H:%M} │" in output
    assert f"\ndue next: 02_open, {dates['02']:%Y-%m-%d %H:%M}\n" in call("lab").output


def test_a_faulty_schedule_hides_no_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course")
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(workspace, "progress", lambda _: {UNIT: workspace.Progress(1, 1, 0)})
    (course.root / "course.toml").write_text("[late]\n")
    result = call("progress")
    assert result.exit_code == 0
    assert "course.toml: [late]: expected as percent_per_day a number of percent" in squeezed(result.output)
    assert "Points: 1 of 1" in result.output


@pytest.fixture
def with_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course with a question, whose worked answers nobody has opened yet, as the current folder."""
    course = make_course(tmp_path / "course", text=TEXT + QUESTION)
    monkeypatch.chdir(course.root)
    return course


def test_solution_shows_the_answer_and_why(with_answers: Course) -> None:
    result = call("solution", "01", "double")
    assert (result.exit_code, result.stderr) == (0, "")
    code, _, words = result.stdout.partition("\n\n")
    assert code == 'def double(x):\n    """Twice a number."""\n    return 2 * np.asarray(x)'
    assert squeezed(words).strip() == "An array doubles every number at once."


def test_solution_shows_the_model_answer_to_a_question(with_answers: Course) -> None:
    words = call("solution", "doubling", "question_sign").stdout
    assert (
        squeezed(words).strip()
        == "Model answer. Twice a number lies on its side of zero. Rubric. • All: the side of zero."
    )


def test_solution_is_highlighted_on_a_terminal(with_answers: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_learn, "console", Console(force_terminal=True, color_system="standard", width=30))
    shown = call("solution", "01", "double").stdout
    assert "\x1b[" in shown
    assert 'def double(x):\n    """Twice a number."""\n    return 2 * np.asarray(x)\n' in strip_ansi(shown)


@pytest.mark.parametrize(("wanted", "got"), [((), "none"), (("halve",), "'halve'")])
def test_solution_lists_the_choices(with_answers: Course, wanted: tuple[str, ...], got: str) -> None:
    result = call("solution", "01", *wanted)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"expected an exercise of {UNIT}, one of double, question_sign; got {got}\n"
    assert not with_answers.work.exists()


def test_a_copy_without_solutions_says_so(with_answers: Course) -> None:
    shutil.rmtree(with_answers.solutions)
    result = call("solution", "01", "double")
    assert (result.exit_code, result.stderr) == (1, "this copy of the course has no worked answers\n")


def test_what_was_opened_is_noted_and_stays(with_answers: Course) -> None:
    workspace.hand_out(with_answers, [UNIT])
    assert "answers opened" not in call("progress").output
    call("solution", "01", "question_sign")
    call("solution", "01", "double")
    call("solution", "01", "double")
    workspace.start_anew(with_answers, UNIT)
    result = squeezed(call("progress").output)
    assert "┃ worked answers opened ┃" in result
    assert f"│ {UNIT} │ 0/1 │ +2 │ double, question_sign │" in result
    result = squeezed(call("check", "01").output)
    assert re.search(
        r"│ double │ 0/1 │ \+2 │ double is not written yet[^│]* │ │ │ │ │ \(worked answer opened\) │", result
    )
    assert "│ question_sign │ │ │ not answered │ │ │ │ │ (worked answer opened) │" in result


def test_without_hidden_tests_nothing_is_added(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "progress", lambda _: {UNIT: workspace.Progress(1, 1, 0)})
    assert "\nPoints: 1 of 1 from visible checks.\n" in call("progress").output
    monkeypatch.setattr(workspace, "progress", lambda _: {UNIT: workspace.Progress(0, 1, 0, "no notebook: file")})
    result = call("progress")
    assert (result.exit_code, result.output.splitlines()[-2]) == (1, "no notebook: file")


@pytest.mark.parametrize("command", [["check", "01"], ["progress"]])
def test_what_cannot_be_run_gets_one_line(course: Course, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    def refuse(*_: object) -> None:
        raise CourseError("the kernel died")

    monkeypatch.setattr(workspace, command[0], refuse)
    result = call(*command)
    assert (result.exit_code, result.stderr) == (1, "the kernel died\n")


def test_the_log_of_a_grade_is_shown_on_demand(course: Course, tmp_path: Path) -> None:
    submit(tmp_path, "ada", answered(course, RIGHT))
    command = [sys.executable, "-m", "course_lib.cli", "grade", "--force", str(tmp_path)]
    quiet, verbose = (
        subprocess.run([*command, *more], cwd=course.root, capture_output=True, text=True, check=True).stderr
        for more in ([], ["--verbose"])
    )
    steps = [f"grade: 1 submissions of {UNIT}", f"process: ada, {UNIT}: process "]
    steps += [f"base_grading: ada, {UNIT}: recorded", "sandbox.provisioner: kernel "]
    steps = [f"course_lib.grading.{step}" for step in steps]
    assert [quiet.count(step) for step in steps] == [0, 0, 0, 0]
    assert [verbose.count(step) for step in steps] == [1, 1, 1, 1]
    log = (course.classroom / "logs" / "ada" / f"{UNIT}.log").read_text(encoding="utf-8")
    assert steps[-1] in log


@pytest.mark.parametrize("named", ["new.ipynb", None])
def test_a_file_that_cannot_be_written_is_named(
    course: Course, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    def fail(_: object) -> None:
        raise OSError(28, "No space left on device", named)

    monkeypatch.setattr(workspace, "progress", fail)
    result = CliRunner().invoke(cli.app, ["progress"])
    if named:
        assert (result.exit_code, result.stderr) == (1, "new.ipynb: No space left on device\n")
    else:
        assert isinstance(result.exception, OSError)


def test_a_mistake_of_the_course_keeps_its_traceback(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(workspace, "progress", fail)
    result = CliRunner().invoke(cli.app, ["progress"])
    assert isinstance(result.exception, ValueError)


def test_lab_opens_the_learners_copies(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        os, "execve", lambda _program, command, _environment: started.append([*command, str(Path.cwd())])
    )
    result = call("lab", "--no-browser", "--port", "9999")
    assert result.exit_code == 0
    assert result.output == "new in work/: 01_doubling\n" + HOW_TO_STOP
    command = started[-1]
    assert command[:4] == [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.work}"]
    assert "--LabApp.default_url=/lab" in command  # the first unit is a tab of its workspace
    (tabs,) = (course.work / WORKSPACES).iterdir()
    first = tabs.read_bytes()
    assert f"{UNIT}/{UNIT}.ipynb" in first.decode()
    assert command[-4:] == ["--no-browser", "--port", "9999", str(course.work)]
    os.chdir(course.root)
    assert call("lab").output == HOW_TO_STOP
    assert "--LabApp.default_url=/lab" in started[-1]
    os.chdir(course.root)
    result = call("lab", "--fresh", "01")
    kept = [path for path in (course.work / UNIT).iterdir() if path.name != f"{UNIT}.ipynb"]
    assert result.output == f"kept your old copy: {kept[0]}\n" + HOW_TO_STOP
    assert f"--LabApp.default_url=/lab/tree/{UNIT}/{UNIT}.ipynb" in started[-1]
    assert all(f"--ServerApp.root_dir={course.work}" in command for command in started)
    assert len(started) == 3
    assert tabs.read_bytes() == first


@pytest.mark.parametrize("command", [["lab"], ["lab", "--fresh", "01"], ["check", "01"], ["progress"]], ids=" ".join)
def test_without_a_release_learners_get_one_line(
    course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("JupyterLab was started"))
    monkeypatch.setattr(Course, "find", lambda: Course(tmp_path))
    (tmp_path / "solutions" / UNIT).mkdir(parents=True)
    (tmp_path / "solutions" / UNIT / f"{UNIT}.md").touch()
    result = call(*command)
    assert result.exit_code > 0
    assert result.stderr == f"expected released units (NN_unit/NN_unit.ipynb) in {tmp_path}/notebooks, found none\n"


def test_learners_commands_need_no_solutions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    shutil.rmtree(course.solutions)
    shutil.rmtree(course.root / "build")
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(os, "execve", lambda *_: None)
    assert call("lab").output == "new in work/: 01_doubling\n" + HOW_TO_STOP
    monkeypatch.chdir(course.root)
    workspace.own_notebook(course, UNIT).write_text(json.dumps(answered(course, RIGHT)))
    assert call("check", "01").exit_code == 0
    assert "1 of 1 points" in (course.work / "progress.html").read_text(encoding="utf-8")
    assert f"│ {UNIT} │ 1/1 │ +2 │" in squeezed(call("progress").output)
    assert call("doctor").exit_code == 0


@pytest.mark.parametrize(("optional", "code"), [(True, 0), (False, 1)])
def test_doctor(monkeypatch: pytest.MonkeyPatch, optional: bool, code: int) -> None:
    rows = [Row("Python", True, "3.12.1"), Row("compiler", False, "none", "apt install g++", optional)]
    monkeypatch.setattr(doctor, "diagnose", lambda: rows)
    result = call("doctor")
    assert result.exit_code == code
    assert "│ Python │ ok │ 3.12.1 │" in squeezed(result.output)
    assert re.search(r"│ compiler │ [\w ]+ │ apt install g\+\+ │", squeezed(result.output))
