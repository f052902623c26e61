"""The cost of a training step on hypercolumns, sparse and dense: time and memory."""

import json
import subprocess
import sys
from pathlib import Path

from course_lib.integers import count

KINDS = ("sparse", "dense")


def step_cost(
    kind: str, trained: bool = False, size: int = 224, pictures: int = 4, locations: int = 128, repeats: int = 3
) -> dict[str, float]:
    """Measure a training step on the hypercolumns of VGG-16, 1,472 channels, in a separate process.

    Both kinds do the same work: the trunk, the head (256 hidden units, 64 classes), the optimizer (plain gradient
    descent) and the loss are the same, and the loss uses the same pixels. The dense step also makes and scores the
    columns of all other pixels. See `course_lib.hypercolumns.training_step`.

    Parameters
    ----------
    kind : {"sparse", "dense"}
        Whether columns are made only at the pixels of the loss, or at every pixel.
    trained : bool
        Whether the trunk is also trained, or only the head. If so, the dense step takes 4 GB with the default sizes.
    size : int
        Height and width of the pictures in pixels, 32 or more.
    pictures, locations : int
        The number of pictures in a step, and of pixels in each that the loss uses; 1 or more.
    repeats : int
        The number of steps that are timed, after one that is not; 1 or more.

    Returns
    -------
    dict
        ``"seconds"`` and ``"processor_seconds"``, of the fastest step; ``"peak_mb"``, the peak memory of the process
        (MB), less its memory before the first step; ``"loss"`` of the last step.

    Raises
    ------
    ValueError
        If an argument is not as above.
    RuntimeError
        If the process ends early, for example because memory runs out.
    """
    if kind not in KINDS:
        raise ValueError(f'expected kind "sparse" or "dense", got {kind!r}')
    task = {"size": size, "pictures": pictures, "locations": locations, "repeats": repeats}
    for name, number in task.items():
        task[name] = count(name, number, least=32 if name == "size" else 1)
    words = json.dumps({"kind": kind, "trained": bool(trained), **task})
    command = [sys.executable, "-m", "course_lib.hypercolumns.training_step", words]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"expected the {kind} step to run, got exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
