import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib import plots
from course_lib.plots.base import COLORS
from course_lib.plots.palette import FAR, colors_for, distances
from course_lib.plots.regions import borders, neighbors, rooms
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

NAMES = ["sky", "sea", "sand", "ship"]
MAP = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 2, 2], [1, 1, 1, 1, 255], [1, 1, 1, 1, 255]])


def patches(classes: int) -> np.ndarray:
    """A map whose classes lie in tiles of 48 x 48 pixels."""
    tiles = np.random.default_rng(0).permutation(np.arange(96) % classes).reshape(8, 12)
    return tiles.repeat(48, axis=0).repeat(48, axis=1)


def test_the_text_of_a_label_bar_gives_share_and_place_of_each_class() -> None:
    text = plots.label_bar(MAP, NAMES, title="Beach").alternative
    assert text.startswith("Beach. A label map of 4 × 5 pixels, rows × columns.")
    assert "sea 55.0%, center (2, 1), rows 1 to 3, columns 0 to 3;" in text
    assert "sky 25.0%, center (0, 2), rows 0 to 0, columns 0 to 4;" in text
    assert "sand 10.0%, center (1, 4), rows 1 to 1, columns 3 to 4;" in text
    assert text.endswith("ignored 10.0%, center (2, 4), rows 2 to 3, columns 4 to 4.")
    assert "ship" not in text


def test_a_label_bar_names_the_largest_and_counts_the_rest() -> None:
    figure = plots.label_bar(MAP, NAMES, most=1)
    assert "sea 55.0%" in figure.alternative
    assert "2 more classes 35.0%, center (0, 2), rows 0 to 1, columns 0 to 4;" in figure.alternative
    assert "1 more class 10.0%" in plots.label_bar(MAP, NAMES, most=2).alternative


def test_one_pixel_of_many_is_not_nothing() -> None:
    label_map = np.zeros((50, 50), int)
    label_map[7, 9] = 1
    assert "sea < 0.1%, center (7, 9)" in plots.label_bar(label_map, NAMES).alternative


def test_a_named_255_is_a_class() -> None:
    names = [f"class {label}" for label in range(1000)]
    assert "class 255 10.0%" in plots.label_bar(MAP, names).alternative
    assert "ignored 25.0%" in plots.label_bar(MAP, names, ignore=0).alternative


def test_the_map_has_the_colors_and_numbers_of_its_legend() -> None:
    figure = plots.label_bar(patches(3), NAMES, image=np.zeros((384, 576)))
    picture, label_map, bar = figure.axes
    assert [ax.get_title() for ax in figure.axes][1:] == ["Label map", "Share of the picture"]
    assert {text.get_text() for text in bar.texts} == {"1", "2", "3", "sky 33.3%", "sea 33.3%", "sand 33.3%"}
    colors = {text: to_rgb(COLORS[index]) for index, text in enumerate("123")}
    pixels = np.asarray(label_map.get_images()[0].get_array())
    for text in label_map.texts:
        x, y = text.get_position()
        np.testing.assert_allclose(pixels[round(y), round(x), :3], colors[text.get_text()])
    assert {text.get_text() for text in label_map.texts} == set(colors)
    assert picture.lines[0].get_xydata().shape == label_map.lines[0].get_xydata().shape  # type: ignore[union-attr]


@pytest.mark.parametrize("classes", [3, 12, 40])
@pytest.mark.parametrize("pictured", [False, True])
def test_the_words_of_a_label_bar_do_not_overlap(classes: int, pictured: bool) -> None:
    names = [f"name number {index:02} of {classes}" for index in range(classes)]
    image = np.zeros((384, 576, 3)) if pictured else None
    figure = plots.label_bar(patches(classes), names, image=image, most=classes)
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("label_map", "options", "words"),
    [
        (MAP[0], {}, r"expected a 2-D map of integers, got shape \(5,\)"),
        (MAP.astype(float), {}, "got shape .* and type float64"),
        (MAP[:0], {}, "expected a 2-D map"),
        (MAP + 2, {}, "expected labels from 0 to 3, one for each name, got 4"),
        (-MAP, {}, "expected labels from 0 to 3, one for each name, got -255"),
        (MAP, {"ignore": 7}, "got 255"),
        (MAP, {"most": 0}, "expected most to be 1 or more, got 0"),
        (MAP, {"image": np.zeros((4, 4))}, r"expected a picture of \(4, 5\) pixels, like the map, got \(4, 4\)"),
    ],
)
def test_a_label_bar_refuses(label_map: np.ndarray, options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plots.label_bar(label_map, NAMES, **options)  # type: ignore[arg-type]


def test_distances_are_those_of_the_reader_who_sees_the_smallest() -> None:
    assert distances(["black", "white"])[0, 1] == pytest.approx(100, abs=0.1)
    red_and_green = distances(["#a05000", "#5f7500"])[0, 1]
    assert red_and_green < 20 < np.linalg.norm(np.subtract(to_rgb("#a05000"), to_rgb("#5f7500"))) * 100
    assert (distances(COLORS) + 100 * np.eye(len(COLORS))).min() >= FAR


@pytest.mark.parametrize("classes", [3, 8, 12, 40])
def test_neighbors_have_colors_that_color_blind_readers_tell_apart(classes: int) -> None:
    touching = neighbors(patches(classes), classes)
    colors = colors_for(touching)
    apart = distances(colors)
    assert min(apart[one, other] for one, others in enumerate(touching) for other in others) >= FAR
    assert colors[: min(classes, 8)] == list(COLORS[:classes])


def test_neighbors_share_an_edge() -> None:
    assert neighbors(np.array([[0, 1], [2, 0]]), 4) == [{1, 2}, {0}, {0}, set()]


def test_borders_run_between_pixels() -> None:
    x, y = borders(np.array([[0, 0], [0, 1]]))
    np.testing.assert_array_equal(x, [0.5, 1.5, np.nan, 0.5, 0.5, np.nan])
    np.testing.assert_array_equal(y, [0.5, 0.5, np.nan, 0.5, 1.5, np.nan])


def test_there_is_room_only_inside_a_region() -> None:
    ring = np.zeros((9, 9), int)
    ring[3:6, 3:6] = 1
    found = {label: (row, column) for label, row, column in rooms(ring, 3, 3)}
    assert found[1] == (4, 4)
    row, column = map(int, found[0])
    assert not ring[row - 1 : row + 2, column - 1 : column + 2].any()
    assert [label for label, _, _ in rooms(ring, 4, 4)] == []
