"""The texts of the site, in the layout of the repository."""

import re
from pathlib import Path

from ci.website.sources import TEXTS, collect, write
from course_lib.course import Course
from tests.support.paths import ROOT

OURS = Course(ROOT)


def test_units_texts_and_what_they_show_are_there(tmp_path: Path) -> None:
    sources = collect(OURS, tmp_path)
    assert set(TEXTS) <= sources.pages.keys()
    assert {f"notebooks/{unit}/{unit}.ipynb" for unit in OURS.units()} <= sources.pages.keys()
    assert {"index.md", "docs/grading.md", "docs/upsampling.png", "docs/bilinear_sample.svg"} <= sources.pages.keys()
    assert sources.without_outputs == OURS.units()
    assert sources.downloads.keys() == {f"{unit}.ipynb" for unit in OURS.units()}
    assert not any(name.startswith("solutions") for name in sources.pages)


def test_the_landing_page_lists_every_unit(tmp_path: Path) -> None:
    index = collect(OURS, tmp_path).pages["index.md"].decode()
    assert re.findall(r"^\| \[(\d\d) ", index, re.MULTILINE) == [unit[:2] for unit in OURS.units()]


def test_a_folder_is_brought_to_hold_these_files(tmp_path: Path) -> None:
    write({"a/b.md": b"one", "c.md": b"two"}, tmp_path)
    before = (tmp_path / "a" / "b.md").stat().st_mtime_ns
    write({"a/b.md": b"one", "d.md": b"three"}, tmp_path)
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"a/b.md": b"one", "d.md": b"three"}
    assert (tmp_path / "a" / "b.md").stat().st_mtime_ns == before
