"""Values for the cells tagged ``parameters``, from the command line and from a file."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import papermill
import yaml

from course_lib.course import Course

Parameters = dict[str, object]
ByUnit = dict[str, Parameters]


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-3 is a number, as its version 1.2 has it."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _parse(text: str, where: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"expected YAML {where}: {' '.join(str(error).split())}") from error


def from_options(options: Iterable[str]) -> Parameters:
    """Read parameters as typed, ``EPOCHS=3``; the value is YAML.

    Parameters
    ----------
    options : iterable of str
        One parameter each; the last of a name wins.

    Returns
    -------
    dict
        Values by name.

    Raises
    ------
    ValueError
        If one has no ``=``, or its value is not YAML.
    """
    parameters = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not (name and sign):
            raise ValueError(f"expected a parameter as NAME=VALUE; got {option!r}")
        parameters[name] = _parse(value, f"as the value of {name}")
    return parameters


def from_file(course: Course, path: Path) -> ByUnit:
    """Read parameters from a YAML file that maps each unit to its names and values.

    Parameters
    ----------
    course : Course
        Whose units may be named, in whole or in part.
    path : Path
        The file.

    Returns
    -------
    dict
        Parameters by whole name of the unit.

    Raises
    ------
    ValueError
        If the file is no such mapping, or names an unknown unit.
    """
    content = _parse(path.read_text(encoding="utf-8"), f"in {path}") or {}
    if not isinstance(content, dict) or not all(isinstance(values, dict) for values in content.values()):
        raise ValueError(f"expected {path} to map units to parameters, as in 'unit: {{NAME: value}}'")
    return {course.unit_with_solutions(str(unit)): values for unit, values in content.items()}


def check(unit: str, notebook: Path, parameters: Mapping[str, object]) -> None:
    """Make sure that a notebook defines the parameters that it is given.

    Parameters
    ----------
    unit : str
        Named in the error.
    notebook : Path
        The notebook.
    parameters : mapping
        What it is given.

    Raises
    ------
    ValueError
        If its cell tagged ``parameters`` lacks one.
    """
    known = papermill.inspect_notebook(notebook) if parameters else {}
    for name in parameters:
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else "which has none"
            raise ValueError(f"expected a parameter of {unit}, {expected}; got {name!r}")
