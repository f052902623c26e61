from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from course_lib import plots
from course_lib.colorization import rmse_ab
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
TRUTH = RNG.random((6, 9, 3))
PREDICTION = np.clip(TRUTH + RNG.normal(0, 0.1, TRUTH.shape), 0, 1)


def shown(ax: Axes) -> NDArray[np.float64]:
    return np.asarray(ax.get_images()[0].get_array(), float)


def test_a_row_shows_input_prediction_truth_and_error() -> None:
    figure = plots.colorizations({"noise": (PREDICTION, TRUTH)})
    cells = figure.axes[:4]
    assert [ax.get_title() for ax in cells] == ["input", "prediction", "truth", "error"]
    assert cells[0].get_ylabel() == "noise"
    gray, prediction, truth, error = map(shown, cells)
    np.testing.assert_allclose(rgb2lab(gray), rgb2lab(TRUTH) * (1, 0, 0), atol=0.05)
    np.testing.assert_array_equal(prediction, PREDICTION)
    np.testing.assert_array_equal(truth, TRUTH)
    np.testing.assert_allclose(2 * error**2, ((rgb2lab(PREDICTION) - rgb2lab(TRUTH))[..., 1:] ** 2).sum(axis=-1))
    assert figure.axes[4].get_ylabel() == "error in a and b (Lab units)"


def test_the_numbers_are_those_of_the_metrics() -> None:
    figure = plots.colorizations({"noise": (PREDICTION, TRUTH), "same": (TRUTH, TRUTH)})
    gray = lab2rgb(rgb2lab(TRUTH) * (1, 0, 0))
    ours, baseline = (peak_signal_noise_ratio(TRUTH, other, data_range=1) for other in (PREDICTION, gray))
    (rmse,) = rmse_ab(rgb2lab(TRUTH)[None], rgb2lab(PREDICTION)[None])
    assert [ax.get_xlabel() for ax in figure.axes[:4]] == [
        f"gray: {baseline:.1f} dB",
        f"{ours:.1f} dB",
        "",
        f"RMSE {rmse:.1f} Lab units",
    ]
    assert f"noise: prediction {ours:.1f} dB, gray {baseline:.1f} dB, error RMSE {rmse:.1f}." in figure.alternative
    assert figure.alternative.endswith(f"same: prediction no error, gray {baseline:.1f} dB, error RMSE 0.0.")


def test_errors_of_all_rows_have_one_scale() -> None:
    figure = plots.colorizations({"noise": (PREDICTION, TRUTH), "same": (TRUTH, TRUTH)})
    limits = {figure.axes[cell].get_images()[0].get_clim() for cell in (3, 7)}
    assert len(limits) == 1


def test_bytes_are_shown_as_their_fractions() -> None:
    pair = [np.rint(255 * picture).astype(np.uint8) for picture in (PREDICTION, TRUTH)]
    figure = plots.colorizations({"noise": (pair[0], pair[1])})
    np.testing.assert_allclose(shown(figure.axes[2]), pair[1] / 255)
    floats = plots.colorizations({"noise": (pair[0] / 255, pair[1] / 255)})
    assert figure.alternative == floats.alternative


@pytest.mark.parametrize("shapes", [[(256, 64)], [(128, 128), (128, 192)], [(96, 160)] * 6])
def test_the_words_of_a_row_do_not_overlap(shapes: list[tuple[int, int]]) -> None:
    rows = {f"grace hopper {index}": (np.zeros((*size, 3)), np.ones((*size, 3))) for index, size in enumerate(shapes)}
    assert overlaps(plots.colorizations(rows)) == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "expected one row or more, got none"),
        ({"cat": (TRUTH, TRUTH[1:])}, r"of one size for cat, got \(6, 9, 3\) and \(5, 9, 3\)"),
        ({"cat": (TRUTH, TRUTH[..., 0])}, r"of shape \(H, W, 3\) for cat, got \(6, 9\)"),
        ({"cat": (255 * TRUTH, TRUTH)}, r"expected RGB in \[0, 1\] for cat, got values from .* to 25"),
        ({"cat": (np.nan * TRUTH, TRUTH)}, "for cat, got values from nan to nan"),
    ],
)
def test_colorizations_refuse(rows: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.colorizations(rows)


def fading(count: int, size: tuple[int, int] = (6, 9)) -> dict[int, NDArray[np.float64]]:
    """Red that grows from gray."""
    lab = np.broadcast_to((50.0, 40.0, 30.0), (*size, 3))
    return {epoch: lab2rgb(lab * (1, epoch / count, epoch / count)) for epoch in range(1, count + 1)}


def test_epochs_show_each_picture_at_each_epoch_with_its_chroma() -> None:
    predictions = fading(2)
    figure = plots.epochs({"cat": predictions, "cup": dict(reversed(predictions.items()))})
    assert [ax.get_title() for ax in figure.axes] == ["epoch 1", "epoch 2", "", ""]
    assert [ax.get_ylabel() for ax in figure.axes] == ["cat", "", "cup", ""]
    assert [ax.get_xlabel() for ax in figure.axes] == ["chroma 25.0 Lab units", "chroma 50.0 Lab units"] * 2
    np.testing.assert_array_equal(shown(figure.axes[3]), predictions[2])
    assert " cup: 25.0 after epoch 1, 50.0 after epoch 2." in figure.alternative


def test_of_many_epochs_a_few_are_shown_evenly_with_both_ends() -> None:
    figure = plots.epochs({"cat": fading(20)})
    assert [ax.get_title() for ax in figure.axes] == [f"epoch {epoch}" for epoch in (1, 5, 9, 12, 16, 20)]
    assert overlaps(figure) == []


def test_only_epochs_of_all_pictures_are_shown() -> None:
    figure = plots.epochs({"cat": fading(4), "cup": {epoch: fading(4)[epoch] for epoch in (2, 4)}})
    assert [ax.get_title() for ax in figure.axes[:2]] == ["epoch 2", "epoch 4"]


@pytest.mark.parametrize("size", [(256, 64), (64, 256)])
@pytest.mark.parametrize("count", [1, 3, 9999])
def test_the_words_of_epochs_do_not_overlap(size: tuple[int, int], count: int) -> None:
    predictions = dict.fromkeys(range(max(1, count - 20), count + 1), np.ones((*size, 3)))
    assert overlaps(plots.epochs({"grace hopper": predictions, "astronaut": predictions})) == []


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({}, "expected one picture or more, got none"),
        ({"cat": {1: TRUTH}, "cup": {2: TRUTH}}, "expected an epoch that all pictures have, got none for cat, cup"),
        ({"cat": {1: 255 * TRUTH}}, r"expected RGB in \[0, 1\] for cat in epoch 1, got"),
    ],
)
def test_epochs_refuse(pictures: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.epochs(pictures)
