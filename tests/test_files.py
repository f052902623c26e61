"""Texts that people write: how they are read, what is refused, and that no reader makes other lines of them."""

import sys
import unicodedata
from pathlib import Path

import pytest

from course_lib.answers import read_answers
from course_lib.files import TextError, read_text, remove_leftovers
from course_lib.release import ReleaseError, generate, read_unit
from tests.support.units import make_course, unit

# Everything that some program of Python's takes for the end of a line, or that is a control character.
BREAKS = [chr(code) for code in range(sys.maxunicode + 1) if len(f"a{chr(code)}b".splitlines()) > 1]
CONTROLS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cc"]
REFUSED = sorted({*BREAKS, *CONTROLS, "\ufeff"} - {"\n", "\r", "\t"})


def put(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("character", REFUSED, ids=lambda character: f"U+{ord(character):04X}")
def test_what_may_end_a_line_or_not_is_refused(tmp_path: Path, character: str) -> None:
    path = put(tmp_path / "a.md", f"one\ntwo {character} two {character}\n\nfour {character}\n")
    with pytest.raises(TextError) as caught:
        read_text(path)
    lines = str(caught.value).split("\n")
    assert [line.partition(" ")[0] for line in lines] == [f"{path}:2:", f"{path}:4:"]
    assert all(f" U+{ord(character):04X} (" in line and f" {character!a}" in line for line in lines)


def test_characters_are_named(tmp_path: Path) -> None:
    for character, name in (("\u2028", "LINE SEPARATOR"), ("\x0c", "FORM FEED"), ("\x1c", "a control character")):
        with pytest.raises(TextError, match=rf"expected no U\+{ord(character):04X} \({name}\)"):
            read_text(put(tmp_path / "a.md", character))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_make_no_difference(tmp_path: Path, mark: str, end: str) -> None:
    text = "é\n\n\ttwo\u00a0words \U0001f600\n"
    assert read_text(put(tmp_path / "a.md", mark + text.replace("\n", end))) == text


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
def test_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.md").write_bytes("größe".encode(encoding))
    with pytest.raises(TextError, match=r"a\.md: expected UTF-8, got something else|expected no U"):
        read_text(tmp_path / "a.md")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_unit_and_its_bank_have_the_same_cells_with_any_mark_and_line_end(tmp_path: Path, end: str) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    folder = course.solutions / "00_tiny"
    plain = read_unit(folder / "00_tiny.md"), read_answers(folder), generate(course, "00_tiny")
    for path in folder.rglob("*.md"):
        put(path, "\ufeff" + path.read_text().replace("\n", end))
    assert (read_unit(folder / "00_tiny.md"), read_answers(folder), generate(course, "00_tiny")) == plain


@pytest.mark.parametrize("name", ["00_tiny.md", "answers/double.md"])
def test_a_unit_with_such_a_character_is_not_released(tmp_path: Path, name: str) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    path = course.solutions / "00_tiny" / name
    text = path.read_text()
    put(path, text.replace("\n", "\u2028\n", 1) + "\x0c\n")
    with pytest.raises(ReleaseError) as caught:
        generate(course, "00_tiny")
    where = f"solutions/00_tiny/{name}"
    starts = [line.partition(" (")[0] for line in str(caught.value).split("\n")]
    assert starts == [f"{where}:1: expected no U+2028", f"{where}:{text.count(chr(10)) + 1}: expected no U+000C"]


def test_leftovers_of_some_files_are_removed(tmp_path: Path) -> None:
    kept = {"cat_1.png", "cat_1.tmp", "dog_1.png.7.tmp"}
    for name in (*kept, "cat_1.png.7.tmp", "cat_2.png.8.tmp"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, "cat_?.png")
    assert {path.name for path in tmp_path.iterdir()} == kept
    remove_leftovers(tmp_path / "missing", "cat_?.png")
