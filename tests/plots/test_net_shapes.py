from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib import plots
from course_lib.plots.net_shapes import BACKWARD, FORWARD
from tests.support.figure_words import overlaps

Layers = Sequence[tuple[str, Sequence[str], Sequence[str]]]

CHAIN: Layers = [
    ("dense", ["data"], ["hidden"]),
    ("relu", ["hidden"], ["active"]),
    ("dense", ["active"], ["scores"]),
    ("loss", ["scores", "target"], ["loss"]),
]
BRANCHES: Layers = [
    ("dense", ["data"], ["h"]),
    ("split", ["h"], ["left", "right"]),
    ("relu", ["left"], ["active"]),
    ("add", ["active", "right", "h"], ["sum"]),
    ("loss", ["sum", "target"], ["loss"]),
]


def shapes_of(layers: Layers) -> Mapping[str, tuple[int, ...]]:
    return {name: (4, 2) for _, taken, made in layers for name in (*taken, *made)} | {"loss": ()}


def boxes(figure: Figure) -> dict[str, Any]:
    """The box around each text, by its first line; of two with the same name the last."""
    (ax,) = figure.axes
    patches = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    return {text.get_text().split("\n")[0]: patch for text, patch in zip(ax.texts, patches, strict=True)}


def arrows(figure: Figure, color: str) -> list[Any]:
    (ax,) = figure.axes
    found: list[Any] = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    return [arrow._path_original.vertices for arrow in found if arrow.get_edgecolor()[:3] == to_rgb(color)]


def test_arrays_go_right_and_gradients_go_left_to_all_that_want_one() -> None:
    figure = plots.net_shapes(CHAIN, shapes_of(CHAIN), ["data", "target"])
    forward, backward = arrows(figure, FORWARD), arrows(figure, BACKWARD)
    assert (len(forward), len(backward)) == (9, 7)  # two of nine ways have no gradient
    assert all(way[0, 0] < way[-1, 0] for way in forward)
    assert all(way[0, 0] > way[-1, 0] for way in backward)
    assert len(arrows(plots.net_shapes(CHAIN, shapes_of(CHAIN)), BACKWARD)) == 9


def test_each_array_says_its_shape_and_stands_between_its_layers() -> None:
    figure = plots.net_shapes(CHAIN, {**shapes_of(CHAIN), "hidden": (4, 8)})
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "hidden\n(4, 8)" in words
    assert "loss\n()" in words
    x = {name: box.get_x() for name, box in boxes(figure).items()}
    assert x["data"] < x["hidden"] < x["relu"] < x["active"] < x["scores"] < x["loss"]


def test_an_input_stands_beside_the_layer_that_takes_it() -> None:
    placed = boxes(plots.net_shapes(CHAIN, shapes_of(CHAIN)))
    middle = {name: box.get_x() + box.get_width() / 2 for name, box in placed.items()}
    assert middle["target"] == pytest.approx(middle["scores"])
    assert placed["target"].get_y() < placed["scores"].get_y()


def test_a_way_past_other_columns_crosses_no_box() -> None:
    figure = plots.net_shapes(BRANCHES, shapes_of(BRANCHES))
    placed = boxes(figure)
    ends = {name: (box.get_x(), box.get_x() + box.get_width()) for name, box in placed.items()}
    for way in (*arrows(figure, FORWARD), *arrows(figure, BACKWARD)):
        for x, y in way[1:-1]:
            for name, box in placed.items():
                inside = ends[name][0] < x < ends[name][1] and box.get_y() < y < box.get_y() + box.get_height()
                assert not inside, name


@pytest.mark.parametrize("layers", [CHAIN, BRANCHES, CHAIN[-1:]])
def test_no_words_or_boxes_overlap(layers: Layers) -> None:
    figure = plots.net_shapes(layers, shapes_of(layers), ["target"])
    assert overlaps(figure) == []
    extents = [box.get_window_extent() for box in figure.axes[0].patches if isinstance(box, FancyBboxPatch)]
    assert not any(one.overlaps(other) for index, one in enumerate(extents) for other in extents[:index])
    for text, extent in zip(figure.axes[0].texts, extents, strict=True):
        words = text.get_window_extent()
        assert extent.x0 <= words.x0 <= words.x1 <= extent.x1


@pytest.mark.parametrize(
    ("layers", "shapes", "message"),
    [
        ([], {}, "expected at least one layer, got none"),
        ([("relu", ["x"], ["y"])], {"x": (2,)}, "expected the shape of every array, got none for y"),
        ([("a", ["x"], ["y"]), ("b", ["y"], ["y"])], {"x": (), "y": ()}, "different names of arrays, got y twice"),
        ([("a", ["y"], ["z"]), ("b", ["x"], ["y"])], {"x": (), "y": (), "z": ()}, "got a, which takes y before it is"),
        (
            [(f"layer {k}", [f"{k}"], [f"{k + 1}"]) for k in range(12)],
            {f"{k}": (1,) for k in range(13)},
            "fewer layers",
        ),
    ],
)
def test_it_refuses_what_is_no_net(layers: Layers, shapes: Mapping[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.net_shapes(layers, shapes)


def test_a_name_that_is_not_in_the_net_cannot_stop() -> None:
    with pytest.raises(ValueError, match="expected stopped arrays that are in the net, got labels"):
        plots.net_shapes(CHAIN, shapes_of(CHAIN), ["labels"])
