"""The version stands in pyproject.toml; what repeats it for people and for other programs says the same."""

import re
import tomllib
from datetime import date

import yaml

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))

HEADINGS = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
GROUPS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}  # those of Keep a Changelog


def releases() -> list[tuple[str, date]]:
    """List version and date of each release in the changelog, the newest first."""
    found = []
    for heading in HEADINGS[1:]:
        parts = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})", heading)
        assert parts, heading
        found.append((parts[1], date.fromisoformat(parts[2])))
    return found


def test_the_changelog_begins_with_what_is_not_released() -> None:
    assert HEADINGS[0] == "[Unreleased]"
    assert set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)) <= GROUPS


def test_the_newest_release_has_the_version_of_the_project() -> None:
    assert releases()[0][0] == PROJECT["version"]


def test_releases_stand_in_order_of_time_and_version() -> None:
    versions = [tuple(map(int, version.split("."))) for version, _ in releases()]
    days = [day for _, day in releases()]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_the_citation_names_the_newest_release() -> None:
    version, day = releases()[0]
    assert CITATION["version"] == version
    assert CITATION["date-released"] == day.isoformat()


def test_the_citation_has_what_its_format_requires() -> None:
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert all(isinstance(CITATION[key], str) and CITATION[key] for key in ("message", "title", "abstract"))
    assert CITATION["keywords"] == list(dict.fromkeys(CITATION["keywords"]))


def test_the_citation_names_authors_and_license_as_the_license_does() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert CITATION["authors"] == [{"name": "The Pixelwise authors"}]
    assert re.search(r"^Copyright \(c\) \d{4} The Pixelwise authors$", text, re.MULTILINE)
    assert text.startswith(f"{CITATION['license']} License\n")
    assert CITATION["license"] in PROJECT["license"].split(" AND ")
