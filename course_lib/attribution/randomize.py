"""Networks whose last layers have forgotten what they learned.

A map that shows what a network has learned must change when the network forgets it [1]_. Some maps hardly change: they
show the image itself.

References
----------
.. [1] Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv 1810.03292.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from course_lib.attribution.linked import linked_copy
from course_lib.integers import count

__all__ = ["randomized"]


def randomized(model: keras.Model, layers: int | None = None, seed: int = 0) -> keras.Model:
    """Copy a model, with the weights of its last layers shuffled.

    Weights are shuffled, not drawn as for a new network, to keep the scale that the layers around them expect: with new
    weights and reset batch norms, the signal of a deep network shrinks to nothing.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, and built, of layers that can be made from their configuration. It is not changed.
    layers : int, optional
        How many layers to shuffle, counted from the last one back; only layers with weights count, including batch
        norms and the layers inside a nested model. By default all.
    seed : int
        0 or more. With the same seed, shuffling more layers does not change how the others are shuffled.

    Returns
    -------
    keras.Model
        A model with separate weights. In each layer, every kernel, bias, mean or variance contains the same numbers as
        before, in a random order.

    Raises
    ------
    ValueError
        If the model is not as above, or has fewer layers with weights; if a number is out of its bounds.
    """
    seed = count("the seed", seed, least=0)
    linked = linked_copy(model)
    copy = keras.models.clone_model(linked, recursive=True)
    copy.set_weights(linked.get_weights())
    weighted = list(dict.fromkeys(_weighted_layers(copy)))[::-1]  # a layer may be part of several models
    chosen = len(weighted) if layers is None else count("the number of layers", layers, least=0)
    if chosen > len(weighted):
        raise ValueError(f"expected {len(weighted)} layers or fewer, which is how many have weights, got {layers}")
    for number, layer in enumerate(weighted[:chosen]):
        rng = np.random.default_rng([seed, number])
        layer.set_weights([rng.permuted(values.ravel()).reshape(values.shape) for values in layer.get_weights()])
    return copy


def _weighted_layers(model: Any) -> Iterator[Any]:
    """Yield each layer with weights in the model's order, also those inside of models."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _weighted_layers(layer)
        elif layer.weights:
            yield layer
