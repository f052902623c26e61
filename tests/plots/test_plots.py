import base64
import io
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from skimage.io import imread

from course_lib import plots
from course_lib.plots.base import spoken
from course_lib.plots.pictures import ROOM

pytestmark = pytest.mark.slow

X = np.linspace(0, 3, 31)
SAMPLES = np.array([1.0, -2.0, 0.5])
PARTS = SAMPLES[:, None] * np.maximum(0, 1 - np.abs(X - np.arange(3)[:, None]))
SIGNED = np.array([[-1.0, 0.5], [0.25, 0.0]])
GRAY = np.linspace(-0.5, 1.5, 12).reshape(3, 4)
COLOR = np.random.default_rng(0).random((3, 4, 3))
LAB = np.dstack([np.full((3, 4), 50.0), np.full((3, 4), -80.0), np.full((3, 4), 30.0)])
MAP = np.array([[0, 1, 2], [2, 1, 0]])

FIGURES: dict[str, Callable[[], Figure]] = {
    "lines": lambda: plots.lines({"one": (X, X**2), "two": (X, X)}, "A title", "x (m)", "y (m)"),
    "lines with points": lambda: plots.lines({"one": (X, X)}, "T", "x", "y", points=("samples", X[::10], X[::10])),
    "lines on logarithms": lambda: plots.lines({"one": (X + 1, X + 1)}, "T", "x", "y", log=True),
    "kernel sum": lambda: plots.kernel_sum(X, PARTS, SAMPLES, "A sum"),
    "tables": lambda: plots.tables({"a": SIGNED, "b": 2 * SIGNED}, signed=True),
    "unsigned tables": lambda: plots.tables({"a": np.abs(SIGNED)}),
    "table of zeros": lambda: plots.tables({"a": np.zeros((2, 2))}),
    "images": lambda: plots.images({"gray": GRAY, "color": COLOR, "again": COLOR}, columns=2),
    "differences": lambda: plots.differences({"a": SIGNED, "b": 2 * SIGNED}, limit=0.5),
    "bars": lambda: plots.bars({"short": 1.0, "long": 20.0}, "T", "speed (images/s)", "node"),
    "pipeline": lambda: plots.pipeline([("read", "RGB"), ("resize", "RGB, 8 × 8"), ("batch", "32 of them")], "T"),
    "pixel grids": lambda: plots.pixel_grids((2, 3)),
    "crop": lambda: plots.crop(2, 3, [(5, 3), (4, 1)]),
    "Lab planes": lambda: plots.lab_planes(COLOR, LAB),
    "histograms of a and b": lambda: plots.ab_histograms({"one": LAB[..., 1:], "two": LAB[:1, :, 1:]}),
    "label bar": lambda: plots.label_bar(MAP, ["sky", "sea", "sand"], image=COLOR[:2, :3]),
    "segmentations": lambda: plots.segmentations(
        COLOR[:2, :3], {"truth": MAP, "found": MAP[::-1]}, ["sky", "sea", "sand"]
    ),
    "architecture": lambda: plots.architecture([("conv", (4, 4, 2), 20), ("dense", (3,), 99)]),
    "cost": lambda: plots.cost({"one": (2**20, 0.1), "other": (2**30, 0.2)}),
    "padding": lambda: plots.padding(3, 2, 8),
    "best classes": lambda: plots.best_classes({"a": COLOR, "b": GRAY}, [[0.1, 0.9], [0.5, 0.5]], ["cat", "dog"]),
    "labels": lambda: plots.labels({"a": MAP, "b": MAP.T}, ["sky", "sea", "sand"]),
    "prefetching": lambda: plots.prefetching("0", ["1"], 2, "2", "3"),
    "net": lambda: plots.net_shapes([("loss", ["x", "y"], ["z"])], {"x": (2,), "y": (2,), "z": ()}, ["y"]),
    "gradients": lambda: plots.gradient_scatter(SIGNED, SIGNED),
    "gradients with mistakes": lambda: plots.gradient_scatter(SIGNED, {"right": SIGNED, "twice": 2 * SIGNED}),
    "gradients of zero": lambda: plots.gradient_scatter([0.0], [0.0]),
    "steps": lambda: plots.step_errors({"float32": ([1e-3, 1e-1], [1e-4, 1e-2]), "exact": ([1.0], [0.0])}),
    "losses": lambda: plots.losses_on_masks(
        np.eye(2), {"none": np.zeros((2, 2)), "all": np.ones((2, 2))}, {"loss": ([1, 2], np.ones((2, 2, 2)))}
    ),
    "losses on nothing": lambda: plots.losses_on_masks(
        np.zeros((2, 3)), {"none": np.zeros((2, 3))}, {"loss": ([0], np.zeros((1, 2, 3)))}
    ),
    "filters by place": lambda: plots.local_filters(np.arange(24.0).reshape(2, 3, 2, 2)),
    "feature maps": lambda: plots.feature_maps(COLOR, {"one": COLOR, "two": np.ones((1, 2, 8))}, channels=4),
    "pooling": lambda: plots.pooling(SIGNED, [[1]]),
    "pooling with overlapping windows": lambda: plots.pooling(GRAY, [[5, 6], [5, 11]], 2, (1, 2), padding="valid"),
    "gradient of pooling": lambda: plots.pooling(SIGNED, [[1]], upstream=[[-3.0]], title="A gradient"),
    "attributions": lambda: plots.attributions(
        {
            "a": (COLOR, {"one": SIGNED, "two": COLOR - 0.5}),
            "b": (COLOR[..., 0], {"one": np.abs(SIGNED), "two": SIGNED}),
        }
    ),
    "attributions with places": lambda: plots.attributions(
        {"a": (COLOR, {"one": SIGNED, "two": np.zeros((3, 4))})}, marks={"a": (1, 2)}, overlay=["one"]
    ),
    "hypercolumn": lambda: plots.hypercolumn(
        COLOR, (1, 2), {"one": COLOR, "two": np.ones((1, 2, 8))}, (1, 2), (0, (0.5, 0.5))
    ),
    "sampled locations": lambda: plots.sampled_locations(COLOR, [(1, 2), (0, 0)], {"one": COLOR}, (1,), (0,)),
    "bilinear cell": lambda: plots.bilinear_cell(SIGNED, (0.5, 0.25)),
    "scattered gradient": lambda: plots.scattered([1, 2, 2], [(0, 0), (0.5, 1), (0.5, 1)], (2, 3)),
    "sentinel": lambda: plots.sentinel(SIGNED, [(0.5, 1.5)]),
    "ramps": lambda: plots.aligned_ramps(3, 4),
    "race": lambda: plots.race({"one": 1e-5, "other": 1e-3}),
    "ReLU rules": lambda: plots.relu_rules(SIGNED, -SIGNED, {"plain": -SIGNED * (SIGNED > 0), "none": 0 * SIGNED}),
    "randomized": lambda: plots.randomized(
        COLOR, {"one": {"trained": SIGNED, "all": -SIGNED.T}, "two": {"trained": COLOR, "all": np.ones((3, 4))}}
    ),
}


