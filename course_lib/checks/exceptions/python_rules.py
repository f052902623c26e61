"""The usual causes of exceptions of Python; see `exceptions`."""

RULES = (
    ("SystemExit", "", "`exit()`, `quit()` and `sys.exit()` end the whole program: use `return`"),
    ("RecursionError", "", "a function calls itself without end; inside a class, `len(self)` calls `__len__` again"),
    (".*", "'ellipsis'", "`...` is still where your code belongs"),
    (
        "UnboundLocalError",
        r"variable '(\w+)'",
        "no line that sets `{0}` has run yet: is it set only inside an `if` or a loop?",
    ),
    (
        "NameError",
        "name '(np|tf|plt|queue|threading|time|warnings)'",
        "the cell that imports `{0}` was not run: run the first cells of the notebook",
    ),
    (
        "NameError",
        r"name '(\w+)'",
        "nothing is called `{0}`: is it misspelled, is `self.` missing, or was its cell not run?",
    ),
    (
        "RuntimeError",
        "generator raised StopIteration",
        "`next` found nothing left: in a generator, catch StopIteration and `return`, or use a `for` loop",
    ),
    ("StopIteration", "", "`next` found nothing left: catch StopIteration, give `next` a default, or use a `for` loop"),
    (
        "RuntimeError",
        "threads can only be started once",
        "a thread can be started only once: make a new one for each pass, in `__iter__`",
    ),
    ("RuntimeError", "cannot join thread", "`join` waits for a thread that was never started: call `start` first"),
    ("RuntimeError", "(?:changed size|mutated) during iteration", "a loop changes what it runs over: loop over a copy"),
    ("Empty", "", "the queue was empty: `get_nowait`, and `get` with a timeout, do not wait for the next item"),
    ("Full", "", "the queue was full: `put_nowait`, and `put` with a timeout, do not wait until there is room"),
    ("ZeroDivisionError", "", "something is divided by 0: is this case handled?"),
    ("AssertionError", "", "an `assert` in your code does not hold for this input"),
    ("KeyError", "", "the dictionary does not have this key"),
    (
        "FileNotFoundError",
        "",
        "to read a file that may be missing, catch the error; to write, first make the folder: `mkdir(parents=True)`",
    ),
    (
        "UnicodeDecodeError",
        "",
        (
            "these bytes are not text: if they may be there, catch the error where they are read; "
            "UnicodeDecodeError is a kind of ValueError"
        ),
    ),
    (
        "ValueError",
        "could not convert string to float",
        "this text is no number: where that may happen, catch the ValueError with `try` and `except`",
    ),
    ("FileExistsError", "", "it is already there: `mkdir(exist_ok=True)` does not mind"),
    (
        "TypeError",
        "Cannot handle this data type",
        'Pillow wants bytes: multiply by 255, round, and convert with `.astype("uint8")`',
    ),
    ("TypeError", "takes 0 positional arguments but 1 was given", "the first parameter of a method must be `self`"),
    (
        "TypeError",
        r"^(?:\w+\.)*(\w+)\(\) takes .* positional arguments? but",
        "`{0}` is called with too many arguments; if it is a method, its first parameter must be `self`",
    ),
    ("TypeError", r"^(?:\w+\.)*(\w+)\(\) missing .* arguments?: (.*)", "the call of `{0}` lacks {1}"),
    (
        "TypeError",
        r"^(?:\w+\.)*(\w+)\(\) got an unexpected keyword argument '(\w+)'",
        "`{0}` has no parameter `{1}`: is it misspelled?",
    ),
    (
        "TypeError",
        r"^(?:\w+\.)*(\w+)\(\) got multiple values for argument '(\w+)'",
        "`{1}` is given to `{0}` twice, by position and by name",
    ),
    ("TypeError", "'NoneType' object is not callable", "something is called that is None"),
    (
        "TypeError",
        r"'(?:\w+\.)*(tuple|list|ndarray|EagerTensor|int|float|str)' object is not callable",
        "parentheses follow a value (`{0}`), as if it were a function: an index needs `[ ]`, a product `*`",
    ),
    (
        "TypeError",
        r"iter\(\) returned non-iterator of type 'NoneType'",
        "`__iter__` returns nothing: use `yield`, or return an iterator",
    ),
    (
        "TypeError",
        r"iter\(\) returned non-iterator of type '(\w+)'",
        "`__iter__` must return an iterator, not a `{0}`: use `yield`, or return `iter(...)`",
    ),
    (
        "TypeError",
        "object of type '(generator|map|zip|filter)' has no len",
        "a `{0}` has no length, since its items do not exist yet: make it a `list` first",
    ),
    (
        "TypeError",
        "'(generator|map|zip|filter)' object is not subscriptable",
        "a `{0}` has no indices: use a loop, `next` or `itertools.islice`, or make it a `list` first",
    ),
    ("TypeError", r"'(\w+)' object is not an iterator", "`next` needs an iterator: call `iter` on the `{0}` first"),
    (
        "TypeError",
        r"'((?:int|float|bool|float\d\d|int\d\d|uint8))' object is not iterable",
        "a loop or an unpacking runs over a single number (`{0}`): is `range` missing?",
    ),
    (
        "TypeError",
        r"cannot unpack non-iterable ((?:int|float|bool|float\d\d|int\d\d|uint8))",
        "a single number (`{0}`) is unpacked into several names",
    ),
    (
        "TypeError|AttributeError",
        "NoneType",
        (
            "something is None here: a function without `return`, a method such as `append` that returns nothing, or "
            "`tape.gradient` where the tape did not watch the tensor, or could not follow the computation (NumPy, "
            "`model.predict` and a new `tf.constant` cut the path)"
        ),
    ),
    (
        "TypeError",
        r"object of type '(\w+)' has no len",
        "objects of type `{0}` have no length: is `__len__` missing, or not indented inside the class?",
    ),
    (
        "TypeError",
        r"'(?:numpy\.)?((?:int|float|bool|float\d\d|int\d\d|uint8))' object is not subscriptable",
        "an index is taken of a single number (`{0}`): one index too many, or an item where a list was meant",
    ),
    ("TypeError", r"'(\w+)' object is not subscriptable", "objects of type `{0}` have no indices"),
    (
        "TypeError",
        "list indices must be integers or slices, not str",
        "the items of a list have numbers, and no names: make a dict, or look for the one with this name",
    ),
    (
        "TypeError",
        "list indices must be integers or slices, not tuple",
        "a list has one axis: use `[i][j]`, or make it an array with `np.asarray`",
    ),
    (
        "TypeError",
        "can't multiply sequence by non-int of type 'float'",
        (
            "a list times a float: a list can only be repeated; to scale it use `np.asarray`, for a whole "
            "number use `//`"
        ),
    ),
    (
        "TypeError",
        "'tuple' object does not support item assignment",
        "a tuple cannot be changed: make a list or a new tuple",
    ),
    (
        "AttributeError",
        "'tuple' object has no attribute '(?:append|extend|insert|pop|remove|clear)'",
        "a tuple cannot be changed: use a list",
    ),
    ("AttributeError", r"module '([\w.]+)' has no attribute '(\w+)'", "`{0}` has no `{1}`: is it misspelled?"),
    (
        "IndexError",
        "(list|tuple) index out of range",
        "the {0} is too short for this index: is it counted from 0, and can the {0} be empty?",
    ),
    ("IndexError", "pop from an empty|pop from empty", "nothing is left to take out: is that checked first?"),
    (
        "ValueError",
        r"(too many|not enough) values to unpack \(expected (\d+)",
        "{0} values for the {1} on the left; of a shape, `shape[-1]` is the last size, however many there are",
    ),
    ("MemoryError", "", "it asks for more memory than there is: look for an array that is mostly zeros"),
)
