"""Messages over a socket: a few fixed bytes, JSON, and raw arrays."""

import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from course_lib.grading.remote_test.codec import MAX_NODES, Buffers, ChannelError, Tree

# JSON, since numbers and text travel as they are; msgpack would save little, as arrays travel beside it.
MAX_JSON_BYTES = 2**24  # bytes of JSON
MAX_ARRAYS_BYTES = 2**30  # of arrays
PIECE_BYTES = 2**20
_START = struct.Struct("!4sI")
_MAGIC = b"PxW1"

Waiting = Callable[[], None]


def _patient() -> None:
    """Never give up."""


def send(channel: socket.socket, tree: Tree, buffers: Buffers, waiting: Waiting = _patient) -> None:
    """Send a message.

    Parameters
    ----------
    channel : socket
        A stream.
    tree : object
        JSON.
    buffers : list of bytes
        What the tree refers to.
    waiting : callable
        Called at least once per timeout of the socket; raises an exception to give up.

    Raises
    ------
    ValueError
        If it is too large.
    OSError
        If the other end is closed.
    """
    sizes = [len(buffer) for buffer in buffers]
    header = json.dumps([tree, sizes]).encode()
    if len(header) > MAX_JSON_BYTES or sum(sizes) > MAX_ARRAYS_BYTES:
        size = f"{max(len(header), sum(sizes)) / 2**30:.1f} GB"
        raise ValueError(f"expected at most {MAX_ARRAYS_BYTES / 2**30:.0f} GB of arrays and little else, got {size}")
    parts = [_START.pack(_MAGIC, len(header)) + header, *buffers]
    for content in [b"".join(parts)] if sum(sizes) < PIECE_BYTES else parts:  # each wakes the other end up
        rest = memoryview(content)
        while rest:
            waiting()
            with suppress(TimeoutError):
                rest = rest[channel.send(rest[:PIECE_BYTES]) :]


def receive(channel: socket.socket, waiting: Waiting = _patient) -> tuple[Tree, Buffers]:
    """Receive a message from an untrusted sender.

    Parameters
    ----------
    channel : socket
        A stream.
    waiting : callable
        As for `send`.

    Returns
    -------
    tree : object
        JSON of any kind.
    buffers : list of bytearray
        Arrays, with unchecked content.

    Raises
    ------
    EOFError
        If the other end is closed.
    ChannelError
        If it is not a message, or too large.
    OSError
        If the socket fails.
    """
    magic, size = _START.unpack(_read(channel, _START.size, waiting))
    if magic != _MAGIC or size > MAX_JSON_BYTES:
        raise ChannelError("expected a message, got other bytes")
    try:
        tree, sizes = json.loads(_read(channel, size, waiting))
        if (
            not all(type(size) is int and size >= 0 for size in sizes)
            or sum(sizes) > MAX_ARRAYS_BYTES
            or len(sizes) > MAX_NODES
        ):
            raise ValueError("expected sizes within the limit")
    except (ValueError, TypeError, RecursionError) as error:
        raise ChannelError(f"expected a message, got something else: {type(error).__name__}") from error
    return tree, [_read(channel, size, waiting) for size in sizes]


def _read(channel: socket.socket, size: int, waiting: Waiting) -> bytearray:
    """Read `size` bytes; memory is allocated as they arrive."""
    content = bytearray()
    while len(content) < size:
        waiting()
        with suppress(TimeoutError):
            piece = channel.recv(min(PIECE_BYTES, size - len(content)))
            if not piece:
                raise EOFError("the other end is closed")
            content += piece
    return content
