"""Checkpoints, from which a training continues: every number that determines the next step."""

import glob
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.files import remove_leftovers, write_aside

Settings = Mapping[str, Any]
History = dict[str, list[float]]


def save(path: Path, settings: Settings, variables: Sequence[Any], history: Mapping[str, Sequence[float]]) -> None:
    """Write a checkpoint; a reader finds the old file or the new one, never an incomplete one.

    Parameters
    ----------
    path : Path
        The file; its folder is made if needed. Incomplete files that a killed process left beside it are removed.
    settings : mapping
        What the training depends on, as JSON values.
    variables : sequence of variables
        In the same order as for `load`.
    history : mapping of str to sequence of float
        Losses, scores and the like so far, by name.
    """
    remove_leftovers(path.parent, glob.escape(path.name))
    arrays: dict[str, Any] = {f"variable_{number}": np.asarray(variable) for number, variable in enumerate(variables)}
    buffer = io.BytesIO()
    np.savez(buffer, settings=np.array(json.dumps(settings)), history=np.array(json.dumps(history)), **arrays)
    write_aside(path, buffer.getvalue())


def load(path: Path, settings: Settings, variables: Sequence[Any]) -> History:
    """Assign the values in a checkpoint to variables.

    Parameters
    ----------
    path : Path
        The file.
    settings, variables
        As passed to `save`.

    Returns
    -------
    dict of str to list of float
        The history so far.

    Raises
    ------
    ValueError
        If the file is damaged or belongs to another training; then nothing is assigned.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
        saved, history = (json.loads(str(arrays[name])) for name in ("settings", "history"))
        values = [arrays[f"variable_{number}"] for number in range(len(arrays) - 2)]
    except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"expected a checkpoint of a training in {path}, got a damaged or another file: {error}"
        ) from None
    wanted, found = _differences(json.loads(json.dumps(settings)), saved)
    if wanted:
        raise ValueError(
            f"expected {path} to be a checkpoint of this training, with {wanted}, got one with {found}; "
            "remove it to begin again"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history


def _differences(expected: dict[str, Any], saved: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, as expected and as saved; for lists, the first entry that differs."""
    wanted: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name in {**expected, **saved}:
        one, other = expected.get(name), saved.get(name)
        if isinstance(one, list) and isinstance(other, list) and one != other:
            equal = [a == b for a, b in zip(one, other, strict=False)]
            place = [*equal, False].index(False)
            for values, said in ((one, wanted), (other, found)):
                said[f"{name}[{place}] of {len(values)}"] = values[place] if place < len(values) else None
        elif one != other:
            wanted[name], found[name] = one, other
    return wanted, found
