"""The usual causes of exceptions of NumPy; see `exceptions`."""

RULES = (
    (
        "ValueError",
        "truth value of an array",
        (
            "`if`, `and`, `or`, `not`, `min` and `max` need one truth value, and this is an array: use `.any()`"
            " or `.all()`, or `np.where` to choose for each element"
        ),
    ),
    (
        "ValueError",
        r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
        "an array of shape {0} is written into a place of shape {1}",
    ),
    (
        "ValueError",
        r"remapped shapes \[original->remapped\]: (\([\d,]*\))->\S+ (\([\d,]*\))->",
        (
            "in `einsum`, a letter stands for the same length wherever it occurs: compare the shapes {0} and {1} with "
            "your letters, one by one"
        ),
    ),
    (
        "ValueError",
        "einstein sum subscripts string contains too many|more dimensions than subscripts",
        "`einsum` needs one letter for each axis of each array: one of them has more, or fewer",
    ),
    (
        "ValueError",
        r"broadcast together with shapes (\(\S*\)) (\(\S*\))",
        "shapes {0} and {1} do not fit: counted from the last axis, two sizes must be equal, or one of them 1",
    ),
    (
        "ValueError",
        "array is not broadcastable to correct shape",
        (
            "values and places do not fit: `np.add.at(array, places, values)` wants one value for each place, and "
            "places on several axes in a tuple, such as `(rows, columns)`"
        ),
    ),
    (
        "ValueError",
        r"matmul: .*\(size (\d+) is different from (\d+)\)",
        (
            "`@` sums over the last axis of the left array and the last but one of the right: here {1} and {0} "
            "long; is one transposed?"
        ),
    ),
    (
        "ValueError",
        r"not aligned: (\d+) .* != (\d+)",
        (
            "`dot` sums over the last axis of the left array and the last but one of the right: here {0} and "
            "{1} long; is one transposed?"
        ),
    ),
    (
        "ValueError",
        "all the input array dimensions except for the concatenation axis",
        (
            "the arrays differ along another axis than the one they are joined along: is `axis` right? By "
            "default it is 0"
        ),
    ),
    (
        "ValueError",
        "all the input arrays must have same number of dimensions",
        "arrays with different numbers of axes are joined: did one lose an axis, by an index instead of a slice?",
    ),
    ("ValueError", "all input arrays must have the same shape", "arrays of different shapes are stacked"),
    (
        "ValueError",
        "zero-dimensional arrays cannot be concatenated",
        ("`concatenate` joins along an axis that is already there, and numbers have none: `np.stack` makes a new axis"),
    ),
    ("ValueError", "need at least one array", "there is nothing to join: the list is empty"),
    (
        "ValueError",
        r"cannot reshape array of size (\d+) into shape (\(.*?\))",
        "`reshape` keeps all numbers: {0} of them do not fill the shape {1}, so at least one of its lengths is wrong",
    ),
    (
        "ValueError",
        r"non-broadcastable output operand with shape (\(.*?\)) doesn't match the broadcast shape (\(.*?\))",
        "`+=`, `-=` and the like keep the shape of the array on the left, {0}, and here the result has shape {1}",
    ),
    ("ValueError", "inhomogeneous shape", "lists of different lengths do not make an array"),
    (
        "TypeError",
        r"Cannot interpret '\d+' as a data type",
        "a shape is one argument, in parentheses: `np.zeros((2, 3))`",
    ),
    (
        "TypeError",
        "'list' object cannot be interpreted as an integer",
        "a list stands where one whole number is expected; several axes are a tuple: `axis=(1, 2)`",
    ),
    ("ValueError", "read-only", "this array must not be written to: work on a copy"),
    (
        "ValueError",
        "high <= 0",
        (
            "`integers(n)` draws from 0 to n - 1, so n must be 1 or more: is a `+ 1` missing, or was a size not"
            " checked first?"
        ),
    ),
    ("ValueError", "low >= high", "`integers(a, b)` draws from a to b - 1, so b must be larger than a"),
    (
        "ValueError",
        "negative dimensions|can't contain negative values",
        "a size is negative: is a difference the wrong way round?",
    ),
    (
        "ValueError",
        "zero-size array to reduction|attempt to get arg(?:max|min) of an empty sequence",
        "the array is empty, and nothing has no minimum or maximum: does a slice lie outside of its array?",
    ),
    (
        "ValueError",
        "axes don't match array|repeated axis in transpose",
        "`transpose` must name each axis of the array once",
    ),
    (
        "ValueError|OverflowError",
        "cannot convert float (NaN|infinity) to integer",
        "a number is {0}: look for a division by 0",
    ),
    ("IndexError", "invalid index to scalar", "an index is taken of a single number: one index too many?"),
    (
        "IndexError",
        "too many indices for array",
        "there are more indices than axes here: `...` stands for any number of axes, as in `x[..., 0]`",
    ),
    (
        "IndexError",
        r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
        "axis {1} has length {2}, and its indices start at 0: is this one too large, or meant for another axis?",
    ),
    (
        "IndexError",
        "arrays used as indices must be of integer",
        "the indices are not whole numbers: `np.floor` and `np.round` leave them floats; `.astype(int)` converts them",
    ),
    (
        "AxisError",
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        "axes are counted from 0, and the array has {1} of them; -1 is the last",
    ),
    (
        ".*UFunc.*",
        r"output from dtype\('(\w+)'\) to dtype\('(\w+)'\)",
        (
            "`+=`, `/=` and the like keep the type of the array on the left ({1}), which cannot hold {0}: make "
            "an array of floats first, for example with `.astype(float)`"
        ),
    ),
    (".*UFunc.*|TypeError", "ufunc 'bitwise_xor' not supported", "`^` is not a power in Python: write `**`"),
    (
        ".*UFunc.*|TypeError",
        "ufunc '.*' (?:did not contain a loop|not supported)",
        "the array does not hold plain numbers: text, None, or lists of different lengths?",
    ),
    (
        "TypeError|IndexError",
        (
            r"'(?:numpy\.)?float\S* object cannot be interpreted as an integer|"
            "(?:list|tuple) indices must be integers or slices, not float|slice indices must be integers|"
            "[Oo]nly integers, slices|single integer, got "
            r"'\d|EagerTensor of dtype int"
        ),
        "an index or a size is not a whole number: `/` always makes a float, `//` a whole number",
    ),
    (
        "TypeError|ValueError",
        "only 0-dimensional arrays can be converted|only length-1 arrays|can only convert an array of size 1",
        "an array is used as a single number: take an index, a sum or a mean of it",
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for \S+ (?:'(?:list|tuple)'|'\w+' and '(?:list|tuple)')",
        "a list or tuple is not an array: arithmetic needs `np.asarray`",
    ),
    (
        "TypeError",
        "'[<>=]+' not supported between instances of '(list|tuple)'",
        "a {0} is not compared number by number: make it an array with `np.asarray`",
    ),
    (
        "AttributeError",
        "'numpy.ndarray' object has no attribute 'numpy'",
        "this is already a NumPy array: remove `.numpy()`",
    ),
    (
        "AttributeError",
        "'numpy.ndarray' object has no attribute 'itemset'",
        "NumPy 2 has no `itemset` any more: write `x[index] = value`",
    ),
    (
        "AttributeError",
        "'numpy.ndarray' object has no attribute 'ptp'",
        "NumPy 2 has no method `ptp` any more: write `np.ptp(x)`",
    ),
    (
        "AttributeError",
        "'numpy.ndarray' object has no attribute '(?:append|extend)'",
        "an array cannot grow: collect the items in a list, then use `np.stack` or `np.array`",
    ),
    (
        "AttributeError",
        "'(list|tuple)' object has no attribute '(shape|astype|ndim|sum|mean|min|max|reshape|dtype|copy|T)'",
        "a {0} is not an array and has no `{1}`: use `np.asarray` first",
    ),
    (
        "AttributeError",
        "Generator' object has no attribute '(randint|random_integers)'",
        "the method of `default_rng` is called `integers`, not `{0}`",
    ),
    (
        "AttributeError",
        "Generator' object has no attribute '(rand|random_sample|ranf|sample)'",
        "the method of `default_rng` is called `random`, not `{0}`",
    ),
    (
        "AttributeError",
        "Generator' object has no attribute 'randn'",
        "the method of `default_rng` is called `standard_normal`, not `randn`",
    ),
)
