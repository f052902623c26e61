"""The learner's side of a test: performs the test's requests, with the learner's own functions and objects.

It runs in the learner's kernel, so nothing that it sends is trusted. The kernel has one socket from its start. Before
each test, a new socket, for that test only, is sent over it: anything that a learner's code has written to an old
socket is lost with it.
"""

import inspect
import json
import operator
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from course_lib.checks.describe import as_array, describe
from course_lib.checks.kinds import is_exception
from course_lib.checks.lines import lines_of
from course_lib.checks.names import as_written, cell_of, is_empty, names_used
from course_lib.checks.remote import kind_of
from course_lib.grading.remote_test.codec import Buffers, Decoder, Encoder, Tree
from course_lib.grading.remote_test.identity import RecentObjects
from course_lib.grading.remote_test.transport import receive, send

METHODS = ("__call__", "__getitem__", "__iter__", "__len__", "__next__")  # that an object may have, and a test may use

_channels: list[socket.socket] = []


def connect(path: str) -> None:
    """Connect this kernel to the testing process.

    Parameters
    ----------
    path : str
        Of a socket.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.connect(path)
    channel.setblocking(False)
    _channels[:] = [channel]


def serve() -> None:
    """Answer the requests of one test, until it closes its socket."""
    agent = _Agent(vars(sys.modules["__main__"]))
    with _newest(_channels[0]) as session:
        while True:
            try:
                agent.answer(session, *receive(session))
            except (EOFError, ConnectionError):  # the test is over, or its time has run out
                return


def _newest(channel: socket.socket) -> socket.socket:
    """Return the latest socket; there may be an older one, of a test that was never answered."""
    descriptors: list[int] = []
    while True:
        try:
            said, new, _, _ = socket.recv_fds(channel, 1, 1)
        except BlockingIOError:
            break
        if not said:
            break
        descriptors += new
    sessions = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    for old in sessions[:-1]:
        old.close()
    return sessions[-1]


class _Agent:
    def __init__(self, scope: dict[str, object]) -> None:
        self.scope = scope  # the learner's global names
        self.things: dict[int, object] = {}  # objects that the test has proxies for, by number
        self.trees: dict[int, Tree] = {}  # how each object is written, by its id
        self.given: dict[int, Tree] = {}  # how a request refers to an object
        self.owner: object = None  # of what is asked
        self.count = 0
        self.recent = RecentObjects()
        self.operations: dict[str, Callable[..., object]] = {
            "name": self.named,
            "call": lambda function, args, kwargs: function(*args, **kwargs),
            "attribute": getattr,
            "item": operator.getitem,
            "length": len,
            "iterate": iter,
            "next": next,
            "describe": describe,
            "array": as_array,
            "names": lambda thing: sorted(names_used(thing)),
            "written": as_written,
            "empty": is_empty,
            "exception": is_exception,
            "signature": _signature,
        }

    def answer(self, session: socket.socket, tree: Tree, buffers: Buffers) -> None:
        """Perform a request, whatever it raises."""
        time_is_up = False
        number = tree[1]
        try:
            reply = self.done(number, tree, buffers)
        except BaseException as error:
            reply = self.failed(number, error)
            time_is_up = isinstance(error, KeyboardInterrupt)
        try:
            send(session, *reply)
        except ValueError as error:  # it is too large
            send(session, *self.failed(number, error))
        if time_is_up:
            raise KeyboardInterrupt

    def done(self, number: int, tree: Tree, buffers: Buffers) -> tuple[Tree, Buffers]:
        """Perform a request; report the result, and arguments that were changed."""
        self.given.clear()
        _, released, *request = Decoder([bytearray(buffer) for buffer in buffers], self.find).read(tree)
        for gone in released:  # first of all: a learner's code may wait for it
            self.trees.pop(id(self.things.pop(gone, None)), None)
        self.owner = request[1]
        value = self.operations[request[0]](*request[1:])
        after = Encoder(lambda thing: self.given.get(id(thing)) or self.keep(thing))
        written = after.write((number, released, *request))
        unchanged = json.dumps(written) == json.dumps(tree) and buffers == after.buffers
        reply = Encoder(self.keep, self.recent.number)
        return reply.write(("value", number, value, None if unchanged else request)), reply.buffers

    def failed(self, number: int, error: BaseException) -> tuple[Tree, Buffers]:
        """Describe an error by the names of its classes, its message and its lines."""
        try:
            words = str(error)
        except Exception:
            words = ""
        reply = Encoder(self.keep)
        names = [base.__name__ for base in type(error).__mro__]
        lines = lines_of(error, self.scope, cell_of(self.owner))
        return reply.write(("error", number, names, words, lines)), reply.buffers

    def named(self, name: str) -> object:
        """Find the value of a global name; a module does not belong to the learner's work."""
        if inspect.ismodule(self.scope[name]):
            raise NameError(name)
        return self.scope[name]

    def keep(self, value: object) -> Tree:
        """Keep an object that is not plain here; write its number, and what it is."""
        if id(value) not in self.trees:
            self.count += 1
            self.things[self.count] = value
            methods = [method for method in METHODS if any(method in vars(base) for base in type(value).__mro__)]
            name = getattr(value, "__name__", None)
            about = [type(value).__name__, name if isinstance(name, str) else None, kind_of(value), methods]
            self.trees[id(value)] = Encoder(self.keep).write((self.count, *about))
            self.trees[id(value)][0] = "handle"
        return self.trees[id(value)]

    def find(self, kind: str, where: Any, name: str = "") -> object:
        """Find the object that a test refers to: one that was kept, or one of a library."""
        thing = self.things[where] if kind == "handle" else operator.attrgetter(name)(import_module(where))
        self.given[id(thing)] = [kind, where, name] if name else [kind, where]
        return thing


def _signature(function: Callable[..., object]) -> Any:
    """Return the parameters of a function, with defaults and annotations as text; None if unknown."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None

    def words(value: Any, write: Callable[[Any], str]) -> str | None:
        return None if value is inspect.Parameter.empty else write(value)

    parameters = [
        (each.name, int(each.kind), words(each.default, repr), words(each.annotation, inspect.formatannotation))
        for each in signature.parameters.values()
    ]
    return parameters, words(signature.return_annotation, inspect.formatannotation)
