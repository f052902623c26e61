"""Running a test in this process, while the learner's functions stay in theirs.

The test's source is the one that runs in the learner's notebook. Names that it uses and does not define are the
learner's: their values are proxies, or plain data.
"""

import ast
import contextlib
import io
import random
import socket
import struct
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Protocol

import numpy as np
from IPython.core.formatters import PlainTextFormatter
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib import checks
from course_lib.checks.names import NOTEBOOK
from course_lib.code_names.free_names import free_names
from course_lib.code_names.static_names import StaticNames
from course_lib.grading.remote_test.session import Session, StoppedTestError

SERVE = "__import__('course_lib.grading.remote_test.agent', fromlist=['serve']).serve()"
SLICE_S = 0.5  # seconds between checks whether the kernel is alive
GRACE_S = 2  # seconds until a kernel that does not end its part of a finished test is interrupted
MAX_TEXT = 20_000  # characters of an error


class LearnersKernel(Protocol):
    """What a test needs from the learner's kernel; see `course_lib.grading.sandbox.kernel_client.KernelClient`."""

    @property
    def channel(self) -> socket.socket:
        """Connected to the agent."""

    @property
    def alive(self) -> bool:
        """Tell whether the kernel runs."""

    @property
    def ended(self) -> bool:
        """Tell whether the running cell has ended."""

    def begin(self, source: str, silent: bool = False) -> None:
        """Let it run a cell, without waiting."""

    def finish(self, timeout: float | None = None) -> list[NotebookNode]:
        """Wait for that cell, for a time limit in seconds since it began."""


def run_test(source: str, learner: LearnersKernel, cells: Sequence[str], seconds: float) -> list[NotebookNode]:
    """Run a test cell.

    Parameters
    ----------
    source : str
        The cell, with its hidden part.
    learner : KernelClient
        The kernel whose functions it tests.
    cells : sequence of str
        The cells that ran in the learner's kernel so far, in order. They show which names a function uses.
    seconds : float
        The time limit of the test. It is checked at every request to the learner's process.

    Returns
    -------
    list of NotebookNode
        The cell's outputs: what the learner's functions and the test printed, the value of its last expression, or
        the error. The test's source is not quoted. An error means that the test failed.

    Raises
    ------
    KernelDiedError
        From ``learner``, if the kernel is gone.
    """
    served, outputs, _ = converse(partial(execute, source), learner, cells, seconds)
    return [*_printed(served), *outputs]


def converse(
    test: Callable[[Session], object], learner: LearnersKernel, cells: Sequence[str], seconds: float
) -> tuple[list[NotebookNode], list[NotebookNode], Session]:
    """Run a test in this process, in a session with the learner's; see `run_test`.

    Parameters
    ----------
    test : callable
        Executes the test, and returns the value of its last expression.

    Returns
    -------
    tuple of list of NotebookNode, list of NotebookNode, Session
        What the learner's process showed, the outputs of the test, and the session, which is over.
    """
    start = looked = time.monotonic()

    def waiting() -> None:
        nonlocal looked
        now = time.monotonic()
        if now > start + seconds:
            raise TimeoutError(f"stopped after {round(seconds, 1):g} s; an endless loop?")
        if now > looked + SLICE_S:
            looked = now
            if not learner.alive or learner.ended:  # then nobody will answer
                raise EOFError

    ours, theirs = socket.socketpair()
    ours.settimeout(SLICE_S)
    with ours:
        with theirs, contextlib.suppress(OSError):  # if the learner does not receive it, nobody will answer
            descriptor = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", theirs.fileno()))
            learner.channel.sendmsg([b"t"], [descriptor], socket.MSG_DONTWAIT)
        learner.begin(SERVE, silent=True)
        session = Session(ours, waiting, partial(_names_used, cells), partial(_in_cpp, cells))
        outputs = list(_outputs(test, session))
        session.close()
        served = learner.finish(time.monotonic() - start + GRACE_S)
    return served, outputs, session


def _names_used(cells: Sequence[str], name: str) -> set[str]:
    return _static_names(*cells).used_by(name)


def _in_cpp(cells: Sequence[str], name: str) -> bool:
    return _static_names(*cells).in_cpp(name)


@lru_cache(maxsize=1)  # two tests follow each answer
def _static_names(*cells: str) -> StaticNames:
    with warnings.catch_warnings(action="ignore"):  # names in a learner's text
        return StaticNames(cells)


def _printed(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Keep the printed output of a learner's function, and nothing that looks like the result of a test."""
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    if text:
        yield new_output("stream", name="stdout", text=text)


def _outputs(test: Callable[[Session], object], session: Session) -> Iterator[NotebookNode]:
    """Execute a test, and yield the outputs that record its outcome."""
    shown, failure = None, None
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            shown = test(session)
        except KeyboardInterrupt:  # from the keyboard: a learner's has another class here
            raise
        except BaseException as error:
            failure = error
    failure = session.stopped or failure
    for name, stream in (("stdout", out), ("stderr", err)):
        if stream.getvalue():
            yield new_output("stream", name=name, text=stream.getvalue())
    if failure is not None:
        yield _error(failure)
    elif shown is not None:
        yield new_output("execute_result", data={"text/plain": PlainTextFormatter()(shown)})


def execute(source: str, session: Session) -> object:
    """Execute a test in a clean namespace; return the value of its last expression."""
    test = compiled(source)
    namespace: dict[str, object] = {"__name__": NOTEBOOK}
    # A learner's name must not replace a check.
    for name in sorted(free_names(source) - {*checks.__all__}):
        with contextlib.suppress(Exception):  # then it is not defined, as in the notebook
            namespace[name] = session.ask("name", name)
    return evaluate(test, namespace)


def compiled(source: str) -> tuple[CodeType, CodeType]:
    """Compile a test: what comes before its last expression, and that."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    shown = ast.Expression(last.value if isinstance(last, ast.Expr) else ast.Constant(None))
    before = ast.Module(tree.body[:-1] if isinstance(last, ast.Expr) else tree.body, [])
    code = compile(before, "<test>", "exec", dont_inherit=True)
    return code, compile(ast.fix_missing_locations(shown), "<test>", "eval", dont_inherit=True)


def evaluate(test: tuple[CodeType, CodeType], namespace: dict[str, object]) -> object:
    """Run a compiled test among some global names; return the value of its last expression."""
    _seed()
    with np.printoptions():
        exec(test[0], namespace)
        return eval(test[1], namespace)


def _seed() -> None:
    """Let every test draw the same random numbers, regardless of earlier tests."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  (what a test draws from it)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(0)


def _error(error: BaseException) -> NotebookNode:
    """Write an error without its traceback, which would quote the test."""
    name = error.name if isinstance(error, StoppedTestError) else type(error).__name__
    message = str(error)[:MAX_TEXT]
    render = getattr(error, "_render_traceback_", None)  # of a failed check
    lines = render() if render else [f"{name}: {message}".rstrip(": ")]
    return new_output("error", ename=name, evalue=message, traceback=[line[:MAX_TEXT] for line in lines])
