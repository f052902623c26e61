import keras
import numpy as np
import pytest

from course_lib import plots
from tests.support.figure_words import overlaps


def centers(size: int, kernel: int, stride: int, mode: str) -> list[float]:
    """Where Keras' convolution finds the middle of a ramp: the mean column of what each result covers."""
    column = np.arange(-size, 2 * size, dtype="float32")  # a ramp beyond the row too, which padding would replace
    ramp = stride * (column + 0.5) - 0.5
    means = keras.ops.average_pool(ramp[None, :, None], kernel, 1, padding=mode)
    shape = keras.ops.average_pool(np.zeros((1, size, 1), "float32"), kernel, 1, padding=mode).shape
    return np.asarray(means)[0, size : size + shape[1], 0].tolist()


@pytest.mark.parametrize(("size", "kernel", "stride"), [(9, 7, 32), (7, 7, 32), (5, 4, 16), (3, 1, 8)])
def test_results_lie_where_keras_has_them(size: int, kernel: int, stride: int) -> None:
    figure = plots.padding(size, kernel, stride)
    for ax, mode in zip(figure.axes, ("valid", "same"), strict=True):
        expected = centers(size, kernel, stride, mode)
        assert [float(text.get_text()) for text in ax.texts[-len(expected) :]] == expected
        assert [text.get_position()[0] for text in ax.texts[-len(expected) :]] == expected
    assert overlaps(figure) == []


def test_the_text_of_padding_has_its_numbers() -> None:
    assert plots.padding(7, 7, 32).alternative == (
        "A row of 7 features, one for every 32 pixels, under a kernel of 7. "
        "VALID: 1 result, 6 fewer than the features; zeros before the row: 0, after it: 0. "
        "Centers of the results, in pixels: 111.5. "
        "SAME: 7 results, as many as the features; zeros before the row: 3, after it: 3. "
        "Centers of the results, in pixels: 15.5, 47.5, 79.5, 111.5, 143.5, 175.5, 207.5."
    )


@pytest.mark.parametrize("sizes", [(6, 7, 32), (7, 0, 32), (7, 7, 0)])
def test_padding_refuses_a_kernel_that_does_not_fit(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected 1 <= kernel <= size and stride >= 1, got"):
        plots.padding(*sizes)
