"""Reading a learner's kernel's messages: it may send anything, and only valid outputs of limited size are kept."""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode, ValidationError
from nbformat.v4 import new_output

from course_lib.grading.sandbox.limits import Limits

DELIMITER = b"<IDS|MSG>"
FRAMES = 32  # the most parts of a message
MAX_PARSED_PART_BYTES = 2**22  # bytes of a part of a message; a larger one is not read
DEPTH = 20  # of lists and dicts in an output
ERROR_LINES, ERROR_CHARS, NAME_CHARS = 100, 20_000, 200
RICH = ("display_data", "execute_result", "update_display_data")
LEFT_OUT = "\n[the rest was left out: more than {limit}]\n"


@dataclass(frozen=True)
class Message:
    """A message from a kernel.

    Attributes
    ----------
    kind : str
        Its type, such as ``stream``.
    parent : str
        Number of the request that it belongs to.
    content : dict or None
        None if it is too large.
    """

    kind: str
    parent: str
    content: dict[str, Any] | None


# jupyter_client's Session would check the signature, and parse dates and parts of any size.
def parse(frames: Sequence[bytes]) -> Message | None:
    """Read a message of Jupyter's protocol 5. Its signature proves nothing: the learner has the key.

    Parameters
    ----------
    frames : sequence of bytes
        The parts of the message, as received.

    Returns
    -------
    Message or None
        None if this is not a message.
    """
    try:
        start = frames[:FRAMES].index(DELIMITER) + 2
        header, parent, _, content = frames[start : start + 4]
        if max(len(header), len(parent)) > MAX_PARSED_PART_BYTES:
            return None
        kind, request = json.loads(header)["msg_type"], json.loads(parent).get("msg_id", "")
        read = json.loads(content) if len(content) <= MAX_PARSED_PART_BYTES else None
    except Exception:  # any error that bytes raise if they are not JSON, or too deep
        return None
    valid = isinstance(kind, str) and isinstance(request, str) and isinstance(read, dict | None)
    return Message(kind, request, read) if valid else None


# nbformat's `output_from_msg` would keep metadata of any kind and size.
class Outputs:
    """The outputs of one cell, as far as its limits allow.

    Parameters
    ----------
    limits : Limits
        The limits, of which `output_chars`, `figure_chars` and `outputs` are used.

    Attributes
    ----------
    kept : list of NotebookNode
        Valid outputs of notebook format 4.
    """

    def __init__(self, limits: Limits) -> None:
        self.kept: list[NotebookNode] = []
        self._limits = limits
        self._chars, self._figure_chars = limits.output_chars, limits.figure_chars
        self._full = self._clear_next = False
        self._displays: dict[str, NotebookNode] = {}

    def add(self, message: Message) -> None:
        """Keep the output in a message; drop it if it is malformed, or beyond the limits."""
        read = {"stream": self._stream, "error": self._error, "clear_output": self._clear} | dict.fromkeys(
            RICH, self._rich
        )
        if message.kind not in read or self._full:
            return
        if message.content is None:
            self._leave_out(f"{MAX_PARSED_PART_BYTES} bytes at once")
        else:
            with suppress(KeyError, TypeError, ValueError, AttributeError, ValidationError):  # malformed
                read[message.kind](message.kind, message.content)

    def _stream(self, kind: str, content: dict[str, Any]) -> None:
        name, text = {"stdout": "stdout", "stderr": "stderr"}[content["name"]], _text(content["text"])
        kept, self._chars = text[: self._chars], self._chars - len(text)
        if kept:
            self._keep(new_output("stream", name=name, text=kept))
        if self._chars < 0:
            self._leave_out(f"{self._limits.output_chars} characters")

    def _error(self, kind: str, content: dict[str, Any]) -> None:
        lines = [_text(line)[:ERROR_CHARS] for line in _list(content["traceback"])[:ERROR_LINES]]
        self._chars -= sum(map(len, lines))
        if self._chars < 0:
            self._leave_out(f"{self._limits.output_chars} characters")
            return
        self._keep(error(_text(content["ename"])[:NAME_CHARS], _text(content["evalue"])[:ERROR_CHARS], lines))

    def _rich(self, kind: str, content: dict[str, Any]) -> None:
        data = {_text(mime)[:NAME_CHARS]: _json(value) for mime, value in content["data"].items()}
        metadata = {mime: _size(content.get("metadata", {}).get(mime)) for mime in data if mime.startswith("image/")}
        self._figure_chars -= len(json.dumps(data))
        if self._figure_chars < 0:
            self._leave_out(f"{self._limits.figure_chars} characters of figures")
            return
        display = str(content.get("transient", {}).get("display_id", ""))
        output = new_output(kind.removeprefix("update_"), data=data, metadata=metadata)
        if kind == "update_display_data":
            self._displays[display].update(data=output.data, metadata=output.metadata)
            return
        if kind == "execute_result":
            count = content.get("execution_count")
            output.execution_count = count if type(count) is int else None
        self._keep(output)
        self._displays[display] = output

    def _clear(self, kind: str, content: dict[str, Any]) -> None:
        if content.get("wait") is True:
            self._clear_next = True
        else:
            self.kept.clear()

    def _keep(self, output: NotebookNode) -> None:
        """Add an output; text of the same stream is appended to the last output."""
        if self._clear_next:
            self.kept.clear()
            self._clear_next = False
        last = self.kept[-1] if self.kept else NotebookNode()
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        elif len(self.kept) < self._limits.outputs:
            self.kept.append(output)
        else:
            self._leave_out(f"{self._limits.outputs} outputs")

    def _leave_out(self, limit: str) -> None:
        """Add a note that the outputs end here."""
        self.kept.append(new_output("stream", name="stderr", text=LEFT_OUT.format(limit=limit)))
        self._full = True


def error(name: str, message: str, lines: Sequence[str] = ()) -> NotebookNode:
    """Make the output of an error, by default with the error itself as its traceback."""
    return new_output("error", ename=name, evalue=message, traceback=list(lines) or [f"{name}: {message}"])


def _size(said: Any) -> dict[str, float]:
    """Keep only the size of a picture. A page may show other metadata unsanitized."""
    sizes = [(name, said.get(name)) for name in ("width", "height")] if isinstance(said, dict) else []
    return {name: size for name, size in sizes if isinstance(size, int | float) and 0 < size < MAX_PARSED_PART_BYTES}


def _text(value: Any) -> str:
    """Require a string, and make it valid UTF-8."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value.encode(errors="replace").decode()


def _list(value: Any) -> list[Any]:
    """Require a list."""
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _json(value: Any, depth: int = DEPTH) -> Any:
    """Require JSON that is not too deep, of finite numbers."""
    if depth == 0 or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(value)
    if isinstance(value, dict):
        return {_text(name): _json(below, depth - 1) for name, below in value.items()}
    if isinstance(value, list):
        return [_json(below, depth - 1) for below in value]
    return _text(value) if isinstance(value, str) else value
