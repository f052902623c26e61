import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.course import Course
from tests.support.two_units import pristine

__all__ = ["pristine"]


@pytest.fixture
def course(pristine: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of it, as the current folder."""
    shutil.copytree(pristine.root, tmp_path / "course")
    monkeypatch.chdir(tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine's time zone be UTC: zip files mostly have local times."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
