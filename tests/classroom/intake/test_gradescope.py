"""Gradescope's metadata."""

from datetime import UTC, datetime

import pytest

from course_lib.classroom.intake.archives import Refused
from course_lib.classroom.intake.gradescope import Metadata, Submitter, read_metadata
from tests.classroom.intake.downloads import metadata

ADA = ("Ada Lovelace", "0042", "ada@x.org")
TIME = datetime(2026, 4, 3, 16, 30, 0, 500000, tzinfo=UTC)
RUBY = """!ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-04-03 16:30:00.500000000 Z
    zone: &1 !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
    time: 2026-04-03 16:30:00.500000000 Z"""


@pytest.mark.parametrize(
    "time",
    [
        "2026-04-03 16:30:00.5 Z",
        "2026-04-03 18:30:00.5 +02:00",
        "'2026-04-03T16:30:00.5Z'",
        RUBY,
        "2026-04-03 16:30:00.5",
    ],
)
def test_submitters_and_time(time: str) -> None:
    content = metadata({"submission_1": [ADA, ("Bob", "7", "bob@x.org")]}, time)
    both = (Submitter(*ADA), Submitter("Bob", "7", "bob@x.org"))
    assert read_metadata(content) == {"submission_1": Metadata(both, TIME)}


def test_what_is_missing_is_empty() -> None:
    content = b"submission_1:\n  :submitters:\n  - :name: Ada\n    :sid:\nsubmission_2: {}\nsubmission_3:\n"
    nobody = Metadata((), None)
    expected = {
        "submission_1": Metadata((Submitter("Ada", "", ""),), None),
        "submission_2": nobody,
        "submission_3": nobody,
    }
    assert read_metadata(content) == expected


@pytest.mark.parametrize("content", [b"[1, 2]", b"a: [", b"\xff\xfe\xfa", b"", b"a: 2026-99-99 00:00:00"])
def test_other_content_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"^submission_metadata.yml: expected "):
        read_metadata(content)


def test_no_object_is_made() -> None:
    content = b"submission_1: !!python/object/apply:os.getcwd []\nsubmission_2: !<x> {created_at: soon}\n"
    assert read_metadata(content) == {"submission_1": Metadata((), None), "submission_2": Metadata((), None)}
