"""Messages arrive whole; what is no message is refused, and nobody who is silent holds up the other."""

import json
import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.grading.remote_test import transport as channels
from course_lib.grading.remote_test.codec import ChannelError
from course_lib.grading.remote_test.transport import receive, send


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets."""
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.05)
        there.settimeout(5)
        yield here, there


def give_up_after(count: int) -> Callable[[], None]:
    """Wait so often, and then no longer."""
    left = iter(range(count))

    def waiting() -> None:
        if next(left, None) is None:
            raise TimeoutError

    return waiting


def test_messages_arrive_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    large = bytes(range(256)) * 20_000
    sender = threading.Thread(target=send, args=(pair[1], {"any": ["json"]}, [large, b"", b"end"]))
    sender.start()
    assert receive(pair[0]) == ({"any": ["json"]}, [large, b"", b"end"])
    sender.join()
    send(pair[1], None, [])
    assert receive(pair[0]) == (None, [])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_message(content: bytes) -> None:
    here, there = socket.socketpair()
    with here:
        with there:
            there.sendall(content)
        with pytest.raises((ChannelError, EOFError)):
            receive(here)


def message(header: object, more: bytes = b"", magic: bytes = b"PxW1", length: int | None = None) -> bytes:
    """A message with whatever one likes in its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return magic + struct.pack("!I", len(text) if length is None else length) + text + more


@pytest.mark.parametrize(
    "content",
    [
        message([None, []], magic=b"PxW2"),
        message([None, []], length=2**32 - 1),
        message(b"[null, []"),
        message(b"\xff\xfe"),
        message(b"[" * 100_000),
        message(b"1" * 5000),
        message(5),
        message([]),
        message([1, 2, 3]),
        message([None, 3]),
        message([None, [-1]]),
        message([None, [True]]),
        message([None, [1.5]]),
        message([None, ["1"]]),
        message([None, [2**62]]),
        message([None, [2**29, 2**29, 1]]),
        message([None, [0] * 600_000]),
    ],
    ids=range(17),
)
def test_a_forged_message_is_refused(pair: tuple[socket.socket, socket.socket], content: bytes) -> None:
    def forge() -> None:
        with suppress(OSError):  # nobody reads on
            pair[1].sendall(content)

    sender = threading.Thread(target=forge)
    sender.start()
    with pytest.raises(ChannelError, match="expected a message, got"):
        receive(pair[0], give_up_after(10_000))
    pair[0].close()
    sender.join()


def test_a_message_that_ends_early_or_never_comes(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].sendall(message([None, [1000]], b"few"))
    with pytest.raises(TimeoutError):
        receive(pair[0], give_up_after(5))
    pair[1].close()
    with pytest.raises(EOFError):
        receive(pair[0])


def test_a_forged_length_takes_up_no_memory(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].sendall(message([None, [channels.MAX_ARRAYS_BYTES]], b"few"))
    tracemalloc.start()
    with pytest.raises(TimeoutError):
        receive(pair[0], give_up_after(5))
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()


def test_bytes_that_trickle_do_not_hold_up_for_ever(pair: tuple[socket.socket, socket.socket]) -> None:
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.001):
            pair[1].send(b"x")

    pair[1].sendall(message([None, [10**6]]))
    thread = threading.Thread(target=trickle)
    thread.start()
    with pytest.raises(TimeoutError):
        receive(pair[0], give_up_after(50))
    stop.set()
    thread.join()


def test_who_does_not_listen_holds_up_nobody(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        send(pair[0], None, [bytes(10**7)], give_up_after(15))


def test_a_message_that_is_too_large_is_not_begun(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "MAX_ARRAYS_BYTES", 100)
    with pytest.raises(ValueError, match="expected at most 0 GB of arrays"):
        send(pair[0], None, [bytes(60), bytes(60)])
    send(pair[0], "small", [])
    assert receive(pair[1]) == ("small", [])
