"""The lines of solutions, model answers, explanations and hidden tests, and where they must not stand."""

import json
import re
from collections.abc import Iterator

REGIONS = re.compile(
    r"### BEGIN (?P<kind>SOLUTION|HIDDEN TESTS)\n(?P<region>.*?)### END (?P=kind)"
    r"|^\+\+\+ \{[^\n]*explanation[^\n]*\}\n(?P<explanation>.*?)(?=^\+\+\+|^```\{code-cell\}|\Z)",
    re.DOTALL | re.MULTILINE,
)


def strings(value: object) -> Iterator[str]:
    """Every string in JSON, keys too; a list of lines counts as one text as well."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def secrets(text: str) -> set[str]:
    """The lines of solutions, model answers, explanations and hidden tests that stand nowhere else in a text."""
    regions = (found["region"] or found["explanation"] or "" for found in REGIONS.finditer(text))
    hidden = {line.strip() for region in regions for line in region.splitlines()}
    open_to_all = {line.strip() for line in REGIONS.sub("", text).splitlines()}
    return {line for line in hidden - open_to_all if re.search(r"\w", line)}  # brackets tell nothing


def lines(content: str, is_json: bool = True) -> set[str]:
    """Every line of a file, without the space around it; of JSON, every line of every string."""
    texts = strings(json.loads(content)) if is_json else [content]
    return {line.strip() for text in texts for line in text.splitlines()}


def leaks(text: str, content: str) -> set[str]:
    """Secret lines that stand anywhere in a released notebook."""
    return secrets(text) & lines(content)
