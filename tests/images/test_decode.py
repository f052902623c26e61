import contextlib
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course_lib.images import ImageError, UnusualImageError, read_image
from tests.support.image_files import HEIGHT, WIDTH, bomb, deep_png, encoded, pixels, rotated, unusual_files

pytestmark = pytest.mark.slow

WHOLE = {form: encoded(pixels(), form) for form in ("PNG", "JPEG", "GIF")}
TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a.transpose(1, 0, 2)[::-1],
}


def eight_bit(numbers: list[Any]) -> np.ndarray:
    """Write down an image."""
    return np.array(numbers, np.uint8)


def same(got: np.ndarray, expected: np.ndarray, off: int = 0) -> None:
    """Compare images: shape, type, and numbers up to ``off``."""
    assert got.dtype == np.uint8
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected.astype(int)).max() <= off


def test_reads_a_path_a_string_and_bytes_alike(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(encoded(pixels()))
    for given_file in (file, str(file), file.read_bytes()):
        same(read_image(given_file), pixels())


def test_what_comes_may_be_written_to() -> None:
    image = read_image(encoded(pixels()))
    image[:] = 7
    assert image.flags.c_contiguous


def test_gray_is_the_same_in_all_channels() -> None:
    gray = pixels()[..., 0]
    same(read_image(encoded(gray)), np.stack([gray] * 3, axis=-1))


def test_one_channel_of_a_gray_image_is_that_image() -> None:
    gray = pixels()[..., 0]
    same(read_image(encoded(gray), channels=1), gray[..., None])


def test_one_channel_of_a_color_image_is_its_luma() -> None:
    same(read_image(encoded(pixels()), channels=1), (pixels() @ [0.299, 0.587, 0.114])[..., None], off=1)


def test_black_and_white_are_0_and_255() -> None:
    bits = pixels()[..., 0] > 127
    same(read_image(encoded(Image.fromarray(bits))), np.stack([bits * np.uint8(255)] * 3, axis=-1))


def test_palettes_are_looked_up() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 40, 50, 60])
    image.putpixel((1, 0), 1)
    same(read_image(encoded(image)), eight_bit([[[1, 2, 3], [40, 50, 60]]]))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(mode: str, channels: int) -> None:
    alpha = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 1), np.uint8)
    alpha[0, :2, 0] = 0, 255
    color = pixels() if mode == "RGBA" else pixels()[..., :1]
    file = encoded(Image.fromarray(np.concatenate([color, alpha], axis=-1), mode))
    laid = color * (alpha / 255) + 255 * (1 - alpha / 255)
    if channels == 3:
        laid = np.broadcast_to(laid, (HEIGHT, WIDTH, 3))
    elif mode == "RGBA":
        laid = laid @ np.array([[0.299], [0.587], [0.114]])
    same(read_image(file, channels=channels), laid, off=2)  # type: ignore[arg-type]


def test_a_transparent_color_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 40, 50, 60])
    image.putpixel((1, 0), 1)
    same(read_image(encoded(image, transparency=1)), eight_bit([[[1, 2, 3], [255, 255, 255]]]))


def test_cmyk_becomes_rgb() -> None:
    inks = np.zeros((8, 24, 4), np.uint8)
    inks[:, 8:16, 0] = 255  # cyan: no red
    inks[:, 16:, 3] = 255  # black
    got = read_image(encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=100))
    same(got[4, [4, 12, 20]], eight_bit([[255, 255, 255], [0, 255, 255], [0, 0, 0]]), off=3)


def test_16_bit_gray_keeps_the_upper_byte() -> None:
    numbers = np.array([[[0], [255], [256], [0x1234], [0x8000], [65535]]])
    expected = eight_bit([[0, 0, 1, 0x12, 0x80, 255]])[..., None]
    same(read_image(deep_png(numbers, 0), channels=1), expected)
    same(read_image(deep_png(numbers, 0)), np.repeat(expected, 3, axis=-1))


def test_16_bit_color_keeps_the_upper_byte() -> None:
    same(read_image(deep_png(pixels().astype(int) * 256 + 77, 2)), pixels())


@pytest.mark.parametrize("orientation", TURNED)
def test_the_orientation_is_applied(orientation: int) -> None:
    same(read_image(rotated(pixels(), orientation)), TURNED[orientation](pixels()))


