import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import skimage.metrics
import tensorflow as tf

from course_lib.color import denormalize_lab, lab_to_rgb, normalize_lab, rgb_to_lab
from course_lib.colorization import PSNR, RMSE, Colorizer, colorfulness, gray, mean_color, psnr, rmse_ab

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Draw the same weights each time."""
    keras.utils.set_random_seed(0)


def flat(*colors: Any) -> Any:
    """Make images of 2 x 3 pixels, each of one color."""
    return np.array(colors, float)[:, None, None] * np.ones((1, 2, 3, 1))


def random_lab(images: int, side: int = 8) -> Any:
    """Make normalized Lab of colors that RGB has, image by image paler."""
    rgb = RNG.uniform(0, 1, (images, side, side, 3)) * np.linspace(0.2, 1, images)[:, None, None, None]
    return normalize_lab(rgb_to_lab(rgb))


def test_psnr_worked_by_hand() -> None:
    truth = flat([0.5] * 3, [0.5] * 3)
    prediction = flat([0.6] * 3, [0.49] * 3)  # MSE 1e-2 and 1e-4
    got = psnr(truth, prediction)
    np.testing.assert_allclose(got, [20, 40])
    assert got.mean() == pytest.approx(30)
    # What the whole batch's error would give is dominated by the worse image.
    assert psnr(truth.reshape(1, 4, 3, 3), prediction.reshape(1, 4, 3, 3)) == pytest.approx(22.967, abs=1e-3)


@pytest.mark.parametrize(("peak", "dtype"), [(1, "float32"), (1, "float64"), (255, "float32"), (255, "uint8")])
def test_psnr_against_other_libraries(peak: int, dtype: str) -> None:
    truth, prediction = (RNG.uniform(0, peak, (3, 5, 7, 3)).astype(dtype) for _ in range(2))
    got = psnr(truth, prediction, peak)
    pairs = zip(truth, prediction, strict=True)
    expected = [skimage.metrics.peak_signal_noise_ratio(*pair, data_range=peak) for pair in pairs]
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    as_floats = (array.astype(np.float32) for array in (truth, prediction))
    np.testing.assert_allclose(got, tf.image.psnr(*as_floats, max_val=peak), rtol=1e-5)


def test_equal_images_have_infinite_psnr() -> None:
    with warnings.catch_warnings(action="error"):
        got = psnr(flat([0.2] * 3, [0.5] * 3), flat([0.2] * 3, [0.4] * 3))
    np.testing.assert_allclose(got, [np.inf, 20])


@pytest.mark.parametrize("channels", [slice(None), slice(1, None)], ids=["Lab", "ab"])
def test_rmse_worked_by_hand(channels: slice) -> None:
    truth = flat([50, 10, 20], [50, 0, 0])[..., channels]
    prediction = flat([90, 13, 16], [50, 0, 0])[..., channels]  # errors 3 and 4: sqrt((9 + 16) / 2)
    np.testing.assert_allclose(rmse_ab(truth, prediction), [np.sqrt(12.5), 0])


def test_colorfulness_worked_by_hand() -> None:
    half = np.concatenate([flat([1, 0, 0]), flat([0, 0, 1])], axis=1)  # red above blue
    # rg: 255 and 0, mean and deviation 127.5. yb: 127.5 and -255, mean -63.75, deviation 191.25.
    expected = np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, 63.75)
    np.testing.assert_allclose(colorfulness(half), [expected])
    np.testing.assert_allclose(colorfulness(flat([1, 0, 0])), [0.3 * np.hypot(255, 127.5)])


def test_colorfulness_is_that_of_each_image_and_fades_with_its_colors() -> None:
    rgb = RNG.uniform(0, 1, (2, 6, 5, 3))
    pale = rgb.mean(axis=-1, keepdims=True) + 0.5 * (rgb - rgb.mean(axis=-1, keepdims=True))
    got = colorfulness(np.concatenate([rgb, pale]))
    np.testing.assert_allclose(got[2:], got[:2] / 2)
    np.testing.assert_allclose(got[:2], [colorfulness(image[None])[0] for image in rgb])
    np.testing.assert_allclose(colorfulness(np.repeat(rgb[..., :1], 3, axis=-1)), 0, atol=1e-10)
    mixed = RNG.permutation(rgb.reshape(2, 30, 3), axis=1).reshape(rgb.shape)
    np.testing.assert_allclose(colorfulness(mixed), got[:2])


def test_metrics_of_a_model_weight_a_short_last_batch_by_its_images() -> None:
    lab = random_lab(5)
    L, ab = lab[..., :1], lab[..., 1:]
    lightness = keras.Input((8, 8, 1))
    model = Colorizer(lightness, keras.layers.Conv2D(2, 3, padding="same", activation="tanh")(lightness))
    model.compile(loss="mse", metrics=[PSNR(), RMSE()])
    got = model.evaluate(L, ab, batch_size=4, verbose=0, return_dict=True)
    prediction = np.concatenate([L, model.predict(L, verbose=0)], axis=-1)
    true, predicted = (lab_to_rgb(denormalize_lab(each)) for each in (lab, prediction))
    each_image = psnr(true, predicted)
    assert np.ptp(each_image) > 1  # else any average would do
    assert got["psnr"] == pytest.approx(each_image.mean(), rel=1e-5)
    assert got["rmse_ab"] == pytest.approx(rmse_ab(denormalize_lab(lab), denormalize_lab(prediction)).mean(), rel=1e-5)
    assert got["loss"] == pytest.approx(np.square(ab - prediction[..., 1:]).mean(), rel=1e-5)
    history = model.fit(L, ab, batch_size=4, epochs=1, verbose=0, validation_data=(L, ab)).history
    assert {"psnr", "val_psnr", "rmse_ab", "val_rmse_ab"} <= history.keys()


def test_metric_of_exact_predictions() -> None:
    lab = random_lab(2)
    score = PSNR()
    score.update_state(lab, lab)
    assert score.result() == np.inf
    score.reset_state()
    score.update_state(lab, np.concatenate([lab[..., :1], gray(lab[..., :1])], axis=-1))
    assert 0 < score.result() < np.inf


@pytest.mark.parametrize("metric", [PSNR, RMSE])
def test_metrics_are_saved_with_a_model(metric: Any, tmp_path: Path) -> None:
    lab = random_lab(2)
    lightness = keras.Input((8, 8, 1))
    model = Colorizer(lightness, keras.layers.Conv2D(2, 1)(lightness))
    model.compile("sgd", loss="mse", metrics=[metric(name="score")])
    expected = model.evaluate(lab[..., :1], lab[..., 1:], verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(lab[..., :1], lab[..., 1:], verbose=0, return_dict=True) == pytest.approx(expected)


def test_metrics_in_a_graph_of_unknown_sizes() -> None:
    truth, prediction = random_lab(3), random_lab(3)
    for metric in (PSNR(), RMSE()):
        graph = tf.function(metric, input_signature=[tf.TensorSpec([None] * 4), tf.TensorSpec([None, None, None, 3])])
        got = graph(truth, prediction).numpy()
        metric.reset_state()
        assert got == pytest.approx(metric(truth, prediction).numpy(), rel=1e-6)


def test_psnr_of_ab_alone_is_refused() -> None:
    lab = random_lab(2)
    with pytest.raises(ValueError, match=r"expected normalized Lab of shape \(B, H, W, 3\), .* got \(2, 8, 8, 2\) and"):
        PSNR().update_state(lab[..., 1:], lab[..., 1:])


def test_gray_has_no_color() -> None:
    got = gray(random_lab(3)[..., :1])
    assert got.shape == (3, 8, 8, 2)
    assert not got.any()


def test_mean_color_of_each_image_or_of_all() -> None:
    L = np.zeros((2, 3, 4, 1))
    ab = np.array([[[1.0, 2], [3, 6]], [[5, 5], [7, 7]]])  # two pixels for each image
    expected = np.broadcast_to([[[[2, 4]]], [[[6, 6]]]], (2, 3, 4, 2))
    np.testing.assert_array_equal(mean_color(L, ab), expected)
    np.testing.assert_array_equal(mean_color(L, ab[:1]), np.broadcast_to([2, 4], (2, 3, 4, 2)))


def test_no_constant_color_beats_the_mean() -> None:
    lab = denormalize_lab(random_lab(1))
    L, ab = lab[..., :1], lab[..., 1:]
    best = rmse_ab(ab, mean_color(L, ab))
    for change in ([1, 0], [-1, 0], [0, 1], [0, -1]):
        assert rmse_ab(ab, mean_color(L, ab) + change) > best
    assert best < rmse_ab(ab, gray(L))


@pytest.mark.parametrize(
    ("score", "arguments", "words"),
    [
        (psnr, (flat([1, 1, 1]), flat([255, 0, 0])), r"RGB in \[0, 1\], got values from 0 to 255"),
        (psnr, (flat([1, 1, 1]), flat([-0.5, 0, 0])), r"RGB in \[0, 1\], got values from -0.5 to 0"),
        (psnr, (flat([1, 1, 300]), flat([1, 1, 1]), 255), r"RGB in \[0, 255\], got values from 1 to 300"),
        (psnr, (flat([1, 1, np.nan]), flat([1, 1, 1])), "got NaN"),
        (psnr, (flat([1, 1, 1])[0], flat([1, 1, 1])[0]), r"of shape \(B, H, W, 3\) .*, got \(2, 3, 3\)"),
        (psnr, (flat([1, 1]), flat([1, 1])), r"of shape \(B, H, W, 3\) .*, got \(1, 2, 3, 2\)"),
        (psnr, (flat([1, 1, 1]), flat([1, 1, 1])[:, :1]), r"truth's shape, got \(1, 1, 3, 3\) for \(1, 2, 3, 3\)"),
        (psnr, (flat([1, 1, 1]), flat([1, 1, 1]), 0), "expected a peak above 0, got 0"),
        (rmse_ab, (flat([0, 0]), flat([0, 0])[:, :1]), r"truth's shape, got \(1, 1, 3, 2\) for \(1, 2, 3, 2\)"),
        (rmse_ab, (flat([0, 0]), flat([200, 0])), r"a and b in \[-110, 110\], got values from 0 to 200"),
        (rmse_ab, (flat([0]), flat([0])), r"of shape \(B, H, W, 3\) or \(B, H, W, 2\) .*, got \(1, 2, 3, 1\)"),
        (colorfulness, (flat([255, 0, 0]),), r"RGB in \[0, 1\], got values from 0 to 255"),
        (colorfulness, (np.zeros((1, 0, 3, 3)),), r"at least one pixel, got \(1, 0, 3, 3\)"),
        (gray, (np.zeros((1, 2, 3)),), r"L of shape \(B, H, W, 1\), got \(1, 2, 3\)"),
        (
            mean_color,
            (np.zeros((2, 2, 3, 1)), np.zeros((3, 4, 2))),
            r"\(2, ..., 2\) or \(1, ..., 2\) .*, got \(3, 4, 2\)",
        ),
        (mean_color, (np.zeros((2, 2, 3, 1)), np.zeros((2, 0, 2))), r"at least one pixel, got \(2, 0, 2\)"),
    ],
)
def test_bad_input(score: Any, arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        score(*arguments)


def test_a_metric_refuses_predictions_of_another_size() -> None:
    lab = random_lab(2)
    with pytest.raises(ValueError, match=r"truth's shape, got \(2, 8, 4, 3\) for \(2, 8, 8, 3\)"):
        RMSE().update_state(lab, lab[:, :, :4])
