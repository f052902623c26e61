"""A copy of a model that shares the weights, so that layers can be changed and tapped without touching the model."""

from collections.abc import Callable
from typing import Any

import keras

__all__ = ["linked_copy"]


def linked_copy(model: keras.Model, change: Callable[[Any], None] | None = None) -> keras.Model:
    """Copy the layers and the graph of a model, but not its weights: they are those of the model.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built. It stays as it is.
    change : callable, optional
        It may change the copy of each layer, and of each operation such as ``keras.ops.add``, by what it sets in
        ``vars(copy)``. It is called once for each, also for those inside of models and of layers.

    Returns
    -------
    keras.Model
        A Functional model, not compiled. Called within `keras.StatelessScope`, it changes no variable.

    Raises
    ------
    ValueError
        If the model is not as above.
    """
    copies: dict[int, Any] = {}

    def linked(part: Any) -> Any:
        if id(part) not in copies:
            if _is_graph(part):
                copies[id(part)] = keras.models.clone_model(_plain(part), clone_function=linked)
            else:
                # `copy.copy` would write a layer to a file, and read one with weights of its own.
                copies[id(part)] = twin = object.__new__(type(part))
                vars(twin).update({name: inside(value) for name, value in vars(part).items()})
                vars(twin).update(_inbound_nodes=[], _outbound_nodes=[], _losses=[], _loss_ids=set())
                if change:
                    change(twin)
        return copies[id(part)]

    def inside(value: Any) -> Any:
        """Copy what an attribute holds, if that is a layer, or holds layers."""
        if isinstance(value, keras.Operation):
            return linked(value)
        if isinstance(value, list):
            return [inside(each) for each in value]
        if isinstance(value, tuple):
            return getattr(value, "_make", tuple)(inside(each) for each in value)
        if isinstance(value, dict):
            return {key: inside(each) for key, each in value.items()}
        return value

    if not _is_graph(model) or not model.built:
        raise ValueError(f"expected a Functional or Sequential model that is built, got {model!r}")
    return linked(model)


def _is_graph(part: Any) -> bool:
    """Tell whether a layer is a model whose layers are known: Functional or Sequential."""
    return isinstance(part, keras.Sequential) or (isinstance(part, keras.Model) and hasattr(part, "operations"))


def _plain(model: keras.Model) -> keras.Model:
    """Return the graph of a model, not compiled, and as no class of its own."""
    if isinstance(model, keras.Sequential):
        output, *more = model.outputs
        return keras.Model(model.inputs[0], [output, *more] if more else output, name=model.name)
    return keras.Model(model.input, model.output, name=model.name)
