"""Files of other formats, damaged files, and what is no file."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat

from tests.grading.hostile.submissions.case import UPTO, Case, Notebook
from tests.support.tiny_course import HALF_RIGHT, RIGHT, WRONG


def format_3(notebook: Notebook) -> bytes:
    """Write it as notebooks were in 2013."""
    return str(nbformat.v3.writes_json(nbformat.reads(json.dumps(notebook), as_version=3))).encode()


def format_4_0(notebook: Notebook) -> bytes:
    """Write it as notebooks were before cells had ids."""
    for part in notebook["cells"]:
        part.pop("id")
    return json.dumps(notebook | {"nbformat_minor": 0}).encode()


def half(notebook: Notebook) -> bytes:
    """Lose the second half."""
    text = json.dumps(notebook).encode()
    return text[: len(text) // 2]


def plain(content: bytes) -> Callable[[Notebook], bytes]:
    """Hand in these bytes."""
    return lambda notebook: content


FORMATS = {
    "format 3": Case(3, RIGHT, content=format_3, changes="format 3: converted"),
    "format 3 and wrong": Case(0, WRONG, content=format_3, changes="format 3: converted"),
    "format 4.0": Case(1, HALF_RIGHT, content=format_4_0),
    "format 4.99": Case(3, RIGHT, lambda notebook: notebook.update(nbformat_minor=99)),
    "format 7": Case(3, RIGHT, lambda notebook: notebook.update(nbformat=7), changes="format 7: converted"),
    "corrupt": Case(0, RIGHT, content=half, status="expected a notebook, found broken JSON in line 1"),
    "empty": Case(0, content=plain(b""), status="found an empty file"),
    "zeros": Case(0, content=plain(bytes(100_000)), status="found an empty file"),
    "binary": Case(
        0, content=plain(bytes(range(256)) * 100), status="expected a notebook, found a file that is not text"
    ),
    "deep": Case(0, content=plain(b"[" * 1_000_000), status="expected a notebook, found other JSON"),
    "a long number": Case(0, content=plain(b'{"cells": ' + b"9" * 100_000 + b"}"), status="expected a notebook"),
    "no cells": Case(0, content=plain(b'{"cells": [], "nbformat": 4}'), status="found one without cells"),
    "strange cells": Case(
        0, content=plain(b'{"cells": [1, null, {"source": {"a": 1}}]}'), status="found none of its cells"
    ),
    "a web page": Case(0, content=plain(b"<!doctype html><script>alert(1)</script>"), status="found a web page"),
    "another unit": Case(
        0,
        content=lambda notebook: json.dumps(
            notebook
            | {
                "cells": [
                    {
                        "cell_type": "code",
                        "metadata": {"nbgrader": {"grade_id": name, "solution": name == "upto"}},
                        "source": UPTO if name == "upto" else "pass",
                    }
                    for name in ("upto", "test_upto", "test_upto_hidden")
                ]
            }
        ).encode(),
        status=r"expected the unit with the exercises 'double', found another one: .*'upto'",
    ),
    "a file of its own name": Case(
        3, RIGHT, file="my answers (2).ipynb", changes="called 'my answers (2).ipynb': taken for"
    ),
}


def enormous(path: Path, places: Mapping[str, str]) -> None:
    """Make a file of 200 MB, which takes up no room."""
    with path.open("wb") as file:
        file.truncate(200_000_000)


def link(path: Path, places: Mapping[str, str]) -> None:
    """Hand in the instructor's notebook."""
    path.symlink_to(places["source"])


def linked_folder(path: Path, places: Mapping[str, str]) -> None:
    """Hand in the folder of somebody who is right."""
    path.parent.rmdir()
    path.parent.symlink_to(Path(places["other"]).parent)


NO_FILES = {
    "enormous": Case(0, place=enormous, status="expected a notebook of at most 100 MB, found 200 MB"),
    "a pipe": Case(0, place=lambda path, _: os.mkfifo(path), status="found something that is no file"),
    "a link": Case(0, place=link, status="found a link, which is not followed", recorded=False),
    "a linked folder": Case(0, place=linked_folder, status="found a link, which is not followed", recorded=False),
}
