import json
import shutil
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets.config import Config

from course_lib import workspace
from course_lib.checks.errors import not_written
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.execution import execute
from course_lib.grading.scores import ExerciseScore
from course_lib.release import released
from tests.support.tiny_course import RIGHT, UNIT, WRONG, answered, cell, make_course, untouched

pytestmark = pytest.mark.slow

OTHER = "02_again"
UNITS = (UNIT, OTHER)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("my course") / "course", units=UNITS)


@pytest.fixture
def course(pristine: Course, tmp_path: Path) -> Course:
    """A released course of two units that nobody has begun."""
    shutil.copytree(pristine.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(*_: object) -> None:
        raise AssertionError("a notebook was run")

    monkeypatch.setattr(workspace, "execute", execute)


def write_answer(course: Course, code: str) -> bytes:
    path = workspace.own_notebook(course, UNIT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(answered(course, code)), encoding="utf-8")
    return path.read_bytes()


def points(course: Course) -> dict[str, tuple[object, ...]]:
    """What `progress` returns for each unit, but for its exercises and whether it was begun."""
    return {unit: progress[:5] for unit, progress in workspace.progress(course).items()}


def release_anew(course: Course) -> None:
    """Change a release as a correction of its text would."""
    path = released(course, UNIT)
    path.write_text(path.read_text(encoding="utf-8").replace("# Doubling", "# Doubling, corrected"), encoding="utf-8")


def test_hand_out_copies_what_is_released(course: Course) -> None:
    assert workspace.hand_out(course, UNITS) == list(UNITS)
    for unit in UNITS:
        assert workspace.own_notebook(course, unit).read_bytes() == released(course, unit).read_bytes()


def test_hand_out_never_overwrites(course: Course) -> None:
    mine = write_answer(course, RIGHT)
    release_anew(course)
    assert workspace.hand_out(course, UNITS) == [OTHER]
    assert workspace.hand_out(course, UNITS) == []
    assert workspace.own_notebook(course, UNIT).read_bytes() == mine


def test_even_a_broken_copy_stays(course: Course) -> None:
    path = workspace.own_notebook(course, UNIT)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff half a note")
    workspace.hand_out(course, UNITS)
    assert path.read_bytes() == b"\xff half a note"


def test_hand_out_of_an_unreleased_unit_copies_nothing(course: Course) -> None:
    released(course, OTHER).unlink()
    with pytest.raises(CourseError, match=r"expected 02_again to be released, found nothing at .*02_again\.ipynb"):
        workspace.hand_out(course, UNITS)
    assert not course.work.exists()


def test_start_anew_keeps_every_old_copy(course: Course) -> None:
    first = write_answer(course, RIGHT)
    kept = [workspace.start_anew(course, UNIT)]
    second = write_answer(course, WRONG)
    kept.append(workspace.start_anew(course, UNIT))
    assert [path.read_bytes() for path in kept if path] == [first, second]
    path = workspace.own_notebook(course, UNIT)
    assert path.read_bytes() == released(course, UNIT).read_bytes()
    assert set(path.parent.iterdir()) == {path, *kept}


def test_start_anew_without_a_copy(course: Course) -> None:
    assert workspace.start_anew(course, UNIT) is None
    assert workspace.own_notebook(course, UNIT).is_file()


def test_start_anew_of_an_unreleased_unit_takes_nothing_away(course: Course) -> None:
    mine = write_answer(course, RIGHT)
    released(course, UNIT).unlink()
    with pytest.raises(CourseError, match="to be released"):
        workspace.start_anew(course, UNIT)
    assert workspace.own_notebook(course, UNIT).read_bytes() == mine


def test_check_tells_the_first_cause(course: Course) -> None:
    write_answer(course, "def double(x):\nreturn 2 * x")
    (exercise,) = workspace.check(course, UNIT)
    cause = "the cell of double has a syntax error, so nothing in it ran: IndentationError: expected an indented block"
    assert exercise.message.startswith(cause)
    assert exercise.message.endswith("\n  line 2: return 2 * x")


def test_check_tells_what_is_not_written_and_what_is_gone(course: Course) -> None:
    workspace.hand_out(course, [UNIT])
    (exercise,) = workspace.check(course, UNIT)
    assert exercise.message == not_written("double")
    notebook = untouched(course)
    notebook["cells"].remove(cell(notebook, "double"))
    workspace.own_notebook(course, UNIT).write_text(json.dumps(notebook), encoding="utf-8")
    (exercise,) = workspace.check(course, UNIT)
    assert exercise.message.startswith("the cell of double is missing from your notebook")


def test_check_runs_the_visible_checks_once_until_something_changes(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []

    def run(notebook: NotebookNode, config: Config, folder: Path | None) -> NotebookNode:
        runs.append(folder)
        return execute(notebook, config, folder)

    monkeypatch.setattr(workspace, "execute", run)
    mine = write_answer(course, RIGHT)
    right = [ExerciseScore("double", 1, 1, "", tests={"test_double": 1})]
    assert workspace.check(course, UNIT) == right
    assert workspace.check(course, UNIT) == right
    assert len(runs) == 1
    assert workspace.own_notebook(course, UNIT).read_bytes() == mine
    release_anew(course)
    assert workspace.check(course, UNIT) == right
    assert len(runs) == 2
    write_answer(course, WRONG)
    (wrong,) = workspace.check(course, UNIT)
    assert (wrong.points, wrong.max_points) == (0, 1)
    assert "got:          6" in wrong.message
    assert len(runs) == 3
    assert points(course) == {UNIT: (0, 1, 2, "", ()), OTHER: (0, 1, 2, "", ())}
    assert len(runs) == 3


def test_the_notebook_runs_beside_the_learners_files(course: Course) -> None:
    write_answer(course, f"factor = int(open('factor.txt').read())\n{RIGHT.replace('2 *', 'factor *')}")
    workspace.own_notebook(course, UNIT).with_name("factor.txt").write_text("2")
    assert workspace.check(course, UNIT) == [ExerciseScore("double", 1, 1, "", tests={"test_double": 1})]


@pytest.mark.usefixtures("no_kernel")
def test_progress_of_what_nobody_has_touched(course: Course) -> None:
    expected = {UNIT: (0, 1, 2, "", ()), OTHER: (0, 1, 2, "", ())}
    assert points(course) == expected
    workspace.hand_out(course, UNITS)
    assert points(course) == expected


@pytest.mark.usefixtures("no_kernel")
def test_outputs_alone_are_no_work(course: Course) -> None:
    workspace.hand_out(course, UNITS)
    save_outputs(course)
    assert [unit.begun for unit in workspace.progress(course).values()] == [False, False]


def test_outputs_that_are_saved_later_change_no_check(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answer(course, RIGHT)
    workspace.check(course, UNIT)
    save_outputs(course)
    monkeypatch.setattr(workspace, "execute", lambda *_: pytest.fail("a notebook was run"))
    assert workspace.progress(course)[UNIT].points == 1


def save_outputs(course: Course) -> None:
    """Do to a learner's copy what JupyterLab does after cells were run."""
    path = workspace.own_notebook(course, UNIT)
    notebook = nbformat.read(path, as_version=4)
    for each in notebook.cells:
        if each.cell_type == "code":
            each.execution_count, each.outputs = 1, [new_output("stream", text="done\n")]
    nbformat.write(notebook, path)


def test_progress_has_the_exercises_of_what_is_begun(course: Course) -> None:
    workspace.hand_out(course, UNITS)
    write_answer(course, WRONG)
    begun, other = workspace.progress(course).values()
    assert (begun.begun, begun.exercises) == (True, tuple(workspace.check(course, UNIT)))
    assert (other.begun, [exercise.name for exercise in other.exercises]) == (False, ["double"])


def test_without_a_run_progress_has_the_last_check(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answer(course, RIGHT)
    workspace.check(course, UNIT)
    monkeypatch.setattr(workspace, "execute", lambda *_: pytest.fail("a notebook was run"))
    for code, changed in ((RIGHT, ""), (WRONG, "changed since its last check")):
        write_answer(course, code)
        found = workspace.progress(course, run=False)[UNIT]
        assert (found.points, found.begun, found.problem[:28]) == (1, True, changed)


@pytest.mark.usefixtures("no_kernel")
def test_without_a_run_what_was_never_checked_has_no_points(course: Course) -> None:
    write_answer(course, RIGHT)
    found, other = workspace.progress(course, run=False).values()
    assert (found.points, found.max_points, found.begun) == (0, 1, True)
    assert found.problem.startswith("changed since its last check: type `course check 01_doubling`")
    assert (other.begun, other.problem) == (False, "")


def test_what_is_not_graded_counts_for_nothing(course: Course) -> None:
    exercises = [ExerciseScore("double", 1, 2, ""), ExerciseScore("sample", 0, 5, "no compiler", graded=False)]
    counted = workspace.count(course, UNIT, exercises)
    assert counted == (1, 2, 2, "", (), True, tuple(exercises))


@pytest.mark.usefixtures("no_kernel")
def test_progress_counts_what_is_released(course: Course) -> None:
    released(course, OTHER).unlink()
    assert points(course) == {UNIT: (0, 1, 2, "", ())}
    released(course, UNIT).unlink()
    with pytest.raises(CourseError, match=r"expected released units .* in .*notebooks, found none"):
        workspace.progress(course)


def test_hidden_points_are_those_of_the_release(course: Course) -> None:
    assert workspace.points_to_come(course, UNIT) == {"double": 2}


@pytest.mark.usefixtures("no_kernel")
def test_check_says_what_is_missing(course: Course) -> None:
    with pytest.raises(CourseError, match=r"expected your copy of 01_doubling at .*, found none; `course lab`"):
        workspace.check(course, UNIT)
    write_answer(course, RIGHT)
    released(course, UNIT).unlink()
    with pytest.raises(CourseError, match="expected 01_doubling to be released"):
        workspace.check(course, UNIT)


@pytest.mark.usefixtures("no_kernel")
def test_check_of_what_is_no_notebook(course: Course) -> None:
    workspace.hand_out(course, UNITS)
    workspace.own_notebook(course, UNIT).write_text("{")
    with pytest.raises(CourseError, match=rf"{UNIT}\.ipynb: expected a notebook, found broken JSON") as refused:
        workspace.check(course, UNIT)
    assert points(course) == {UNIT: (0, 1, 2, str(refused.value), ()), OTHER: (0, 1, 2, "", ())}


@pytest.mark.parametrize("content", ["half a re", "[]", "{}", '{"digest": "other"}'])
def test_a_kept_result_that_cannot_be_read_is_made_anew(
    course: Course, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_answer(course, RIGHT)
    scores = [ExerciseScore("double", 1, 1, "")]
    monkeypatch.setattr(workspace, "execute", lambda notebook, *_: notebook)
    monkeypatch.setattr(workspace, "score", lambda *_: scores)
    kept = course.work / ".checked" / f"{UNIT}.json"
    kept.parent.mkdir()
    kept.write_text(content)
    assert workspace.check(course, UNIT) == scores
    assert json.loads(kept.read_text())["exercises"] == [asdict(score) for score in scores]
