"""The usual causes of exceptions of Python, NumPy, TensorFlow and Keras.

A rule has three parts: a pattern for the name of the exception's class, one for its message, and the cause, in which
``{0}`` is the first group of the second pattern. The first rule that fits is used, so narrow rules come before wide
ones. A rule says only what its exception proves. If no rule fits, an exception is shown without a cause.
"""

import re

from course_lib.checks.exceptions import keras_rules, numpy_rules, python_rules, tensorflow_rules

LONGEST = 200  # characters of an exception's own message

# Text that says where something happened inside TensorFlow or Keras, not what is wrong.
_INNER = re.compile(
    r"\{\{[^{}]*\}\}\s*|\s*\[Op:\w+\].*|\s*; NodeDef:.*|, in file \S+:\d+"
    r"|\s*Run workload with environment.*?information\.|Operation received an exception:\s*(?:Status: \d+, message: )?"
    r"|Exception encountered when calling [^\n]*|\x1b\[\d*m"
)
_ANY_OBJECT = (
    "AttributeError",
    r"'?([\w.]+)'? object has no attribute '(\w+)'",
    "`{0}` has no `{1}`: is it misspelled, never set in `__init__`, or is this not the object you think?",
)
RULES = (*keras_rules.RULES, *tensorflow_rules.RULES, *numpy_rules.RULES, *python_rules.RULES, _ANY_OBJECT)


def plain_words(message: str) -> str:
    """Return the first line of an exception's message, without details that only TensorFlow's developers can use."""
    lines = (_INNER.sub("", line).strip() for line in message.splitlines())
    text = next(filter(None, lines), "").rstrip(": ")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def name_exception_cause(error: str, message: str) -> str:
    """Name the likely cause of an exception; empty if none is known.

    Parameters
    ----------
    error : str
        The name of its class.
    message : str
        Its message.
    """
    for kind, words, cause in RULES:
        found = re.search(words, message) if re.fullmatch(kind, error) else None
        if found:
            return cause.format(*(group or "" for group in found.groups()))
    return ""
