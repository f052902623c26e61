"""`read_image` and `image_dataset` read every file alike, or refuse it alike."""

import itertools
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageCms, ImageFile
from skimage.color import rgb2lab

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.dataflow import fast, image_dataset
from course_lib.images import ImageError, read_image
from course_lib.images.decode import is_plain
from tests.support.image_files import bomb, encoded, pixels
from tests.support.image_kinds import (
    HEIGHT,
    KINDS,
    WIDTH,
    app1,
    exif,
    gradients,
    rgb_profile,
    with_chunks,
    with_segments,
)
from tests.support.jpeg_files import jpeg

pytestmark = pytest.mark.slow


def write(folder: Path, files: list[bytes]) -> list[Path]:
    """Write files of which none has a telling extension."""
    paths = [folder / f"{number:04d}.img" for number in range(len(files))]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file)
    return paths


def all_lab(paths: list[Path], size: tuple[int, int], **options: Any) -> np.ndarray:
    """Read files with `image_dataset`, as normalized Lab ``(N, H, W, 3)``."""
    return np.concatenate([np.concatenate(pair, axis=-1) for pair in image_dataset(paths, size, **options)])


def expected_lab(folder: Path, images: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Write what `read_image` gives into plain PNG files, and read those."""
    return all_lab(write(folder, [encoded(image) for image in images]), size, broken="raise")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Read all kinds of files in both ways."""
    paths = write(tmp_path_factory.mktemp("kinds"), list(KINDS.values()))
    images = [read_image(path) for path in paths]
    got = all_lab(paths, (HEIGHT, WIDTH), broken="raise")
    expected = expected_lab(tmp_path_factory.mktemp("plain"), images, (HEIGHT, WIDTH))
    return dict(zip(KINDS, zip(got, expected, strict=True), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_both_readers_give_the_same(kind: str, both: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    np.testing.assert_array_equal(*both[kind])


def test_plain_png_files_are_read_as_they_are(tmp_path: Path) -> None:
    image = pixels(0, HEIGHT, WIDTH)
    (lab,) = expected_lab(tmp_path, [image], (HEIGHT, WIDTH))
    np.testing.assert_allclose(lab, rgb2lab(image) / [50, 110, 110] - [1, 0, 0], atol=0.02)


def matches(file: bytes) -> bool:
    header = tf.strings.unicode_transcode(file[: fast.HEADER], "ISO-8859-1", "UTF-8")
    return bool(tf.strings.regex_full_match(header, fast.PLAIN))


def test_what_tensorflow_decodes_unasked_is_plain() -> None:
    plain = {kind for kind, file in KINDS.items() if is_plain(file)}
    unasked = {kind for kind, file in KINDS.items() if matches(file)}
    assert unasked < plain < set(KINDS)
    usual = {"quality 90, 4:2:0", "quality 90, 4:2:0, progressive", "optimized", "noise", "gray", "without JFIF"}
    assert unasked > usual | {"a comment", "restart markers", "type 2, 8 bits", "type 0, 8 bits", "resolution"}


SECOND = [Image.fromarray(pixels(0, HEIGHT, WIDTH))]
UNUSABLE = {
    "empty": (b"", "empty file"),
    "text": (b"no image at all", "neither a JPEG, a PNG nor a GIF file"),
    "WebP": (encoded(gradients(), "WEBP"), "neither a JPEG, a PNG nor a GIF file, but WebP"),
    "animated WebP": (encoded(gradients(), "WEBP", save_all=True, append_images=SECOND), "but WebP"),
    "AVIF": (encoded(gradients(), "AVIF"), "but AVIF"),
    "BMP": (encoded(gradients(), "BMP"), "but BMP"),
    "TIFF of two pages": (encoded(gradients(), "TIFF", save_all=True, append_images=SECOND), "but TIFF"),
    "TIFF of floats": (encoded(gradients()[..., 0].astype(np.float32), "TIFF"), "but TIFF"),
    "a photograph of a telephone": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "but HEIC"),
    "a file of macOS": (b"\0\5\x16\7\0\2\0\0Mac OS X", "but AppleDouble"),
    "JPEG of 12 bits": (jpeg(gradients(), [(1, 1)] * 3, precision=12), "damaged JPEG file"),
    "JPEG of 2 components": (jpeg(gradients()[..., :2], [(1, 1)] * 2, ids=b"\1\2"), "damaged JPEG file"),
    "JPEG cut off": (encoded(gradients(), "JPEG")[:-60], "damaged JPEG file: image file is truncated"),
    "progressive JPEG cut off": (encoded(gradients(), "JPEG", progressive=True)[:-60], "damaged JPEG file"),
    "JPEG without pixels": (encoded(gradients(), "JPEG")[:20], "damaged JPEG file"),
    "PNG cut off": (encoded(pixels())[:-60], "damaged PNG file"),
    "PNG without pixels": (encoded(gradients())[:33], "damaged PNG file"),
    "GIF cut off": (encoded(pixels()[..., 0], "GIF")[:-60], "damaged GIF file"),
    "too many pixels": (bomb(20_000, 20_000), "400000000 pixels are more than the 89478485"),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Name each file that cannot be used, and what `image_dataset` says about it."""
    paths = write(tmp_path_factory.mktemp("unusable"), [file for file, _ in UNUSABLE.values()] + [encoded(gradients())])
    with pytest.warns(UserWarning, match="skipped") as warned:
        assert len(all_lab(paths, (8, 8))) == 1
    said = sorted(str(each.message) for each in warned)
    return dict(zip(UNUSABLE, zip(paths[:-1], said, strict=True), strict=True))


@pytest.mark.parametrize("kind", UNUSABLE)
def test_both_readers_refuse_the_same_for_the_same_reason(kind: str, refused: dict[str, tuple[Path, str]]) -> None:
    path, said = refused[kind]
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert UNUSABLE[kind][1] in caught.value.reason
    assert "\n" not in caught.value.reason
    assert said == f"skipped {caught.value}"


def test_an_error_of_the_dataset_names_the_file_in_a_line(tmp_path: Path) -> None:
    (path,) = write(tmp_path, [encoded(gradients(), "JPEG")[:-60]])
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        all_lab([path], (8, 8), broken="raise")
    lines = [line for line in str(caught.value).splitlines() if str(path) in line]
    assert len(lines) == 1
    assert f"{path}: damaged JPEG file: image file is truncated" in lines[0]
    assert "Traceback" not in str(caught.value)


def test_where_pillow_takes_truncated_files_both_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forms: list[tuple[str, dict[str, Any]]] = [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {})]
    files = [encoded(pixels(0, HEIGHT, WIDTH), form, **options) for form, options in forms]
    paths = write(tmp_path, [file[: len(file) * 2 // 3] for file in files])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    images = [read_image(path) for path in paths]
    (tmp_path / "plain").mkdir()
    expected = expected_lab(tmp_path / "plain", images, (HEIGHT, WIDTH))
    np.testing.assert_array_equal(all_lab(paths, (HEIGHT, WIDTH), broken="raise"), expected)


def test_both_readers_take_or_refuse_the_same_damaged_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = [encoded(gradients(), "JPEG"), encoded(gradients(), "JPEG", progressive=True), encoded(gradients())]
    files = []
    for file in (file for file in whole for _ in range(60)):
        damaged = bytearray(file)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(0, len(file))] = rng.integers(0, 256)
        files.append(bytes(damaged[: rng.integers(10, len(file))] if rng.random() < 0.1 else damaged))
    paths, images = write(tmp_path, files), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            try:
                images.append(read_image(path))
            except ImageError:
                continue
        got = all_lab(paths, (HEIGHT, WIDTH))
    assert 40 < len(images) < 140
    (tmp_path / "plain").mkdir()
    np.testing.assert_array_equal(got, expected_lab(tmp_path / "plain", images, (HEIGHT, WIDTH)))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_both_readers_keep_the_limit_of_pixels(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = write(tmp_path, [encoded(gradients()[1:], form), encoded(gradients(), form)])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(ImageError, match="630 pixels are more than the 629"):
        read_image(large)
    with pytest.warns(UserWarning, match="630 pixels are more than the 629"):
        assert len(all_lab([small, large], (8, 8))) == 1
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert len(all_lab([small, large], (8, 8))) == 2


def test_names_need_not_be_utf_8(tmp_path: Path) -> None:
    names = (b"/caf\xe9.jpg", b"/caf\xe8.png", b"/\xff.gif")
    paths = [Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in names]
    for path, form in zip(paths, ("JPEG", "PNG", "GIF"), strict=True):
        Image.fromarray(gradients()).save(path.open("wb"), form)
    broken = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bro\xe9.png"))
    broken.write_bytes(b"no image")
    with pytest.warns(UserWarning, match=r"skipped .*/bro\\udce9\.png: neither"):
        assert len(all_lab([*paths, broken], (8, 8))) == 3
    with pytest.raises(tf.errors.OpError, match=r"bro.*udce9\.png: neither"):
        all_lab([broken], (8, 8), broken="raise")


def reduced(file: bytes, tmp_path: Path, size: tuple[int, int]) -> np.ndarray:
    (lab,) = all_lab(write(tmp_path, [file]), size, broken="raise")
    return lab


def test_jpegs_of_any_size_are_not_stretched_when_they_shrink(tmp_path: Path) -> None:
    """Slopes from edge to edge, on which every place has a brightness of its own."""
    images = []
    for height, width in itertools.product([64, 65, 66, 68, 71], [96, 97, 98, 100, 103]):
        slope = np.linspace(0, 1, height)[:, None] + np.linspace(0, 1, width)
        images.append(np.stack([np.round(127.5 * slope).astype(np.uint8)] * 3, axis=-1))
    lab = all_lab(write(tmp_path, [encoded(image, "JPEG", quality=95) for image in images]), (4, 6))
    (tmp_path / "plain").mkdir()
    assert np.abs(lab - expected_lab(tmp_path / "plain", images, (4, 6)))[..., 0].max() < 0.02


@pytest.mark.parametrize(("ratio", "bound"), [(1, 0.0), (2, 0.12), (4, 0.12), (8, 0.06)])
def test_of_a_much_larger_jpeg_only_the_finest_detail_is_lost(ratio: int, bound: float, tmp_path: Path) -> None:
    """The documented difference, at its largest: in noise, of which all is finest detail."""
    file = encoded(pixels(1, 16 * 2 * ratio, 24 * 2 * ratio), "JPEG", quality=95, subsampling=0)
    lab, expected = reduced(file, tmp_path, (16, 24)), reduced(encoded(read_image(file)), tmp_path, (16, 24))
    difference = np.abs(lab - expected)
    assert difference.mean() <= bound
    assert (difference.max() > 0) == (ratio > 1)


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("ratio", [1, 2, 4, 8])
def test_both_decoders_make_large_jpegs_equally_small(ratio: int, odd: int, tmp_path: Path) -> None:
    """An orientation or a profile sends a JPEG through Pillow; the same pixels without go through TensorFlow."""
    image = pixels(2, 16 * 2 * ratio + odd, 24 * 2 * ratio)
    plain = encoded(image, "JPEG", quality=90)
    lab = reduced(plain, tmp_path, (16, 24))
    rotated = reduced(with_segments(plain, app1(exif(6))), tmp_path, (24, 16))
    np.testing.assert_array_equal(rotated, lab.transpose(1, 0, 2)[:, ::-1])


def test_a_profile_of_srgb_is_no_reason_to_go_through_pillow() -> None:
    """Most photographs with a profile are in sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_plain(encoded(gradients(), "JPEG", icc_profile=profile))
    assert is_plain(encoded(gradients(), "PNG", icc_profile=profile))
    assert not is_plain(encoded(gradients(), "JPEG", icc_profile=rgb_profile("Display P3", 2.2)))
    assert not is_plain(with_chunks(encoded(gradients()), (b"eXIf", exif(6))))
