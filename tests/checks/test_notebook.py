"""In a notebook, a check says in a few lines that a cell was not run, has a syntax error, or was interrupted."""

import re
from collections.abc import Callable, Iterator

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.support.paths import ROOT

COLOR = re.compile(r"\x1b\[[0-9;]*m")
CHECK = """
from course_lib.checks import call, passed

def test_{name}():
    call({name}, 3).equals(6)

test_{name}()
passed("{name}", points=1)
"""
AGAIN = "run it (Shift + Enter), then this one"
Run = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelManager]:
    file = tmp_path_factory.mktemp("kernel") / "kernel.json"
    manager = KernelManager(transport="ipc", connection_file=str(file), kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def client(kernel: KernelManager) -> Iterator[BlockingKernelClient]:
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()


@pytest.fixture
def run(client: BlockingKernelClient) -> Run:
    """Run a cell; give the lines that it prints and those of its error, as they are shown."""

    def run(cell: str) -> list[str]:
        client.execute(cell)
        return "".join(shown(client)).splitlines()

    return run


def shown(client: BlockingKernelClient) -> Iterator[str]:
    """Yield the text that a cell shows, until it ends; one line may come in two pieces."""
    while True:
        message = client.get_iopub_msg(timeout=60)
        content = message["content"]
        if message["msg_type"] == "error":
            yield COLOR.sub("", "\n".join(content["traceback"]))
        elif message["msg_type"] == "stream":
            yield content["text"]
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return


def test_a_cell_that_was_not_run(run: Run) -> None:
    assert run(CHECK.format(name="early")) == [f"✗ the cell with early was not run: {AGAIN}"]
    assert run(CHECK.format(name="early")) == [f"✗ the cell with early was not run: {AGAIN}"]
    run("def early(x):\n    return 2 * x")
    assert run(CHECK.format(name="early")) == ["✓ early: 1 point"]


def test_what_a_cell_of_the_notebook_gives(run: Run) -> None:
    run("def needs(x):\n    return 2 * x")
    cell = CHECK.format(name="needs").replace("call(needs, 3)", "call(needs, GIVEN)")
    assert run(cell) == [f"✗ the cell with GIVEN was not run: {AGAIN}"]


def test_a_cell_with_a_syntax_error(run: Run) -> None:
    run("def broken(x)\n    return 2 * x")
    assert run(CHECK.format(name="broken")) == [
        "✗ the cell with broken has a syntax error, so nothing in it ran: SyntaxError: expected ':'",
        "  line 1: def broken(x)",
        f"  Correct it, {AGAIN}.",
    ]


def test_a_cell_of_cpp_that_lost_its_first_line(run: Run) -> None:
    run("void lost(const float* map, float* out) {\n}")
    assert run(CHECK.format(name="lost")) == [
        f"✗ the cell with lost holds C++: its first line must be `%%cpp lost`: {AGAIN}"
    ]


def test_a_cell_of_cpp_that_ipython_does_not_know_yet(run: Run) -> None:
    run("%%cpp sample\nvoid sample() {}")
    why = "because `%%cpp` is not known yet: run the cells above it"
    assert run(CHECK.format(name="sample")) == [f"✗ the cell with sample was not run, {why}, then {AGAIN}"]


def test_a_function_is_not_judged_by_what_it_was_before_a_syntax_error(run: Run) -> None:
    run("def edited(x):\n    return 2 * x")
    assert run(CHECK.format(name="edited")) == ["✓ edited: 1 point"]
    run("def edited(x):\n    y = 3 *\n    return y")
    told = [
        "✗ the cell with edited has a syntax error, so nothing in it ran: SyntaxError: invalid syntax",
        "  line 2: y = 3 *",
        f"  Correct it, {AGAIN}.",
        "  Until then, edited is what it was before.",
    ]
    assert run(CHECK.format(name="edited")) == told
    assert run("from course_lib.checks import forbid_names\nforbid_names(edited, 'rescale')") == told
    run("def edited(x):\n    return x + x")
    assert run(CHECK.format(name="edited")) == ["✓ edited: 1 point"]


def test_a_function_is_not_judged_by_what_it_was_before_its_cell_failed(run: Run) -> None:
    run("def failing(x):\n    return 2 * x")
    run("1 / 0\ndef failing(x):\n    return 3 * x")
    assert run(CHECK.format(name="failing")) == [
        "✗ the cell with failing failed, so failing is still what it was before",
        f"  Correct it, {AGAIN}.",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "\n\n# a comment\ndef plain(x):\n    return 2 * x\n",
        "%%time\ndef plain(x):\n    return 2 * x",
        "%%capture\ndef plain(x):\n    return 2 * x",
        "%%time\n%%capture\n%matplotlib inline\ndef plain(x):\n    return 2 * x",
        'def plain(x):\n    return 2 * x\n\nnoted = """\ndef plain(x):\n    return 3 * x\n"""',
        "import functools\n@functools.lru_cache\ndef plain(x):\n    return 2 * x",
        "%matplotlib inline\ndef plain(x):\n    return 2 * x",
        "plain = lambda x: 2 * x",
        "if True:\n    def plain(x):\n        return 2 * x",
    ],
)
def test_a_cell_that_ran_is_judged(run: Run, cell: str) -> None:
    run(cell)
    assert run(CHECK.format(name="plain"))[-1] == "✓ plain: 1 point"


def test_an_error_of_a_learner_s_own_cell_keeps_its_traceback(run: Run) -> None:
    lines = run("def outer():\n    return unknown_to_all\n\nouter()")
    assert lines[-1] == "NameError: name 'unknown_to_all' is not defined"
    assert len(lines) > 3


def test_the_line_is_never_that_of_a_given_cell(run: Run) -> None:
    """A given cell fails because of what the learner passes on: both lines are named, the learner's first."""
    run("class Given:\n    def take(self, index):\n        return [1, 2][index]\n\ngiven = Given()")
    run("def passes(x):\n    index = x / 3\n\n    return given.take(index)")
    assert run(CHECK.format(name="passes")) == [
        "✗ passes(3)",
        "  your function raised TypeError: list indices must be integers or slices, not float",
        "  in line 4 of its cell: return given.take(index)",
        "  with index: 1.0",
        "  from there in `Given.take`, line 3 of another cell: return [1, 2][index]",
        "  with index: 1.0",
        "  likely cause: an index or a size is not a whole number: `/` always makes a float, `//` a whole number",
    ]


def test_what_a_given_object_lacks_was_not_prepared(run: Run) -> None:
    run("class Flow:\n    def take(self):\n        return self.order[0]\n\nflow = Flow()")
    run("def unprepared(x):\n    return flow.take()")
    assert run(CHECK.format(name="unprepared"))[2:] == [
        "  in line 2 of its cell: return flow.take()",
        "  from there in `Flow.take`, line 3 of another cell: return self.order[0]",
        "  likely cause: `Flow` has no `order` yet: is it kept with `self.`, or must another method be called first?",
    ]


def test_an_interrupt_shows_the_learner_s_line_alone(
    run: Run, client: BlockingKernelClient, kernel: KernelManager
) -> None:
    run("def endless(x):\n    print('begun', flush=True)\n    while True:\n        x += 1")
    client.execute(CHECK.format(name="endless"))
    pieces = shown(client)
    assert next(pieces).strip() == "begun"
    kernel.interrupt_kernel()
    first, second, *_ = "".join(pieces).strip().splitlines()
    assert first == "✗ endless(3) was interrupted"
    assert re.fullmatch(r"  in line [234] of its cell: .+", second)
