import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, sparse

from course_lib.color import hue_chroma_histogram
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.hints import Hint, apply_hints, influence

BLUE, RED, GRAY = (0.1, -0.4), (0.5, 0.3), (0.0, 0.0)
ORANGE = (0.2, 0.45)  # what is predicted everywhere


def histograms(height: int, width: int, seed: int = 0) -> tuple[Any, Any]:
    """Make histograms at random; they differ in bins."""
    rng = np.random.default_rng(seed)
    hue, chroma = (rng.dirichlet(np.ones(bins), (height, width)).astype(np.float32) for bins in (12, 7))
    return hue, chroma


def portrait() -> tuple[Any, Any]:
    """Make L of a face, a disc, before a backdrop that grows lighter to the right; and where the face is."""
    rows, columns = np.indices((48, 64))
    face = np.hypot(rows - 26, columns - 30) < 14
    L = np.where(face, 0.6, -0.6 + 0.3 * columns / 63) + np.random.default_rng(0).normal(0, 0.005, face.shape)
    return L[..., None], face


def predicted(L: Any) -> tuple[Any, Any]:
    """Predict orange for every pixel, for sure."""
    hue, chroma = hue_chroma_histogram(np.array([ORANGE]) * 110)
    return np.broadcast_to(hue, (*L.shape[:2], 32)), np.broadcast_to(chroma, (*L.shape[:2], 32))


def decoded(L: Any, hints: list[Hint]) -> Any:
    """Color a picture; normalized."""
    return expected_color(*apply_hints(*predicted(L), L, hints)) / 110


def apart(colors: Any, color: Any) -> Any:
    """Return distances in the units of a and b."""
    return np.linalg.norm(110 * (colors - np.array(color)), axis=-1)


def test_on_a_flat_picture_the_way_counts_in_longer_sides() -> None:
    got = influence(np.full((5, 9, 1), 0.3), [Hint(0, 0, BLUE), Hint(4, 8, RED)])
    assert got.dtype == np.float32
    assert got.shape == (5, 9, 2)
    # Along the row; down the diagonal; down the diagonal, then along the row.
    for (row, column), steps in {
        (0, 0): 0,
        (0, 8): 8,
        (4, 4): 4 * math.sqrt(2),
        (3, 8): 3 * math.sqrt(2) + 5,
    }.items():
        assert got[row, column, 0] == pytest.approx(math.exp(-((steps / 9) ** 4)), rel=1e-5)
    np.testing.assert_allclose(got[::-1, ::-1, 1], got[..., 0], rtol=1e-6)


