"""The report of a run for programs: ``report.json`` and ``junit.xml``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from ci.comparison import Comparison
from ci.verdict import Outcome
from course_lib.files import write_aside

FIELDS = ("unit", "status", "seconds", "points", "max_points", "peak_mb", "error", "kept")


def write_json(outcomes: Sequence[Outcome], seconds: float, folder: Path, comparison: Comparison | None) -> None:
    """Write ``report.json``: every notebook's outcome, the seconds of the whole run, what has changed.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where the file goes.
    comparison : Comparison or None
        What has changed since the last run, if there was one.
    """
    notebooks = [
        {**{name: getattr(outcome, name) for name in FIELDS}, "cells": [asdict(cell) for cell in outcome.cells]}
        for outcome in outcomes
    ]
    report: dict[str, object] = {"notebooks": notebooks, "seconds": round(seconds, 1)}
    if comparison is not None:
        report["compared"] = comparison.as_json()
    write_aside(folder / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def write_junit(outcomes: Sequence[Outcome], seconds: float, folder: Path, suite: str) -> None:
    """Write ``junit.xml``: one test case per notebook, for the pages of a CI service.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where the file goes.
    suite : str
        What was run.
    """
    failures = sum(outcome.status != "ok" for outcome in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failures), "errors": "0", "time": f"{seconds:.1f}"}
    root = ElementTree.Element("testsuites", counts)
    tests = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts})
    for outcome in outcomes:
        attributes = {"classname": suite, "name": outcome.unit, "time": f"{outcome.seconds:.1f}"}
        case = ElementTree.SubElement(tests, "testcase", attributes)
        properties = ElementTree.SubElement(case, "properties")  # readers want them before a failure
        for name, value in _properties(outcome).items():
            ElementTree.SubElement(properties, "property", {"name": name, "value": value})
        if outcome.status != "ok":
            text = outcome.error or outcome.status
            failure = {"type": outcome.status, "message": text.splitlines()[0]}
            ElementTree.SubElement(case, "failure", failure).text = text
    ElementTree.indent(root)
    write_aside(folder / "junit.xml", ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n")


def _properties(outcome: Outcome) -> dict[str, str]:
    properties = {
        "seconds": f"{outcome.seconds:.1f}",
        "points": f"{outcome.points:g}",
        "max_points": f"{outcome.max_points:g}",
        "peak_mb": str(outcome.peak_mb),
    }
    if slowest := outcome.slowest:
        properties["slowest_cell"] = f"cell {slowest.number} ({slowest.name}), {slowest.seconds:.1f} s"
    return properties
