from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from course_lib import plots
from tests.support.figure_words import overlaps


def test_the_words_are_those_of_arrays_that_are_computed() -> None:
    """A picture so small that both ways can be gone with NumPy."""
    rng = np.random.default_rng(0)
    maps = [rng.random((8 // step, 12 // step, depth)) for depth, step in ((3, 1), (5, 4))]
    kernels = [rng.random((3, 6)), rng.random((5, 6))]
    upsampled = [np.kron(values, np.ones((step, step, 1))) for values, step in zip(maps, (1, 4), strict=True)]
    joined = np.concatenate(upsampled, axis=-1)
    multiplied = [values @ kernel for values, kernel in zip(maps, kernels, strict=True)]
    shapes = [values.shape for values in (*maps, *upsampled, joined, joined @ np.concatenate(kernels))]
    lean = [values.shape for values in (*maps, *multiplied)] + [(8, 12, 6)] * 3
    figure = plots.folded(8, 12, 6, (3, 5), (1, 4))
    for ax, expected in zip(figure.axes, (shapes, lean), strict=True):
        words = [text.get_text().split(":")[0].split("\n")[0] for text in ax.texts if "MB" in text.get_text()]
        assert words == [" × ".join(map(str, shape)) for shape in expected]


def test_sizes_of_the_course() -> None:
    figure = plots.folded(512, 512, 128)
    wide, lean = (ax.get_title() for ax in figure.axes)
    # 512² · 1472 · 4 bytes, 512² · 1472 · 128; 512² · 128 · 4 bytes, 128 · Σ (512 / stride)² · channels
    assert wide == "Upsample, join, multiply: largest array 1,544 MB, 49.4 billion multiplications"
    assert lean == "Multiply, upsample, add: largest array 134 MB, 4.09 billion multiplications"
    assert figure.alternative.startswith(
        "Two ways to a layer of 128 units over 5 maps of a picture of 512 × 512 pixels. " + wide
    )
    assert "joined, 512 × 512 × 1472; times the kernel (1,472 × 128), 512 × 512 × 128. " + lean in figure.alternative


def test_boxes_are_filled_as_far_as_arrays_are_large() -> None:
    figure = plots.folded(64, 64, 8, (4, 12), (1, 2))
    for ax in figure.axes:
        boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
        words = [text.get_text() for text in ax.texts if "MB" in text.get_text()]
        for box, filled, word in zip(boxes[::3], boxes[1::3], words, strict=True):
            shape = [int(number) for number in word.split(":")[0].split("\n")[0].split(" × ")]
            assert filled.get_width() / box.get_width() == pytest.approx(np.prod(shape) / (64 * 64 * 16))


def test_pictures_that_are_no_multiple_round_up() -> None:
    assert "maps, 250 × 188 × 512" in plots.folded(4000, 3000, 4, (512,), (16,)).alternative
    assert "12.3 GB" in plots.folded(4000, 3000, 256).alternative


@pytest.mark.parametrize(
    ("size", "channels", "strides"),
    [
        ((512, 512), (64, 128, 256, 512, 512), (1, 2, 4, 8, 16)),
        ((4000, 6000), (1, 64, 128, 256, 512, 512, 1024, 2048), (1, 1, 2, 4, 8, 16, 32, 32)),
        ((16, 16), (4, 4), (1, 2)),
        ((16, 16), (4,), (1,)),
    ],
)
def test_no_words_overlap(size: tuple[int, int], channels: Any, strides: Any) -> None:
    figure = plots.folded(*size, 1000, channels, strides)
    assert overlaps(figure) == []
    for ax in figure.axes:
        boxes = [patch.get_window_extent() for patch in ax.patches]
        for text in ax.texts[1:]:
            if "B" in text.get_text():
                extent = text.get_window_extent()
                assert any(box.x0 < extent.x0 and extent.x1 < box.x1 for box in boxes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 512, 128), "expected height to be a whole number of 1 or more, got 0"),
        ((512, 512, 12.5), "expected hidden to be a whole number of 1 or more, got 12.5"),
        ((512, 512, 128, (64, 128)), "expected 1 to 8 channels and as many strides, got 2 and 5"),
        ((512, 512, 128, (), ()), "expected 1 to 8 channels and as many strides, got 0 and 0"),
        ((512, 512, 128, (1,) * 9, (1,) * 9), "got 9 and 9"),
        ((512, 512, 128, (64,), (0,)), "expected each of strides to be a whole number of 1 or more, got 0"),
    ],
)
def test_it_refuses(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.folded(*arguments)
