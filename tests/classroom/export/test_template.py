"""Reading files that systems exported."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.classroom.export.template import Template, TemplateError, csv_text, looks_like, read_template
from tests.support.lms import GRADEBOOK, WORKSHEET


def read(folder: Path, content: str | bytes) -> Template:
    path = folder / "exported.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_template(path)


def test_every_field_stays_as_it_is(tmp_path: Path) -> None:
    text = 'a,b\n"=1+1, ""so""",  +49 \n"<p>two\r\nlines</p>",-\n'
    template = read(tmp_path, text)
    assert template.rows == [['=1+1, "so"', "  +49 "], ["<p>two\r\nlines</p>", "-"]]
    assert template.lines == [2, 3]
    assert read(tmp_path, template.text()).rows == template.rows


fields = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.lists(fields, min_size=2, max_size=2), max_size=4), st.sampled_from(",;\t"))
def test_what_is_written_is_read_again(rows: list[list[str]], delimiter: str) -> None:
    text = csv_text([["one", "two"], *rows], delimiter)
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == [["one", "two"], *rows]


@pytest.mark.parametrize(
    "content",
    ["a,b\n1,2\n", "a;b\r\n1;2\r\n", "a\tb\n1\t2", "\ufeffa,b\n1,2\n", '"a","b"\n1,2\n', "a,b\n1,2,\n"],
)
def test_forms(tmp_path: Path, content: str) -> None:
    template = read(tmp_path, content)
    assert (template.header, template.rows) == (["a", "b"], [["1", "2"]])


def test_the_delimiter_stays(tmp_path: Path) -> None:
    assert read(tmp_path, "a;b\n1,5;2\n").text() == "a;b\r\n1,5;2\r\n"


def test_a_short_row_is_filled_up(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1\n\n").rows == [["1", ""], ["", ""]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "expected a CSV file, got a zip file or a workbook"),
        ("a,b\nJosé,1\n".encode("latin-1"), "expected UTF-8, got something else"),
        ("a,b\n1,2\n".encode("utf-16"), "expected UTF-8, got something else"),
        (b"", "expected a first line with the names of columns, got none"),
        (b"a,b\n1,2,3\n", ":2: expected 2 fields, as in the first line, got more"),
        (b'a,b\n"' + b"x" * 200_000 + b'",2\n', ":2: expected CSV, got something else"),
    ],
    ids=["workbook", "latin-1", "utf-16", "empty", "wide", "huge"],
)
def test_faults(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path / 'exported.csv'}:")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (WORKSHEET, "a grading worksheet of Moodle"),
        ([*GRADEBOOK, "Doubling (77)"], "a gradebook of Canvas"),
        (["First Name", "Last Name", "SID", "Email", "Total Score"], "grades of Gradescope"),
        (["student", "unit", "points", "max_points"], "this course's grades.csv"),
        (["a", "b"], ""),
    ],
)
def test_what_a_file_looks_like(header: list[str], kind: str) -> None:
    assert looks_like(header) == kind


def test_columns_that_are_needed(tmp_path: Path) -> None:
    template = read(tmp_path, csv_text([[*GRADEBOOK, "Grade", "Grade"]]))
    assert template.require(("ID", "Section"), "", "") == [1, 4]
    with pytest.raises(TemplateError, match="expected a worksheet, got what looks like a gradebook of Canvas; do that"):
        template.require(("Identifier",), "a worksheet", "do that")
    with pytest.raises(TemplateError, match="expected a gradebook of Canvas, got a file without More, Most; do that"):
        template.require(("ID", "More", "Most"), "a gradebook of Canvas", "do that")
    with pytest.raises(TemplateError, match="expected each column once, got more than one Grade"):
        template.require(("ID", "Grade"), "", "")
