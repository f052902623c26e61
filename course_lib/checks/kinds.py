"""The usual slips if a result contains no numbers at all."""

import inspect
import re

from course_lib.checks.describe import describe
from course_lib.checks.remote import Remote, kind_of

_NO_NUMBERS_YET = {
    "generator": "a function with `yield` makes a generator, and nothing in it has run yet: use `return`",
    "KerasTensor": (
        "a tensor of a network that is being built has no numbers: call a model, such as `keras.Model(inputs, outputs)`"
    ),
}
_LAZY = ("generator", "map", "zip", "filter", "enumerate", "range_iterator", "list_iterator")


def name_kind_slip(value: object) -> str:
    """Name the likely cause of a result without numbers; empty if no cause is known.

    Parameters
    ----------
    value : object
        What a learner's function returned.
    """
    name = type(value).__name__
    if value is Ellipsis:
        return "`...` is still where your code belongs"
    if is_exception(value):
        return "the error was returned, not raised: write `raise`, not `return`"
    if name in _NO_NUMBERS_YET:
        return _NO_NUMBERS_YET[name]
    if name in _LAZY:
        return f"a {name} makes its items only when asked: make it a `list` or an array"
    if kind_of(value) != "object" or inspect.ismethod(value):
        return "a function or class was returned, not its result: are the parentheses of a call missing?"
    if re.search(r"<\w+ name=\S+, built=", describe(value)):  # the `repr` of a Keras layer
        return "a layer was returned, not its result: `Layer(…)` only makes a layer, `Layer(…)(x)` is its result"
    if isinstance(value, list | tuple) and any(each is None for each in value):
        return "one of its items is None: a method such as `append` or `sort` returns nothing"
    return f"the result is of type {name}" if isinstance(value, str | dict | set) else ""


def is_exception(value: object) -> bool:
    """Tell whether a value is an exception or an exception class."""
    if isinstance(value, Remote):
        return value.remote_is_exception()
    return isinstance(value, BaseException) or (inspect.isclass(value) and issubclass(value, BaseException))
