"""Files beside the gradebook that say what was recorded, so that nothing is recorded twice or lost."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from course_lib.files import write_aside
from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.models import GradingResult
from course_lib.grading.scores import ExerciseScore


class RecordedResults:
    """Results that are in the gradebook, and those that could not be recorded there, one file each.

    Parameters
    ----------
    folder : Path
        It is made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, result: GradingResult) -> bool:
        """Tell whether anything of this student and unit was recorded."""
        return self._recorded(result).exists()

    def entry(self, key: str, result: GradingResult) -> object:
        """Read the gradebook's entry from when a result was recorded.

        Parameters
        ----------
        key : str
            Of the job; see `course_lib.grading.models.GradingJob`.
        result : GradingResult
            Of the job.

        Returns
        -------
        object
            The entry as JSON; None if another result was recorded last, or no result was.
        """
        kept = self._kept(result)
        return kept["entry"] if kept and (kept["key"], kept["result"]) == (key, _row(result)) else None

    def key(self, unit: str, student: str) -> str:
        """Read the key of the job that was recorded last; empty if no job was."""
        with suppress(OSError, ValueError, KeyError):
            path = self._folder / "recorded" / unit / f"{student}.json"
            return str(json.loads(path.read_text(encoding="utf-8"))["key"])
        return ""

    def last(self, unit: str, student: str) -> GradingResult | None:
        """Read the result that was recorded last, without its notebook; None if no result was."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            path = self._folder / "recorded" / unit / f"{student}.json"
            return _result(json.loads(path.read_text(encoding="utf-8"))["result"])
        return None

    def keep(self, key: str, result: GradingResult, entry: GradebookEntry) -> None:
        """Record, as the last step, that everything about a result is recorded."""
        kept = {"key": key, "entry": as_json(entry), "result": _row(result)}
        write_aside(self._recorded(result), json.dumps(kept))

    def is_outdated(self, entry: GradebookEntry) -> bool:
        """Tell whether the gradebook had another entry when a result of this student and unit was recorded."""
        before = self._kept(entry).get("entry")  # None while it is recorded again
        return before is not None and before != as_json(entry)

    def update(self, entry: GradebookEntry) -> None:
        """Record the current entry of a result that was recorded."""
        write_aside(self._recorded(entry), json.dumps({**self._kept(entry), "entry": as_json(entry)}))

    def _kept(self, about: GradingResult | GradebookEntry) -> dict[str, Any]:
        """Read what was recorded for a student and a unit; empty if nothing was."""
        with suppress(OSError, ValueError):
            kept = json.loads(self._recorded(about).read_text(encoding="utf-8"))
            if isinstance(kept, dict) and {"key", "entry", "result"} <= kept.keys():
                return kept
        return {}

    def forget(self, result: GradingResult, keep_key: bool = False) -> None:
        """Remove the information on what was recorded for this student and unit, except perhaps of which job it was."""
        path = self._recorded(result)
        if keep_key:
            write_aside(path, json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"entry": None}))
        else:
            path.unlink(missing_ok=True)

    def keep_failure(self, result: GradingResult, folder: Path) -> None:
        """Record that the submission in a folder could not be graded, and will not be tried again."""
        write_aside(self._failed(result), json.dumps({"folder": str(folder), "result": _row(result)}))

    def forget_failure(self, result: GradingResult) -> None:
        """See `keep_failure`."""
        self._failed(result).unlink(missing_ok=True)

    def results(self) -> Iterator[GradingResult]:
        """Read the last recorded result of every unit and student."""
        for path in sorted(self._folder.glob("recorded/**/*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError):
                yield _result(json.loads(path.read_text(encoding="utf-8"))["result"])

    def failures(self) -> Iterator[GradingResult]:
        """Read the failures of submissions that are still in the same place."""
        for path in sorted(self._folder.glob("failed/**/*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError):
                failed = json.loads(path.read_text(encoding="utf-8"))
                if Path(failed["folder"]).exists():
                    yield _result(failed["result"])

    def _recorded(self, about: GradingResult | GradebookEntry) -> Path:
        return self._folder / "recorded" / about.unit / f"{about.student}.json"

    def _failed(self, result: GradingResult) -> Path:
        return self._folder / "failed" / result.unit / f"{result.student}.json"


def as_json(data: GradebookEntry | GradingResult) -> object:
    """Convert a record to the form in which it is read back from JSON."""
    return json.loads(json.dumps(asdict(data)))


def _row(result: GradingResult) -> object:
    """Return the parts of a result that the tables need."""
    return as_json(replace(result, notebook="", log=""))


def _result(row: dict[str, Any]) -> GradingResult:
    """Make a result from the parts that `_row` returned."""
    exercises = [ExerciseScore(**exercise) for exercise in row.pop("exercises")]
    return GradingResult(exercises=exercises, **row)
