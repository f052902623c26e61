import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.images import Files, Folder, ImageError, UnusualImageError
from tests.support.image_files import encoded, fill, pixels, unusual_files


def names(source: Folder) -> list[str]:
    return [name for name, _ in source]


@pytest.fixture
def quiet() -> Iterator[None]:
    """Make every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def warned(caught: pytest.WarningsRecorder) -> list[str]:
    return [str(warning.message) for warning in caught]


def spoil(folder: Path) -> None:
    """Write 48 whole images, a truncated one, and a text under an image's name."""
    fill(folder, 48)
    (folder / "020_cut.jpg").write_bytes(encoded(pixels(), "JPEG")[:-80])
    (folder / "030_text.png").write_text("no image", encoding="utf-8")


def test_yields_names_and_images_in_order(tmp_path: Path) -> None:
    expected = fill(tmp_path, 5)
    source = Folder(tmp_path)
    assert len(source) == 5
    for _ in range(2):
        got = list(source)
        assert [name for name, _ in got] == expected
        for seed, (_, image) in enumerate(got):
            np.testing.assert_array_equal(image, pixels(seed))


def test_files_are_known_by_their_extension_in_any_case(tmp_path: Path) -> None:
    for name in ("a.JPG", "b.jpeg", "c.Png", "d.gif", "e.txt", "jpg", "f.png.txt"):
        (tmp_path / name).write_bytes(encoded(pixels()))
    (tmp_path / "g.png").mkdir()
    assert names(Folder(tmp_path)) == ["a.JPG", "b.jpeg", "c.Png"]


