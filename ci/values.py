"""Values written in YAML; values that people or versions of YAML read in different ways are refused."""

import json
import math
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from course_lib.errors import CourseError

_TAG = "tag:yaml.org,2002:"
_ALLOWED = {"null", "bool", "int", "float", "str", "seq", "map"}
_IMPLICIT = {"null", "bool", "int", "float"}  # what a scalar is by its looks
_EXPECTED = "text, numbers, true, false, null, lists or mappings"
_OTHERS = {"timestamp": "a date", "set": "a set", "binary": "bytes", "merge": "a merge of mappings"}
# Words and numbers without quotes that are one thing in YAML 1.1, another in YAML 1.2, and maybe a third in Python.
_AMBIGUOUS = [
    (r"y|n|yes|no|on|off", "a truth value in YAML 1.1 and text in YAML 1.2; write true or false"),
    (r"~|", "null in YAML; write null"),
    (r"none|nil", "text in YAML; write null"),
    (r"[-+]?(nan|inf|infinity)", "text in YAML; a parameter that is a number is finite"),
    (r"[-+]?0[\d_]+", "an octal number in YAML 1.1 and a decimal one in YAML 1.2; write it without the leading 0"),
    (r"[-+]?0[ob]\w+", "a number in one version of YAML and text in the other; write it in decimal"),
    (r"[-+]?\d+(:\d+)+(\.\d*)?", "a number to the base of 60 in YAML 1.1 and text in YAML 1.2; write the number"),
    (r"[-+]?\d+,\d+", "text in YAML; write a number with a decimal point and without other marks"),
]


