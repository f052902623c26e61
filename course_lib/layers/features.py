"""What the inner layers of a network compute, and a table of its layers."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from course_lib.layers.graphs import is_graph, plain_graph

__all__ = ["features_at", "layer_table"]

Path = tuple[str, ...]


def features_at(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """Make a model that returns what inner layers of another model compute.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built. It is not changed.
    names : sequence of str
        Different names of layers, as in ``model.summary()``. Layers inside a nested model have names, too: ``"conv1"``,
        or ``"trunk/conv1"`` if several have that name.

    Returns
    -------
    keras.Model
        From the inputs of ``model`` to a dict: each name, in the given order, to the output of that layer. A layer that
        returns several tensors gives all of them; one that the model uses several times gives a list, with an output
        for each use, in the order in which Keras runs them. One call is one forward pass, without the layers that the
        outputs do not need. The weights are those of ``model``. Layers run in inference mode unless the call says
        ``training=True``.

    Raises
    ------
    ValueError
        If the model is not as above, its class overrides ``call``, there is no name, or one is unknown, ambiguous or
        repeated.
    """
    plain = plain_graph(model)
    known = list(_paths(plain))
    paths = {name: _find(name, known) for name in _names(names)}
    tapped = _tapped(plain, list(paths.values()))
    uses = {name: tapped.output[1]["/".join(path)] for name, path in paths.items()}
    outputs = {name: found[0] if len(found) == 1 else found for name, found in uses.items()}
    return keras.Model(tapped.input, outputs, name="features")


def _paths(model: keras.Model) -> Iterator[Path]:
    """Yield the path of each layer, and of those inside."""
    for layer in model.layers:
        yield (layer.name,)
        if is_graph(layer):
            yield from ((layer.name, *path) for path in _paths(layer))


def _names(names: Sequence[str]) -> list[str]:
    """Check the names of layers."""
    if isinstance(names, str):
        raise ValueError(f'expected a list of names, got "{names}": for one layer it is ["{names}"]')
    chosen = list(names)
    wrong = [name for name in chosen if not isinstance(name, str)]
    if wrong or not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"expected different names of layers, one or more, got {chosen!r}")
    return chosen


def _find(name: str, known: Sequence[Path]) -> Path:
    """Find the layer with a name: its whole path, or the end of it."""
    asked = tuple(name.split("/"))
    if asked in known:
        return asked
    found = [path for path in known if path[-len(asked) :] == asked]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f'expected a name of one layer, got "{name}": several have it: {_listed(found)}')
    near = difflib.get_close_matches(name, ["/".join(path) for path in known] + [path[-1] for path in known])
    hint = f"the nearest are {', '.join(dict.fromkeys(near))}" if near else f"the layers are {_listed(known)}"
    raise ValueError(f'expected the name of a layer, got "{name}": {hint}')


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join("/".join(path) for path in paths)


def _tapped(model: keras.Model, paths: Sequence[Path]) -> keras.Model:
    """Make a model that returns the outputs of another and, for each path, a list of outputs, one for each use."""
    inside: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        if len(path) > 1:
            inside[path[0]].append(path[1:])
    inner = {name: _tapped(plain_graph(model.get_layer(name)), rest) for name, rest in inside.items()}
    found: dict[str, list[Any]] = defaultdict(list)

    def call(layer: Any, *args: Any, **settings: Any) -> Any:
        if layer.name in inner:
            output, below = inner[layer.name](*args, **settings)
            for path, uses in below.items():
                found[f"{layer.name}/{path}"] += uses
        else:
            output = layer(*args, **settings)
        if (layer.name,) in paths:
            found[layer.name].append(output)
        return output

    again = keras.models.clone_model(model, model.input, clone_function=lambda layer: layer, call_function=call)
    found.update({given.name: [given] for given in model.inputs if (given.name,) in paths})
    return keras.Model(model.input, [again.output, dict(found)])


def layer_table(model: keras.Model) -> list[tuple[str, tuple[Any, ...], int]]:
    """List the layers of a model: the shape of each output, and the number of parameters.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built, of layers that return one tensor each and are used once, such as AlexNet.

    Returns
    -------
    list of (str, tuple of int, int)
        Name, shape of the output without the batch, None if any size will do, and the number of parameters, as
        `plots.architecture` takes them.

    Raises
    ------
    ValueError
        If the model is not as above.
    """
    layers = [layer for layer in plain_graph(model).layers if not isinstance(layer, keras.layers.InputLayer)]
    outputs = features_at(model, [layer.name for layer in layers]).output
    several = [name for name, output in outputs.items() if not isinstance(output, keras.KerasTensor)]
    if several:
        raise ValueError(f"expected layers that return one tensor each, got {', '.join(several)}, which return several")
    return [(layer.name, tuple(outputs[layer.name].shape[1:]), layer.count_params()) for layer in layers]
