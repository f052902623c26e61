import math
from typing import Any

import numpy as np
import pytest

from course_lib import plots
from course_lib.plots.base import DescribedFigure
from tests.support.figure_words import overlaps

HISTORY = {"loss": [0.04, 0.02, 0.01], "val_loss": [0.05, 0.01, 0.02], "psnr": [20.0, 22.0, 23.0]}


def line(figure: DescribedFigure, index: int) -> tuple[list[float], list[float]]:
    drawn = figure.axes[0].lines[index]
    return np.asarray(drawn.get_xdata(), float).tolist(), np.asarray(drawn.get_ydata(), float).tolist()


def test_training_validation_and_baselines_are_drawn_and_told() -> None:
    figure = plots.training_curves(HISTORY, {"gray": 0.03, "mean color": 0.015}, ylabel="mean squared error")
    assert figure.alternative == (
        "Training: mean squared error over 3 epochs, scale linear. Training: from 0.04 to 0.01, between 0.01 and 0.04. "
        "Validation: from 0.05 to 0.02, between 0.01 and 0.05. Baselines: gray 0.03, mean color 0.015."
    )
    assert line(figure, 0) == ([1, 2, 3], HISTORY["loss"])
    assert line(figure, 1) == ([1, 2, 3], HISTORY["val_loss"])
    assert {line(figure, index)[1][0] for index in (2, 3)} == {0.03, 0.015}
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["gray: 0.03", "mean color: 0.015"]
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("epoch", "mean squared error")


def test_a_score_has_curves_of_its_own() -> None:
    figure = plots.training_curves(HISTORY, {}, quantity="psnr", ylabel="PSNR (dB)", title="Score")
    assert line(figure, 0)[1] == HISTORY["psnr"]
    assert len(figure.axes[0].lines) == 1
    assert (
        figure.alternative
        == "Score: PSNR (dB) over 3 epochs, scale linear. Training: from 20 to 23, between 20 and 23."
    )


@pytest.mark.parametrize(
    ("losses", "baseline", "scale"),
    [([1.0, 0.2], 0.5, "linear"), ([1.0, 0.01], 0.5, "log"), ([1.0, 0.5], 0.01, "log"), ([1.0, -0.01], 0.5, "linear")],
)
def test_the_scale_is_logarithmic_where_values_differ_much(losses: list[float], baseline: float, scale: str) -> None:
    figure = plots.training_curves({"loss": losses}, {"gray": baseline})
    assert figure.axes[0].get_yscale() == scale
    low, high = figure.axes[0].get_ylim()
    assert low < min(*losses, baseline)
    assert max(*losses, baseline) < high


def test_a_baseline_has_the_same_color_wherever_it_lies() -> None:
    colors = []
    for gray in (0.1, 0.9):
        axes = plots.training_curves({"loss": [1.0, 0.2]}, {"gray": gray, "mean color": 0.5}).axes[0]
        colors.append({text.get_text().partition(":")[0]: text.get_color() for text in axes.texts})
    assert colors[0] == colors[1]
    assert len(set(colors[0].values())) == 2


@pytest.mark.parametrize("values", [(0.02, 0.02, 0.0201), (1.0, 0.999, 0.998), (0.01, 0.01, 5.0)])
@pytest.mark.parametrize("count", [1, 20, 400])
def test_the_words_do_not_overlap(values: tuple[float, ...], count: int) -> None:
    losses = np.geomspace(1, 0.01, count).tolist()
    baselines = dict(zip(("gray", "mean color", "hypercolumns"), values, strict=True))
    figure = plots.training_curves({"loss": losses, "val_loss": losses}, baselines, ylabel="mean squared error of ab")
    assert overlaps(figure) == []


def test_a_training_that_diverged_is_drawn_as_far_as_it_went() -> None:
    figure = plots.training_curves({"loss": [2.0, 1.0, math.nan]}, {"gray": 1.5})
    assert "Training: from 2 to nan, between 1 and 2." in figure.alternative


@pytest.mark.parametrize(
    ("history", "baselines", "message"),
    [
        ({"psnr": [1.0]}, {}, "expected a history of loss, got one of psnr"),
        ({}, {}, "got one of nothing"),
        ({"loss": []}, {}, "expected at least one finite number, got 0 epochs without any"),
        ({"loss": [math.nan, math.inf]}, {}, "got 2 epochs without any"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, {}, "as many epochs of validation as of training, 2, got 1"),
        ({"loss": [1.0]}, {"gray": math.nan}, "expected baselines that are finite, got {'gray': nan}"),
    ],
)
def test_training_curves_refuse(history: Any, baselines: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.training_curves(history, baselines)
