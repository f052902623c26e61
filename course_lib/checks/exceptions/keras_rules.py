"""The usual causes of exceptions of Keras; see `exceptions`."""

_BUILDING = (
    "while a network is being built, its tensors have no numbers yet: use Keras layers or functions of `keras.ops` "
    "here, and nothing of `np` or `tf`. (A layer's `output` is such a tensor; for numbers, call a model.)"
)
RULES = (
    (
        "ValueError",
        r"expected shape=\(None, (.+)\), found shape=\(\1\)",
        "the batch axis is missing: `x[None]` is a batch of one",
    ),
    ("ValueError", "A KerasTensor cannot be used as input|A KerasTensor is symbolic", _BUILDING),
    ("AttributeError", "'KerasTensor' object has no attribute", _BUILDING),
    (
        "ValueError",
        r"`Concatenate` layer requires inputs with matching shapes .*input_shape=\[(.*)\]",
        (
            "tensors of shapes {0} are joined, and they differ on an axis along which they are not joined: "
            "do they have the same height and width, and is `axis` right?"
        ),
    ),
    (
        "ValueError",
        r"Inputs have incompatible shapes\. Received shapes (\(.*\)) and (\(.*\))",
        "pictures of shapes {0} and {1} cannot be added or multiplied: `Concatenate` puts them side by side",
    ),
    (
        "TypeError",
        "^too many positional arguments$",
        "a layer was called with too many arguments: one that joins tensors takes a list of them, `layer([one, two])`",
    ),
    (
        "ValueError",
        "Only input tensors may be passed as positional arguments",
        (
            "a layer was called on something that is no tensor, such as another layer: `Layer(…)` only makes a layer, "
            "`Layer(…)(x)` is its result"
        ),
    ),
    (
        "ValueError",
        "A merge layer should be called on a list of inputs",
        (
            "a layer that joins, such as `Add`, takes a list of tensors, and was given one: "
            "are the layers of a network with branches called one after the other?"
        ),
    ),
    (
        "ValueError",
        "All `inputs` values must be KerasTensors",
        (
            "`keras.Model(inputs, outputs)` is made of tensors without numbers, such as `model.inputs`; "
            "the numbers come in when this model is called"
        ),
    ),
    (
        "ValueError",
        r"No such layer: (\w)\. ",
        "there is no layer `{0}`: does a loop take a name, which is a string, letter by letter?",
    ),
    (
        "ValueError",
        r"Output with path .* is not connected to `inputs`",
        "an output of the new model needs something that is not among its inputs: does it have all of `model.inputs`?",
    ),
    (
        "ValueError",
        r"expects (\d+) (?:named )?input\(s\).* received (\d+) input tensors",
        "the network takes {0} inputs, and was given {1}: pass a list, and do not make one array of it",
    ),
    (
        "ValueError",
        r"with a weight list of length \d+, but the layer was expecting 0 weights",
        "this layer has no weights yet: `build` it, or call it once, before `set_weights`",
    ),
    (
        "AttributeError",
        "has never been called and thus has no defined (input|output)",
        "a layer has an `{0}` once it was called. A `Sequential` model may refuse it, but has `model.{0}s`, a list",
    ),
    (
        "AttributeError",
        r"module '(?:\w+\.)*backend' has no attribute '(\w+)'",
        (
            "Keras 3 has no `keras.backend.{0}`: its operations are in `keras.ops`, and "
            "`keras.Model(inputs, outputs)` computes a part of a network"
        ),
    ),
    (
        "NameError",
        "name '(layers|losses|metrics|optimizers|initializers|activations|ops|callbacks)'",
        "nothing is called `{0}`: write `keras.{0}`, or run the cell that imports it",
    ),
    (
        "ValueError",
        r"Unrecognized keyword arguments passed to (\w+): \{'(\w+)'",
        "`{0}` has no argument `{1}`: is it misspelled?",
    ),
    (
        "ValueError",
        r"Could not interpret (\w+) function identifier: (\S+)",
        "Keras has no {0} function `{1}`: is it misspelled?",
    ),
    (
        "ValueError",
        r"expected min_ndim=4, found ndim=(\d)",
        "a convolution takes a batch of pictures, shape (B, H, W, C), and here are {0} axes",
    ),
    (
        "ValueError",
        r"Expected shape \(None, None, None, (\d+)\), but input has incompatible shape (\(.*?\))",
        "the network takes a batch of shape (B, H, W, {0}), and was given {1}",
    ),
    (
        "ValueError",
        r"expected axis -1 of input shape to have value (\d+), but received input with shape (\(.*?\))",
        "the layer takes {0} channels, which are the last axis, and was given shape {1}",
    ),
    (
        "AttributeError",
        "'numpy.ndarray' object has no attribute '_unique_id'",
        "an optimizer of Keras changes variables of Keras, and this is a NumPy array: change it in place, with `-=`",
    ),
)
