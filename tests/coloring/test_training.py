"""Training on a folder: what is learned from, what is left out, and an interruption that changes nothing."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.coloring.scale import working_picture
from course_lib.coloring.training import WorkingPictures, checkpoint_folder, color_photographs, train_on
from course_lib.errors import CourseError
from course_lib.hypercolumn_colorizer import committee
from course_lib.hypercolumn_colorizer.features import trunk
from course_lib.images import ImageError
from tests.support.image_files import encoded, pixels

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photographs in color, and files that nothing can be learned from."""
    folder = tmp_path / "photographs"
    (folder / "more").mkdir(parents=True)
    (folder / "b.png").write_bytes(encoded(pixels(0, 20, 30)))
    (folder / "more" / "a.JPG").write_bytes(encoded(pixels(1, 20, 30), "JPEG"))
    (folder / "gray.png").write_bytes(encoded(pixels(2, 20, 30)[..., 0]))
    (folder / "text.jpg").write_text("Dear diary", encoding="utf-8")
    (folder / "notes.txt").write_text("Dear diary", encoding="utf-8")
    return folder


def found(folder: Path) -> WorkingPictures:
    return color_photographs(folder, lambda *_: None, lambda _: None)


def test_photographs_in_color_are_found_and_the_others_named(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    said: list[str] = []
    photographs = color_photographs(folder, lambda *place: seen.append(place), said.append)
    assert list(photographs) == ["b.png", "more/a.JPG"]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert said == [
        f"left out {folder}/gray.png: it has no color",
        f"left out {folder}/text.jpg: neither a JPEG, a PNG nor a GIF file",
    ]
    np.testing.assert_array_equal(photographs["b.png"], working_picture(pixels(0, 20, 30)))


def test_a_photograph_is_read_when_it_is_asked_for(folder: Path) -> None:
    photographs = found(folder)
    (folder / "b.png").unlink()
    assert len(photographs) == 2
    assert photographs["more/a.JPG"].shape == (256, 384, 3)
    with pytest.raises(ImageError, match=r"b.png"):
        photographs["b.png"]


def test_a_folder_without_photographs_in_color_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("b.png", "more/a.JPG"):
        (folder / name).unlink()
    with pytest.raises(CourseError, match=r"expected photographs in color in .*photographs, got none that can be used"):
        found(folder)
    with pytest.raises(CourseError, match="expected a folder, got"):
        found(tmp_path / "none")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a training be small: a narrow random trunk, few sites and epochs."""
    narrow = trunk(weights=None, width=1 / 16)
    smaller = partial(committee.train, heads=2, sites=40, epochs=2, hidden=4, trunk=narrow)
    monkeypatch.setattr(committee, "train", smaller)


def arrays(weights: Path) -> dict[str, Any]:
    with np.load(weights) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.usefixtures("small")
def test_an_interrupted_training_goes_on_and_gives_the_same_weights(folder: Path, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == 6  # photographs, and epochs of two heads
        if done == 5:
            raise KeyboardInterrupt

    whole, resumed = tmp_path / "whole.npz", tmp_path / "new" / "resumed.npz"
    train_on(found(folder), whole, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        train_on(found(folder), resumed, interrupt)
    assert not resumed.exists()
    assert checkpoint_folder(resumed) == tmp_path / "new" / "resumed.npz.training"
    kept = {path.name: path.stat().st_mtime_ns for path in checkpoint_folder(resumed).iterdir()}
    assert len(kept) == 2
    train_on(found(folder), resumed, lambda *_: None)
    assert [path.name for path in resumed.parent.iterdir()] == ["resumed.npz"]
    first, second = arrays(whole), arrays(resumed)
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values)


def test_a_training_that_fails_keeps_its_checkpoints(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(photographs: Mapping[str, Any], folder: Path, progress: Any) -> None:
        (folder / "head_0.npz").write_bytes(b"")
        raise FloatingPointError("expected a finite loss, got nan")

    monkeypatch.setattr(committee, "train", fail)
    with pytest.raises(CourseError, match="expected a finite loss, got nan"):
        train_on(found(folder), tmp_path / "w.npz", lambda *_: None)
    assert [path.name for path in checkpoint_folder(tmp_path / "w.npz").iterdir()] == ["head_0.npz"]
