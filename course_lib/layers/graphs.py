"""Models whose layers are known, Functional and Sequential ones, and their graphs."""

from typing import Any

import keras

__all__ = ["is_graph", "plain_graph"]


def is_graph(part: Any) -> bool:
    """Tell whether something is a model whose layers are known: a Functional or Sequential model that is built."""
    known = isinstance(part, keras.Sequential) or (isinstance(part, keras.Model) and hasattr(part, "operations"))
    return known and hasattr(part, "outputs")  # which a Sequential model does not have until it is built


def plain_graph(model: keras.Model) -> keras.Model:
    """Return the graph of a model as a plain Functional model, not compiled.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built. It is not changed.

    Returns
    -------
    keras.Model
        A Functional model of the same layers.

    Raises
    ------
    ValueError
        If the model is not as above, or its class overrides ``call``, so that it computes more than its graph.
    """
    if not is_graph(model):
        raise ValueError(f"expected a Functional or Sequential model that is built, got {model!r}")
    if not type(model).call.__module__.startswith("keras."):
        raise ValueError(
            f'expected a model that computes its graph and nothing else, got "{model.name}", whose class '
            f"{type(model).__name__} overrides call"
        )
    if isinstance(model, keras.Sequential):
        output, *more = model.outputs
        return keras.Model(model.inputs[0], [output, *more] if more else output, name=model.name)
    return keras.Model(model.input, model.output, name=model.name)
