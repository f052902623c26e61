from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from course_lib.colorization import animation
from course_lib.colorization.animations import FRAME, GAP, HELD

Pixels = NDArray[np.uint8]


def frames(count: int = 6) -> list[Pixels]:
    """Photographs whose color grows, as it does while a network trains."""
    lab = rgb2lab(data.chelsea()[:160:2, 100:300:2])
    return [np.rint(255 * lab2rgb(lab * (1, share, share))).astype(np.uint8) for share in np.linspace(0, 1, count)]


def few_colors(count: int) -> list[Pixels]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 2, (9, 7, 3), dtype=np.uint8) * 255 for _ in range(count)]


def read_gif(path: Path) -> tuple[list[Pixels], list[int]]:
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        pairs = [(np.asarray(each.convert("RGB")), each.info["duration"]) for each in ImageSequence.Iterator(image)]
    return [pixels for pixels, _ in pairs], [duration for _, duration in pairs]


def export(folder: Path, name: str, epoch: int, rgb: Pixels) -> None:
    Image.fromarray(rgb).save(folder / f"{name}_epoch_{epoch:04d}.png")


def test_a_gif_of_few_colors_reads_back_exactly(tmp_path: Path) -> None:
    expected = few_colors(4)
    animation(expected, tmp_path / "made" / "a.gif")
    found, durations = read_gif(tmp_path / "made" / "a.gif")
    np.testing.assert_array_equal(found, expected)
    assert durations == [HELD, FRAME, FRAME, HELD]


def test_a_gif_of_photographs_reads_back_to_the_nearest_of_its_colors(tmp_path: Path) -> None:
    expected = frames()
    animation(expected, tmp_path / "a.gif")
    found, _ = read_gif(tmp_path / "a.gif")
    errors = np.array(found, float) - expected
    assert np.sqrt((errors**2).mean(axis=(1, 2, 3))).max() < 5
    assert np.abs(errors).max() < 60
    assert len(np.unique(np.reshape(found, (-1, 3)), axis=0)) <= 256


def test_nothing_flickers(tmp_path: Path) -> None:
    colored = frames()
    for frame in colored[1:]:
        frame[:, :50] = colored[0][:, :50]
    animation(colored, tmp_path / "a.gif")
    found, _ = read_gif(tmp_path / "a.gif")
    for one, other in pairwise(found):
        np.testing.assert_array_equal(one[:, :50], other[:, :50])
    # An equal color looks the same wherever and whenever it occurs.
    shown: dict[tuple[int, ...], tuple[int, ...]] = {}
    for given, got in zip(np.reshape(colored, (-1, 3)).tolist(), np.reshape(found, (-1, 3)).tolist(), strict=True):
        assert shown.setdefault(tuple(given), tuple(got)) == tuple(got)


def test_frames_that_are_equal_are_one_that_stays_longer(tmp_path: Path) -> None:
    first, second = few_colors(2)
    animation([first, second, second, first], tmp_path / "a.gif")
    found, durations = read_gif(tmp_path / "a.gif")
    np.testing.assert_array_equal(found, [first, second, first])
    assert durations == [HELD, 2 * FRAME, HELD]


def test_a_single_frame_is_a_gif_too(tmp_path: Path) -> None:
    animation(few_colors(1), tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), few_colors(1)[0])


def test_a_strip_has_the_frames_side_by_side(tmp_path: Path) -> None:
    expected = frames(3)
    animation(expected, tmp_path / "a.PNG")
    with Image.open(tmp_path / "a.PNG") as image:
        strip = np.asarray(image)
    height, width, _ = expected[0].shape
    assert strip.shape == (height, 3 * width + 2 * GAP, 3)
    for index, frame in enumerate(expected):
        left = index * (width + GAP)
        np.testing.assert_array_equal(strip[:, left : left + width], frame)
        assert (strip[:, left + width : left + width + GAP] == 255).all()


def test_a_folder_gives_the_epochs_that_have_all_pictures(tmp_path: Path) -> None:
    cats, cups = few_colors(3), [frame[:4, :5] for frame in few_colors(3)]
    for epoch, cat, cup in zip((2, 10, 100), cats, cups, strict=True):
        export(tmp_path, "cat", epoch, cat)
        export(tmp_path, "cup", epoch, cup)
    export(tmp_path, "cat", 3, cats[0])
    animation(tmp_path, tmp_path / "both.png")
    with Image.open(tmp_path / "both.png") as image:
        strip = np.asarray(image)
    assert strip.shape == (9 + GAP + 4, 3 * 7 + 2 * GAP, 3)
    for index, (cat, cup) in enumerate(zip(cats, cups, strict=True)):
        frame = strip[:, index * (7 + GAP) :][:, :7]
        np.testing.assert_array_equal(frame[:9], cat)
        np.testing.assert_array_equal(frame[9 + GAP :, :5], cup)
        assert (frame[9 : 9 + GAP] == 255).all()
        assert (frame[9 + GAP :, 5:] == 255).all()
    animation(str(tmp_path), tmp_path / "both.gif")
    np.testing.assert_array_equal(read_gif(tmp_path / "both.gif")[0][2], frame)


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    written = []
    for _ in range(2):
        animation(frames(3), tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


FRAMES = few_colors(2)


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        (FRAMES, "a.mp4", r"ends in \.gif or \.png, got a\.mp4"),
        (FRAMES, "gif", "got gif"),
        ([], "a.gif", "expected one frame or more, got none"),
        ([FRAMES[0], FRAMES[1][:5]], "a.gif", r"\(H, W, 3\), got uint8 of shape \(5, 7, 3\) after one of \(9, 7, 3\)"),
        ([FRAMES[0] / 255], "a.png", r"uint8 of shape \(H, W, 3\), got float64 of shape \(9, 7, 3\)$"),
        ([FRAMES[0][..., 0]], "a.png", r"expected frames of one size, uint8 of shape .*, got uint8 of shape \(9, 7\)"),
        ([np.uint8(3)], "a.png", r"got uint8 of shape \(\)"),
    ],
)
def test_animation_refuses(tmp_path: Path, source: Any, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        animation(source, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_pictures_of_no_common_epoch_are_no_animation(tmp_path: Path) -> None:
    export(tmp_path, "cat", 1, FRAMES[0])
    export(tmp_path, "cup", 2, FRAMES[0])
    with pytest.raises(ValueError, match="expected one frame or more, got none"):
        animation(tmp_path, tmp_path / "a.gif")
