"""Cells of C++ in a notebook: ``%%cpp sample`` on the first line, and the C++ below it."""

import re
import sys
from keyword import iskeyword

MAGIC = "%%cpp"
# A cell that is not written yet contains this line; see `course_lib.native.kernel`.
STUB = '#error "write this function, then delete this line"'
_FIRST_LINE = re.compile(rf"(\s*){MAGIC}(?!\S)(.*)")
_KERNEL = '__import__("course_lib.native", fromlist=["kernel"]).kernel'


def as_python(source: str) -> str:
    r"""Turn a cell of C++ into Python that does the same.

    Parameters
    ----------
    source : str
        A cell as in a notebook, such as ``%%cpp sample\nvoid sample(…) { … }``.

    Returns
    -------
    str
        An assignment that parses, and runs with and without IPython. Each line of the cell stays a separate line, and
        the text for `course_lib.native.kernel` has the same line numbers as the cell. If no valid name follows
        ``%%cpp``, running it raises ValueError. Any other cell is returned as it is.
    """
    text = re.sub("\r\n?", "\n", source)
    begun = _FIRST_LINE.match(text)
    if begun is None:
        return source
    above, name = "\n" * begun[1].count("\n"), begun[2].strip()
    target = f"{name} = " if name.isidentifier() and not iskeyword(name) else ""
    cpp = text[begun.end() :].removesuffix("\n").split("\n")[1:]
    strings = [repr(f"{above}\n"), *(repr(f"{line}\n") for line in cpp)]
    return above + f"{target}{_KERNEL}({name!r}, " + "\n".join(strings) + ")"


def use_cpp_cells() -> None:
    """Let the running IPython understand cells of C++; outside of IPython, and the second time, this does nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and _transform not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, _transform)


def _transform(lines: list[str]) -> list[str]:
    """Turn the lines of a cell, as IPython passes them, into Python."""
    source = "".join(lines)
    python = as_python(source)
    return lines if python is source else [f"{line}\n" for line in python.split("\n")]
