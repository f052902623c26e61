"""The sockets of a learner's kernel: everything that waits to be sent or read is limited."""

from collections.abc import Iterator

import zmq
from jupyter_client.manager import KernelManager

from course_lib.grading.sandbox.outputs import Message, parse

MESSAGE_POLL_S = 0.1  # seconds to wait for messages, between checks whether the kernel is alive
# Unread messages from the kernel are in the memory of this process: at most so many, in parts of so many bytes.
QUEUE, MAX_RECEIVED_PART_BYTES = 4, 2**28
UNREAD_MS = 10_000  # milliseconds for which a kernel may leave messages unread, when many are waiting already
BATCH = 100  # messages that are read between checks of the time


class UnreadError(Exception):
    """The kernel does not read what is sent to it."""


class Connection:
    """A connection to a kernel that runs.

    Parameters
    ----------
    manager : KernelManager
        Of the kernel.
    """

    def __init__(self, manager: KernelManager) -> None:
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MAX_RECEIVED_PART_BYTES)
        context.setsockopt(zmq.RCVHWM, QUEUE)
        context.setsockopt(zmq.SNDTIMEO, UNREAD_MS)
        self._client = manager.client(context=context)
        self._client.start_channels(stdin=False, hb=False, control=False)
        self._sockets = [self._client.iopub_channel.socket, self._client.shell_channel.socket]

    def close(self) -> None:
        """Close the sockets."""
        self._client.stop_channels()

    def execute(self, source: str, silent: bool) -> str:
        """Ask the kernel to run a cell; return the number of the request, or raise `UnreadError`."""
        sendable = source.encode(errors="replace").decode()  # JSON can contain half surrogate pairs
        try:
            return str(self._client.execute(sendable, silent=silent, allow_stdin=False, stop_on_error=False))
        except zmq.Again:
            raise UnreadError from None

    def messages(self, patience: float = MESSAGE_POLL_S) -> Iterator[Message]:
        """Wait at most `patience` seconds, and yield the messages that have arrived; outputs before replies."""
        for channel in zmq.select(self._sockets, [], [], patience)[0] and self._sockets:
            for _ in range(BATCH):
                if not channel.poll(0):
                    break
                message = parse(channel.recv_multipart())
                if message:
                    yield message
