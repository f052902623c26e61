import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.release import release
from tests.grading.hostile.submissions.case import COUNTING, COUNTING_TEXT
from tests.support.tiny_course import make_course, write_bank


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of two different units, released."""
    course = make_course(tmp_path_factory.mktemp("course") / "course")
    folder = course.solutions / COUNTING
    folder.mkdir()
    (folder / f"{COUNTING}.md").write_text(COUNTING_TEXT, encoding="utf-8")
    write_bank(folder, "upto")
    release(course, [COUNTING])
    return course


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
