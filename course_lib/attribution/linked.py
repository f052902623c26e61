"""A copy of a model that shares the weights, so that layers can be changed and tapped without changing the model."""

from collections.abc import Callable
from typing import Any

import keras

from course_lib.layers.graphs import is_graph, plain_graph

__all__ = ["linked_copy"]


def linked_copy(model: keras.Model, change: Callable[[Any], None] | None = None) -> keras.Model:
    """Copy the layers and the graph of a model, but not its weights: they are those of the model.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built. It is not changed.
    change : callable, optional
        It may change the copy of each layer, and of each operation such as ``keras.ops.add``, through ``vars(copy)``.
        It is called once for each, including those inside of models and layers.

    Returns
    -------
    keras.Model
        A Functional model, not compiled. Called within `keras.StatelessScope`, it changes no variable of Keras.

    Raises
    ------
    ValueError
        If the model is not as above, or it, or one inside, has a class that overrides ``call``.
    """
    copies: dict[int, Any] = {}

    def linked(part: Any) -> Any:
        if id(part) not in copies:
            if is_graph(part):
                copies[id(part)] = keras.models.clone_model(plain_graph(part), clone_function=linked)
            else:
                # `copy.copy` would write a layer to a file, and read a copy with separate weights.
                copies[id(part)] = twin = object.__new__(type(part))
                vars(twin).update({name: inside(value) for name, value in vars(part).items()})
                vars(twin).update(_inbound_nodes=[], _outbound_nodes=[], _losses=[], _loss_ids=set())
                if change:
                    change(twin)
        return copies[id(part)]

    def inside(value: Any) -> Any:
        """Copy the value of an attribute, if it is a layer or contains layers."""
        if isinstance(value, keras.Operation):
            return linked(value)
        if isinstance(value, list):
            return [inside(each) for each in value]
        if isinstance(value, tuple):
            return getattr(value, "_make", tuple)(inside(each) for each in value)
        if isinstance(value, dict):
            return {key: inside(each) for key, each in value.items()}
        return value

    return linked(plain_graph(model))
