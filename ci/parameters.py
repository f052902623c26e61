"""Values for the cells tagged ``parameters``, from the command line and from a file."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from ci.values import Place, value_of, values_of
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import read_text

Parameters = dict[str, object]
ByUnit = dict[str, Parameters]


def from_options(options: Iterable[str]) -> Parameters:
    """Read parameters as typed, ``EPOCHS=3``; the value is YAML.

    Parameters
    ----------
    options : iterable of str
        One parameter each; for a repeated name, the last one counts.

    Returns
    -------
    dict
        Values by name.

    Raises
    ------
    CourseError
        If one has no ``=``, or its value is not as for `value_of`.
    """
    parameters = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not (name and sign):
            raise CourseError(f"expected a parameter as NAME=VALUE; got {option!r}")
        parameters[name] = value_of(value, Place(f"parameter {name}", shell=True))
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
    CourseError
        If the file is not such a mapping, a value is not as for `value_of`, or a unit is unknown or repeated.
    """
    by_unit: ByUnit = {}
    for name, values in values_of(read_text(path), Place(str(path))).items():
        unit = course.unit_with_solutions(name)
        if unit in by_unit:
            raise CourseError(f"{path}: expected each unit once, got {unit} twice")
        by_unit[unit] = values
    return by_unit


def check(unit: str, notebook: Path, parameters: Mapping[str, object]) -> None:
    """Make sure that a notebook defines the parameters that it is given.

    Parameters
    ----------
    unit : str
        Named in the error.
    notebook : Path
        The notebook.
    parameters : mapping
        The given parameters.

    Raises
    ------
    CourseError
        If its cell tagged ``parameters`` lacks one.
    """
    known = defined(notebook) if parameters else []
    for name in parameters:
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else "which has none"
            raise CourseError(f"expected a parameter of {unit}, {expected}; got {name!r}")


def defined(notebook: Path) -> list[str]:
    """Name the parameters of a notebook: what the first cell tagged ``parameters`` assigns, in order.

    papermill's own list leaves out a line with a second ``=``, as in ``SIZES = dict(height=8)``.

    Parameters
    ----------
    notebook : Path
        The notebook.

    Returns
    -------
    list of str
        The names; empty if no cell has the tag.

    Raises
    ------
    CourseError
        If the cell is not Python.
    """
    tagged = (
        cell for cell in nbformat.read(notebook, as_version=4).cells if "parameters" in cell.metadata.get("tags", [])
    )
    source = next((cell.source for cell in tagged), "")
    try:
        statements = ast.parse(TransformerManager().transform_cell(source)).body
    except SyntaxError as error:
        raise CourseError(
            f"{notebook}: expected Python in the cell of parameters, got line {error.lineno}: {error.msg}"
        ) from None
    targets: list[ast.expr] = []
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets += statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets.append(statement.target)
    nodes = (node for target in targets for node in ast.walk(target))
    return list(
        dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    )
