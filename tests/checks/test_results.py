from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading.cache import ResultCache, grader_version
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import ExerciseScore

JOB = GradingJob("ada", "01_one", b"{}", "{}", Limits(), "1", data={"a.txt": b"1"})
OUTCOME = GradingResult(
    "Zoë O'Neil",
    "01_one",
    "a cell said \ud800",
    [ExerciseScore("one", 0.1, 3, "got: 2", tests={"test_one": 0.1, "test_one_hidden": None})],
    {"one": "0f1e"},
    notebook="{}",
    changes=["test_one came back"],
    audit_flags=["touches IPython's hooks"],
    log="line\nline",
    seconds=1.5,
    isolated=False,
)


@pytest.fixture
def results(tmp_path: Path) -> ResultCache:
    return ResultCache(tmp_path / "results")


def test_what_is_stored_comes_back(results: ResultCache) -> None:
    results.store("k", OUTCOME)
    assert results.load("k") == OUTCOME
    assert results.load("other") is None


def test_a_later_result_takes_the_place(results: ResultCache) -> None:
    results.store("k", OUTCOME)
    results.store("k", replace(OUTCOME, error=None))
    assert results.load("k") == replace(OUTCOME, error=None)
    assert [path.name for path in results.folder.iterdir()] == ["k.json"]


def test_half_a_file_is_no_result(results: ResultCache) -> None:
    results.store("k", OUTCOME)
    whole = results.path("k").read_bytes()
    for length in range(len(whole)):
        results.path("k").write_bytes(whole[:length])
        assert results.load("k") is None


@pytest.mark.parametrize("content", ["[]", "{}", '{"exercises": []}', '{"exercises": [{"a": 1}]}', "null"])
def test_what_another_version_wrote_is_no_result(results: ResultCache, content: str) -> None:
    results.store("k", OUTCOME)
    results.path("k").write_text(content)
    assert results.load("k") is None


def test_the_key_depends_on_everything_that_a_grade_depends_on() -> None:
    others = [
        replace(JOB, student="bob"),
        replace(JOB, unit="02_two"),
        replace(JOB, submission=b"[]"),
        replace(JOB, source="[]"),
        replace(JOB, limits=Limits(cell_s=7)),
        replace(JOB, version="2"),
        replace(JOB, isolated=False),
        replace(JOB, data={"a.txt": b"2"}),
        replace(JOB, data={"b.txt": b"1"}),
        replace(JOB, data={}),
        replace(JOB, audit_flags=["file left out"]),
    ]
    assert len({job.key for job in [JOB, *others]}) == 1 + len(others)
    assert replace(JOB).key == JOB.key


def test_the_key_tells_parts_apart_that_join_to_the_same_text() -> None:
    assert replace(JOB, student="a", unit="bc").key != replace(JOB, student="ab", unit="c").key
    assert replace(JOB, data={"a": b"bc"}).key != replace(JOB, data={"ab": b"c"}).key


def test_the_order_of_data_does_not_matter() -> None:
    files = {"a": b"1", "b": b"2"}
    assert replace(JOB, data=files).key == replace(JOB, data=dict(reversed(files.items()))).key


def test_the_version_names_what_grades() -> None:
    assert grader_version().startswith("pixelwise ")
    assert "tensorflow 2." in grader_version()
