"""A test runs here, the learner's functions there; whatever they do, they earn what they deserve, and no more."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from nbformat import NotebookNode

from course_lib.grading.remote_test.run_test import run_test
from tests.support.bare_kernel import BareKernel, Died

pytestmark = pytest.mark.slow

TEST = """
import numpy as np

from course_lib.checks import call, passed


def test_double() -> None:
    secret = np.array([1.0, -7.0])
    call(double, secret).equals(2 * secret)


test_double()
passed("double", points=1)
"""
RIGHT = "def double(x):\n    return 2 * x"
# A learner's own agent. What it answers to a call is in ANSWERS: bytes, or functions of the socket and the request.
AGENT = """
import json, os, pickle, socket, struct, time
import numpy as np
import course_lib.grading.remote_test.agent as agent
from course_lib.grading.remote_test.transport import receive
from course_lib.grading.remote_test.codec import Encoder

def message(tree, sizes=(), more=b""):
    header = json.dumps([tree, list(sizes)]).encode()
    return struct.pack("!4sI", b"PxW1", len(header)) + header + more

def value(value, number):
    encoder = Encoder(lambda thing: 1 / 0)
    tree = encoder.write(("value", number, value, None))
    return message(tree, [len(buffer) for buffer in encoder.buffers], b"".join(map(bytes, encoder.buffers)))

def says(tree, *more, changed=None, kind="value"):
    return lambda session, number: message(["tuple", kind, number, tree, *(more or [changed])])

def raises(names, words="no", line=None):
    return says(names, words, line, kind="error")

def handle(number=1, *about):
    return ["handle", number, *(about or ("function", "double", "function", ["list", "__call__"]))]

def serve():
    answers = iter(ANSWERS)
    with agent._newest(agent._channels[0]) as session:
        while True:
            try:
                _, number, _, operation, *_ = receive(session)[0]
                if operation == "name":
                    session.sendall(message(["tuple", "value", number, handle(), None]))
                elif operation == "signature":
                    session.sendall(message(["tuple", "value", number, None, None]))
                elif operation == "attribute":
                    session.sendall(raises(["list", "AttributeError"])(session, number))
                else:
                    answer = next(answers)
                    session.sendall(answer(session, number) if callable(answer) else answer)
            except (EOFError, OSError, StopIteration):
                return

agent.serve = serve
"""
AGAIN = """
import importlib, course_lib.grading.remote_test.agent as agent
channels = agent._channels[:]
importlib.reload(agent)._channels[:] = channels
assert channels[0].fileno() > 0
"""


@pytest.fixture(scope="module")
def kernels() -> Iterator[list[BareKernel]]:
    """A second process; another one when that is dead."""
    with ExitStack() as stack:
        started = [stack.enter_context(BareKernel())]
        yield started
        for kernel in started[1:]:
            kernel.__exit__()


@pytest.fixture
def kernel(kernels: list[BareKernel]) -> BareKernel:
    """A second process with its own agent."""
    if not kernels[-1].alive or kernels[-1].run_cell(AGAIN):
        kernels.append(BareKernel().__enter__())
    return kernels[-1]


def run(kernel: BareKernel, cell: str, test: str = TEST, seconds: float = 20) -> list[NotebookNode]:
    """Run a learner's cell, then a test."""
    assert kernel.run_cell(cell) == []
    return run_test(test, kernel, [cell], seconds)


def error_in(outputs: list[NotebookNode]) -> tuple[str, str]:
    """The name and the words of the error that the outputs end with."""
    assert [output.output_type for output in outputs].count("error") == 1
    assert "execute_result" not in [output.output_type for output in outputs]
    return outputs[-1].ename, outputs[-1].evalue


def printed(outputs: list[NotebookNode]) -> str:
    return "".join(output.text for output in outputs if output.output_type == "stream")


def passes(outputs: list[NotebookNode]) -> bool:
    return not any(output.output_type == "error" for output in outputs) and printed(outputs).endswith(
        "✓ double: 1 point\n"
    )


