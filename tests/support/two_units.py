"""A course of two different units, as a fixture: `from tests.support.two_units import pristine`."""

import pytest

from course_lib.course import Course
from course_lib.release import release
from tests.grading.hostile.submissions.case import COUNTING, COUNTING_TEXT
from tests.support.tiny_course import make_course, write_bank


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of two different units, released; tests copy it."""
    course = make_course(tmp_path_factory.mktemp("course") / "course")
    folder = course.solutions / COUNTING
    folder.mkdir()
    (folder / f"{COUNTING}.md").write_text(COUNTING_TEXT, encoding="utf-8")
    write_bank(folder, "upto")
    release(course, [COUNTING])
    return course
