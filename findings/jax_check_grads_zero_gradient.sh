#!/usr/bin/env bash
# jax.test_util.check_grads of JAX 0.10.2 passes a gradient of zeros: for a Dice loss on masks of 512 x 512 in float32,
# JAX's own type, eight times of eight. A gradient of twice the size passes as well, one with the wrong sign mostly.
#
# It compares one number: the gradient times a random direction. The absolute tolerance is 2e-3 for float32, whatever the
# size of the gradient. A loss that averages over n pixels has a gradient of about 1 / n for each, so that number is about
# 1 / sqrt(n), and anything is close to it. The direction comes from RandomState(0), so calling it again adds nothing, and
# whether a size passes is luck: 128 x 128 passes zeros for five of eight pictures, 256 x 256 for one. With
# jax_enable_x64 and float64 arrays the tolerance is 1e-5, and all wrong gradients are found.
#
# Source: default_gradient_tolerance and check_vjp in jax/_src/public_test_util.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.4.6
JAX_ENABLE_X64=1 JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

print("Python", sys.version.split()[0], "JAX", jax.__version__, "NumPy", np.__version__)


def overlap_loss(prediction, target):
    return 1 - 2 * jnp.sum(prediction * target) / (jnp.sum(prediction**2) + jnp.sum(target**2))


def with_gradient_times(factor):
    dice = jax.custom_vjp(overlap_loss)
    dice.defvjp(
        lambda prediction, target: jax.vjp(overlap_loss, prediction, target),
        lambda pullback, top: tuple(factor * gradient for gradient in pullback(top)),
    )
    return dice


def passes(loss, size, dtype, seed):
    random = np.random.default_rng(seed)
    prediction = jnp.asarray(random.random((size, size)), dtype)
    target = jnp.asarray(random.random((size, size)) > 0.7, dtype)
    try:
        check_grads(lambda prediction: loss(prediction, target), (prediction,), order=1, modes=["rev"])
    except AssertionError:
        return False
    return True


passed = {}
for dtype, size in (jnp.float32, 128), (jnp.float32, 256), (jnp.float32, 512), (jnp.float64, 512):
    for factor in 1, 0, -1, 2:
        loss = with_gradient_times(factor)
        passed[dtype, size, factor] = sum(passes(loss, size, dtype, seed) for seed in range(8))
    counts = ", ".join(f"{passed[dtype, size, factor]} times {factor}" for factor in (1, 0, -1, 2))
    print(f"{dtype.__name__}, {size} x {size}: of 8 pictures pass, with the gradient times a factor: {counts}")
assert passed[jnp.float32, 512, 0] == 8
assert passed[jnp.float32, 512, 2] >= 6
assert passed[jnp.float32, 512, -1] >= 3
assert [passed[jnp.float64, 512, factor] for factor in (1, 0, -1, 2)] == [8, 0, 0, 0]
PYTHON
