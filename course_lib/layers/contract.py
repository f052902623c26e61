"""The interface of a layer in plain NumPy.

The four methods are those of Caffe's layers [1]_. TensorFlow's names for the same: ``build`` for `setup`, ``call`` for
`forward`, and a tape for `backward`.

References
----------
.. [1] Jia et al., "Caffe: Convolutional Architecture for Fast Feature Embedding", ACM Multimedia 2014.
"""

from abc import ABC, abstractmethod
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]


class LayerError(ValueError):
    """A layer did not follow the interface of `Layer`, or got inputs that it does not take."""

    ag_pass_through = True  # AutoGraph would raise a different error instead


class Layer(ABC):
    """Base of layers in plain NumPy.

    A layer takes and returns lists, as it may have several inputs and outputs. It changes neither its inputs nor the
    gradients that it gets. Any object with these four methods is a layer; it need not derive from this class.

    Attributes
    ----------
    weights : dict of str to ndarray
        Floats, made by `setup` and afterwards only changed in place. Empty for a layer without weights.
    gradients : dict of str to ndarray
        Filled in by `backward`: the gradient of the loss in each weight, of the same shape.
    """

    def __init__(self) -> None:
        self.weights: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}

    def setup(self, input_shapes: list[Shape]) -> None:  # noqa: B027 -- a layer without weights may have nothing to do
        """Check the number of inputs and make the weights: called once, when the net is made.

        Parameters
        ----------
        input_shapes : list of tuple of int
            One shape for each input.
        """

    @abstractmethod
    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        """Check the shapes and discard values that were kept: called after `setup`, and whenever a shape changes.

        Parameters
        ----------
        input_shapes : list of tuple of int
            One shape for each input.

        Returns
        -------
        list of tuple of int
            One shape for each output.
        """

    @abstractmethod
    def forward(self, inputs: list[Array]) -> list[Array]:
        """Compute the outputs, and keep the values that `backward` will need.

        Parameters
        ----------
        inputs : list of ndarray
            Real numbers, of the shapes that `reshape` got. All floats among them have the same type.

        Returns
        -------
        list of ndarray
            Of the shapes that `reshape` returned; floats have the type of the inputs.
        """

    @abstractmethod
    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        """Compute the gradient of the loss in the inputs, and fill in `gradients`.

        Parameters
        ----------
        top_grad : list of ndarray
            The gradient of the loss in each output of the last `forward`.
        propagate_down : list of bool
            For each input, whether its gradient is needed.

        Returns
        -------
        list of ndarray or None
            For each input, an array of its shape and type where ``propagate_down`` is True, and None if it is False.
        """

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one, for saving it in a Keras model."""
        return {}
