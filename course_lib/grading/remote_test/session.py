"""One test's conversation with the learner's process."""

import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import attrgetter
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary, finalize

from course_lib.grading.remote_test.codec import ChannelError, Decoder, Encoder, Tree
from course_lib.grading.remote_test.identity import RecentObjects
from course_lib.grading.remote_test.proxies import Proxy, make_proxy
from course_lib.grading.remote_test.reconstruct import error_of
from course_lib.grading.remote_test.transport import Waiting, receive, send
from course_lib.grading.remote_test.write_back import carry_back


class StoppedTestError(BaseException):
    """A test cannot continue, whatever it catches.

    Parameters
    ----------
    name : str
        The name of the error.
    message : str
        The reason, for the learner.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


class Session:
    """The requests of a test to the learner's process.

    Parameters
    ----------
    channel : socket
        Its other end is served by the agent. It has a timeout.
    waiting : callable
        Called at least once per timeout of the socket; raises TimeoutError or EOFError to give up.
    names_used : callable
        Returns the names that the function or object of a global name uses.
    in_cpp : callable
        Tells whether a cell of C++ makes the function of a global name.

    Attributes
    ----------
    stopped : StoppedTestError or None
        Why the test could not continue; None if it could.
    refused : str
        Why something of the test's could not be sent; empty if everything was.
    opaque : set of str
        The classes of objects that are not plain, and so were not copied: the test got proxies.
    by_text : bool
        Whether the test was told of names that only the text of the cells has, and not the learner's process.
    completed : bool
        Whether the session was closed before anything stopped it.
    """

    def __init__(
        self,
        channel: socket.socket,
        waiting: Waiting,
        names_used: Callable[[str], set[str]],
        in_cpp: Callable[[str], bool],
    ) -> None:
        self.stopped: StoppedTestError | None = None
        self.refused = ""
        self.opaque: set[str] = set()
        self.by_text = self.completed = False
        self.names_used, self.in_cpp = names_used, in_cpp
        self._channel = channel
        self._waiting = waiting
        self._lock = Lock()  # a test may wait for an item in a thread of its own
        self._recent = RecentObjects()
        self._asked = 0  # an answer must name the number of its request
        self._proxies: WeakValueDictionary[int, Proxy] = WeakValueDictionary()
        self._released: deque[int] = deque()  # numbers of proxies that are gone

    def ask(self, operation: str, *arguments: object) -> Any:
        """Send a request to the learner's process.

        Parameters
        ----------
        operation : str
            An operation of the agent.
        *arguments : object
            Plain data, proxies, and functions and classes of libraries. Changes in place by the learner's code are
            repeated here.

        Returns
        -------
        object
            Plain data of base types, or a proxy.

        Raises
        ------
        Exception
            The exception that was raised there, as a class of the same name.
        StoppedTestError
            If the learner's process does not answer as it should.
        """
        with self._lock:
            reply = self._answer((operation, *arguments))
        match reply:
            case ("value", _, value, changed):
                if changed is not None:
                    carry_back([operation, *arguments], changed)
                return value
            case ("error", _, [*names], str(message), lines):
                raise error_of(names, message, lines)
        raise self._stop("ChannelError", "the answer of your code could not be read")

    def close(self) -> None:
        """End the session, even if a thread still waits for an answer."""
        self.completed = self.stopped is None
        self._stop("ChannelError", "the test is over")
        with self._lock:
            self._channel.close()

    def _answer(self, request: tuple[object, ...]) -> Any:
        if self.stopped:
            raise self.stopped
        released = [self._released.popleft() for _ in range(len(self._released))]
        root = next((each.remote_root for each in request if isinstance(each, Proxy)), str(request[1]))
        encoder = Encoder(_refer)
        self._asked += 1
        try:
            send(self._channel, encoder.write((self._asked, released, *request)), encoder.buffers, self._waiting)
            tree, buffers = receive(self._channel, self._waiting)
            reply = Decoder(buffers, partial(self._find, root)).read(tree)
            answered = reply[1] if isinstance(reply, tuple) and len(reply) > 1 else None
            if type(answered) is not int or answered != self._asked:
                raise ChannelError("expected the answer of this request, got something else")
        except TimeoutError as error:
            raise self._stop("TimeoutError", str(error)) from None
        except (EOFError, OSError):
            raise self._stop("ChannelError", "your code stopped answering") from None
        except ChannelError as error:
            raise self._stop("ChannelError", f"the answer of your code could not be read: {error}") from None
        except (ValueError, TypeError) as error:  # a mistake of the test
            self.refused = str(error)
            raise self._stop(type(error).__name__, str(error)) from None
        return reply

    def _stop(self, name: str, message: str) -> StoppedTestError:
        self.stopped = self.stopped or StoppedTestError(name, message)
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        return self.stopped

    def _find(self, root: str, kind: str, number: object, *about: Any) -> object:
        if type(number) is not int or kind not in ("handle", "same"):
            raise ValueError("expected a handle")
        return self._recent.same(number, *about) if kind == "same" else self._proxy(root, number, *about)

    def _proxy(self, root: str, number: int, *about: Any) -> Proxy:
        proxy = self._proxies.get(number)
        if proxy is None:
            proxy = self._proxies[number] = make_proxy(self, number, root, *about)
            if proxy.remote_kind == "object":
                self.opaque.add(type(proxy).__name__)
            with suppress(ValueError):  # the earlier proxy is gone, but the agent does not know yet
                self._released.remove(number)
            finalize(proxy, self._released.append, number).atexit = False
        return proxy


def _refer(value: Any) -> Tree:
    """Write a reference to an object that is not plain: the learner's, or a library's."""
    if isinstance(value, Proxy):
        return ["handle", value.remote_number]
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str) and module != "__main__":
        with suppress(AttributeError, ImportError):
            if attrgetter(name)(__import__(module, fromlist=["*"])) is value:
                return ["library", module, name]
    raise TypeError(f"a test hands over plain data and what the notebook defines, not a {type(value).__name__}")
