import json
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.grading.restore import reading
from course_lib.grading.restore.reading import read_bytes, read_cells


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "found an empty file"),
        (b"\xef\xbb\xbf \n", "found an empty file"),
        (b'{\n"cells": [', "found broken JSON in line 2"),
        (b"\x89PNG\r\n\x1a\n\xff", "found a file that is not text"),
        (b"PK\x03\x04\x14\0\0\0\xff\xfe", "found a file that is not text"),
        (b"<!DOCTYPE html><html>", "found a web page"),
        (b"[1, 2]", "found other JSON"),
        (b"null", "found other JSON"),
        (b"[" * 10**6, "found other JSON: "),
        (b'{"cells": [], "n": ' + b"9" * 5000 + b"}", "found other JSON: "),
        (b'{"a": 1}', "found other JSON, without a list of cells"),
        (b'{"cells": 5}', "found other JSON, without a list of cells"),
        (b'{"worksheets": [5, {"cells": 5}]}', "found one without cells"),
        (b'{"cells": []}', "found one without cells"),
        (json.dumps({"cells": [{}] * 10_001}).encode(), "at most 10000 cells, found 10001"),
        (json.dumps({"cells": [{"source": "x" * 10_000_001}]}).encode(), "at most 10000000 letters, found 10000001"),
        (
            json.dumps({"cells": [{"source": "x" * 600_000}] * 2}).encode(),
            "at most 1000000 letters of code, found 1200000",
        ),
    ],
)
def test_what_is_no_notebook(content: bytes, words: str) -> None:
    with pytest.raises(CourseError, match=r"^expected a notebook") as caught:
        read_cells(content)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_enormous_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.ipynb"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("was read"))
    with pytest.raises(CourseError, match="expected a notebook of at most 100 MB, found 200 MB"):
        read_bytes(path)
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 10)
    with pytest.raises(CourseError, match="found 0 MB"):
        read_cells(b" " * 11)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.ipynb").mkdir()
    with pytest.raises(CourseError, match="found something that is no file"):
        read_bytes(tmp_path / "folder.ipynb")
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "gone.ipynb")
