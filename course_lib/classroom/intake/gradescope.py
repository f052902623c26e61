"""Reading ``submission_metadata.yml``, in which Gradescope's export says whose each folder is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import yaml

from course_lib.classroom.intake.archives import Refused
from course_lib.grading.collect.timestamp import parse_time

METADATA = "submission_metadata.yml"
MOST_BYTES = 50_000_000


class Submitter(NamedTuple):
    """Somebody who handed in; parts that Gradescope does not know are empty."""

    name: str
    sid: str
    email: str


class Metadata(NamedTuple):
    """What Gradescope says about one folder; the time is None if it is not there."""

    submitters: tuple[Submitter, ...]
    time: datetime | None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads tags that it does not know, such as those of Ruby's objects, as the plain values below them."""


def _plain(loader: Any, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor(None, _plain)


def read_metadata(content: bytes) -> dict[str, Metadata]:
    """Read the file.

    Parameters
    ----------
    content : bytes
        YAML: a mapping from names of folders to mappings with ``:submitters`` (``:name``, ``:sid``, ``:email``) and
        ``:created_at``. Ruby wrote it, so names may begin with a colon, and times may be objects of Ruby's.

    Returns
    -------
    dict of str to Metadata
        By the name of the folder.

    Raises
    ------
    Refused
        If it is something else.
    """
    try:
        table = yaml.load(content, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refused(f"{METADATA}: expected YAML as Gradescope writes it, got {first}; export again") from None
    if not isinstance(table, dict):
        raise Refused(f"{METADATA}: expected a mapping from folders to submitters, got other YAML; export again")
    return {
        str(name): Metadata(tuple(_submitters(entry)), _time(_get(entry, "created_at")))
        for name, entry in table.items()
    }


def _submitters(entry: Any) -> Iterator[Submitter]:
    listed = _get(entry, "submitters")
    for each in listed if isinstance(listed, list) else ():
        yield Submitter(*(_text(_get(each, part)) for part in Submitter._fields))


def _get(mapping: Any, name: str) -> Any:
    return mapping.get(f":{name}", mapping.get(name)) if isinstance(mapping, dict) else None


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int) else ""


def _time(value: Any) -> datetime | None:
    """Read a time: YAML's own, a text, or an object with a time in UTC."""
    if isinstance(value, dict):
        value = value.get("utc")
    if isinstance(value, str):
        try:
            value = parse_time(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
