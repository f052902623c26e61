"""Parsing the cells of a notebook, with IPython's magics and C++ in them."""

import ast
import re
import warnings
from contextlib import suppress
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from course_lib.native.cells import as_python

# IPython reads the whole cell again for each of its magics.
LONGEST = 20_000  # characters
MOST_ESCAPES = 30
_ESCAPES = re.compile(r"[%!?]|^\s*[,;/]", re.MULTILINE)
# Magics in the first line of a cell that do not change how the rest is run.
_RUN_AS_IT_IS = re.compile(r"\A(?:\s*%%(?:time|capture)\b[^\n]*\n)+")
_OF_IPYTHON = re.compile(r"^([ \t]*+)(?:(?:\w[\w, ]*+=[ \t]*+)?[!%?].*|.*\?[ \t]*)$", re.MULTILINE)
_TIMED = re.compile(r"\A\s*+%%(?:time|timeit|capture|prun)\b.*\n")


@lru_cache(maxsize=1000)  # every test of a notebook comes with the cells before it
def parse(cell: str) -> list[ast.stmt]:
    """Parse a cell; one that is not Python cannot have run, and one with very many magics is not read."""
    text = as_python(_RUN_AS_IT_IS.sub("", cell))
    for reading in (str, _without_magics):
        with suppress(SyntaxError, ValueError, RuntimeError, MemoryError):  # also of nesting too deep
            tree = ast.parse(reading(text))
            compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            return tree.body
    return []


def _without_magics(cell: str) -> str:
    """Write IPython's own lines as Python."""
    if len(cell) > LONGEST or len(_ESCAPES.findall(cell)) > MOST_ESCAPES:
        raise ValueError(f"expected at most {LONGEST} characters and {MOST_ESCAPES} magics")
    return TransformerManager().transform_cell(cell)


@lru_cache(maxsize=1000)  # the tests of a unit are also cells of a submission
def parse_roughly(source: str) -> ast.Module | None:
    """Parse a cell without IPython's lines, even one that `parse` does not read; None if it is not code."""
    source = as_python(source)
    for text in (source, _OF_IPYTHON.sub(r"\1pass", _TIMED.sub("", source, count=1))):
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None
