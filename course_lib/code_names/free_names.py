"""Which names a text uses and does not define."""

import builtins
import symtable
from collections.abc import Iterator


def free_names(source: str) -> set[str]:
    """Return the global names that a text uses, except those that it defines and Python's own.

    Parameters
    ----------
    source : str
        Python, such as a test.

    Returns
    -------
    set of str
        The names.

    Raises
    ------
    SyntaxError
        If it is not Python.
    """
    wanted, stored = set[str](), set[str]()
    for symbol, _ in global_symbols(source):
        wanted |= {symbol.get_name()} if symbol.is_referenced() else set()
        stored |= {symbol.get_name()} if symbol.is_assigned() or symbol.is_imported() else set()
    return wanted - stored - {*dir(builtins)}


def global_symbols(source: str) -> Iterator[tuple[symtable.Symbol, bool]]:
    """Yield the global names of each scope of a text, and whether it is the outermost one; see `free_names`."""
    tables = [symtable.symtable(source, "<text>", "exec")]
    for table in tables:
        tables += table.get_children()
        is_top = table.get_type() == "module"
        yield from ((symbol, is_top) for symbol in table.get_symbols() if is_top or symbol.is_global())