def test_a_right_function_passes_and_a_wrong_one_is_told_why(kernel: BareKernel) -> None:
    assert passes(run(kernel, RIGHT))
    outputs = run(kernel, "def double(x):\n    return 3 * x")
    assert error_in(outputs)[0] == "CheckFailed"
    assert "largest difference at [1]: expected -14, got -21" in outputs[-1].evalue
    assert outputs[-1].traceback[0] == "\x1b[1;31m✗ double([ 1., -7.])\x1b[0m"
    assert outputs[-1].traceback[1:] == outputs[-1].evalue.splitlines()[1:]


def test_an_error_is_told_as_in_the_notebook(kernel: BareKernel) -> None:
    given = "class Given:\n    def take(self, index):\n        return [1, 2][index]\n\ngiven = Given()"
    assert kernel.run_cell(given) == []
    outputs = run(kernel, "def double(x):\n    index = len(x) / 2\n    return given.take(index)")
    assert outputs[-1].evalue.splitlines() == [
        "double([ 1., -7.])",
        "  your function raised TypeError: list indices must be integers or slices, not float",
        "  in line 3 of its cell: return given.take(index)",
        "  with index: 1.0",
        "  from there in `Given.take`, line 3 of another cell: return [1, 2][index]",
        "  with index: 1.0",
        "  likely cause: an index or a size is not a whole number: `/` always makes a float, `//` a whole number",
    ]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("...", "a `return` is missing: there is nothing yet that makes a result"),
        ("print(x)", "`print` only shows a value: hand it back with `return`"),
        ("return ValueError('no')", "the error was returned, not raised: write `raise`, not `return`"),
        ("return x.sum", "a function or class was returned, not its result: are the parentheses of a call missing?"),
    ],
)
def test_the_likely_cause_is_told_as_in_the_notebook(kernel: BareKernel, body: str, cause: str) -> None:
    assert run(kernel, f"def double(x):\n    {body}")[-1].evalue.splitlines()[-1] == f"  likely cause: {cause}"


def test_an_error_is_told_although_nobody_answers_any_more(kernel: BareKernel) -> None:
    outputs = run(kernel, "def double(x):\n    raise KeyboardInterrupt")
    assert outputs[-1].evalue.splitlines()[1] == "  your function raised KeyboardInterrupt"


def test_the_name_that_the_learner_wrote_is_told(kernel: BareKernel) -> None:
    cell = "import numpy as mine\n\ndef double(x):\n    return mine.multiply(x, 2)"
    test = "from course_lib.checks import forbid_names\nforbid_names(double, 'numpy')"
    assert run(kernel, cell, test)[-1].evalue.splitlines()[0].startswith("double uses `mine.multiply` (`numpy`)")


def test_what_is_printed_there_and_here_is_shown(kernel: BareKernel) -> None:
    outputs = run(
        kernel, "def double(x):\n    print('there')\n    return 2 * x", TEST + "import sys\nprint('e', file=sys.stderr)"
    )
    assert [(output.name, output.text) for output in outputs] == [
        ("stdout", "there\n"),
        ("stdout", "✓ double: 1 point\n"),
        ("stderr", "e\n"),
    ]


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        ("0.5", "0.5"),
        ("import numpy as np\nnp.float64(0.5)", "np.float64(0.5)"),
        ("x = 3\nx", "3"),
        ("'text'", "'text'"),
        ("None", None),
        ("x = 3", None),
        ("", None),
        ("# nothing", None),
        ("double(2)", "4"),
    ],
)
def test_the_last_expression_is_shown_as_in_a_notebook(kernel: BareKernel, test: str, shown: str | None) -> None:
    outputs = run(kernel, RIGHT, test)
    assert [output.data for output in outputs] == ([{"text/plain": shown}] if shown else [])


def test_a_learners_object_is_never_shown_as_a_number(kernel: BareKernel) -> None:
    cell = "class A:\n    __repr__ = __str__ = lambda self: '2.0'\n"
    cell += "    _repr_pretty_ = lambda self, p, c: p.text('2.0')\ndouble = A()"
    (output,) = run(kernel, cell, "double")
    assert output.data == {"text/plain": "<A of the notebook>"}


