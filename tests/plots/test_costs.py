from collections.abc import Sequence

import pytest
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps

SMALL = [("conv", (4, 5, 2), 20), ("pool", (2, 2, 2), 0), ("dense", (3,), 27)]


def widths(ax: Axes) -> list[float]:
    return [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]


def vgg16() -> list[tuple[str, Sequence[int], int]]:
    layers: list[tuple[str, Sequence[int], int]] = []
    side, before = 224, 3
    for depth, channels in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(depth):
            layers.append((f"convolution {len(layers)}", (side, side, channels), 9 * before * channels + channels))
            before = channels
        side //= 2
    for inputs, units in ((7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)):
        layers.append((f"dense {len(layers)}", (units,), inputs * units + units))
    return layers


def test_an_architecture_counts_values_parameters_and_multiplications() -> None:
    figure = plots.architecture(SMALL, title="Small")
    assert figure.alternative == (
        "Small. 47 parameters and 384 multiplications in 3 layers. "
        "conv: output 4 × 5 × 2, parameters 20, 43%, multiplications 360, 94%; "
        "pool: output 2 × 2 × 2, parameters 0, multiplications 0; "
        "dense: output 3, parameters 27, 57%, multiplications 24, 6%."
    )
    assert [widths(ax) for ax in figure.axes] == [[40, 8, 3], [20, 0, 27], [360, 0, 24]]


def test_vgg16_is_as_large_as_its_authors_say() -> None:
    figure = plots.architecture(vgg16(), title="VGG-16")
    assert figure.alternative.startswith(
        "VGG-16. 138 million parameters and 15.5 billion multiplications in 16 layers."
    )
    assert (
        "dense 13: output 4096, parameters 103 million, 74%, multiplications 103 million, < 1%;" in figure.alternative
    )
    assert overlaps(figure) == []


def test_an_architecture_needs_parameters() -> None:
    with pytest.raises(ValueError, match="expected layers with parameters, got 1 layers without any"):
        plots.architecture(SMALL[1:2])


def test_a_cost_has_the_unit_of_its_size() -> None:
    figure = plots.cost({"all at once": (16 * 2**30, 1.0), "in tiles": (3.5 * 2**20, 0.25), "op": (999.9 * 2**20, 2.5)})
    assert "all at once 16 GiB and 1 s; in tiles 3.5 MiB and 250 ms; op 1000 MiB and 2.5 s." in figure.alternative
    assert figure.alternative.endswith("Scales: memory logarithmic, time linear.")
    memory, time = figure.axes
    assert (memory.get_xscale(), time.get_xscale()) == ("log", "linear")
    assert (memory.get_xlabel(), time.get_xlabel()) == ("memory (MiB, logarithmic)", "time (s)")
    assert (widths(memory), widths(time)) == ([16 * 1024, 3.5, 999.9], [1.0, 0.25, 2.5])
    assert overlaps(figure) == []


def test_costs_may_be_compared_with_one_of_them() -> None:
    figure = plots.cost({"sparse": (100 * 2**20, 0.5), "dense": (3 * 2**30, 2.1)}, "A step", than="sparse")
    assert figure.alternative == (
        "A step. Memory and time, compared with sparse: sparse 100 MiB and 500 ms; "
        "dense 3 GiB, 31 times as much and 2.1 s, 4.2 times as long. Scales: memory linear, time linear."
    )
    assert overlaps(figure) == []
    with pytest.raises(ValueError, match="expected one of sparse, dense to compare with, got 'all'"):
        plots.cost({"sparse": (1, 1), "dense": (1, 1)}, than="all")


def test_a_race_is_compared_with_the_fastest() -> None:
    times = {"your kernel": 13e-6, "the course's loop": 10.4e-6, "NumPy, a loop over locations": 2.6e-3}
    figure = plots.race(times, "128 locations")
    assert figure.alternative == (
        "128 locations. Times, on a logarithmic scale: your kernel 13 µs, 1.2 times as long; "
        "the course's loop 10.4 µs, the fastest; NumPy, a loop over locations 2.6 ms, 250 times as long."
    )
    assert "near 10.5 µs, about as long;" in plots.race({"near": 10.5e-6, "fast": 10.4e-6}).alternative
    (ax,) = figure.axes
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "time (µs, logarithmic)")
    assert widths(ax) == pytest.approx([13, 10.4, 2600])
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    "times", [{"a": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 1e-7, "a rather long name of a way": 1e4}, {"a": 1.0, "b": 1.1}]
)
def test_the_words_of_a_race_stay_inside(times: dict[str, float]) -> None:
    figure = plots.race(times)
    assert overlaps(figure) == []
    (ax,) = figure.axes
    assert max(text.get_window_extent().x1 for text in ax.texts) <= ax.get_window_extent().x1


@pytest.mark.parametrize("times", [{}, {"a": 0.0}, {"a": 1.0, "b": float("inf")}])
def test_times_are_positive(times: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected ways with a time of more than 0, got"):
        plots.race(times)


@pytest.mark.parametrize("ways", [{}, {"a": (1, 0)}, {"a": (1, 1), "b": (-1, 1)}, {"a": (float("nan"), 1)}])
def test_costs_are_positive(ways: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="expected ways with memory and time of more than 0, got"):
        plots.cost(ways)
