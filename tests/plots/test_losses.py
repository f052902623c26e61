from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps

TARGET = np.array([[1.0, 0.0], [0.0, 0.0]])
GUESSES = {"half": np.array([[0.5, 0.0], [0.0, 0.5]]), "empty": np.zeros((2, 2))}
GRADIENTS = np.array([[[-0.5, 0.0], [0.0, 0.5]], [[-1.0, 0.0], [0.0, 0.0]]])
LOSSES = {"Euclidean": ([0.25, 0.5], GRADIENTS), "twice": ([0.5, 1.0], 2 * GRADIENTS)}


def numbers(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def panels(figure: Any) -> list[Axes]:
    """The 3 x 3 cells, row by row."""
    return list(figure.axes[:9])


def test_each_loss_has_a_row_with_its_values_and_gradients() -> None:
    cells = panels(plots.losses_on_masks(TARGET, GUESSES, LOSSES))
    titles = [cell.get_title() for cell in cells]
    assert titles == ["target", "half", "empty", "", "Euclidean 0.25", "Euclidean 0.5", "", "twice 0.5", "twice 1"]
    assert numbers(cells[1]) == ["0.5", "0", "0", "0.5"]
    assert numbers(cells[4]) == ["-0.5", "0", "0", "0.5"]
    np.testing.assert_array_equal(cells[8].get_images()[0].get_array(), 2 * GRADIENTS[1])


def test_gradients_of_a_loss_have_one_scale_around_zero() -> None:
    cells = panels(plots.losses_on_masks(TARGET, GUESSES, LOSSES))
    scales = [cell.get_images()[0].get_clim() for cell in cells if cell.get_images()]
    assert scales == [(0, 1)] * 3 + [(-1, 1)] * 2 + [(-2, 2)] * 2


def test_the_outline_of_the_target_is_in_every_map() -> None:
    for cell in panels(plots.losses_on_masks(TARGET, GUESSES, LOSSES)):
        if cell.get_images():
            (outline,) = cell.collections
            x0, y0, x1, y1 = outline.get_paths()[0].get_extents().extents
            assert (x0, y0, x1, y1) == pytest.approx((-0.5, -0.5, 0.5, 0.5))


def test_the_alternative_says_what_gradients_do() -> None:
    words = plots.losses_on_masks(TARGET, GUESSES, LOSSES).alternative
    assert "25% of it inside. Euclidean: half 0.25, gradient on average -0.5 inside and 0.17 outside; empty" in words


@pytest.mark.parametrize(("side", "guesses", "losses"), [(64, 6, 3), (8, 1, 1)])
def test_no_words_overlap(side: int, guesses: int, losses: int) -> None:
    target = np.eye(side)
    pairs = (np.full(guesses, 1234.5), 1e-5 * np.ones((guesses, side, side)))
    figure = plots.losses_on_masks(
        target, {f"guess {k}": target for k in range(guesses)}, {f"loss {k}": pairs for k in range(losses)}
    )
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("target", "guesses", "losses", "message"),
    [
        (TARGET[0], GUESSES, LOSSES, r"expected the same shape \(H, W\) .* got \(2,\) for the target"),
        (TARGET, {"wide": np.zeros((2, 3))}, LOSSES, r"got \(2, 3\) for wide"),
        (TARGET, {"logits": 3 * TARGET}, LOSSES, r"numbers in \[0, 1\] for logits, got 0 to 3"),
        (TARGET, {}, LOSSES, "got 0 and 2"),
        (TARGET, GUESSES, {}, "got 2 and 0"),
        (TARGET, GUESSES, {"mean": (0.5, GRADIENTS)}, r"values of shape \(2,\) and .* for mean, got \(\) and"),
        (TARGET, GUESSES, {"Dice": ([1, np.inf], GRADIENTS)}, "that are finite for Dice"),
    ],
)
def test_it_refuses_what_does_not_fit_together(target: Any, guesses: Any, losses: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.losses_on_masks(target, guesses, losses)