@pytest.mark.parametrize(
    ("test", "error"),
    [
        ("secret = -7\nassert secret > 0, 'no'", ("AssertionError", "no")),
        ("secret = -7\n1 / 0", ("ZeroDivisionError", "division by zero")),
        ("import sys\nsys.exit(3)", ("SystemExit", "3")),
        ("secret = -7\nthree(3)", ("NameError", "name 'three' is not defined")),
        ("secret = (", ("SyntaxError", "'(' was never closed (<unknown>, line 1)")),
        (
            "double(lambda: 1)",
            ("TypeError", "a test hands over plain data and what the notebook defines, not a function"),
        ),
    ],
)
def test_an_error_of_the_test_does_not_quote_it(kernel: BareKernel, test: str, error: tuple[str, str]) -> None:
    outputs = run(kernel, RIGHT, test)
    assert error_in(outputs) == error
    assert outputs[-1].traceback == [f"{error[0]}: {error[1]}"]


def test_every_test_starts_anew(kernel: BareKernel) -> None:
    test = "import random, numpy as np\nleft = globals().get('left', 0) + 1\nnp.set_printoptions(precision=2)\n"
    show = "(left, random.random(), float(np.random.random()), str(np.float32([1 / 3])))"
    first, second = (
        run(kernel, RIGHT, f"{test if not second else 'import random, numpy as np'}\nleft = 1\n{show}")
        for second in (0, 1)
    )
    assert first[0].data["text/plain"].replace("[0.33]", "[0.33333334]") == second[0].data["text/plain"]
    assert error_in(run(kernel, RIGHT, "left")) == ("NameError", "name 'left' is not defined")


def test_names_are_data_functions_or_missing(kernel: BareKernel) -> None:
    cell = "import numpy as np\nimport math\nsamples = np.arange(3)\nlimit = 5\nsum = lambda x: 7\n" + RIGHT
    assert (
        run(kernel, cell, "(samples.tolist(), limit, sum([1, 2]), double(4))")[0].data["text/plain"]
        == "([0, 1, 2], 5, 3, 8)"
    )
    for module in ("np", "math"):
        assert error_in(run(kernel, cell, f"{module}.pi")) == ("NameError", f"name '{module}' is not defined")


def test_a_learner_does_not_stand_in_for_a_check_or_for_python(kernel: BareKernel) -> None:
    cell = f"{RIGHT}\npassed = call = len = lambda *args, **kwargs: None"
    for name in ("passed", "call"):
        assert error_in(run(kernel, cell, f"{name}(double, 1)")) == ("NameError", f"name '{name}' is not defined")
    assert run(kernel, cell, "len('ab')")[0].data == {"text/plain": "2"}


def test_own_work_is_read_off_the_cells(kernel: BareKernel) -> None:
    test = "from course_lib.checks import forbid_names\nforbid_names(double, 'resize')"
    assert run(kernel, RIGHT, test) == []
    assert run(kernel, "def double(x):\n    return 2 * x if x is not 1 else '\\d'", test) == []
    cheat = "resize = abs\ndef helper(x):\n    return resize(x)\ndef double(x):\n    return helper(x)"
    assert error_in(run(kernel, cheat, test))[1].startswith("double uses `resize`, which the statement does not allow")