@dataclass(frozen=True)
class Place:
    """The place of a value: it begins each message.

    Attributes
    ----------
    name : str
        The parameter, or the file with unit and parameter.
    shell : bool
        Whether it was typed for a shell, which removes a pair of quotes.
    """

    name: str
    shell: bool = False

    def __str__(self) -> str:
        return self.name

    def quotes(self, text: str) -> str:
        """Return how to write a text so that it is read as a text."""
        quoted = json.dumps(text.strip(), ensure_ascii=False)
        return f"for text put it into quotes, {shlex.quote(quoted) if self.shell else quoted}"


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-3 is a number, as in version 1.2."""


_Loader.add_implicit_resolver(f"{_TAG}float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789"))


@contextmanager
def _document(text: str, where: Place) -> Iterator[tuple[_Loader, Node | None]]:
    """Parse a text; YAML errors become a `CourseError`, here and while the document is used."""
    try:
        loader = _Loader(text)
        yield loader, loader.get_single_node()
    except yaml.YAMLError as error:
        raise CourseError(f"{where}: expected YAML, got something else: {' '.join(str(error).split())}") from None


def value_of(text: str, where: Place) -> object:
    """Read one value from a line.

    Parameters
    ----------
    text : str
        YAML: a scalar, a list in brackets, or a mapping in braces.
    where : Place
        Begins each message.

    Returns
    -------
    object
        None, or a bool, int, finite float, str, list or dict of these.

    Raises
    ------
    CourseError
        If it is not one of these, if YAML 1.1 and 1.2 read it differently, or if it has a comment.
    """
    with _document(text, where) as (loader, node):
        if text.lstrip().startswith("#") or (node and text[node.end_mark.index :].strip().startswith("#")):
            raise CourseError(f"{where}: got {text}, in which all from # on is a comment; {where.quotes(text)}")
        if node is None:
            raise CourseError(f"{where}: got nothing, which is null in YAML; write null, or {where.quotes('')}")
        if isinstance(node, CollectionNode) and not node.flow_style:
            brackets = (
                "a mapping; write it in braces" if isinstance(node, MappingNode) else "a list; write it in brackets"
            )
            raise CourseError(f"{where}: got {text}, which YAML reads as {brackets}, or {where.quotes(text)}")
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            raise CourseError(
                f"{where}: got {text}, which YAML reads as the head of several lines; {where.quotes(text)}"
            )
        return _value(loader, node, where)


def values_of(text: str, where: Place) -> dict[str, dict[str, object]]:
    """Read a mapping of names to mappings of names to values; the names are the text as written.

    Parameters
    ----------
    text : str
        YAML.
    where : Place
        Begins each message.

    Returns
    -------
    dict
        Values as those of `value_of`.

    Raises
    ------
    CourseError
        If it is not such a mapping, a name is repeated, or a value is not one of those.
    """
    with _document(text, where) as (loader, node):
        if node is None:
            return {}
        return {
            outer: {
                name: _value(loader, value, Place(f"{where}: {outer}: {name}")) for name, value in _pairs(inner, where)
            }
            for outer, inner in _pairs(node, where)
        }


def _pairs(node: Node, where: Place) -> list[tuple[str, Node]]:
    """List the names of a mapping, with their nodes."""
    if not isinstance(node, MappingNode) or not all(isinstance(key, ScalarNode) for key, _ in node.value):
        raise CourseError(f"{where}: expected to map units to parameters, as in 'unit: {{NAME: value}}'")
    _no_repetition(node, where)
    return [(key.value, value) for key, value in node.value]


def _value(loader: _Loader, node: Node, where: Place) -> object:
    """Construct the value of a node, if it is unambiguous."""
    _check(node, where, ())
    return loader.construct_object(node, deep=True)


def _check(node: Node, where: Place, above: tuple[Node, ...]) -> None:
    """Refuse a node that is not a valid value of a parameter, or that is ambiguous."""
    if any(node is each for each in above):
        raise CourseError(f"{where}: expected a value, got one that contains itself")
    if isinstance(node, ScalarNode):
        _check_scalar(node, where)
    elif node.tag.removeprefix(_TAG) not in _ALLOWED:
        raise CourseError(f"{where}: expected {_EXPECTED}, got {_kind(node)}")
    elif isinstance(node, MappingNode):
        _no_repetition(node, where)
        if len({key.tag for key, _ in node.value}) > 1:
            raise CourseError(f"{where}: expected the keys of a mapping to be all text or all numbers, got both")
        for child in (each for pair in node.value for each in pair):
            _check(child, where, (*above, node))
    else:
        for child in node.value:
            _check(child, where, (*above, node))


def _check_scalar(node: ScalarNode, where: Place) -> None:
    """Refuse a scalar that is not a text, number or truth value, or is one only in some versions of YAML."""
    text, kind, reader = node.value, node.tag.removeprefix(_TAG), _Loader("")
    for pattern, reason in _AMBIGUOUS if node.style is None else ():
        if re.fullmatch(pattern, text, re.IGNORECASE):
            raise CourseError(f"{where}: got {text or 'nothing'}, which is {reason}, or {where.quotes(text)}")
    if kind not in _ALLOWED:
        got = f"{text}, which YAML reads as {_kind(node)}"
        raise CourseError(f"{where}: expected {_EXPECTED}, got {got}; {where.quotes(text)}")
    if kind in _IMPLICIT and reader.resolve(ScalarNode, text, (True, False)) != node.tag:
        raise CourseError(f"{where}: got {text} with the tag !!{kind}; leave the tag out")
    if kind == "float" and not math.isfinite(reader.construct_yaml_float(node)):
        raise CourseError(f"{where}: expected a finite number, got {text}")


def _kind(node: Node) -> str:
    """Name the kind of a node that is not a valid value of a parameter."""
    kind = node.tag.removeprefix(_TAG)
    return _OTHERS.get(kind, f"a value of the type {kind}")


def _no_repetition(node: MappingNode, where: Place) -> None:
    """Refuse a mapping with a repeated key: YAML would keep the last one."""
    keys = [key.value for key, _ in node.value if isinstance(key, ScalarNode)]
    for key in keys:
        if keys.count(key) > 1:
            raise CourseError(f"{where}: expected each name once, got {key} twice")