@pytest.mark.parametrize("step", [-0.6, 0.4, 1.0])
def test_an_edge_is_as_far_as_lightness_jumps(step: float) -> None:
    L = np.full((21, 60, 1), -step / 2)
    L[:, 30:] = step / 2
    got = influence(L, [Hint(10, 15, BLUE)])
    assert got[10, 5, 0] == pytest.approx(math.exp(-((10 / 60) ** 4)), abs=1e-3)
    assert got[10, 45, 0] == pytest.approx(math.exp(-((30 / 60 + abs(step)) ** 4)), abs=0.02)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_against_the_shortest_paths_of_scipy(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    L = ndimage.gaussian_filter(rng.uniform(-1, 1, (height, width)), 1)
    hint = Hint(int(rng.integers(height)), int(rng.integers(width)), BLUE)
    along = [ndimage.gaussian_filter(L, 1, order=order) for order in ((1, 0), (0, 1))]
    cost = 1 / max(L.shape) + np.hypot(*along)
    graph = sparse.lil_array((L.size, L.size))
    for place in itertools.product(range(height), range(width)):
        for step in ((0, 1), (1, -1), (1, 0), (1, 1)):
            other = (place[0] + step[0], place[1] + step[1])
            if other[0] < height and 0 <= other[1] < width:
                length = math.hypot(*step) * (cost[place] + cost[other]) / 2
                graph[place[0] * width + place[1], other[0] * width + other[1]] = length
    start = hint.row * width + hint.column
    distances = sparse.csgraph.dijkstra(graph.tocsr(), directed=False, indices=start).reshape(L.shape)
    np.testing.assert_allclose(influence(L[..., None], [hint])[..., 0], np.exp(-(distances**4)), atol=1e-5)


def test_a_path_goes_around_a_wall() -> None:
    L = np.zeros((40, 40, 1))
    L[:24, 18:22] = 1
    closed = L.copy()
    closed[:, 18:22] = 1
    assert influence(L, [Hint(20, 5, BLUE)])[20, 35, 0] > 0.3
    assert influence(closed, [Hint(20, 5, BLUE)])[20, 35, 0] < 0.01


def test_up_or_down_and_across_or_along_are_the_same() -> None:
    L = ndimage.gaussian_filter(np.random.default_rng(0).uniform(-1, 1, (14, 11, 1)), (1, 1, 0))
    got = influence(L, [Hint(3, 8, BLUE)])
    np.testing.assert_allclose(influence(-L, [Hint(3, 8, BLUE)]), got, atol=1e-6)
    np.testing.assert_allclose(influence(np.swapaxes(L, 0, 1), [Hint(8, 3, BLUE)]), np.swapaxes(got, 0, 1), atol=1e-6)


def test_a_picture_twice_as_large_is_colored_alike() -> None:
    L, _ = portrait()
    L = ndimage.gaussian_filter(L, (2, 2, 0))
    large = ndimage.zoom(L, (2, 2, 1), order=1)
    small = influence(L, [Hint(8, 10, BLUE)])
    np.testing.assert_allclose(influence(large, [Hint(16, 20, BLUE)])[::2, ::2], small, atol=0.1)


def test_grain_does_not_stop_a_hint() -> None:
    L = np.random.default_rng(0).normal(0, 0.02, (24, 1600, 1))
    assert influence(L, [Hint(12, 100, BLUE)])[:, 900].min() > 0.5


def test_three_hints_color_the_whole_backdrop_and_not_the_face() -> None:
    L, face = portrait()
    colors = decoded(L, [Hint(24, 6, BLUE), Hint(5, 50, BLUE), Hint(42, 52, BLUE)])
    far_from_the_outline = ndimage.distance_transform_edt(~face) > 3
    tenth = apart(np.array(ORANGE), BLUE) / 10
    assert apart(colors, BLUE)[far_from_the_outline].max() < tenth
    assert apart(colors, ORANGE)[ndimage.binary_erosion(face, iterations=3)].max() < tenth


def test_the_nearest_hint_decides() -> None:
    L = np.zeros((9, 41, 1))
    colors = decoded(L, [Hint(4, 0, BLUE), Hint(4, 40, RED)])
    assert apart(colors[:, :10], BLUE).max() < 3
    assert apart(colors[:, 31:], RED).max() < 3


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(1, 5), st.integers(0, 99))
def test_what_holds_for_any_hints(height: int, width: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    L = rng.uniform(-1, 1, (height, width, 1))
    given_hue, given_chroma = histograms(height, width, seed)
    places = rng.permutation(height * width)[:count]
    hints = [Hint(*divmod(int(place), width), tuple(rng.uniform(-0.7, 0.7, 2))) for place in places]
    weights = influence(L, hints)
    assert weights.min() >= 0
    assert weights.max() <= 1
    hue, chroma = apply_hints(given_hue, given_chroma, L, hints)
    for got in (hue, chroma):
        assert got.dtype == np.float32
        assert got.min() >= 0
        np.testing.assert_allclose(got.sum(axis=-1), 1, atol=1e-5)
    for i, hint in enumerate(hints):
        assert weights[hint.row, hint.column, i] == 1
    for got, other in zip((hue, chroma), apply_hints(given_hue, given_chroma, L, hints[::-1]), strict=True):
        np.testing.assert_allclose(got, other, atol=1e-5)


def test_a_hinted_pixel_has_the_color_of_its_hint() -> None:
    L, _ = portrait()
    hints = [Hint(5, 8, BLUE), Hint(25, 30, RED), Hint(40, 60, GRAY)]
    colors = decoded(L, hints)
    for hint in hints:
        assert apart(colors[hint.row, hint.column], hint.ab) < 0.005 * np.linalg.norm(hint.ab) * 110 + 0.1


def test_one_hint_shares_a_pixel_with_what_is_predicted() -> None:
    L, _ = portrait()
    hue, chroma = histograms(48, 64)
    w = influence(L, [Hint(5, 8, BLUE)]).astype(float)
    of_hint = [hue_chroma_histogram(110 * np.array([BLUE]), bins)[kind] for kind, bins in enumerate((12, 7))]
    for got, own, hinted in zip(apply_hints(hue, chroma, L, [Hint(5, 8, BLUE)]), (hue, chroma), of_hint, strict=True):
        np.testing.assert_allclose(got, (1 - w) * own + w * hinted, atol=1e-4)


def test_two_hints_for_one_pixel_count_the_same() -> None:
    L = np.zeros((3, 3, 1))
    given_hue, given_chroma = (part.astype(np.float64) for part in predicted(L))
    hue, chroma = apply_hints(given_hue, given_chroma, L, [Hint(1, 1, BLUE), Hint(1, 1, RED)])
    assert hue.dtype == chroma.dtype == np.float32
    both = [hue_chroma_histogram(110 * np.array([color]))[0] for color in (BLUE, RED)]
    np.testing.assert_allclose(hue[1, 1], (both[0] + both[1]) / 2, atol=1e-4)


def test_without_hints_nothing_changes_and_nothing_given_is_written_to() -> None:
    L, _ = portrait()
    hue, chroma = histograms(48, 64)
    kept = [hue.copy(), chroma.copy()]
    for got, expected in zip(apply_hints(hue, chroma, L, []), kept, strict=True):
        np.testing.assert_array_equal(got, expected)
    apply_hints(hue, chroma, L, [Hint(0, 0, BLUE)])
    np.testing.assert_array_equal(hue, kept[0])
    np.testing.assert_array_equal(chroma, kept[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hints": [(4, 0, BLUE)]}, "expected a hint in a picture of 4 x 6 pixels, got row 4 and column 0"),
        ({"hints": [(0, -1, BLUE)]}, "got row 0 and column -1"),
        ({"hints": [(1.5, 0, BLUE)]}, "got row 1.5 and column 0"),
        ({"hints": [(0, 0, (11.0, -44.0))]}, r"expected a hint's normalized ab in \[-1, 1\], got values from -44"),
        ({"hints": [(0, 0, (1.03, 0.0))]}, "got values from 0 to 1.03"),
        ({"hints": [(0, 0, (0.1, math.nan))]}, "a hint's normalized ab in .*, got NaN"),
        ({"hints": [(0, 0, (0.1, 0.2, 0.3))]}, r"of shape \(\.\.\., 2\), got \(3,\)"),
        ({"L": np.zeros((6, 4, 1))}, r"histograms of each pixel of L, got shapes \(4, 6, 12\) and \(6, 4, 1\)"),
        ({"L": np.zeros((4, 6))}, "expected normalized L"),
        ({"L": np.full((4, 6, 1), 50.0)}, "expected normalized L"),
        ({"chroma": np.full((4, 6, 7), 0.5, np.float32)}, "histograms of chroma that sum to 1"),
        ({"chroma": np.full((4, 5, 4), 0.25, np.float32)}, "as many histograms of hue as of chroma"),
    ],
)
def test_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    hue, chroma = histograms(4, 6)
    arguments: dict[str, Any] = {
        "hue": hue,
        "chroma": chroma,
        "L": np.zeros((4, 6, 1)),
        "hints": [(0, 0, BLUE)],
    } | changes
    arguments["hints"] = [Hint(*hint) for hint in arguments["hints"]]
    with pytest.raises(ValueError, match=message):
        apply_hints(**arguments)
