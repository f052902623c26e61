"""The node that works ahead: other threads or processes make the next datapoints while this one is being used."""

import itertools
import queue
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

from course_lib.dataflow import process
from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow
from course_lib.dataflow.process import Message
from course_lib.integers import count

Mode = Literal["thread", "process"]


class PrefetchData(ProxyDataFlow):
    """Make datapoints ahead, in other threads or processes.

    An epoch has every datapoint once and in the same order as without this node, whatever the number of workers. Worker
    ``i`` of ``n`` makes the datapoints number ``i``, ``i + n``, ``i + 2 n``…, and they are taken from the workers in
    turn. So its input must be divisible: sources and maps are. Batches, shuffle buffers and caches are not, and neither
    is your own dataflow that has only ``__iter__``; put them after this node, or use one worker, which accepts any
    dataflow.

    Workers start with the iterator and end with it: at the end of the epoch, after ``break``, when an error
    is raised or the iterator is deleted. A thread finishes the datapoint that it is making first.

    Threads suit work that releases Python's lock, such as decoding, resizing and most of NumPy. Processes suit work in
    Python itself. They take a fraction of a second to start, or seconds if their work needs TensorFlow; for short
    epochs, put a `RepeatedData` before this node.

    Parameters
    ----------
    flow : DataFlow
        The input. With processes, it is pickled with everything it contains, and each process calls its `reset_state`;
        so it should contain file names rather than images.
    buffer : int
        The largest number of datapoints that are kept ready, shared among the workers; 1 or more.
    workers : int
        1 or more.
    mode : {"thread", "process"}
        Whether the workers are threads or processes.

    Raises
    ------
    ValueError
        If an argument has another value, the flow cannot be divided among workers, or, while iterating, it cannot be
        pickled. An exception in a worker is raised here at its datapoint, with the same type; the traceback of another
        process is the exception's cause.
    """

    def __init__(self, flow: DataFlow, buffer: int = 16, workers: int = 1, mode: Mode = "thread") -> None:
        super().__init__(flow)
        if mode not in get_args(Mode):
            raise ValueError(f"expected the mode thread or process, got {mode!r}")
        self.buffer = count("the buffer", buffer)
        self.workers = count("the number of workers", workers)
        self.mode = mode
        self._warned: set[str] = set()
        if workers > 1 and not flow.splits:
            raise ValueError(
                f"expected a dataflow that {workers} workers can divide, but {_indivisible(flow)} cannot be: "
                "put PrefetchData below it, right above the maps, or use one worker"
            )

    def reset_state(self) -> None:
        """Go back to the first epoch, and reset the input too, unless that happens in the worker processes."""
        if self.mode == "process":
            DataFlow.reset_state(self)
        else:
            super().reset_state()

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint]:
        """Yield the datapoints of an epoch, in order."""
        crew: list[_Worker] = []
        try:
            crew.extend(self._crew(epoch))
            for number in itertools.count():
                kind, value = crew[number % self.workers].take()
                while kind == "warning":
                    self._warn(value)
                    kind, value = crew[number % self.workers].take()
                if kind == "error":
                    raise value
                if kind == "end":
                    return  # the first worker to end would have had the next datapoint: there are no more
                if value is not None:
                    yield value
        finally:
            for member in crew:
                member.stop()
            for member in crew:
                member.wait()

    def _crew(self, epoch: int) -> Iterator["_Worker"]:
        """Start the workers."""
        size = -(-self.buffer // self.workers)
        packed = process.packed(self.flow) if self.mode == "process" else b""
        for number in range(self.workers):
            if self.mode == "thread":
                yield _Worker(_messages(self.flow, epoch, number, self.workers), size)
            else:
                started = process.start()
                sent = process.messages(started, packed, epoch, number, self.workers)
                yield _Worker(sent, size, started.kill)

    def _warn(self, warning: Warning) -> None:
        """Pass on a warning of a worker process, but only once: every worker may repeat it in every epoch."""
        if str(warning) not in self._warned:
            self._warned.add(str(warning))
            warnings.warn(warning, stacklevel=3)


def _indivisible(flow: DataFlow) -> str:
    """Name the first node that cannot be divided; it keeps the later ones from being divided."""
    name = type(flow).__name__
    while isinstance(flow, ProxyDataFlow) and not flow.flow.splits:
        flow = flow.flow
        name = type(flow).__name__
    return name


def _messages(flow: DataFlow, *share: int) -> Iterator[Message]:
    """Yield a share of a dataflow as a worker process would send it."""
    for datapoint in flow.share(*share):
        yield "datapoint", datapoint
    yield "end", None


class _Worker:
    """A thread that puts messages into a queue. It does not depend on its consumer, which may go away at any time."""

    def __init__(self, messages: Iterator[Message], size: int, interrupt: Callable[[], Any] = lambda: None) -> None:
        self._queue: queue.Queue[Message] = queue.Queue(size)
        self._stopped = threading.Event()
        self._interrupt = interrupt
        arguments = (messages, self._queue, self._stopped)
        self._thread = threading.Thread(target=_fill, args=arguments, name="PrefetchData", daemon=True)
        self._thread.start()

    def take(self) -> Message:
        """Wait for the next message."""
        return self._queue.get()

    def stop(self) -> None:
        """Make the thread end after the current datapoint."""
        self._stopped.set()
        self._interrupt()
        while not self._queue.empty():  # a thread that waits for room finds it, and then sees that it must stop
            self._queue.get_nowait()

    def wait(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not threading.current_thread():  # if the garbage collector calls
            self._thread.join()


def _fill(messages: Iterator[Message], waiting: "queue.Queue[Message]", stopped: threading.Event) -> None:
    """Put messages into a queue until asked to stop."""
    try:
        for message in messages:
            waiting.put(message)
            if stopped.is_set():
                break
    except BaseException as error:
        if not stopped.is_set():
            waiting.put(("error", error))
