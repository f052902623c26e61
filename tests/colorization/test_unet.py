from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pytest

from course_lib.colorization import unet

pytestmark = pytest.mark.slow

# unet(8, 64) on 256 x 256: the last layer of each step, the sides and channels of its map, and its parameters: of the
# convolution, then of batch normalization (scale, offset, mean, variance).
STEPS = [
    ("down_1", 128, 64, 4 * 4 * 1 * 64 + 64),
    ("down_2", 64, 128, 4 * 4 * 64 * 128 + 4 * 128),
    ("down_3", 32, 256, 4 * 4 * 128 * 256 + 4 * 256),
    ("down_4", 16, 512, 4 * 4 * 256 * 512 + 4 * 512),
    ("down_5", 8, 512, 4 * 4 * 512 * 512 + 4 * 512),
    ("down_6", 4, 512, 4 * 4 * 512 * 512 + 4 * 512),
    ("down_7", 2, 512, 4 * 4 * 512 * 512 + 4 * 512),
    ("down_8", 1, 512, 4 * 4 * 512 * 512 + 4 * 512),
    ("up_7", 2, 512 + 512, 4 * 4 * 512 * 512 + 4 * 512),
    ("up_6", 4, 512 + 512, 4 * 4 * 1024 * 512 + 4 * 512),
    ("up_5", 8, 512 + 512, 4 * 4 * 1024 * 512 + 4 * 512),
    ("up_4", 16, 512 + 512, 4 * 4 * 1024 * 512 + 4 * 512),
    ("up_3", 32, 256 + 256, 4 * 4 * 1024 * 256 + 4 * 256),
    ("up_2", 64, 128 + 128, 4 * 4 * 512 * 128 + 4 * 128),
    ("up_1", 128, 64 + 64, 4 * 4 * 256 * 64 + 4 * 64),
    ("ab", 256, 2, 4 * 4 * 128 * 2 + 2),
]
UPSAMPLINGS: list[Literal["transposed", "resize"]] = ["transposed", "resize"]


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Draw the same weights each time."""
    keras.utils.set_random_seed(0)


def lightness(*shape: int) -> Any:
    return np.random.default_rng(0).uniform(-1, 1, (*shape, 1)).astype(np.float32)


def maps(model: keras.Model, images: Any, *names: str, training: bool = False) -> list[Any]:
    """Return what some layers give."""
    probe = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [np.asarray(each) for each in probe(images, training=training)]


def test_the_usual_network_in_one_call() -> None:
    model = unet(8, 64)
    probe = keras.Model(model.input, [model.get_layer(name).output for name, *_ in STEPS])
    shapes = [each.shape[1:] for each in probe(keras.Input((256, 256, 1)))]
    assert shapes == [(side, side, channels) for _, side, channels, _ in STEPS]
    for name, _, _, parameters in STEPS:
        layers = [layer for layer in model.layers if layer.name == name or layer.name.startswith(f"{name}_")]
        assert sum(layer.count_params() for layer in layers) == parameters, name
    assert model.count_params() == sum(parameters for *_, parameters in STEPS) == 54_421_826


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
@pytest.mark.parametrize(("depth", "shape"), [(1, (2, 6, 10)), (3, (1, 8, 32)), (4, (3, 32, 16))])
def test_colors_every_pixel(upsampling: Any, depth: int, shape: tuple[int, int, int]) -> None:
    ab = unet(depth, 2, upsampling=upsampling).predict(1e3 * lightness(*shape), verbose=0)
    assert ab.shape == (*shape, 2)
    assert np.abs(ab).max() <= 1


def test_filters_double_up_to_eight_times() -> None:
    model = unet(6, 3)
    widths = [model.get_layer(f"down_{level}").output.shape[-1] for level in range(1, 7)]
    assert widths == [3, 6, 12, 24, 24, 24]


def test_a_skip_is_joined_behind_what_comes_up() -> None:
    model = unet(3, 4)
    for level in (1, 2):
        names = f"up_{level}_relu", f"down_{level}", f"up_{level}"
        up, skip, joined = maps(model, lightness(2, 16, 16), *names)
        np.testing.assert_array_equal(joined, np.concatenate([up, skip], axis=-1))


def test_the_way_down_leaks_but_for_its_end() -> None:
    before, first, last = maps(unet(3, 4), lightness(2, 16, 16), "down_1_conv", "down_1", "down_3")
    np.testing.assert_allclose(first, np.where(before < 0, 0.2 * before, before), rtol=1e-6)
    assert before.min() < 0
    assert last.min() == 0 < last.max()


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_every_weight_learns(upsampling: Any) -> None:
    model = unet(3, 4, upsampling=upsampling)
    model.compile("sgd", "mse")
    before = [weight.numpy() for weight in model.trainable_variables]
    model.train_on_batch(lightness(4, 16, 16), np.full((4, 16, 16, 2), 0.5, np.float32))
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert (old != new.numpy()).any(), new.path


def test_inference_follows_a_training_of_few_steps() -> None:
    images, model = 5 * lightness(4, 8, 8), unet(2, 4, dropout=0)
    first = np.abs(model(images, training=False) - model(images, training=True)).max()
    for _ in range(60):
        trained = model(images, training=True)
    assert np.abs(model(images, training=False) - trained).max() < 0.05 * first


def test_dropout_is_for_training_alone() -> None:
    images = lightness(2, 16, 16)
    model = unet(2, 8, dropout=0.75)
    dropped, full = maps(model, images, "up_1_dropout", "up_1_relu", training=True)
    assert np.mean(dropped[full > 0] == 0) == pytest.approx(0.75, abs=0.05)
    np.testing.assert_array_equal(*maps(model, images, "up_1_dropout", "up_1_relu"))


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_checkerboards(upsampling: Any) -> None:
    """Whatever the weights, pixels that are computed alike are alike in a constant picture, far from its border."""
    model = unet(3, 4, upsampling=upsampling)
    ab = model.predict(np.full((1, 128, 128, 1), 0.5, np.float32), verbose=0)[0, 48:-48, 48:-48]
    spread = np.ptp(ab, axis=(0, 1))
    if upsampling == "resize":
        assert spread.max() < 1e-6
    else:
        assert spread.min() > 0.01
        np.testing.assert_allclose(ab[:-8], ab[8:], atol=1e-6)  # repeats with the coarsest map's pixels
        np.testing.assert_allclose(ab[:, :-8], ab[:, 8:], atol=1e-6)


def test_resize_is_bilinear() -> None:
    x, enlarged = maps(unet(1, 2, upsampling="resize"), lightness(1, 12, 8), "down_1", "ab_resize")

    def rows(x: Any) -> Any:
        """Replace each row by two, 3/4 of it and 1/4 of the row above or below."""
        above, below = np.concatenate([x[:1], x[:-1]]), np.concatenate([x[1:], x[-1:]])
        return np.stack([above + 3 * x, 3 * x + below], axis=1).reshape(-1, *x.shape[1:]) / 4

    expected = rows(rows(x[0]).swapaxes(0, 1)).swapaxes(0, 1)
    np.testing.assert_allclose(enlarged[0], expected, atol=1e-6)


def test_half_precision_predicts_floats() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = unet(2, 4)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("down_2").compute_dtype == "float16"
    assert model(lightness(1, 8, 8)).dtype == "float32"


def test_saved_and_loaded(tmp_path: Path) -> None:
    model = unet(2, 4, upsampling="resize")
    model.save(tmp_path / "unet.keras")
    loaded = keras.models.load_model(tmp_path / "unet.keras")
    assert type(loaded) is type(model)
    images = lightness(2, 8, 8)
    np.testing.assert_array_equal(loaded(images), model(images))


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ((16, 20), "multiples of 8 pixels, got 16 x 20"),
        ((4, 16), "8 x 8 pixels or more, got 4 x 16"),
    ],
)
def test_sides_that_cannot_be_halved(sides: tuple[int, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unet(3, 2)(lightness(1, *sides))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((0, 8), {}, "expected depth to be a whole number of 1 or more, got 0"),
        ((2.0, 8), {}, "expected depth to be a whole number of 1 or more, got 2.0"),
        ((2, True), {}, "expected base_filters to be a whole number of 1 or more, got True"),
        ((2, 8), {"upsampling": "nearest"}, 'expected upsampling "transposed" or "resize", got \'nearest\''),
        ((2, 8), {"dropout": 1}, r"expected a dropout in \[0, 1\), got 1"),
        ((2, 8), {"dropout": -0.1}, r"expected a dropout in \[0, 1\), got -0.1"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unet(*arguments, **options)
