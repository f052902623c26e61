"""The file of a trained colorizer: the weights of its heads and its color factor, without the trunk."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from course_lib.files import write_aside
from course_lib.hypercolumn_colorizer.head import head

FORMAT = "pixelwise hypercolumn colorizer 1"
LAYERS = {"standardize": ("mean", "variance"), "hidden": ("kernel", "bias"), "logits": ("kernel", "bias")}


def save_heads(path: Path, heads: Sequence[keras.Model], color: float) -> None:
    """Write a file; a reader finds the old file or the new one, never an incomplete one."""
    arrays = {
        f"head_{number}_{layer}_{name}": values
        for number, each in enumerate(heads)
        for layer, names in LAYERS.items()
        for name, values in zip(names, each.get_layer(layer).get_weights(), strict=True)
    }
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array(FORMAT), heads=np.array(len(heads)), color=np.array(color), **arrays)
    write_aside(path, buffer.getvalue())


def load_heads(path: Path) -> tuple[list[keras.Model], float]:
    """Read a file that `save_heads` wrote.

    Returns
    -------
    list of keras.Model
        The heads.
    float
        The color factor.

    Raises
    ------
    ValueError
        If it is another kind of file, or damaged.
    FileNotFoundError
        If there is no such file.
    """
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if str(file["format"]) != FORMAT:
                raise ValueError(f"a file of format {file['format']}")
            color = float(file["color"])
            stored = [
                {layer: [file[f"head_{number}_{layer}_{name}"] for name in names] for layer, names in LAYERS.items()}
                for number in range(int(file["heads"]))
            ]
        heads = [_head(weights) for weights in stored]
        if not heads or not 0 <= color <= 1:
            raise ValueError(f"{len(heads)} heads and a color factor of {color}")
    except (ValueError, KeyError, IndexError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"expected the weights of a colorizer in {path}, got another file or a damaged one: {error}"
        ) from None
    return heads, color


def _head(weights: dict[str, list[np.ndarray]]) -> keras.Model:
    """Make a head with given weights."""
    (channels, hidden), (_, logits) = (weights[layer][0].shape for layer in ("hidden", "logits"))
    made = head(channels, hidden, logits // 2)
    for layer, arrays in weights.items():
        if not all(np.isfinite(each).all() for each in arrays):
            raise ValueError(f"numbers in {layer} that are not finite")
        made.get_layer(layer).set_weights(arrays)
    return made
