"""Files that a training goes on from: every number that decides the next step."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.files import write_aside

Settings = Mapping[str, Any]


def save(path: Path, settings: Settings, variables: Sequence[Any], losses: Sequence[float]) -> None:
    """Write a checkpoint; a reader finds the old file or the new one, and never half of one.

    Parameters
    ----------
    path : Path
        The file; its folder is made if need be.
    settings : mapping
        What the training depends on, as JSON has it.
    variables : sequence of variables
        In the order in which `load` is given them.
    losses : sequence of float
        One for each step so far.
    """
    arrays: dict[str, Any] = {f"variable_{number}": np.asarray(variable) for number, variable in enumerate(variables)}
    buffer = io.BytesIO()
    np.savez(buffer, settings=np.array(json.dumps(settings)), losses=np.array(losses, np.float64), **arrays)
    write_aside(path, buffer.getvalue())


def load(path: Path, settings: Settings, variables: Sequence[Any]) -> list[float]:
    """Assign to variables what a checkpoint holds.

    Parameters
    ----------
    path : Path
        The file.
    settings, variables
        As `save` was given them.

    Returns
    -------
    list of float
        The losses so far.

    Raises
    ------
    ValueError
        If the file is damaged, or is of another training; nothing is assigned then.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
        saved = json.loads(str(arrays["settings"]))
        values = [arrays[f"variable_{number}"] for number in range(len(arrays) - 2)]
        losses = arrays["losses"].tolist()
    except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"expected a checkpoint of a training in {path}, got a damaged or another file: {error}"
        ) from None
    expected = json.loads(json.dumps(settings))
    if saved != expected:
        changed = [name for name in expected if saved.get(name) != expected[name]]
        wanted, found = ({name: each.get(name) for name in changed} for each in (expected, saved))
        raise ValueError(
            f"expected {path} to be a checkpoint of this training, with {wanted}, got one with {found}; "
            "remove it to begin again"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return losses
