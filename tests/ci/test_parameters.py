"""Parameters of the runner: what is read, what is refused, and what reaches the notebook."""

import shlex
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ci import parameters
from ci.execution import execute
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.release import KERNEL

READ: dict[str, Any] = {
    "3": 3,
    "-3": -3,
    "0": 0,
    "1_000": 1000,
    "0x1f": 31,
    "0.5": 0.5,
    ".5": 0.5,
    "1.": 1.0,
    "1e3": 1000.0,
    "12e03": 12000.0,
    "1e-3": 0.001,
    "99999999999999999999": 99999999999999999999,
    "true": True,
    "False": False,
    "null": None,
    "text": "text",
    "a=b": "a=b",
    "a:b": "a:b",
    "Unit#3": "Unit#3",
    "~/data": "~/data",
    "1.2.3": "1.2.3",
    "é \U0001f600": "é \U0001f600",
    '"no"': "no",
    "'1:30'": "1:30",
    '"#ff0000"': "#ff0000",
    '"2020-01-01"': "2020-01-01",
    '""': "",
    r'"a\"b\\c\n"': 'a"b\\c\n',
    "[]": [],
    "[1, 2.5, [a, null]]": [1, 2.5, ["a", None]],
    "{}": {},
    "{a: 1, b: {c: [true]}}": {"a": 1, "b": {"c": [True]}},
    "{0: 0.5, 1: 2}": {0: 0.5, 1: 2},
    "{1.5: a}": {1.5: "a"},
    "{true: 1}": {True: 1},
}
REFUSED = {
    **dict.fromkeys(["no", "No", "YES", "on", "off", "y", "N"], "write true or false"),
    **dict.fromkeys(["~", "None", "nil"], "write null"),
    "": "got nothing, which is null in YAML; write null, or for text put it into quotes, '\"\"'",
    "  ": "got nothing",
    **dict.fromkeys(["012", "-012", "08", "00"], "without the leading 0"),
    **dict.fromkeys(["0o17", "0b101"], "write it in decimal"),
    **dict.fromkeys(["1:30", "-1:30:00", "1:30.5", "12:75"], "base of 60"),
    **dict.fromkeys(["0,5", "1,000"], "decimal point"),
    **dict.fromkeys(["nan", "inf", "-inf"], "text in YAML"),
    **dict.fromkeys([".nan", ".inf", "-.INF", "1e999"], "expected a finite number"),
    **dict.fromkeys(["#ff0000", "Unit #3", "3 # three", '"a" # b', "[1] # b"], "from # on is a comment"),
    **dict.fromkeys(["2020-01-01", "2020-01-01 10:00:00"], "reads as a date"),
    "!!set {a, b}": "got a set",
    "!!binary aGk=": "reads as bytes",
    "!!omap [a: 1]": "a value of the type omap",
    **dict.fromkeys(["!!bool x", "!!int x", "!!float 1", "!!null 0"], "leave the tag out"),
    **dict.fromkeys(["!!seq x", "!!map x"], "expected YAML"),
    "!other 1": "a value of the type !other",
    "=": "a value of the type value",
    "note: this": "a mapping; write it in braces",
    **dict.fromkeys(["- 1", "-"], "a list; write it in brackets"),
    "|": "head of several lines",
    ">5": "head of several lines",
    "&a [*a]": "contains itself",
    "{a: 1, a: 2}": "each name once, got a twice",
    "{1: a, b: c}": "all text or all numbers",
    "[a, no]": "got no, which is a truth value",
    "{no: 1}": "got no, which is a truth value",
    "{a: }": "got nothing",
    "[1": "expected YAML",
    "@a": "expected YAML",
    "\a": "expected YAML",
    "*a": "expected YAML",
    "1\n---\n2": "expected YAML",
}


@pytest.mark.parametrize("text", READ)
def test_values_as_they_are_meant(text: str, tmp_path: Path) -> None:
    (value,) = parameters.from_options([f"A={text}"]).values()
    assert (type(value), value) == (type(READ[text]), READ[text])
    assert of_file(tmp_path, f"00: {{A: {text}}}" if text[0] not in '"' else f"00:\n  A: {text}") == {
        "00_tiny": {"A": value}
    }


@pytest.mark.parametrize("text", REFUSED)
def test_values_that_may_be_misread_get_one_line(text: str) -> None:
    with pytest.raises(CourseError) as caught:
        parameters.from_options([f"A={text}"])
    assert str(caught.value).startswith("parameter A: ")
    assert REFUSED[text] in str(caught.value)


