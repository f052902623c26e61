"""A worker process: how it is started, what runs in it, and what it sends back.

It is a new Python, not a fork: forking a process in which TensorFlow's threads run can hang. Dataflows are sent with
cloudpickle, which includes lambdas and the classes of a notebook.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle

from course_lib.dataflow.base import DataFlow

# ("datapoint", a datapoint or None), ("warning", a Warning), ("error", an exception) or ("end", None)
Message = tuple[str, Any]

COMMAND = "from course_lib.dataflow.process import main; main()"
# There may be several workers: each leaves the accelerator to the consumer, and computes in one thread.
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PIPE_SIZE = 1 << 20  # bytes, if the system lets a program choose: an image passes in one piece


# As text, like the standard library's pools: tblib would rebuild frames, whose variables stay in the worker anyway.
class WorkerTraceback(Exception):
    """The traceback of an exception in a worker process; it is the cause of that exception in the consumer."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def packed(flow: DataFlow) -> bytes:
    """Pickle a dataflow for worker processes.

    Raises
    ------
    ValueError
        If something in it cannot be pickled.
    """
    try:
        return cloudpickle.dumps(flow)
    except Exception as error:
        raise ValueError(
            f"expected a dataflow that can be pickled for worker processes, got {type(flow).__name__}: {error}. "
            'Make what cannot in reset_state, or use mode="thread"'
        ) from error


def start() -> subprocess.Popen[bytes]:
    """Start a worker process, which waits for its task.

    It ends as soon as its standard input is closed. The system closes that when the consumer ends for any reason, so no
    worker outlives its consumer.
    """
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": path},
        pipesize=PIPE_SIZE,
    )


def messages(process: subprocess.Popen[bytes], flow: bytes, *share: int) -> Iterator[Message]:
    """Send a process its share of a packed dataflow, and yield its messages; end it afterwards."""
    assert process.stdin is not None
    assert process.stdout is not None
    kind = ""
    try:
        pickle.dump((flow, share), process.stdin)
        process.stdin.flush()
        while kind not in {"end", "error"}:
            kind, value = pickle.load(process.stdout)
            if kind == "error":
                value, text = value
                value.__cause__ = WorkerTraceback(text)
            yield kind, value
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise RuntimeError(
            f"a worker process ended in the middle of its work, with status {process.wait()}; "
            "-9 often means that memory ran out"
        ) from None
    finally:
        process.kill()
        with contextlib.suppress(BrokenPipeError), process:
            pass  # closes the pipes, and waits for the process to end


def main() -> None:
    """Run as a worker process: read the task from standard input, and write messages to standard output."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of a map must not get between the messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the consumer, which ends its workers
    pending: list[Message] = []
    warnings.showwarning = lambda message, *_args, **_kwargs: pending.append(("warning", message))

    def send(kind: str, value: Any) -> None:
        pending.append((kind, value))
        for message in pending:
            cloudpickle.dump(message, out)
        pending.clear()
        out.flush()

    packed_flow, share = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_consumer, daemon=True).start()
    try:
        flow: DataFlow = pickle.loads(packed_flow)
        flow.reset_state()
        for datapoint in flow.share(*share):
            send("datapoint", datapoint)
        send("end", None)
    except BaseException as error:
        send("error", (_portable(error), traceback.format_exc()))


def _end_with_consumer() -> None:
    """End this process, whatever it is doing, when the other end of its standard input is closed."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _portable(error: BaseException) -> BaseException:
    """Return the exception or, if it cannot be pickled, one with the same message."""
    try:
        return pickle.loads(cloudpickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
