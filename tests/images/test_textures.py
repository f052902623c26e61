import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from scipy.spatial import KDTree

from course_lib.images import TEXTURE_CLASSES, equalized_textures, mosaics, texture_mosaics
from course_lib.images.textures import Part, equalize

PARTS: tuple[Part, ...] = ("train", "test")


def statistics(texture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean and deviation of 40 windows of 32 x 32 pixels."""
    rng = np.random.default_rng(0)
    corners = rng.integers(np.array(texture.shape) - 31, size=(40, 2))
    windows = [texture[top : top + 32, left : left + 32] for top, left in corners]
    return np.array([(window.mean(), window.std()) for window in windows])


def told_apart(train: list[NDArray[np.uint8]], test: list[NDArray[np.uint8]]) -> float:
    """Share of windows whose texture the mean and deviation alone give away."""
    classes = np.repeat(range(len(train)), 40)
    _, nearest = KDTree(np.concatenate([*map(statistics, train)])).query(np.concatenate([*map(statistics, test)]))
    return float((classes[nearest] == classes).mean())


@pytest.mark.parametrize("part", PARTS)
def test_textures_have_one_brightness_and_one_contrast(part: Part) -> None:
    textures = equalized_textures(part)
    assert len(textures) == len(TEXTURE_CLASSES) == 8
    for texture in textures:
        assert texture.dtype == np.uint8
        np.testing.assert_allclose([texture.mean(), texture.std()], [127.5, 36], atol=1)


def test_brightness_and_contrast_do_not_tell_textures_apart() -> None:
    plain = [getattr(skimage.data, name)() for name in ("brick", "coins", "grass", "gravel", "moon")]
    borders = [2 * texture.shape[1] // 3 for texture in plain]
    before = told_apart(
        [texture[:, :border] for texture, border in zip(plain, borders, strict=True)],
        [texture[:, border:] for texture, border in zip(plain, borders, strict=True)],
    )
    after = told_apart(*([*equalized_textures(part)[:5]] for part in PARTS))
    assert before > 0.6
    assert after < 0.45  # chance is 0.2


def test_parts_have_no_pixel_in_common() -> None:
    """Each is equalized alone, so that the other's pixels do not show in it either."""
    for label, name in enumerate(TEXTURE_CLASSES[:5]):
        photograph = getattr(skimage.data, name)()
        border = 2 * photograph.shape[1] // 3
        for part, pixels in zip(PARTS, (photograph[:, :border], photograph[:, border:]), strict=True):
            np.testing.assert_array_equal(equalized_textures(part)[label], equalize(pixels))


def test_equalizing_takes_away_a_shadow_and_keeps_the_pattern() -> None:
    pattern = np.random.default_rng(0).integers(0, 256, (128, 128))
    shadow = np.linspace(1, 0.3, 128)
    shaded = (pattern * shadow + 20 * shadow).astype(np.uint8)
    even, same = equalize(shaded).astype(float), equalize(pattern.astype(np.uint8)).astype(float)
    assert np.corrcoef(even.ravel(), same.ravel())[0, 1] > 0.95
    assert shaded[:, -40:].std() < 0.6 * shaded[:, :40].std()
    assert even[:, -40:].std() > 0.9 * even[:, :40].std()
    assert (equalize(np.full((40, 50), 7, np.uint8)) == 128).all()


@pytest.mark.parametrize("part", PARTS)
def test_regions_of_a_mosaic_are_pieces_of_their_textures(part: Part) -> None:
    textures = equalized_textures(part)
    for _, image, labels in texture_mosaics(3, 32, seed=2, part=part, cells=2):
        assert image.shape == (32, 32, 3)
        assert (image == image[..., :1]).all()
        for label in np.unique(labels):
            rows, columns = np.nonzero(labels == label)
            top, left, height, width = rows.min(), columns.min(), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
            windows = np.lib.stride_tricks.sliding_window_view(textures[label], (height, width))
            shown = windows[..., rows - top, columns - left]
            assert (shown == image[rows, columns, 0]).all(axis=-1).any()


def test_mosaics_have_all_textures_and_depend_on_seed_and_part() -> None:
    first = [labels for _, image, labels in texture_mosaics(2) if image.shape == (224, 224, 3)]
    assert [np.unique(labels).tolist() for labels in first] == [[*range(8)]] * 2
    others = [*texture_mosaics(2, part="test"), *texture_mosaics(2, seed=1)]
    assert len({labels.tobytes() for labels in [*first, *(labels for _, _, labels in others)]}) == 6
    again = [labels for _, _, labels in texture_mosaics(3)]
    np.testing.assert_array_equal(again[:2], first)


def test_a_texture_smaller_than_its_region_is_mirrored() -> None:
    image = next(image[..., 0] for _, image, labels in mosaics(9, (520, 40), seed=0, cells=1) if (labels == 1).all())
    np.testing.assert_array_equal(image[512:], image[511:503:-1])
    assert {*np.unique(image)} <= {*np.unique(skimage.data.grass())}


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a part of train or test, got 'val'"):
        texture_mosaics(1, part="val")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a seed of 0 or more, got -1"):
        texture_mosaics(1, seed=-1)
