from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.checks.errors import not_written
from course_lib.grading import notebook_runner
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.sandbox.kernel_client import KernelClient, KernelDiedError, KernelStartError
from course_lib.grading.sandbox.limits import Limits
from course_lib.release import KERNEL
from tests.support.cells import graded_cell

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

HIDDEN = "### BEGIN HIDDEN TESTS\nassert {name}(7) == 7, 'seven'\n### END HIDDEN TESTS"
STUB = "def {name}(x):\n    raise NotImplementedError"


def instructors(visible: str = "assert {name}(2) == 2, 'two'") -> NotebookNode:
    """A unit with the exercises one and two, and a demonstration at its end."""
    cells = []
    for name in ("one", "two"):
        answer = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
        cells += [
            graded_cell(answer, name),
            graded_cell(visible.format(name=name), f"test_{name}", 1),
            graded_cell(HIDDEN.format(name=name), f"test_{name}_hidden", 2),
        ]
    cells.append(new_code_cell("print('demonstration')", metadata={"tags": ["demo"]}))
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def handed_in(one: str = "", two: str = "", source: NotebookNode | None = None, **changed: Any) -> GradingJob:
    """A submission with these answers."""
    source = source or instructors()
    notebook = nbformat.from_dict(source)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        answer = {"one": one, "two": two}.get(name)
        if answer is not None:
            cell.source = answer or STUB.format(name=name)
        elif name.endswith("_hidden"):
            cell.source = ""
    content = nbformat.writes(notebook).encode()
    job = GradingJob("ada", "01_unit", content, nbformat.writes(source), Limits(cell_s=20, submission_s=60), "1")
    return replace(job, **changed)


def right(name: str) -> str:
    return f"def {name}(x):\n    return x"


def points(result: GradingResult) -> list[float]:
    return [exercise.points for exercise in result.exercises]


def outputs(result: GradingResult) -> list[NotebookNode]:
    return [output for cell in nbformat.reads(result.notebook, as_version=4).cells for output in cell.outputs]


def test_right_answers_earn_every_point() -> None:
    result = grade_submission(handed_in(right("one"), right("two")))
    assert (result.status, points(result), result.changes, result.audit_flags) == ("graded", [3, 3], [], [])
    assert result.isolated
    assert result.final


def test_an_untouched_notebook_earns_nothing() -> None:
    result = grade_submission(handed_in())
    assert (result.status, points(result), result.changes) == ("graded", [0, 0], [])
    assert [exercise.message for exercise in result.exercises] == [not_written("one"), not_written("two")]


def test_demonstrations_do_not_run() -> None:
    cells = nbformat.reads(grade_submission(handed_in(right("one"))).notebook, as_version=4).cells
    assert [cell.execution_count is None for cell in cells] == [False] * 6 + [True]


def test_a_demonstration_that_was_worked_on_runs() -> None:
    source = instructors()
    source.cells.insert(0, new_code_cell("print('figure')", id="figure", metadata={"tags": ["demo"]}))
    job = handed_in("def one(x):\n    return x + offset", source=source)
    notebook = nbformat.reads(job.submission.decode(), as_version=4)
    notebook.cells[0].source += "\noffset = 0"
    assert points(grade_submission(replace(job, submission=nbformat.writes(notebook).encode()))) == [3, 0]


DIES = "import os\nos._exit(1)"


def test_after_a_kernel_dies_another_one_goes_on() -> None:
    result = grade_submission(handed_in(DIES, f"import os\ndef helper(x):\n    return x\n{right('two')}"))
    assert points(result) == [0, 3]
    assert result.status.startswith("error: the kernel died in cell 1 (one): it ended itself")
    assert result.exercises[0].message.startswith("KernelDied: the kernel died in cell 1 (one)")
    assert result.final


