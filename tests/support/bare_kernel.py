"""A second process that runs a learner's cells: the least that a test needs of a kernel."""

import json
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from tests.support.paths import ROOT

CONNECT = "__import__('course_lib.grading.remote_test.agent', fromlist=['connect']).connect({!r})"
# Each line it reads is a cell; each line it writes is what the cell printed, and its error.
CHILD = """
import contextlib, io, json, linecache, os, sys, types

def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    sys.modules["__main__"] = types.ModuleType("__main__")
    scope = vars(sys.modules["__main__"])
    for number, line in enumerate(sys.stdin):
        source, error, name = json.loads(line), None, f"<cell {number}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(compile(source, name, "exec"), scope)
            except BaseException as raised:
                error = [type(raised).__name__, str(raised)]
        print(json.dumps([printed.getvalue(), error]), file=answers)

main()
"""


class Died(Exception):
    """The process is gone."""


class BareKernel:
    """Stands for `course_lib.grading.sandbox.kernel_client.KernelClient`; a context manager."""

    def __enter__(self) -> "BareKernel":
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(f"{folder}/agent")
            listener.listen()
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.process = stack.enter_context(subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, **pipes))
            stack.callback(self.process.kill)
            assert self.run_cell(CONNECT.format(f"{folder}/agent")) == []
            self.channel = stack.enter_context(listener.accept()[0])
            self._open = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self.process.poll() is None

    @property
    def ended(self) -> bool:
        """Tell whether the cell that was begun has come to its end."""
        assert self.process.stdout
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def run_cell(self, source: str, timeout: float = 20) -> list[NotebookNode]:
        """Run a cell to its end."""
        self.begin(source)
        return self.finish(timeout)

    def begin(self, source: str, silent: bool = False) -> None:
        """Let it run a cell, and do not wait."""
        assert self.process.stdin
        self.started = time.monotonic()
        self.process.stdin.write(json.dumps(source).encode() + b"\n")
        self.process.stdin.flush()

    def finish(self, timeout: float | None = None) -> list[NotebookNode]:
        """Wait for that cell, interrupt it, kill it."""
        assert self.process.stdout
        rest = self.started + (timeout or 20) - time.monotonic()
        if not select.select([self.process.stdout], [], [], max(rest, 0))[0]:
            self.process.send_signal(signal.SIGINT)
            if not select.select([self.process.stdout], [], [], 2)[0]:
                self.process.kill()
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise Died("the process is gone")
        printed, error = json.loads(line)
        outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
        return [*outputs, new_output("error", ename=error[0], evalue=error[1], traceback=[])] if error else outputs