def render(figure: Figure) -> np.ndarray[Any, Any]:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=60)
    picture.seek(0)
    return np.asarray(imread(picture))


def panels(figure: Figure) -> list[Axes]:
    """The axes with content: neither color bars nor empty places."""
    return [ax for ax in figure.axes if ax.get_title()]


def shown(ax: Axes) -> AxesImage:
    (image,) = ax.get_images()
    return image


def drawn(ax: Axes) -> np.ndarray[Any, Any]:
    """The numbers of a picture, with zeros where nothing is drawn."""
    return np.ma.filled(np.ma.asarray(shown(ax).get_array()), 0)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_returned_and_leave_nothing_open(name: str) -> None:
    before = plt.get_fignums()
    assert isinstance(FIGURES[name](), Figure)
    assert plt.get_fignums() == before


@pytest.mark.parametrize("name", FIGURES)
def test_figures_render_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)  # what other tests left to the garbage collector
        picture = render(FIGURES[name]())
    assert picture.std() > 0


@pytest.mark.parametrize("name", FIGURES)
def test_every_panel_has_a_title_and_its_axes_have_labels(name: str) -> None:
    axes = panels(FIGURES[name]())
    assert axes
    for ax in axes:
        shared = not any(label.get_text() for label in ax.get_yticklabels())  # the axis of the panel on the left
        assert not ax.axison or (ax.get_xlabel() and (ax.get_ylabel() or shared))


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "lines": ["A title", "Across: x (m)", "Upward: y (m)", "one: from 0 at 0 to 9 at 3", "two: from 0 at 0 to 3"],
        "lines with points": ["Dots: samples"],
        "kernel sum": ["3 samples, 1, −2, 0.5", "between −2 and 1"],
        "tables": ["a, 2 × 2, from −1 to 0.5", "b, 2 × 2, from −2 to 1"],
        "images": ["gray, 3 × 4", "color, 3 × 4"],
        "differences": ["a, 2 × 2, from −1 to 0.5"],
        "bars": ["speed (images/s): short 1, long 20"],
        "pipeline": ["3 boxes", "resize, which passes on RGB, 8 × 8"],
        "prefetching": ["makes 3 next", "holds 2", "room for 2 holds 1.", "uses 0"],
        "Lab planes": ["3 × 4 pixels", "L from 50 to 50, a from −80 to −80, b from 30 to 30"],
        "histograms of a and b": ["two: a from −80 to −80, b from 30 to 30, medians −80 and 30"],
        "labels": ["a, sky 33%, sea 33%, sand 33%"],
        "net": ["loss takes x (2,) and y (2,) and returns z ().", "back to x, z, and not to y."],
        "gradients": ["4 elements. analytic gradient: all right."],
        "gradients with mistakes": [
            "right: all right. twice: 3 of 4 wrong, most at (0, 0)",
            "is −1 and the analytic one −2.",
        ],
        "steps": ["float32: error 0.0001 with the step 0.001", "exact: error 0 with the step 1, smallest 0"],
        "losses": ["2 × 2 pixels, 50% of it inside. loss: none 1, gradient on average 1 inside and 1 outside; all 2"],
        "filters by place": ["2 × 3 places, filters of 2 × 2, weights from 0 to 23"],
        "pooling": ["2 × 2 under windows of 2 × 2 with stride 2 × 2", "(0, 0): 0.5 at row 0, column 1."],
        "gradient of pooling": ["A gradient.", "column 1, where −3 is put back."],
        "attributions": ["a, 3 × 4 pixels: one peaks below 0 at row 0, column 0,", "b, 3 × 4 pixels: one peaks at"],
        "attributions with places": [
            "marked at row 1, column 2: one peaks",
            "pixels from the mark",
            "two is 0 everywhere",
        ],
        "hypercolumn": ["at row 1, column 2 they hold 11 numbers", "two, 1 × 2 × 8: 8 numbers, 0% of them zero"],
        "sampled locations": ["2 locations in an image of 3 × 4 pixels", "one, 3 × 4: 2 of 12 entries take part"],
        "bilinear cell": ["Around (0.5, 0.25)", "upper left (0, 0) 0.375 · −1 = −0.375", "Sum: −0.219"],
        "scattered gradient": ["2 + 2 at (0.5, 1)", "(0, 0) 1; (0, 1) 1 + 1 = 2; (1, 1) 1 + 1 = 2."],
        "sentinel": ["2 entries read inside, 2 outside: (0, 2), (1, 2)."],
        "ramps": ["entries lie at 1.5, 5.5, 9.5: samples with offset 1.5 agree"],
        "race": ["one 10 µs, the fastest; other 1 ms, 100 times as long"],
        "ReLU rules": ["x above 0, gradient 0 or less (−0.5, −0.25): plain −0.5, −0.25; none 0, 0."],
        "randomized": ["one: trained 1.00, all 0.80; two: trained 1.00, all 0.00."],
        "feature maps": ["3 × 4 pixels. one, 3 × 4 × 3: channels", "two, 1 × 2 × 8: channels 0, 1, 2, 3, 0% of all"],
    }.items(),
)
def test_the_text_alternative_says_what_is_drawn(name: str, words: list[str]) -> None:
    _, metadata = FIGURES[name]()._repr_mimebundle_()  # type: ignore[attr-defined]  # what IPython asks for
    alternative = metadata["image/png"]["alt"]
    assert [each for each in words if each not in alternative] == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("shrunk,\nenlarged. ", "shrunk, enlarged."),
        ("from -1 to -.5 at (-1, 3)", "from −1 to −.5 at (−1, 3)"),
        ("VGG-16, rows 0-3, 2 - 1, 1e-06", "VGG-16, rows 0-3, 2 - 1, 1e-06"),
    ],
)
def test_a_text_alternative_can_be_read_out(written: str, expected: str) -> None:
    assert spoken(written) == expected


