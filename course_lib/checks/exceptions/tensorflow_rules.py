"""The usual causes of exceptions of TensorFlow; see `exceptions`."""

_ERROR = "InvalidArgumentError|AbortedError|UnimplementedError|ResourceExhaustedError|InternalError"
RULES = (
    ("ValueError", r"must have rank 4\.\s+Received rank 3", "the batch axis is missing: `x[None]` is a batch of one"),
    (".*", "OOM|failed to allocate", "it asks for more memory than there is: look for an array that is mostly zeros"),
    (
        _ERROR,
        "could not create a primitive descriptor|match computed|same batch size",
        (
            "input, weights, strides and output_shape do not fit. In conv2d_transpose, output_shape is "
            "[batch, height * stride, width * stride, channels], the weights are "
            "[height, width, output channels, input channels], and the padding is SAME"
        ),
    ),
    (
        _ERROR,
        "input_sizes must be 4",
        "the batch axis is missing: input and output_shape need four axes, [batch, height, width, channels]",
    ),
    (
        _ERROR,
        "filter must be 4",
        (
            "the weights need four axes: [height, width, input channels, output channels]; in conv2d_transpose the last"
            " two are exchanged"
        ),
    ),
    (
        _ERROR,
        "(?:input|output) depth must be evenly divisible",
        (
            "the numbers of channels do not fit: compare the last axis of the picture with the last two axes of"
            " the weights"
        ),
    ),
    (_ERROR, "attr 'padding'", "padding is written 'SAME' or 'VALID', in capitals"),
    (_ERROR, r"attr 'T' of (u?int\d+)", "this operation cannot take {0}: convert to float32 first"),
    (
        _ERROR,
        r"expected to be an? (\w+) tensor but is an? (\w+) tensor",
        "both operands must have the same type, and here are {0} and {1}: convert one with `tf.cast` or `astype`",
    ),
    (_ERROR, "Computed output size would be negative", "the picture is smaller than the kernel"),
    (_ERROR, "[Ss]tride must be > 0|strides should be larger than 0", "the stride must be 1 or more"),
    (
        _ERROR,
        "Matrix size-incompatible",
        "the last axis of the left matrix must be as long as the last but one of the right: is one transposed?",
    ),
    (
        _ERROR,
        r"Incompatible shapes: (\S+) vs\. (\S+)",
        "shapes {0} and {1} do not fit: counted from the last axis, two sizes must be equal, or one of them 1",
    ),
    (
        _ERROR,
        "ConcatOp : Dimension|Shapes of all inputs must match",
        "tensors of different shapes are joined: is `axis` right?",
    ),
    (_ERROR, "ConcatOp : Ranks", "tensors with different numbers of axes are joined"),
    (
        _ERROR,
        r"tensor with (\d+) values, but the requested shape has (\d+)",
        "`reshape` keeps all numbers: {0} of them do not fill a shape of {1}, so at least one of its lengths is wrong",
    ),
    (_ERROR, "transpose expects a vector|is missing from", "`tf.transpose` must name each axis of the tensor once"),
    (
        _ERROR,
        r"= (\[[-\d, ]+\]) (?:does not index into (?:param )?shape|is out of bounds: need 0 <= index <) (\[[\d,]+\])",
        "the place {0} lies outside of the shape {1}",
    ),
    (
        _ERROR,
        r"Index out of range using input dim|out of bounds|is not in \[0",
        "an index is too large for its axis, or there are more indices than axes",
    ),
    (
        _ERROR,
        r"of indices\[shape=\S+ must match .* of updates|Indices shape: \S+, updates shape",
        (
            "the last axis of `indices` holds the numbers of one place; "
            "without it, `indices` must have the shape of `updates`"
        ),
    ),
    (
        _ERROR,
        r"of input\[shape=\S+ must match .* of updates|Inner dimensions of output shape must match",
        (
            "the last axis of `indices` must hold one number for each axis of the result; "
            "if that is a single one, the axis has length 1: `indices[..., None]`"
        ),
    ),
    (
        "ValueError",
        r"Shape (\(.*?\)) must have rank (\d+)",
        "a tensor with {1} axes is needed here, and this one has the shape {0}: is a `tf.reshape` missing?",
    ),
    (_ERROR, "is out of order", "the places are not in order: `tf.sparse.reorder` puts them in order"),
    (
        _ERROR,
        r"= (\[[\d,]+\]) is repeated",
        "the place {0} occurs twice, and a sparse tensor may have it once. In a batch, does each place hold the image?",
    ),
    (_ERROR, "Can not squeeze", "`squeeze` removes only axes of length 1"),
    (
        _ERROR,
        "Tried to (?:squeeze|expand) dim|Invalid reduction dimension|concatenating dimensions in the range",
        "there is no such axis: axes are counted from 0, and -1 is the last",
    ),
    (
        "RuntimeError",
        "SummaryWriter .* is already closed",
        "this writer was closed: `flush()` writes its entries to the disk as well, and keeps it open",
    ),
    (
        "ValueError",
        "^No step set",
        "the step is missing, or None: pass `step=`. (0 counts as false, so `step or other` loses a step of 0.)",
    ),
    (
        "RuntimeError",
        "non-persistent GradientTape",
        (
            "a tape gives its gradients only once: ask for all of them in one call, open a tape for each, or make it "
            "with `persistent=True`"
        ),
    ),
    (
        "ValueError",
        r"custom_gradient function expected to return (\d+) gradients, but returned (\d+)",
        "`backward` must return a gradient for each input of the function: {0}, in the order of the inputs, not {1}",
    ),
    (
        "LookupError",
        r"gradient registry has no entry for: (\w+)",
        "TensorFlow has no gradient for the operation {0}: compute it with another function",
    ),
    ("ValueError", "non-rectangular", "lists of different lengths do not make a tensor"),
    (
        "ValueError",
        r"value \(None\) with an unsupported type",
        (
            "something is None here: a function without `return`, an argument that was left out, or `tape.gradient` "
            "where the tape did not watch the tensor, or could not follow the computation (NumPy, `model.predict` and "
            "a new `tf.constant` cut the path)"
        ),
    ),
    (
        "ValueError",
        "must have either 3 or 4 dimensions",
        "an image needs an axis for its channels: [height, width, channels]",
    ),
    (
        "TypeError",
        "only integer scalar arrays can be converted to a scalar index",
        (
            "an array of several numbers stands where one whole number is expected. Lists take no array as an index, "
            "and nothing can be written into a tensor: to choose by a condition, use `np.where` or `tf.where`"
        ),
    ),
    (
        "TypeError",
        r"tensors are valid indices, got (?:\[|array\(|range\()",
        "a tensor takes no list or array as an index: use `tf.gather`",
    ),
    ("TypeError", "[Ss]calar tensor", "a loop, or `len`, is applied to a single number"),
    ("TypeError", "Missing required positional argument", "a TensorFlow function is called with too few arguments"),
    (
        "TypeError",
        r"'(?:tensorflow\.[\w.]+\.)?EagerTensor' object does not support item assignment",
        "a tensor cannot be changed in place: fill a NumPy array, or join parts with `tf.stack` or `tf.concat`",
    ),
    (
        "AttributeError",
        r"'?(?:tensorflow\.[\w.]+\.)?EagerTensor'? object has no attribute '(\w+)'",
        "a TensorFlow tensor is not a NumPy array and has no `{0}`: use a function of `tf`, or `.numpy()` first",
    ),
)