FORGERIES = {
    "a check that failed": "class CheckFailed(AssertionError):\n    pass\n"
    "def double(x):\n    raise CheckFailed('✓ double: 1 point')",
    "the course's own": "from course_lib.checks import CheckFailed\ndef double(x):\n    raise CheckFailed('passed')",
    "exit": "def double(x):\n    raise SystemExit(0)",
    "interrupt": "def double(x):\n    raise KeyboardInterrupt",
    "generator exit": "def double(x):\n    raise GeneratorExit",
    "stop": "import course_lib.grading.remote_test.session as s\ndef double(x):\n    raise s.StoppedTestError('✓', '')",
    "no exception's name": "def double(x):\n    raise type('', (BaseException,), {})('✓')",
    "rendering": "class E(Exception):\n    _render_traceback_ = lambda self: ['✓']\ndef double(x):\n    raise E",
    "equal to all": "class E:\n    __eq__ = __bool__ = lambda *args: True\n    __array__ = lambda *args, **kwargs: 0\n"
    "def double(x):\n    return E()",
    "never false": "class E(list):\n    __eq__ = lambda *args: True\ndef double(x):\n    return E([0, 0])",
    "an array that equals all": "import numpy as np\nclass E(np.ndarray):\n"
    "    __eq__ = __array_ufunc__ = lambda *args: True\ndef double(x):\n    return np.zeros(2).view(E)",
    "inputs changed until all fits": "def double(x):\n    x *= 0\n    return x",
    "patched checks": "import course_lib.checks.results as results\n"
    "def double(x):\n    results.close = lambda *args: True\n    return 0 * x",
    "patched NumPy": "import numpy as np\n"
    "def double(x):\n    np.allclose = np.array_equal = lambda *args, **kwargs: True\n    return 0 * x",
    "closed sockets": "import gc, socket\ndef double(x):\n"
    "    [thing.close() for thing in gc.get_objects() if isinstance(thing, socket.socket)]\n    return 2 * x",
    "printed success": "def double(x):\n    print('✓ double: 1 point')\n    return 0 * x",
    "the caller's frame": "import sys\ndef double(x):\n    frame = sys._getframe()\n    while frame:\n"
    "        if {'secret', 'expected', 'test_double'} & {*frame.f_locals, *frame.f_globals}:\n"
    "            return 2 * x\n        frame = frame.f_back\n    return 0 * x",
}


@pytest.mark.parametrize("cell", FORGERIES.values(), ids=FORGERIES)
def test_no_forgery_passes(kernel: BareKernel, cell: str) -> None:
    assert error_in(run(kernel, cell))[0] in ("CheckFailed", "ChannelError")


def hostile(answers: str) -> str:
    """A learner's cell with an agent of its own."""
    return f"{AGENT}\nANSWERS = [{answers}]\n{RIGHT}"


HOSTILE = {
    "other bytes": "b'x' * 1000",
    "a length that is a lie": "struct.pack('!4sI', b'PxW1', 2**31) + b'{}'",
    "sizes that are a lie": "message(['tuple', 'value', 1, 0, None], [2**62])",
    "deep nesting": "struct.pack('!4sI', b'PxW1', 200000) + b'[' * 200000",
    "deep data": "says(eval('[\"list\",' * 60 + '1' + ']' * 60))",
    "nothing": "message(None)",
    "no tuple": "message(5)",
    "no value": "says(['list', {'a': 1}])",
    "no kind of data": "says(['function', 'os', 'system'])",
    "something of a library": "says(['library', 'os', 'system'])",
    "a pickle": "lambda _, n: message(['tuple', 'value', n, ['array', 0, 'O'], None], "
    "[len(p := pickle.dumps(message([])))], p)",
    "a handle without a number": "says(handle('one'))",
    "a handle of nothing": "says(['handle', 5])",
    "a handle with odd methods": "says(handle(7, '__class__', 5, 3, ['list', '__eq__', '__bool__', '__array__', 8]))",
    "a handle that calls itself an array": "says(handle(7, 'ndarray', None, 'object', ['list', '__array__']))",
    "the function itself": "says(handle())",
    "an error with an odd name": "raises(['list', ['list']])",
    "an error without a name": "raises(['list'], 'no', ['tuple', 1, 'a', None])",
    "an error of a check": "raises(['list', 'CheckFailed', 'AssertionError'])",
    "an error that is not written yet": "raises(['list', 'NotImplementedError'])",
    "an answer of another kind": "says(1, kind='passed')",
    "the answer of another request": "lambda _, n: value(np.array([2.0, -14.0]), n + 1)",
    "a list for a number": "lambda _, n: message(['tuple', 'value', ['list', n], 1, None])",
    "a wrong answer, then the right one": "lambda _, n: value(np.zeros(2), n) + value(np.array([2.0, -14.0]), n)",
    "an array that is missing": "says(['array', 0, 'float64'])",
    "inputs changed to something else": "says(1, changed=['list', 'call', 2, ['tuple', ['tuple', 'x']]])",
    "an object in place of the inputs": "says(1, changed=handle(9))",
    "an end": "lambda session, _: session.close()",
    "death": "lambda *_: os._exit(0)",
    "a large size, and death": "lambda session, _: session.sendall(message(None, [2**29])) or os._exit(0)",
}


