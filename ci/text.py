"""Text of notebooks, on its way to reports and terminals."""

import re

from nbconvert.filters import strip_ansi

# What XML cannot hold and a terminal should not get.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Drop terminal colors and control characters."""
    return _CONTROL.sub("", strip_ansi(text))