def test_the_next_kernel_knows_what_the_cells_before_defined() -> None:
    result = grade_submission(
        handed_in(f"base = 5\n{right('one')}", "import os\ndef two(x):\n    return base and os._exit(1)")
    )
    assert points(result) == [3, 0]
    assert result.status.startswith("error: the kernel died in cell 5 (test_two): it ended itself")
    assert "; the kernel died in cell 6 (test_two_hidden): it ended itself" in result.status
    two = "import os\ndef two(x):\n    return one(x) if x == 7 else os._exit(1)"
    assert points(grade_submission(handed_in(right("one"), two))) == [3, 2]


def test_a_cell_that_killed_its_kernel_does_not_run_again(tmp_path: Path) -> None:
    one = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n{DIES}"
    result = grade_submission(handed_in(one, right("two"), isolated=False))
    assert (points(result), (tmp_path / "runs").read_text()) == ([0, 3], "x")


def test_kernels_that_die_one_after_the_other_come_to_an_end(tmp_path: Path) -> None:
    source = instructors()
    deadly = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n{DIES}"
    source.cells[3:3] = [new_code_cell(deadly) for _ in range(10)]
    result = grade_submission(handed_in(right("one"), right("two"), source, isolated=False))
    assert (points(result), (tmp_path / "runs").read_text()) == ([3, 0], "x" * 4)
    assert result.status.count("the kernel died in cell") == 4
    assert result.exercises[1].message.startswith("KernelDied: the kernel died in cell 7")


def test_a_kernel_that_cannot_take_the_place_of_another_is_no_fault_of_the_learner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starting, times = KernelClient.__enter__, iter(range(9))

    def fails_then(self: KernelClient) -> KernelClient:
        if next(times):
            raise KernelStartError("no memory")
        return starting(self)

    monkeypatch.setattr(KernelClient, "__enter__", fails_then)
    result = grade_submission(handed_in(DIES, right("two")))
    assert (result.status, result.final) == ("error: the kernel did not start: no memory", False)


def test_outputs_have_a_limit_for_all_cells_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_runner, "MAX_OUTPUT_CHARS", 10_000)
    source = instructors()
    source.cells[3:3] = [new_code_cell("print('x' * 4_000)") for _ in range(4)]
    result = grade_submission(handed_in(right("one"), right("two"), source))
    assert points(result) == [3, 3]
    texts = [output.text for output in outputs(result) if output.output_type == "stream"]
    assert [text[:9] for text in texts] == ["xxxxxxxxx", "xxxxxxxxx", "[left out", "[left out"]


def test_the_time_of_a_submission_ends_it() -> None:
    limits = Limits(cell_s=20, submission_s=3)
    result = grade_submission(handed_in(right("one"), "while True:\n    pass", limits=limits))
    assert points(result) == [3, 0]
    assert "TimeoutError: stopped after" in result.log


class Untiring:
    """A kernel that takes more than its time for a cell or test that says ``stop``, and tells how much it had."""

    now: float
    given: list[float]

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> "Untiring":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run_cell(self, source: str, seconds: float) -> list[NotebookNode]:
        self.given.append(seconds)
        if "stop" in source:
            Untiring.now += 2 * seconds
        if "die" in source:
            raise KernelDiedError("by its own hand")
        return []


@pytest.fixture
def untiring(monkeypatch: pytest.MonkeyPatch) -> type[Untiring]:
    """Grade with such a kernel, by its clock; no cell has less than 0.01 s."""
    Untiring.now, Untiring.given = 0, []
    monkeypatch.setattr(notebook_runner, "time", SimpleNamespace(monotonic=lambda: Untiring.now))
    monkeypatch.setattr(notebook_runner, "KernelClient", Untiring)
    monkeypatch.setattr(
        notebook_runner, "run_test", lambda source, learner, _, seconds: learner.run_cell(source, seconds)
    )
    monkeypatch.setattr(notebook_runner, "MIN_CELL_S", 0.01)
    return Untiring


@pytest.mark.parametrize(
    ("one", "two", "given"),
    [
        ("pass", "pass", [0.5] * 6),
        ("stop", "pass", [0.5] + [0.05] * 5),
        ("pass", "stop", [0.5] * 4 + [0.05] * 2),
        ("stop", "stop", [0.5] + [0.05] * 3 + [0.01] * 2),
    ],
)
def test_after_a_cell_was_stopped_cells_and_tests_have_less_time(
    untiring: type[Untiring], one: str, two: str, given: list[float]
) -> None:
    grade_submission(handed_in(one, two, limits=Limits(cell_s=0.5)))
    assert untiring.given == given


