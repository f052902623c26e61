from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(0).random((20, 30, 3))
UNSIGNED = np.zeros((20, 30))
UNSIGNED[4, 25] = 8.0
UNSIGNED[4, 24] = 2.0
SIGNED = UNSIGNED.copy()
SIGNED[15, 5] = -10.0
COLOR = np.random.default_rng(1).normal(size=(20, 30, 3))


def cells(figure: Any) -> dict[str, Axes]:
    return {ax.get_title(): ax for ax in figure.axes}


def pixels(ax: Axes) -> Any:
    """The colors of the topmost image, as far as it is opaque."""
    return np.asarray(ax.get_images()[-1].get_array())


def marked(ax: Axes, marker: str) -> list[list[float]]:
    """Row and column of the marks of a kind."""
    return [np.asarray(line.get_xydata())[0, ::-1].tolist() for line in ax.get_lines() if line.get_marker() == marker]


def test_each_kind_of_map_has_its_colors() -> None:
    rows = {"row": (PICTURE, {"unsigned": UNSIGNED, "signed": SIGNED, "color": COLOR})}
    figure = plots.attributions(rows)
    found = cells(figure)
    np.testing.assert_allclose(pixels(found["row"]), PICTURE)
    dark, middle = colormaps["inferno"](0.0)[:3], colormaps["PuOr"](0.5)[:3]
    assert tuple(pixels(found["unsigned"])[0, 0]) == dark
    np.testing.assert_allclose(pixels(found["signed"])[0, 0], middle, atol=0.01)
    np.testing.assert_array_equal(pixels(found["signed"])[15, 5], colormaps["PuOr"](0.0)[:3])
    np.testing.assert_array_equal(pixels(found["color"]) > 0.5, COLOR > 0)
    (legend,) = figure.legends
    assert [text.get_text().split(":")[0] for text in legend.get_texts()] == [
        "map with signs",
        "map without signs",
        "by color channel",
    ]


def test_the_scale_ends_at_a_percentile_so_that_a_few_large_values_do_not_hide_the_others() -> None:
    values = np.tile(np.linspace(0, 1, 1000), (2, 1))
    values[0, -1] = 1e6
    colors = pixels(cells(plots.attributions({"row": (PICTURE, {"map": values})}))["map"])
    limit = np.percentile(values[values > 0], 99)
    np.testing.assert_allclose(colors, colormaps["inferno"](np.clip(values / limit, 0, 1))[..., :3])


def test_a_few_values_above_many_zeros_are_seen() -> None:
    figure = plots.attributions({"row": (PICTURE, {"map": UNSIGNED})})
    brightness = pixels(cells(figure)["map"]).sum(axis=2)
    assert brightness[4, 25] > brightness[4, 24] > brightness[0, 0]


def test_an_overlay_shows_the_picture_where_the_map_is_weak() -> None:
    rows = {"row": (PICTURE, {"under": SIGNED, "alone": SIGNED})}
    found = cells(plots.attributions(rows, overlay=["under"]))
    assert [len(found[name].get_images()) for name in ("under", "alone")] == [2, 1]
    opacity = pixels(found["under"])[..., 3]
    assert opacity[0, 0] == 0
    assert opacity[4, 24] < opacity[4, 25] < opacity[15, 5]


def test_a_small_map_covers_its_picture() -> None:
    small = np.array([[0, 0, 1], [0, 0, 0]])
    figure = plots.attributions({"row": (PICTURE, {"map": small})}, marks={"row": (4, 25)})
    (image,) = cells(figure)["map"].get_images()
    assert tuple(image.get_extent()) == (-0.5, 29.5, 19.5, -0.5)
    assert marked(cells(figure)["map"], "x") == [[4.5, 24.5]]


def test_plant_and_peaks_are_marked() -> None:
    rows = {name: (PICTURE, {"map": SIGNED, "zero": 0 * SIGNED}) for name in ("with", "without")}
    figure = plots.attributions(rows, marks={"with": (4, 25)})
    with_marks, without = figure.axes[:3], figure.axes[3:]
    assert [marked(ax, "o") for ax in with_marks] == [[[4, 25]]] * 3
    assert [marked(ax, "x") for ax in with_marks] == [[], [[15, 5]], []]
    assert [ax.axison for ax in figure.axes] == [True] * 3 + [False] * 3
    assert not any(ax.get_lines() for ax in without)
    assert "with, 20 × 30 pixels, marked at row 4, column 25: map peaks below 0 at row 15, column 5, 22.8" in (
        figure.alternative
    )
    assert "zero is 0 everywhere. without, 20 × 30 pixels: map peaks below 0" in figure.alternative