def test_a_text_alternative_names_no_rounding_errors() -> None:
    x = np.linspace(0, np.pi, 3)
    figure = plots.lines({"sine": (x, np.sin(x))}, "Half a wave?", "x", "y")
    _, metadata = figure._repr_mimebundle_()  # type: ignore[attr-defined]
    assert metadata["image/png"]["alt"] == (
        "Half a wave? Across: x. Upward: y. sine: from 0 at 0 to 0 at 3.14, between 0 and 1."
    )


def test_lines_hold_the_data_and_a_legend() -> None:
    (ax,) = FIGURES["lines"]().axes
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("A title", "x (m)", "y (m)")
    for line, y in zip(ax.get_lines(), (X**2, X), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([X, y]))
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_lines()}
    assert len(looks) == 2


def test_many_lines_look_different() -> None:
    figure = plots.lines({str(n): (X, n * X) for n in range(8)}, "T", "x", "y")
    assert len({line.get_color() for line in figure.axes[0].get_lines()}) == 8


def test_a_long_legend_covers_no_curve() -> None:
    figure = plots.lines({str(n): (X, n * X) for n in range(8)}, "T", "x", "y")
    figure.canvas.draw()
    (legend,) = figure.legends
    assert not legend.get_window_extent().overlaps(figure.axes[0].get_window_extent())