def test_a_rotated_16_bit_image_is_turned_too() -> None:
    gray = pixels()[..., 0].astype(np.uint16) * 257
    same(read_image(rotated(gray, 6), channels=1), TURNED[6](pixels()[..., :1]))


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    same(read_image(rotated(pixels(), orientation), convert=False), pixels())


def test_unreadable_exif_is_no_reason_to_lose_an_image() -> None:
    same(read_image(encoded(pixels(), exif=b"Exif\0\0neither II nor MM"), convert=False), pixels())


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_of_an_animation_the_first_frame_comes(form: str) -> None:
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "lime", "blue")]
    file = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    same(read_image(file), np.full((3, 4, 3), [255, 0, 0], np.uint8))


@pytest.mark.parametrize("kind", unusual_files())
def test_without_conversion_unusual_images_are_refused_by_their_kind(kind: str) -> None:
    assert read_image(unusual_files()[kind]).shape[2] == 3
    with pytest.raises(UnusualImageError, match=f"^these bytes: the image is {kind}$"):
        read_image(unusual_files()[kind], convert=False)


def test_all_that_is_unusual_about_an_image_is_said() -> None:
    with pytest.raises(UnusualImageError, match="gray and 16-bit and rotated"):
        read_image(rotated(pixels()[..., 0].astype(np.uint16) * 257, 6), convert=False)


def test_a_plain_image_needs_no_conversion() -> None:
    same(read_image(WHOLE["PNG"], convert=False), pixels())
    assert read_image(WHOLE["JPEG"], convert=False).shape == (HEIGHT, WIDTH, 3)
    assert read_image(encoded(pixels()[..., 0]), channels=1, convert=False).shape == (HEIGHT, WIDTH, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"no image at all", "neither a JPEG, a PNG nor a GIF file"),
        (b"%!PS-Adobe-3.0\nshowpage\n", "neither a JPEG, a PNG nor a GIF file"),
        (WHOLE["JPEG"][:-80], "damaged JPEG file: image file is truncated"),
        (WHOLE["PNG"][: len(WHOLE["PNG"]) // 2], "damaged PNG file: image file is truncated"),
        (WHOLE["GIF"][:30], "damaged GIF file: "),
        (WHOLE["PNG"][:8], "damaged PNG file: "),
    ],
)
def test_what_is_no_whole_image_is_named_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(file)
    assert str(caught.value).startswith(f"{file}: {reason}")
    assert caught.value.name == str(file)
    assert caught.value.reason.startswith(reason)
    assert not isinstance(caught.value, UnusualImageError)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png: No such file"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(ImageError, match="a directory"):
        read_image(tmp_path)


@pytest.mark.parametrize("size", [(10_000, 10_000), (100_000, 100_000)])
def test_a_bomb_is_an_error_and_no_warning(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError, match=f"^these bytes: {size[0] * size[1]} pixels are more than the"):
            read_image(bomb(*size))


def test_the_limit_of_pixels_is_that_of_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(ImageError, match="204 pixels are more than the 203"):
        read_image(WHOLE["PNG"])
    for limit in (HEIGHT * WIDTH, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        same(read_image(WHOLE["PNG"]), pixels())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(unusual_files())), st.booleans(), st.data())
def test_a_damaged_file_gives_an_image_or_an_image_error(kind: str, convert: bool, data: st.DataObject) -> None:
    file = bytearray(unusual_files()[kind])
    for place in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[place] = data.draw(st.integers(0, 255))
    file = file[: data.draw(st.integers(0, len(file)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(ImageError):
            image = read_image(bytes(file), convert=convert)
            assert image.dtype == np.uint8
            assert image.shape[2] == 3


def test_the_error_survives_the_way_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(UnusualImageError("a.png", "the image is gray")))
    assert type(error) is UnusualImageError
    assert (str(error), error.name, error.reason) == ("a.png: the image is gray", "a.png", "the image is gray")


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_other_numbers_of_channels_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 or 3 channels, got {channels}"):
        read_image(encoded(pixels()), channels=channels)  # type: ignore[arg-type]


def test_a_photograph_is_what_scikit_image_reads() -> None:
    folder = Path(skimage.__file__).parent / "data"
    same(read_image(folder / "retina.jpg"), skimage.data.retina())
