from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps


def curves(figure: Any) -> list[dict[str, Any]]:
    panels: list[Axes] = [ax for ax in figure.axes if ax.axison]
    return [{str(line.get_label()): np.asarray(line.get_xydata()) for line in ax.get_lines()} for ax in panels]


@pytest.mark.parametrize(("entries", "scale"), [(4, 4), (3, 2), (7, 16), (2, 3)])
def test_samples_are_those_of_two_resizes(entries: int, scale: int) -> None:
    """A resize of the entries' places is what an offset that agrees with its convention gives."""
    figure = plots.aligned_ramps(entries, scale)
    for found, half_pixel, offset in zip(curves(figure), (True, False), ((scale - 1) / 2, 0), strict=True):
        places = found["entries"][:, 1].astype(np.float32)
        resized = tf.compat.v1.image.resize_bilinear(
            places[None, None, :, None], (1, entries * scale), half_pixel_centers=half_pixel
        )
        np.testing.assert_allclose(found[f"samples with offset {offset:g}"][:, 1], np.ravel(resized), rtol=1e-6)
    assert overlaps(figure) == []


def test_the_other_offset_is_off_by_the_difference() -> None:
    half, corner = curves(plots.aligned_ramps(4, 4))
    inside = slice(4, 12)
    for found, offset, off in ((half, 0, 1.5), (corner, 1.5, -1.5)):
        columns, samples = found[f"samples with offset {offset:g}"][inside].T
        np.testing.assert_allclose(samples - columns, off)


def test_the_text_has_places_and_differences() -> None:
    assert plots.aligned_ramps(3, 2).alternative == (
        "A row of 3 entries, 2 pixels of the image for one step. The value of an entry is its column in the image. "
        "By half pixel centers, entries lie at 0.5, 2.5, 4.5: samples with offset 0.5 agree, those with offset 0 are "
        "0.5 pixels too far to the right. By upper left corners, entries lie at 0, 2, 4: samples with offset 0 agree, "
        "those with offset 0.5 are 0.5 pixels too far to the left."
    )


@pytest.mark.parametrize(
    ("entries", "scale", "message"),
    [
        (1, 4, "expected entries to be a whole number of 2 or more, got 1"),
        (4, 1, "expected scale to be a whole number of 2 or more, got 1"),
        (4, 2.0, "got 2.0"),
        (64, 17, "expected a row of up to 1024 pixels, got 64 × 17"),
    ],
)
def test_it_refuses_rows_that_show_nothing(entries: Any, scale: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.aligned_ramps(entries, scale)