def test_folders_below_count_unless_ruled_out(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    fill(tmp_path / "b" / "deep", 1)
    fill(tmp_path / "a", 2)
    source = Folder(tmp_path)
    assert names(source) == ["000.png", "a/000.png", "a/001.png", "b/deep/000.png"]
    assert source.paths == [tmp_path / name for name in source.names]
    assert names(Folder(str(tmp_path), recursive=False)) == ["000.png"]


def test_what_systems_leave_in_folders_does_not_count(tmp_path: Path) -> None:
    fill(tmp_path / "a", 1)
    for hidden in (
        ".ipynb_checkpoints",
        "a/@eaDir/000.png",
        "__MACOSX/a",
        "a/.Trashes",
        "#recycle",
        "$RECYCLE.BIN/S-1-5",
    ):
        fill(tmp_path / hidden, 1)
    for name in ("._000.png", ".hidden.jpg", "Thumbs.db", "desktop.ini", ".DS_Store"):
        (tmp_path / "a" / name).write_bytes(b"\0\5\x16\7")
    assert names(Folder(tmp_path, broken="raise")) == ["a/000.png"]
    assert names(Folder(tmp_path / "a", recursive=False, broken="raise")) == ["000.png"]
    assert names(Folder(tmp_path / ".ipynb_checkpoints")) == ["000.png"]  # who names it wants it


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_folder_without_images_is_refused(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "photos")
    with pytest.raises(ValueError, match=r"expected .*photos"):
        Folder(tmp_path / "photos")


def test_a_seed_gives_each_epoch_an_order_of_its_own_and_the_same_ones_again(tmp_path: Path) -> None:
    listed = fill(tmp_path, 20)
    source, again, other = Folder(tmp_path, seed=1), Folder(tmp_path, seed=1), Folder(tmp_path, seed=2)
    epochs = [names(source) for _ in range(3)]
    assert epochs == [names(again) for _ in range(3)]
    assert epochs == [[listed[i] for i in np.random.default_rng([1, epoch]).permutation(20)] for epoch in range(3)]
    assert len({tuple(epoch) for epoch in [*epochs, names(other), listed]}) == 5
    assert all(sorted(epoch) == listed for epoch in epochs)
    assert source.names == listed


def test_an_epoch_left_early_counts_as_one(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    source, whole = Folder(tmp_path, seed=1), Folder(tmp_path, seed=1)
    next(iter(source))
    names(whole)
    assert names(source) == names(whole)


def test_two_iterations_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    listed = fill(tmp_path, 4)
    source = Folder(tmp_path)
    assert [(a, b) for (a, _), (b, _) in zip(source, source, strict=True)] == [(name, name) for name in listed]


def test_a_pickled_source_goes_on_where_it_was(tmp_path: Path) -> None:
    spoil(tmp_path)
    source = Folder(tmp_path, seed=3)
    with pytest.warns(UserWarning, match="skipped"):
        names(source)
    copy = pickle.loads(pickle.dumps(source))
    assert copy.skipped == source.skipped
    assert names(copy) == names(source)


@pytest.mark.usefixtures("quiet")
def test_unusual_images_are_converted_unless_told_otherwise(tmp_path: Path) -> None:
    for kind, file in unusual_files().items():
        (tmp_path / f"{kind}.png").write_bytes(file)
    source = Folder(tmp_path)
    assert {image.shape[2] for _, image in source} == {3}
    assert len(names(source)) == len(unusual_files())
    assert source.skipped == {}


def test_unusual_images_are_skipped_by_choice(tmp_path: Path) -> None:
    whole = fill(tmp_path, 2)
    for kind, file in unusual_files().items():
        (tmp_path / f"{kind}.png").write_bytes(file)
    source = Folder(tmp_path, unusual="skip", broken="raise")
    with pytest.warns(UserWarning, match="skipped") as caught:
        assert names(source) == whole
    assert source.skipped == {f"{kind}.png": f"the image is {kind}" for kind in unusual_files()}
    assert sorted(warned(caught)) == sorted(
        f"skipped {tmp_path / f'{kind}.png'}: the image is {kind}" for kind in unusual_files()
    )


def test_unusual_images_are_an_error_by_choice(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    (tmp_path / "001.png").write_bytes(unusual_files()["CMYK"])
    source = iter(Folder(tmp_path, unusual="raise"))
    assert next(source)[0] == "000.png"
    with pytest.raises(UnusualImageError, match=r"001\.png: the image is CMYK"):
        next(source)


@pytest.mark.parametrize("seed", [None, 4])
def test_an_epoch_goes_on_past_broken_files_and_names_each_once(tmp_path: Path, seed: int | None) -> None:
    spoil(tmp_path)
    source = Folder(tmp_path, seed=seed)
    with pytest.warns(UserWarning, match="skipped") as caught:
        epochs = [names(source) for _ in range(3)]
    assert [len(epoch) for epoch in epochs] == [48] * 3
    assert set(source.skipped) == {"020_cut.jpg", "030_text.png"}
    assert sorted(text.split(":")[0] for text in warned(caught)) == [
        f"skipped {tmp_path / name}" for name in ("020_cut.jpg", "030_text.png")
    ]
    assert len(source) == 50


def test_the_warning_points_at_the_loop(tmp_path: Path) -> None:
    spoil(tmp_path)
    with pytest.warns(UserWarning, match="skipped") as caught:
        for _ in Folder(tmp_path):
            pass
    assert {warning.filename for warning in caught} == {__file__}


def test_broken_files_are_an_error_by_choice(tmp_path: Path) -> None:
    spoil(tmp_path)
    with pytest.raises(ImageError, match=r"020_cut\.jpg: damaged JPEG file"):
        names(Folder(tmp_path, broken="raise"))


def test_a_file_that_vanishes_does_not_end_the_epoch(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    source = Folder(tmp_path)
    (tmp_path / "001.png").unlink()
    with pytest.warns(UserWarning, match=r"001\.png: No such file"):
        assert names(source) == ["000.png", "002.png"]


def test_a_file_that_is_mended_comes_again(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    (tmp_path / "001.png").write_bytes(b"half")
    source = Folder(tmp_path)
    with pytest.warns(UserWarning, match=r"001\.png"):
        assert names(source) == ["000.png"]
    fill(tmp_path, 2)
    assert names(source) == ["000.png", "001.png"]


def test_an_epoch_without_any_image_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="skipped"), pytest.raises(ValueError, match=r"all 1 .*a\.png': 'empty file"):
        names(Folder(tmp_path))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"unusual": "drop"}, "expected unusual to be one of convert, skip, raise, got 'drop'"),
        ({"broken": "convert"}, "expected broken to be one of skip, raise, got 'convert'"),
        ({"seed": -1}, "expected a seed of 0 or more, or None, got -1"),
        ({"seed": 1.5}, "expected a seed of 0 or more, or None, got 1.5"),
    ],
)
def test_choices_that_do_not_exist_are_refused(tmp_path: Path, choice: dict[str, Any], expected: str) -> None:
    fill(tmp_path, 1)
    with pytest.raises(ValueError, match=expected):
        Folder(tmp_path, **choice)


def test_one_image_is_read_or_skipped_with_a_warning(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (tmp_path / "z.png").write_text("no image", encoding="utf-8")
    source = Folder(tmp_path)
    name, image = source.read(0)
    assert name == source.names[0]
    np.testing.assert_array_equal(image, pixels(0))
    with pytest.raises(ImageError, match=r"z\.png"):
        source.read(1)
    with pytest.warns(UserWarning, match=r"skipped .*z\.png"):
        assert source.read_or_skip(1) is None
    assert source.may_skip
    assert not Folder(tmp_path, broken="raise").may_skip


def test_files_in_gray_have_one_channel(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(np.full((2, 3, 3), 7, np.uint8)))
    ((_, image),) = Files([path], ["a"], channels=1)
    np.testing.assert_array_equal(image, np.full((2, 3, 1), 7))
    with pytest.raises(ValueError, match="expected 1 or 3 channels, got 2"):
        Files([path], ["a"], channels=2)  # type: ignore[arg-type]


def test_sources_do_without_tensorflow() -> None:
    code = "import sys, course_lib.images; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
