"""From file to file: names of results, upright pictures, and no file that is overwritten or half-written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from PIL import Image, ImageOps

from course_lib.coloring.hints import FileHint
from course_lib.coloring.photographs import color_file, result_paths
from course_lib.coloring.scale import Floats
from course_lib.errors import CourseError
from tests.support.image_files import encoded, pixels

AB = (0.1, -0.05)


class Bluish:
    """Colors every pixel alike, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Floats, Sequence[Any]]] = []

    def colorize(self, L: Floats, hints: Sequence[Any] = ()) -> Floats:
        self.asked.append((L, hints))
        return np.full((*L.shape[:2], 2), AB, np.float32)


def gray_pixels(height: int = 20, width: int = 30) -> np.ndarray[Any, Any]:
    """Random grays between which and white and black there is room for color."""
    return np.random.default_rng(0).integers(80, 170, (height, width, 1), np.uint8).repeat(3, axis=-1)


def saved(path: Path, image: Any, form: str = "PNG", **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, form, **options))
    return path


def test_results_are_named_as_the_photographs_and_never_alike() -> None:
    names = ["b/scan.jpg", "c/scan.png", "c/Scan.gif", "scan_2.jpg", "b/scan.jpg", "old.tar.jpg", "bare"]
    results = result_paths([Path(name) for name in names], Path("out"), ".png")
    assert {str(photograph): str(result) for photograph, result in results.items()} == {
        "b/scan.jpg": "out/scan.png",
        "c/scan.png": "out/scan_2.png",
        "c/Scan.gif": "out/Scan_3.png",
        "scan_2.jpg": "out/scan_2_2.png",
        "old.tar.jpg": "out/old.tar.png",
        "bare": "out/bare.png",
    }


def test_the_result_has_the_photographs_size_and_lightness_and_the_new_color(tmp_path: Path) -> None:
    before = gray_pixels()
    result = tmp_path / "new" / "folder" / "a.png"
    colorizer = Bluish()
    color_file(colorizer, saved(tmp_path / "a.png", before[..., 0]), result)
    with Image.open(result) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (30, 20))
        lab = skimage.color.rgb2lab(np.asarray(image))
    np.testing.assert_allclose(lab[..., 0], skimage.color.rgb2lab(before)[..., 0], atol=0.5)
    np.testing.assert_allclose(lab[..., 1:], np.broadcast_to([11, -5.5], (20, 30, 2)), atol=1)
    ((L, hints),) = colorizer.asked
    assert (L.shape, hints) == ((256, 384, 1), [])
    assert [path.name for path in result.parent.iterdir()] == ["a.png"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_becomes_upright(tmp_path: Path, orientation: int) -> None:
    image = Image.fromarray(np.linspace(60, 190, 24 * 40).astype(np.uint8).reshape(24, 40))
    exif = Image.Exif()
    exif[274] = orientation
    photograph = saved(tmp_path / "a.jpg", image, "JPEG", exif=exif, quality=100)
    color_file(Bluish(), photograph, tmp_path / "out.png")
    with Image.open(photograph) as kept, Image.open(tmp_path / "out.png") as found:
        expected = skimage.color.rgb2lab(np.asarray(ImageOps.exif_transpose(kept).convert("RGB")))[..., 0]
        np.testing.assert_allclose(skimage.color.rgb2lab(np.asarray(found))[..., 0], expected, atol=0.5)
        assert 274 not in found.getexif()


def test_side_by_side_shows_gray_colored_and_the_original_if_it_has_color(tmp_path: Path) -> None:
    gray, original = gray_pixels(), pixels(1, 20, 30)
    color_file(Bluish(), saved(tmp_path / "gray.png", gray), tmp_path / "1.png", side_by_side=True)
    color_file(Bluish(), saved(tmp_path / "color.png", original), tmp_path / "2.png", side_by_side=True)
    with Image.open(tmp_path / "1.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[:, :30], gray)
        assert image.size == (60, 20)
    with Image.open(tmp_path / "2.png") as image:
        first, _, third = np.split(np.asarray(image), 3, axis=1)
    assert np.ptp(first, axis=-1).max() <= 1  # the matrix of Lab turns gray into gray to a rounding
    np.testing.assert_array_equal(third, original)


def test_hints_reach_the_colorizer(tmp_path: Path) -> None:
    colorizer = Bluish()
    hints = [FileHint("a.png", 10, 20, (128, 128, 128), "hints.txt:1")]
    color_file(colorizer, saved(tmp_path / "a.png", gray_pixels()), tmp_path / "out.png", hints)
    ((_, (hint,)),) = colorizer.asked
    assert (hint.row, hint.column) == (134, 262)  # 10.5 * 256 / 20, 20.5 * 384 / 30
    assert hint.ab == pytest.approx((0, 0), abs=1e-4)
    hints = [FileHint("a.png", 20, 0, (0, 0, 0), "hints.txt:2")]
    with pytest.raises(CourseError, match=r"^hints.txt:2: expected a row from 0 to 19"):
        color_file(colorizer, tmp_path / "a.png", tmp_path / "other.png", hints)
    assert not (tmp_path / "other.png").exists()


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    photograph = saved(tmp_path / "a.png", gray_pixels())
    before = photograph.read_bytes()
    dangling = tmp_path / "link.png"
    dangling.symlink_to("nowhere")
    for result in (photograph, dangling):
        with pytest.raises(CourseError, match=f"^{photograph}: {result} is there already, and stays as it is$"):
            color_file(Bluish(), photograph, result)
    assert photograph.read_bytes() == before
    assert dangling.is_symlink()


def test_what_cannot_be_read_or_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("Dear diary", encoding="utf-8")
    for photograph in (text, tmp_path / "none.jpg", tmp_path):
        with pytest.raises(CourseError, match=f"^{photograph}: "):
            color_file(Bluish(), photograph, tmp_path / "out" / "a.png")
    with pytest.raises(CourseError, match=r"text.jpg/a.png: (Not a directory|File exists)"):
        color_file(Bluish(), saved(tmp_path / "a.png", gray_pixels()), text / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "text.jpg"]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "[1].png.123.tmp").write_bytes(b"half")
    (tmp_path / "1.png.123.tmp").write_bytes(b"of another")
    color_file(Bluish(), saved(tmp_path / "a.png", gray_pixels()), tmp_path / "[1].png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png.123.tmp", "[1].png", "a.png"]
