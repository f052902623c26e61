"""The sizes of images that networks take; how networks refuse others is tested with them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.sizes import RequiredSize, require_size


@pytest.mark.parametrize("sides", [(32, 32), (64, 96), (None, 32), (None, None)])
def test_sizes_that_fit(sides: tuple[int | None, int | None]) -> None:
    require_size(sides, least=32, multiple=32)


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ((None, 31), r"32 x 32 pixels or more, got \? x 31"),
        ((0, 64), "32 x 32 pixels or more, got 0 x 64"),
        ((44, 64), "multiples of 8 pixels, got 44 x 64"),
    ],
)
def test_one_known_side_is_enough_to_refuse(sides: tuple[int | None, int | None], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        require_size(sides, least=32, multiple=8)
    with pytest.raises(ValueError, match=words):
        RequiredSize(32, 8)(keras.Input((*sides, 3)))


def test_both_are_checked_where_a_graph_runs() -> None:
    layer = RequiredSize(least=16, multiple=8)
    graph = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    assert graph(np.ones((1, 16, 24, 3), np.float32)).shape == (1, 16, 24, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="16 x 16 pixels or more, got 8 x 24"):
        graph(np.ones((1, 8, 24, 3), np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="multiples of 8 pixels, got 16 x 20"):
        graph(np.ones((1, 16, 20, 3), np.float32))


@pytest.mark.parametrize(
    ("least", "multiple", "what"), [(0, 1, "smallest side"), (1, 0, "divisor"), (1.5, 1, "smallest")]
)
def test_other_bounds_are_refused(least: float, multiple: int, what: str) -> None:
    with pytest.raises(ValueError, match=f"expected a {what}.* of 1 pixel or more, got"):
        RequiredSize(least, multiple)  # type: ignore[arg-type]