def test_after_a_test_was_stopped_cells_and_tests_have_less_time(untiring: type[Untiring]) -> None:
    grade_submission(handed_in("pass", "pass", source=instructors("{name}  # stop"), limits=Limits(cell_s=0.5)))
    assert untiring.given == [0.5, 0.5, 0.05, 0.05, 0.05, 0.01]


def test_a_cell_that_runs_again_has_twice_the_time_it_took_but_less_if_it_was_stopped(
    untiring: type[Untiring],
) -> None:
    source = instructors()
    source.cells[:0] = [new_code_cell("import time\ntime.sleep(0.1)"), new_code_cell("stop"), new_code_cell("die")]
    slow = untiring.run_cell

    def run_cell(self: Untiring, cell: str, seconds: float) -> list[NotebookNode]:
        if "sleep" in cell:
            Untiring.now += 0.1
        return slow(self, cell, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(untiring, "run_cell", run_cell)
        grade_submission(handed_in("pass", "pass", source, limits=Limits(cell_s=0.5)))
    first, *rest = untiring.given[3:5]
    assert untiring.given[:3] == [0.5, 0.5, 0.05]
    assert first == pytest.approx(0.2)
    assert rest == [0.05], "it was stopped"


def test_a_kernel_that_runs_no_more_cells_is_not_waited_for() -> None:
    one = f"shell = get_ipython()\nshell.run_cell = shell.run_cell_async = lambda *_, **__: None\n{right('one')}"
    result = grade_submission(handed_in(one, right("two"), limits=Limits(cell_s=100, submission_s=200)))
    assert points(result) == [0, 0]
    assert {exercise.message for exercise in result.exercises} == {"ChannelError: your code stopped answering"}


def test_a_learner_reads_the_units_data() -> None:
    one = "def one(x):\n    return int(open('maps/number.txt').read()) * x"
    data = {"maps/number.txt": b"1"}
    assert points(grade_submission(handed_in(one, data=data))) == [3, 0]
    assert points(grade_submission(handed_in(one))) == [0, 0]


@pytest.mark.parametrize(("shown", "earned"), [("0.25", 0.25), ("__import__('numpy').float32(0.5)", 0.5)])
def test_partial_credit(shown: str, earned: float) -> None:
    result = grade_submission(handed_in(right("one"), source=instructors("{name}(2)\n" + shown)))
    assert (result.status, points(result)) == ("graded", [2 + earned, 0])


def test_a_faulty_test_is_named() -> None:
    result = grade_submission(handed_in(right("one"), right("two"), source=instructors("{name}(float('nan'))")))
    words = "expected partial credit from 0 to 1, got nan: the test is wrong, not your answer"
    assert result.status == f"error: test_one: {words}; test_two: {words}"
    assert points(result) == [2, 2]


def test_what_is_no_notebook_says_so() -> None:
    result = grade_submission(handed_in(submission=b"{"))
    assert result.status.startswith("error: expected a notebook, found broken JSON")
    assert (points(result), result.max_points, result.notebook) == ([0, 0], 6, "")


def test_halves_of_characters_can_be_written() -> None:
    result = grade_submission(handed_in("print('\\ud800')\n" + right("one"), "raise ValueError('\\udfff')"))
    assert points(result) == [3, 0]
    for text in (result.notebook, result.log, result.status, result.exercises[1].message):
        text.encode()


def test_the_log_has_a_line_for_each_cell_and_no_hidden_test() -> None:
    log = grade_submission(handed_in(right("one"), "1 / 0")).log
    assert "cell 4 (two): " in log
    assert "ZeroDivisionError: division by zero" in log
    assert "3 of 6 points" in log
    assert "seven" not in grade_submission(handed_in(right("one"))).log