def test_points_are_marked() -> None:
    (ax,) = FIGURES["lines with points"]().axes
    points = ax.get_lines()[-1]
    assert (points.get_marker(), points.get_linestyle(), points.get_label()) == ("o", "None", "samples")
    np.testing.assert_array_equal(points.get_xydata(), np.column_stack([X[::10], X[::10]]))


def test_logarithmic_axes() -> None:
    (ax,) = FIGURES["lines on logarithms"]().axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_kernel_sum_draws_parts_sum_and_samples() -> None:
    (ax,) = FIGURES["kernel sum"]().axes
    *parts, total, samples = ax.get_lines()
    np.testing.assert_array_equal([line.get_ydata() for line in parts], PARTS)
    np.testing.assert_allclose(np.asarray(total.get_ydata(), float), PARTS.sum(axis=0))
    np.testing.assert_array_equal(samples.get_xydata(), np.column_stack([np.arange(3), SAMPLES]))
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["one kernel per sample", "their sum", "samples"]


def test_tables_hold_numbers_on_one_scale() -> None:
    axes = panels(FIGURES["tables"]())
    assert [ax.get_title() for ax in axes] == ["a", "b"]
    for ax, factor in zip(axes, (1, 2), strict=True):
        np.testing.assert_array_equal(shown(ax).get_array(), factor * SIGNED)
        assert shown(ax).get_clim() == (-2, 2)
    assert [text.get_text() for text in axes[0].texts] == ["-1", "0.5", "0.25", "0"]
    assert shown(panels(FIGURES["unsigned tables"]())[0]).get_clim() == (0, 1)


def test_numbers_are_left_out_where_there_is_no_room_or_no_wish() -> None:
    assert not plots.tables({"wide": np.ones((2, ROOM + 1))}).axes[0].texts
    assert not plots.tables({"small": SIGNED}, numbers=False).axes[0].texts


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (1, 1), (2, 3)])
def test_rows_and_columns_are_counted_in_whole_numbers(shape: tuple[int, int]) -> None:
    ax = plots.tables({"a": np.ones(shape)}).axes[0]
    for axis, count in ((ax.yaxis, shape[0]), (ax.xaxis, shape[1])):
        low, high = sorted(axis.get_view_interval())
        assert [tick for tick in axis.get_ticklocs() if low <= tick <= high] == list(range(count))


def test_numbers_stand_out_from_their_cells() -> None:
    ax = panels(plots.tables({"a": np.linspace(-1, 1, 9).reshape(3, 3)}, signed=True))[0]
    weights = (0.2126, 0.7152, 0.0722)
    for text, value in zip(ax.texts, np.linspace(-1, 1, 9), strict=True):
        cell = np.dot(shown(ax).to_rgba(value)[:3], weights)
        assert abs(np.dot(to_rgb(text.get_color()), weights) - cell) > 0.3


def test_images_are_shown_as_they_are_within_0_and_1() -> None:
    figure = FIGURES["images"]()
    axes = panels(figure)
    assert [ax.get_title() for ax in axes] == ["gray", "color", "again"]
    np.testing.assert_array_equal(shown(axes[0]).get_array(), np.clip(GRAY, 0, 1))
    np.testing.assert_array_equal(shown(axes[1]).get_array(), COLOR)
    assert shown(axes[0]).get_clim() == (0, 1)
    assert len(figure.axes) == 4
    assert not any(ax.axison for ax in figure.axes)


