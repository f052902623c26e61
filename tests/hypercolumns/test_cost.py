"""What a step costs: both kinds learn the same, and the sparse one takes less memory."""

import subprocess
from functools import partial
from typing import Any

import pytest

from course_lib.hypercolumns import step_cost, training_step
from course_lib.networks import vgg16

pytestmark = pytest.mark.slow


def test_both_kinds_do_the_same_job() -> None:
    sparse, dense = (step_cost(kind, size=64, pictures=3, locations=5, repeats=1) for kind in ("sparse", "dense"))
    assert sparse["loss"] == pytest.approx(dense["loss"], rel=1e-4)
    assert min(sparse["seconds"], sparse["processor_seconds"]) > 0
    columns = 3 * 64 * 64 * 1472 * 4 / 1e6  # 72 MB that only the dense step makes
    assert dense["peak_mb"] > sparse["peak_mb"] + columns / 2


def test_both_kinds_train_the_trunk_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_step, "vgg16", partial(vgg16, width=1 / 16))
    steps = [
        training_step.training_step(kind, trained=True, size=32, pictures=2, locations=5)
        for kind in ("sparse", "dense")
    ]
    (sparse, dense), (sparse_later, dense_later) = ([float(step()) for step in steps] for _ in range(2))
    assert sparse == pytest.approx(dense, rel=1e-4)
    assert sparse_later == pytest.approx(dense_later, rel=1e-4) != sparse


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "both"}, 'expected kind "sparse" or "dense", got \'both\''),
        ({"kind": "dense", "size": 31}, "expected size to be a whole number of 32 or more, got 31"),
        ({"kind": "dense", "repeats": 0}, "expected repeats to be a whole number of 1 or more, got 0"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        step_cost(**arguments)


def test_a_process_that_ends_early_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    died = subprocess.CompletedProcess([], -9, "", "many lines\nout of memory")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: died)
    with pytest.raises(RuntimeError, match="expected the dense step to run, got exit -9: many lines\nout of memory"):
        step_cost("dense")
