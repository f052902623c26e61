"""What is kept of a kernel's messages: valid outputs of bounded size, whatever comes."""

import json
from typing import Any

import nbformat
from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sandbox.outputs import DELIMITER, MAX_PARSED_PART_BYTES, RICH, Message, Outputs, error, parse

SMALL = Limits(output_chars=100, figure_chars=1000, outputs=5)
KINDS = ["stream", "error", "clear_output", "status", *RICH]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
fields = ("name", "text", "data", "metadata", "transient", "ename", "evalue", "traceback", "execution_count", "wait")
contents = st.dictionaries(st.sampled_from(fields), anything | st.sampled_from(["stdout", ["x"], {"text/plain": "x"}]))


def shown(kind: str, *contents: dict[str, Any] | None) -> list[nbformat.NotebookNode]:
    """Show messages of one kind."""
    outputs = Outputs(SMALL)
    for content in contents:
        outputs.add(Message(kind, "", content))
    return outputs.kept


def frames(kind: object, parent: object, content: object) -> list[bytes]:
    """Write a message."""
    parts = [json.dumps(part).encode() for part in ({"msg_type": kind}, parent, {}, content)]
    return [b"topic", DELIMITER, b"signature", *parts]


def test_a_message_is_read() -> None:
    message = parse(frames("stream", {"msg_id": "7"}, {"name": "stdout"}))
    assert message == Message("stream", "7", {"name": "stdout"})
    assert parse(frames("stream", {}, {})) == Message("stream", "", {})


def test_a_large_content_is_not_read() -> None:
    message = parse(frames("stream", {"msg_id": "7"}, {"text": "x" * MAX_PARSED_PART_BYTES}))
    assert message == Message("stream", "7", None)
    [output] = shown("stream", None)
    assert "left out" in output.text


@given(st.lists(st.binary(max_size=20) | st.just(DELIMITER) | st.just(b"{}"), max_size=9))
def test_bytes_of_any_kind_are_no_error(parts: list[bytes]) -> None:
    assert isinstance(parse(parts), Message | None)


@given(anything, anything, anything)
def test_json_of_any_kind_is_no_error(kind: object, parent: object, content: object) -> None:
    message = parse(frames(kind, parent, content))
    assert message is None or (isinstance(message.kind, str) and isinstance(message.content, dict))


def test_json_that_is_too_deep_is_no_message() -> None:
    assert parse([*frames("stream", {}, {})[:-1], b"[" * 200_000]) is None


@given(st.lists(st.tuples(st.sampled_from(KINDS), contents), max_size=12))
def test_outputs_are_valid_and_bounded_whatever_comes(messages: list[tuple[str, dict[str, Any]]]) -> None:
    outputs = Outputs(SMALL)
    for kind, content in messages:
        outputs.add(Message(kind, "", content))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs.kept)])
    nbformat.validate(notebook)
    written = json.dumps(notebook, allow_nan=False).encode()
    assert len(outputs.kept) <= SMALL.outputs + 1
    assert len(written) < 20_000


def test_text_ends_at_the_limit() -> None:
    long = {"name": "stdout", "text": "x" * 60}
    text = "".join(output.text for output in shown("stream", long, long, long))
    assert text == "x" * 100 + "\n[the rest was left out: more than 100 characters]\n"


def test_streams_of_one_name_become_one() -> None:
    outputs = Outputs(SMALL)
    for name, text in (("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")):
        outputs.add(Message("stream", "", {"name": name, "text": text}))
    assert [(output.name, output.text) for output in outputs.kept] == [
        ("stdout", "ab"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


def test_figures_end_at_the_limit() -> None:
    figure = {"data": {"image/png": "y" * 600}, "metadata": {}}
    first, second = shown("display_data", figure, figure, figure)
    assert first.data["image/png"] == "y" * 600
    assert "more than 1000 characters of figures" in second.text


def test_a_long_traceback_ends() -> None:
    [output] = shown("error", {"ename": "E", "evalue": "v" * 10**6, "traceback": ["t" * 10**6] * 10**3})
    assert len(json.dumps(output)) < 3 * 10**6


def test_half_a_character_is_replaced() -> None:
    [output] = shown("stream", {"name": "stdout", "text": "a\ud800b"})
    assert output.text == "a?b"


def test_an_error_of_ours_reads_like_one_of_python() -> None:
    output = error("TimeoutError", "stopped")
    assert (output.ename, output.evalue, output.traceback) == ("TimeoutError", "stopped", ["TimeoutError: stopped"])


def test_errors_end_at_the_limit() -> None:
    long = {"ename": "E", "evalue": "", "traceback": ["t" * 60]}
    first, second = shown("error", long, long, long)
    assert first.ename == "E"
    assert "more than 100 characters" in second.text


def test_only_the_size_of_a_picture_is_kept_of_what_is_said_of_it() -> None:
    said = {"image/png": {"width": 9, "height": "1 onerror=alert(1)", "x": 1}, "filenames": {"image/png": "//x"}}
    [output] = shown("display_data", {"data": {"image/png": "y", "text/plain": "z"}, "metadata": said})
    assert output.metadata == {"image/png": {"width": 9}}
    [output] = shown("display_data", {"data": {"image/png": "y"}, "metadata": {"image/png": [1]}})
    assert output.metadata == {"image/png": {}}
