"""Hints in a text file: what is read, what is refused, and where a hint lies in the working picture."""

from pathlib import Path

import pytest
import skimage

from course_lib.coloring.hints import FileHint, hints_for, read_hints, working_hints
from course_lib.errors import CourseError


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "hints.txt"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hints_are_read(tmp_path: Path, end: str) -> None:
    file = written(tmp_path, end.join(["\ufeffa.jpg 0 12 #ff8000", "", "  my old  photo 2.png\t7 8  #FFFFFF "]))
    assert read_hints(file) == [
        FileHint("a.jpg", 0, 12, (255, 128, 0), f"{file}:1"),
        FileHint("my old  photo 2.png", 7, 8, (255, 255, 255), f"{file}:3"),
    ]


@pytest.mark.parametrize(
    "line", ["a.jpg 1 2", "a.jpg 1 2 red", "a.jpg 1 2 #fff", "a.jpg -1 2 #ffffff", "a.jpg 1.5 2 #ffffff", "1 2 #ffffff"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, f"a.jpg 1 2 #ffffff\n{line}\nb.jpg 3 4 #000000\n?\n")
    with pytest.raises(CourseError, match="expected IMAGE ROW COLUMN #RRGGBB") as refused:
        read_hints(file)
    second, fourth = str(refused.value).splitlines()
    assert second.startswith(f"{file}:2: ")
    assert second.endswith(f"got {line!r}")
    assert fourth.startswith(f"{file}:4: ")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"none.txt: No such file"):
        read_hints(tmp_path / "none.txt")
    with pytest.raises(CourseError, match=r"hints.txt: expected UTF-8"):
        read_hints(written(tmp_path, "Großmutter.jpg 1 2 #ffffff".encode("latin-1")))


def test_a_hint_belongs_to_every_photograph_of_its_name() -> None:
    composed, decomposed = "Gro\u00dfv\u00e4ter.jpg", "Gro\u00dfva\u0308ter.jpg"  # as macOS may name the file
    hints = [FileHint(name, 0, 0, (0, 0, 0), "") for name in (composed, "other.jpg")]
    for name in (composed, decomposed):
        assert hints_for(hints, Path("folder") / name) == hints[:1]
    assert hints_for(hints, Path("other.jpg.png")) == []


def test_a_hint_lies_where_its_pixel_is_in_the_working_picture() -> None:
    places = [(0, 0), (2999, 3999), (1500, 2000)]
    hints = working_hints([FileHint("a", *place, (255, 0, 0), "") for place in places], 3000, 4000)
    # 256 x 341; the middle of pixel 1500 is at 1500.5 / 3000 * 256 = 128.04, that of 2000 at 170.54
    assert [(hint.row, hint.column) for hint in hints] == [(0, 0), (255, 340), (128, 170)]
    _, a, b = skimage.color.rgb2lab([1.0, 0, 0])
    assert hints[0].ab == pytest.approx((a / 110, b / 110), abs=1e-4)


@pytest.mark.parametrize("place", [(30, 0), (0, 40)])
def test_a_hint_outside_of_its_photograph_is_named(place: tuple[int, int]) -> None:
    with pytest.raises(
        CourseError, match=r"^hints.txt:7: expected a row from 0 to 29 and a column from 0 to 39, got \d+ and"
    ):
        working_hints([FileHint("a", *place, (0, 0, 0), "hints.txt:7")], 30, 40)