def test_words_say_how_concentrated_a_map_is() -> None:
    two = np.zeros((20, 30))
    two[10, 10], two[10, 12], two[10, 13] = 6, -2, 2  # two pixels and three away; a tenth of the height is two
    alternative = plots.attributions({"row": (PICTURE, {"two": two, "even": np.ones((20, 30))})}).alternative
    assert "two peaks at row 10, column 10, with 80% of its sum within 2 pixels" in alternative
    assert "even peaks at row 0, column 0, with 1% of its sum" in alternative  # 6 of 600 pixels


@pytest.mark.parametrize(
    ("shape", "rows", "maps", "places"),
    [
        ((20, 30), 1, 1, True),
        ((20, 30), 1, 4, True),
        ((32, 32), 3, 4, True),
        ((224, 224), 3, 5, False),
        ((48, 16), 2, 2, True),
        ((16, 64), 6, 6, True),
        ((16, 64), 6, 6, False),
    ],
)
def test_no_words_overlap(shape: tuple[int, int], rows: int, maps: int, places: bool) -> None:
    names = ["saliency", "smooth gradient", "guided ReLU", "deconvnet", "occlusion", "last"][:maps]
    given = {f"espresso, 0.{n}": (np.zeros(shape), dict.fromkeys(names, np.ones(shape))) for n in range(rows)}
    marks = dict.fromkeys(given, (3.0, 3.0)) if places else None
    assert overlaps(plots.attributions(given, marks=marks)) == []


def test_long_names_are_broken_into_lines() -> None:
    names = ["guided ReLU of block5_conv3", "smooth gradient of its output", "c", "d", "e", "f"]
    rows = {f"{cat} or tiger cat, 0.94": (PICTURE, dict.fromkeys(names, SIGNED)) for cat in ("tabby", "Egyptian cat")}
    assert overlaps(plots.attributions(rows)) == []


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ({}, {}, "expected 1 to 6 rows of 1 to 6 maps, got 0 and 0"),
        ([(PICTURE, {"m": SIGNED})], {}, "expected a mapping of names to rows, .* got list"),
        ({"a": (PICTURE, {"m": SIGNED})}, {"overlay": "m"}, "a collection of names for overlay, got dict and str"),
        ({"a": (255.0 * np.ones((4, 5)), {"m": SIGNED})}, {}, r"expected a picture in \[0, 1\] for a, got 255 to 255"),
        ({"a": (PICTURE - 1, {"m": SIGNED})}, {}, r"expected a picture in \[0, 1\] for a, got -"),
        ({"a": (PICTURE * np.nan, {"m": SIGNED})}, {}, r"expected a picture in \[0, 1\] for a, got nan"),
        ({"a": (PICTURE, {})}, {}, "got 1 and 0"),
        ({"a": (PICTURE, SIGNED)}, {}, "a picture and a mapping of names to maps for a, got tuple"),
        ({"a": {"m": SIGNED, "n": SIGNED}}, {}, "a picture and a mapping of names to maps for a, got dict"),
        ({"a": (PICTURE, {"m": COLOR[None]})}, {}, r"for m of a, got shape \(1, 20, 30, 3\): take one picture"),
        (
            {"a": (PICTURE, {"m": SIGNED[0]})},
            {},
            r"expected a map \(h, w\) or \(h, w, 3\) for m of a, got shape \(30,\)",
        ),
        ({"a": (PICTURE, {"m": SIGNED * np.nan})}, {}, "finite for m of a"),
        ({"a": (PICTURE[None], {"m": SIGNED})}, {}, r"for a, got shape \(1, 20, 30, 3\)"),
        ({"a": (PICTURE, {"m": SIGNED}), "b": (PICTURE, {"n": SIGNED})}, {}, "the maps m in each row, got n for b"),
        ({"a": (PICTURE, {"m": SIGNED})}, {"marks": {"b": (1, 2)}}, r"marks of rows that are there \(a\), got 'b'"),
        ({"a": (PICTURE, {"m": SIGNED})}, {"overlay": ["n"]}, r"an overlay of maps that are there \(m\), got 'n'"),
        (
            {"a": (PICTURE, {"m": SIGNED})},
            {"marks": {"a": (20, 2)}},
            r"inside of the picture, 20 × 30 .* got \(20, 2\)",
        ),
    ],
)
def test_it_refuses_what_cannot_be_shown(rows: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.attributions(rows, **options)
