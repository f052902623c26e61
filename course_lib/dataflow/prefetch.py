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

    An epoch has every datapoint once and in the same order as without, whatever the number of workers.
    Worker ``i`` of ``n`` makes the datapoints number ``i``, ``i + n``, ``i + 2 n``…, and they are taken from
    the workers in turn. So what lies below must be divisible: sources and maps are. Batches, shuffle
    buffers and caches are not, nor is a dataflow of your own with ``__iter__`` alone; put them above, or use
    one worker, which takes anything.

    Workers start with the iterator and end with it: at the end of the epoch, after ``break``, when an error
    is raised or the iterator is deleted. A thread finishes the datapoint that it is making first.

    Threads suit work that releases Python's lock, as decoding, resizing and most of NumPy do. Processes suit
    work in Python itself. They take a part of a second to start, or seconds if what they are to do needs
    TensorFlow; for short epochs put `RepeatedData` below.

    Parameters
    ----------
    flow : DataFlow
        What is to be worked off. With processes it is pickled with all it holds, and each process calls
        its `reset_state`; better it holds names of files than images.
    buffer : int
        How many datapoints wait at most, shared among the workers; 1 or more.
    workers : int
        1 or more.
    mode : {"thread", "process"}
        What the workers are.

    Raises
    ------
    ValueError
        If an argument is none of these, there is no dividing the flow among workers, or, while iterating, it
        cannot be pickled. What a worker raises is raised here at its datapoint, with the same type; the
        traceback of another process is the exception's cause.
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
        """Go back to the first epoch; below too, unless that happens in the worker processes."""
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
                    return  # the first to end would have had the next number: nobody has one
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
        """Pass on a warning of a worker process, once: every worker, in every epoch, may give it anew."""
        if str(warning) not in self._warned:
            self._warned.add(str(warning))
            warnings.warn(warning, stacklevel=3)


def _indivisible(flow: DataFlow) -> str:
    """Name the lowest of the nodes that cannot be divided; those above cannot because of it."""
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
    """A thread that puts messages into a queue. It knows nothing of who takes them, who may go away at any time."""

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
        """Have the thread end after the datapoint that it is making."""
        self._stopped.set()
        self._interrupt()
        while not self._queue.empty():  # a thread waiting for room finds it, and then sees that it is to stop
            self._queue.get_nowait()

    def wait(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not threading.current_thread():  # where the garbage collector calls
            self._thread.join()


def _fill(messages: Iterator[Message], waiting: "queue.Queue[Message]", stopped: threading.Event) -> None:
    """Put messages into a queue, until told to stop."""
    try:
        for message in messages:
            waiting.put(message)
            if stopped.is_set():
                break
    except BaseException as error:
        if not stopped.is_set():
            waiting.put(("error", error))
