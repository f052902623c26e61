"""What a picture costs: both kinds color it alike, and without hypercolumns it takes less memory."""

import subprocess
from typing import Any

import numpy as np
import pytest

from course_lib.hypercolumn_colorizer.cost import coloring_cost

pytestmark = pytest.mark.slow


def test_both_kinds_do_the_same_job() -> None:
    folded, dense = (coloring_cost(kind, size=96, repeats=1) for kind in ("folded", "dense"))
    assert folded.picture.shape == (96, 96, 3)
    np.testing.assert_allclose(folded.picture, dense.picture, atol=1 / 255)
    assert np.ptp(folded.picture, axis=-1).max() > 0.1  # it has colors
    assert min(folded.seconds, folded.processor_seconds) > 0
    columns = 96 * 96 * 1473 * 4 / 1e6  # 54 MB that only the dense kind makes
    assert dense.peak_mb > folded.peak_mb + columns / 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "both"}, 'expected kind "folded" or "dense", got \'both\''),
        ({"kind": "dense", "size": 31}, "expected size to be a whole number of 32 or more, got 31"),
        ({"kind": "dense", "size": 40}, "expected size to be a multiple of 16, got 40"),
        ({"kind": "dense", "repeats": 0}, "expected repeats to be a whole number of 1 or more, got 0"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        coloring_cost(**arguments)


def test_a_process_that_ends_early_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    died = subprocess.CompletedProcess([], -9, "", "many lines\nout of memory")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: died)
    with pytest.raises(RuntimeError, match="expected the dense kind to run, got exit -9: many lines\nout of memory"):
        coloring_cost("dense")