@pytest.mark.parametrize("answers", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_agent_fails_the_test_and_nothing_else(kernel: BareKernel, answers: str) -> None:
    try:
        outputs = run(kernel, hostile(answers))
    except Died:
        assert "_exit" in answers
    else:
        assert error_in(outputs)[0] != "TimeoutError"
        assert kernel.run_cell(AGAIN) == []
        assert passes(run(kernel, RIGHT))  # as if nothing had been


def test_the_right_answer_of_a_strange_agent_is_right(kernel: BareKernel) -> None:
    """So the answers above do arrive."""
    assert passes(run(kernel, hostile("lambda _, n: value(np.array([2.0, -14.0]), n)")))


SLOW = {
    "an endless loop": "def double(x):\n    while True:\n        pass",
    "a long sleep": "import time\ndef double(x):\n    time.sleep(1000)",
    "an endless iterator": "def double(x):\n    return iter(int, 1)",
    "silence": hostile("b''"),
    "a large size, and silence": hostile("message(None, [2**29])"),
    "a trickle": hostile(
        "lambda s, n: [s.sendall(message(None, [10**6]))] and [s.send(b'x') and time.sleep(0.1) for _ in range(99)]"
    ),
}
NO_AGENT = f"import course_lib.grading.remote_test.agent as agent\nagent.serve = lambda: None\n{RIGHT}"


@pytest.mark.parametrize("name", SLOW)
def test_a_test_ends_in_time(kernel: BareKernel, name: str) -> None:
    test = TEST.replace("call(double, secret)", "list(double(secret))") if "iterator" in name else TEST
    start = time.monotonic()
    assert error_in(run(kernel, SLOW[name], test, seconds=1)) == ("TimeoutError", "stopped after 1 s; an endless loop?")
    assert time.monotonic() - start < 8
    assert kernel.run_cell(AGAIN) == []
    assert passes(run(kernel, RIGHT))


def test_where_no_agent_serves_the_test_ends_with_the_cell(kernel: BareKernel) -> None:
    assert error_in(run(kernel, NO_AGENT, seconds=100)) == ("ChannelError", "your code stopped answering")
    assert kernel.run_cell(AGAIN) == []
    assert passes(run(kernel, RIGHT))


def test_a_kernel_that_does_not_stop_is_ended(kernel: BareKernel) -> None:
    swallows = "def double(x):\n    while True:\n        try:\n            while True:\n                pass\n"
    with pytest.raises(Died):
        run(kernel, swallows + "        except BaseException:\n            pass", seconds=1)


def test_a_function_that_ends_its_process_is_told(kernel: BareKernel) -> None:
    with pytest.raises(Died):
        run(kernel, "import os\ndef double(x):\n    os._exit(0)")


def test_a_test_that_catches_everything_is_stopped_all_the_same(kernel: BareKernel) -> None:
    test = "try:\n    double(1)\nexcept BaseException:\n    pass\nprint('✓')"
    assert error_in(run(kernel, hostile("bytes(100)"), test))[0] == "ChannelError"


def test_a_thread_that_writes_to_an_old_test_reaches_no_other(kernel: BareKernel) -> None:
    cell = (
        "import os, threading, time\nimport course_lib.grading.remote_test.agent as agent\n"
        "def newest(channel, was=agent._newest):\n    session = was(channel)\n    copy = os.dup(session.fileno())\n"
        "    def late():\n        try:\n            while True:\n                time.sleep(0.01)\n"
        "                os.write(copy, bytes(1000))\n        except OSError:\n            os.close(copy)\n"
        "    threading.Timer(0.3, late).start()\n    return session\nagent._newest = newest\n" + RIGHT
    )
    assert passes(run(kernel, cell))
    for _ in range(3):
        assert passes(run_test(TEST, kernel, [cell], 20))


def test_many_tests_in_a_row_leave_nothing_open() -> None:
    with BareKernel() as kernel:  # of its own: in the others, threads of earlier tests close their sockets at any time
        assert passes(run(kernel, RIGHT))
        here, there = psutil.Process(), psutil.Process(kernel.process.pid)
        before = here.num_fds(), there.num_fds()
        assert all(passes(run(kernel, RIGHT)) for _ in range(20))
        assert (here.num_fds(), there.num_fds()) == before