def test_differences_name_their_largest() -> None:
    figure = FIGURES["differences"]()
    axes = panels(figure)
    assert [ax.get_title() for ax in axes] == ["a\nlargest: 1", "b\nlargest: 2"]
    np.testing.assert_array_equal(shown(axes[1]).get_array(), 2 * SIGNED)
    assert {shown(ax).get_clim() for ax in axes} == {(-0.5, 0.5)}
    bar = figure.axes[-1]
    assert bar.get_ylabel() == "difference"
    assert any(isinstance(child, QuadMesh) for child in bar.get_children())


def test_labels_have_one_legend_with_their_colors() -> None:
    figure = FIGURES["labels"]()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["sky", "sea", "sand"]
    image = shown(panels(figure)[0])
    np.testing.assert_array_equal(image.get_array(), MAP)
    drawn = [image.to_rgba(np.array([label]))[0, :3] for label in range(3)]
    np.testing.assert_allclose(drawn, [to_rgb(patch.get_facecolor()) for patch in legend.get_patches()])


def test_bars_are_as_long_as_their_values_and_the_first_is_on_top() -> None:
    ax = plots.bars({"short": 1.0, "long": 20.0}, "T", "speed (images/s)", "node").axes[0]
    assert [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)] == [1.0, 20.0]
    assert ax.yaxis_inverted()
    assert {"1", "20"} <= {text.get_text() for text in ax.texts}


def test_a_pipeline_has_a_box_a_stage_and_an_arrow_between_two() -> None:
    ax = plots.pipeline([("read", "RGB"), ("resize", "8 × 8"), ("batch", "32")], "T").axes[0]
    boxes = [text for text in ax.texts if text.get_bbox_patch() is not None]
    assert [box.get_text() for box in boxes] == ["read", "resize", "batch"]
    arrows = [text for text in ax.texts if isinstance(text, Annotation)]
    assert len(arrows) == 2
    assert all(arrow.xy[0] > arrow.xyann[0] for arrow in arrows), "arrows point to the right"


def test_what_entered_a_queue_first_is_where_it_leaves() -> None:
    ax = plots.prefetching("0", ["1", "2"], 3, "3", "4").axes[0]
    places = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert places["flow"] < places["thread"] < places["2"] < places["1"] < places["loop"]
    slots = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(slots) == 3
    with pytest.raises(ValueError, match="expected at most 1 waiting in the queue, got 2"):
        plots.prefetching("0", ["1", "2"], 1, "3", "4")


def test_lab_planes_have_the_scales_of_lab() -> None:
    figure = plots.lab_planes(COLOR, LAB)
    scales = [shown(ax).get_clim() for ax in panels(figure)[1:]]
    assert scales == [(0, 100), (-60, 60), (-60, 60)]
    assert [drawn(ax).mean() for ax in panels(figure)[1:]] == [50, -80, 30]


def test_a_color_lies_at_its_a_and_b_in_the_histogram() -> None:
    ax = panels(plots.ab_histograms({"one": LAB[..., 1:]}))[0]
    counts = drawn(ax)
    (row,), (column,) = np.nonzero(counts)
    left, right, bottom, top = shown(ax).get_extent()
    side = (right - left) / counts.shape[1]
    assert left + column * side <= -80 <= left + (column + 1) * side
    assert bottom + row * side <= 30 <= bottom + (row + 1) * side
    assert counts[row, column] == 1
    assert top == right


def test_a_control_redraws_and_pages_without_a_kernel_get_the_picture(capsys: pytest.CaptureFixture[str]) -> None:
    drawn: list[int] = []

    def draw(factor: int = 4) -> Figure:
        drawn.append(factor)
        return plots.lines({"line": (X, factor * X)}, f"Factor {factor}", "x", "y")

    shown = plots.interact(draw, factor=(2, 9))
    (slider,) = shown.kwargs_widgets
    assert (slider.min, slider.max, slider.value) == (2, 9, 4)
    first, again = (base64.b64decode(shown._repr_mimebundle_()[0]["image/png"]) for _ in range(2))
    assert "application/vnd.jupyter.widget-view+json" in shown._repr_mimebundle_()[0]
    slider.value = 5
    other = base64.b64decode(shown._repr_mimebundle_()[0]["image/png"])
    assert drawn == [4, 5]
    assert np.array_equal(imread(io.BytesIO(first)), imread(io.BytesIO(again)))
    assert first != other
    assert capsys.readouterr().out.count("Figure(") == 2  # outside of a notebook `display` prints what it is given
