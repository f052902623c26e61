"""Layers in plain NumPy, called by hand."""

from typing import Any

import numpy as np
import pytest

from course_lib.layers import Dense, EuclideanLoss, LayerError, ReLU
from course_lib.layers.contract import Shape


def test_relu_at_zero() -> None:
    relu = ReLU()
    relu.reshape([(4,)])
    np.testing.assert_array_equal(relu.forward([np.array([-1.0, 0, 2, np.nan])]), [[0, 0, 2, np.nan]])
    np.testing.assert_array_equal(relu.backward([np.array([np.inf, 5, 6, 7])], [True]), [[0, 0, 6, 0]])


def test_dense_keeps_a_copy_of_its_input() -> None:
    dense, x = Dense(2, seed=0), np.ones((1, 3))
    dense.setup([x.shape])
    dense.reshape([x.shape])
    dense.forward([x])
    x[...] = 7
    dense.backward([np.array([[1.0, 2.0]])], [False])
    np.testing.assert_array_equal(dense.gradients["kernel"], [[1, 2]] * 3)


def test_seeds_make_weights() -> None:
    layers = [Dense(50, seed) for seed in (0, 0, 1)]
    for layer in layers:
        layer.setup([(1, 100)])
    first, same, other = (layer.weights["kernel"] for layer in layers)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() == pytest.approx(np.sqrt(6 / 150), rel=0.01)  # 5000 numbers come near the bound
    assert not layers[0].weights["bias"].any()


def test_a_loss_of_many_small_differences_does_not_overflow() -> None:
    """Half of 400 x 300, in float16, which ends at 65504."""
    loss = EuclideanLoss()
    loss.reshape([(2, 300)] * 2)
    (value,) = loss.forward([np.full((2, 300), 20, "float16"), np.zeros((2, 300), "float16")])
    assert value == 60000
    assert value.dtype == "float16"


@pytest.mark.parametrize("shapes", [[(), ()], [(2, 3), (3, 2)], [(2, 1), (2,)]], ids=str)
def test_a_loss_of_other_shapes(shapes: list[Shape]) -> None:
    with pytest.raises(LayerError, match=r"expected two inputs of the same shape \(B, \.\.\.\), got"):
        EuclideanLoss().reshape(shapes)


def test_a_loss_of_an_empty_batch() -> None:
    with pytest.raises(LayerError, match=r"expected a batch of 1 or more, got two inputs of shape \(0, 2\)"):
        EuclideanLoss().reshape([(0, 2)] * 2)


def test_dense_is_set_up_first() -> None:
    with pytest.raises(LayerError, match="expected setup before reshape"):
        Dense(2, seed=0).reshape([(4, 3)])


def test_dense_takes_rows_of_the_length_it_was_set_up_for() -> None:
    dense = Dense(2, seed=0)
    with pytest.raises(LayerError, match=r"expected an input with 2 axes, got shape \(4, 3, 1\)"):
        dense.setup([(4, 3, 1)])
    dense.setup([(4, 3)])
    assert dense.reshape([(7, 3)]) == [(7, 2)]
    with pytest.raises(LayerError, match=r"expected an input of shape \(B, 3\), got \(4, 5\)"):
        dense.reshape([(4, 5)])


@pytest.mark.parametrize("layer", [Dense(2, seed=0), ReLU(), EuclideanLoss()], ids=["dense", "relu", "loss"])
def test_backward_before_forward(layer: Any) -> None:
    shapes = [(2, 3)] * (2 if isinstance(layer, EuclideanLoss) else 1)
    layer.setup(shapes)
    layer.reshape(shapes)
    layer.forward([np.ones((2, 3))] * len(shapes))
    layer.reshape(shapes)
    with pytest.raises(LayerError, match="expected a forward pass before the backward pass"):
        layer.backward([np.ones((2, 3))], [True] * len(shapes))


@pytest.mark.parametrize(("units", "seed"), [(0, 0), (2.0, 0), (2, -1), (2, None)])
def test_numbers_of_units(units: Any, seed: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Dense(units, seed)
