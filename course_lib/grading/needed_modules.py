"""Which modules notebooks use, read from their text."""

from collections.abc import Iterable, Iterator

import nbformat

from course_lib.code_names.cells import parse
from course_lib.code_names.paths import imported
from course_lib.grading.preload import LIBRARY, USED


def needed_modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Choose what to import once, before many processes run notebooks.

    Parameters
    ----------
    sources : iterable of str
        The instructor's notebooks as JSON.

    Returns
    -------
    tuple of str
        Modules of `preload.EVERYTHING` that their cells use, tests among them.
    """
    packages = {package for source in sources for package in _packages(source)}
    return tuple(dict.fromkeys(module for package in USED if package in packages for module in USED[package]))


def _packages(source: str) -> Iterator[str]:
    """Yield what the cells of a notebook import, as `preload.USED` names it."""
    cells = (cell for cell in nbformat.reads(source, as_version=4).cells if cell.cell_type == "code")
    for _, name in (found for cell in cells for statement in parse(cell.source) for found in imported(statement)):
        first, *parts = name.split(".")
        yield ".".join([first, *parts[:1]]) if first == LIBRARY else first