@pytest.mark.parametrize(
    "text", ["no", "1:30", "012", "#ff0000", "2020-01-01", "note: this", "1,5", ">5", "", "~", "it's #1"]
)
def test_the_advice_makes_a_text_of_it(text: str) -> None:
    with pytest.raises(CourseError) as caught:
        parameters.from_options([f"A={text}"])
    advice = str(caught.value).partition("put it into quotes, ")[2]
    (argument,) = shlex.split(f"A={advice}")  # what a shell hands on
    assert parameters.from_options([argument]) == {"A": text}


@pytest.mark.parametrize("text", ["no", "1:30", "012", "2020-01-01", "1,5", "", "~"])
def test_the_advice_for_a_file_makes_a_text_of_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError) as caught:
        of_file(tmp_path, f"00:\n  A: {text}\n")
    advice = str(caught.value).partition("put it into quotes, ")[2]
    assert of_file(tmp_path, f"00:\n  A: {advice}\n") == {"00_tiny": {"A": text}}


def of_file(folder: Path, content: str) -> parameters.ByUnit:
    """Read a file of a course with two units."""
    course = Course(folder)
    for unit in ("00_tiny", "08_large"):
        (course.solutions / unit).mkdir(parents=True, exist_ok=True)
        (course.solutions / unit / f"{unit}.md").touch()
    path = folder / "values.yaml"
    path.write_bytes(content.encode())
    return parameters.from_file(course, path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", {}),
        ("# nothing yet\n", {}),
        ("08: {A: 1}  # large\n00: {A: 2}\n", {"08_large": {"A": 1}, "00_tiny": {"A": 2}}),
        ("\ufeff00_tiny:\r\n  A:\r\n    - 1\r\n    - 2\r\n", {"00_tiny": {"A": [1, 2]}}),
        ("00: &same {A: 1}\n08: *same\n", {"00_tiny": {"A": 1}, "08_large": {"A": 1}}),
        ("00: {}\n", {"00_tiny": {}}),
        ("00: {N: 1, y: 2}\n", {"00_tiny": {"N": 1, "y": 2}}),
    ],
)
def test_files(tmp_path: Path, content: str, expected: parameters.ByUnit) -> None:
    assert of_file(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("A: 1", "expected to map units to parameters"),
        ("[00]", "expected to map units to parameters"),
        ("00:\n", "expected to map units to parameters"),
        ("00: {A: 1}\n00: {B: 1}", "expected each name once, got 00 twice"),
        ("00: {A: 1}\ntiny: {B: 1}", "expected each unit once, got 00_tiny twice"),
        ("00: {A: 1, A: 2}", "expected each name once, got A twice"),
        ("00: {A: no}", "00: A: got no, which is a truth value"),
        ("00:\n  COLOR: #ff0000\n", "00: COLOR: got nothing, which is null"),
        ("00: {A: [1, 2020-01-01]}", "00: A: expected .* got 2020-01-01, which YAML reads as a date"),
        ("07: {A: 1}", "got '07'"),
        ("00: {A: 1", "expected YAML"),
        ("00: {A: \u2028}", r"values\.yaml:1: expected no U\+2028"),
    ],
)
def test_wrong_files(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(CourseError, match=words):
        of_file(tmp_path, content)


CELL = """%matplotlib inline
PLAIN = 1
SIZES = dict(height=8, width=9)  # height=8
ALIKE = PLAIN == 1
NOTE = "a=b"
TYPED: int = 3  # == 3
LATER: float
FIRST, (SECOND, *REST) = 1, (2, 3)
LONG = {
    "a": 1,
}
REST[0] = PLAIN
def function(argument=1):
    inside = 2
"""


def test_all_that_the_cell_defines_is_a_parameter(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [new_code_cell("A = 1"), new_code_cell(CELL, metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), path)
    expected = ["PLAIN", "SIZES", "ALIKE", "NOTE", "TYPED", "LATER", "FIRST", "SECOND", "REST", "LONG"]
    assert parameters.defined(path) == expected
    parameters.check("a", path, dict.fromkeys(expected, 1))
    with pytest.raises(CourseError, match=r"expected a parameter of a, one of PLAIN, .*; got 'inside'"):
        parameters.check("a", path, {"inside": 1})


def test_values_reach_the_notebook_as_they_were_read(tmp_path: Path) -> None:
    given = parameters.from_options([f"P{number}={text}" for number, text in enumerate(READ)])
    defaults = "\n".join(f"{name} = dict(a=0)" for name in given)
    shown = f"print(repr(dict({', '.join(f'{name}={name}' for name in given)})))"
    cells = [new_code_cell(defaults, metadata={"tags": ["parameters"]}), new_code_cell(shown)]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
    source, target = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    nbformat.write(notebook, source)
    parameters.check("a", source, given)
    assert execute(source, target, given, 60, False, lambda *_: None) is None
    (output,) = nbformat.read(target, as_version=4).cells[-1].outputs
    assert output.text == f"{given!r}\n"
