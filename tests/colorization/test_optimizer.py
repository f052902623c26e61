from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.colorization.optimizer import FusedAdam

pytestmark = pytest.mark.slow

STEPS = 40


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(2)])


def compiled(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    model = network()
    model.compile(optimizer, "mse")
    return model


def fit(model: keras.Model, steps: range = range(STEPS), rates: Any = None) -> list[Any]:
    """Train on random batches, with a learning rate for each step; return the weights."""
    for step in steps:
        if rates is not None:
            model.optimizer.learning_rate = rates[step]
        random = np.random.default_rng(step)
        model.train_on_batch(random.normal(size=(8, 4)), random.normal(size=(8, 2)))
    return model.get_weights()


def same(got: list[Any], expected: list[Any], *, atol: float = 1e-5) -> None:
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=atol)


def test_by_hand() -> None:
    """At first m / (1 - beta_1) is g and v / (1 - beta_2) is g^2: whatever g is, the step is the rate."""
    weight = keras.Variable([1.0, 1.0, 1.0])
    optimizer = FusedAdam(0.1)
    optimizer.apply([tf.constant([3.0, -0.5, 0.0])], [weight])
    np.testing.assert_allclose(weight, [0.9, 1.1, 1.0], atol=1e-5)
    optimizer.apply([tf.constant([2.0, 2.0, 2.0])], [weight])
    g = np.array([3.0, -0.5, 0.0])
    m = (0.9 * 0.1 * g + 0.1 * 2) / (1 - 0.9**2)
    v = (0.999 * 0.001 * g**2 + 0.001 * 2**2) / (1 - 0.999**2)
    np.testing.assert_allclose(weight, [0.9, 1.1, 1.0] - 0.1 * m / np.sqrt(v), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"amsgrad": True},
        {"weight_decay": 0.01, "clipnorm": 0.1, "use_ema": True},
        {"gradient_accumulation_steps": 4},
    ],
    ids=str,
)
def test_same_as_keras(options: dict[str, Any]) -> None:
    fused, usual = (compiled(kind(0.01, **options)) for kind in (FusedAdam, keras.optimizers.Adam))
    same(fit(fused), fit(usual))
    assert np.abs(fused.get_weights()[0] - network().get_weights()[0]).max() > 0.05  # it did learn
    fused.optimizer.finalize_variable_values(fused.trainable_variables)
    usual.optimizer.finalize_variable_values(usual.trainable_variables)
    same(fused.get_weights(), usual.get_weights())
    same([each.numpy() for each in fused.optimizer.variables], [each.numpy() for each in usual.optimizer.variables])


def test_a_rate_that_changes() -> None:
    rates = np.geomspace(0.1, 1e-4, STEPS)
    fused, usual = (fit(compiled(kind(1.0)), rates=rates) for kind in (FusedAdam, keras.optimizers.Adam))
    same(fused, usual)


def test_a_schedule() -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.05, STEPS)
    same(*(fit(compiled(kind(schedule))) for kind in (FusedAdam, keras.optimizers.Adam)))


def test_gathered_rows() -> None:
    """Their gradients are those of some rows alone."""
    tables = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Embedding(5, 2), keras.layers.Dense(1)])
        model.compile(kind(0.01), "mse")
        for row in range(20):
            model.train_on_batch(np.array([[row % 3, 4]]), np.ones((1, 2, 1)))
        tables.append(model.get_weights())
    same(*tables)


def test_half_precision() -> None:
    weights = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        weight = keras.Variable([1.0, 2.0], dtype="float16")
        optimizer = kind(0.1, epsilon=1e-3)
        for _ in range(3):
            optimizer.apply([tf.constant([0.5, -0.25], tf.float16)], [weight])
        assert weight.dtype == "float16"
        weights.append([weight.numpy()])
    same(*weights, atol=5e-3)


def test_saved_and_loaded(tmp_path: Path) -> None:
    """Training goes on as if it had not been interrupted, with either optimizer."""
    half, rest = range(10), range(10, 20)
    expected = fit(compiled(keras.optimizers.Adam(0.01)), range(20))
    model = compiled(FusedAdam(0.01))
    fit(model, half)
    model.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    assert type(loaded.optimizer) is FusedAdam
    same(fit(loaded, rest), expected)
    usual = compiled(keras.optimizers.Adam(0.01))
    usual.optimizer.build(usual.trainable_variables)
    usual.load_weights(tmp_path / "half.keras")
    assert usual.optimizer.iterations == len(half)
    same(fit(usual, rest), expected)
