"""Finding another's course, its folders, and what was handed in."""

from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.foreign.collect import collect
from course_lib.foreign.course import ForeignCourse, open_course
from course_lib.foreign.trial import limits_of
from tests.support.paths import ROOT


def make(root: Path, settings: str = "", source: str = "source") -> ForeignCourse:
    """Make a course with two assignments, the second one with two notebooks."""
    root.mkdir(exist_ok=True)
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{settings}\n", encoding="utf-8")
    for name in ("one/first", "two/alpha", "two/beta"):
        path = root / source / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    course = open_course(root)
    assert isinstance(course, ForeignCourse)
    return course


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # to open a course changes it


def test_nbgraders_own_layout(tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    assert course.assignments() == {"one": ["first"], "two": ["alpha", "beta"]}
    assert course.folder("autograded", "ada", "one") == tmp_path / "course" / "autograded" / "ada" / "one"
    assert course.config.CourseDirectory.db_url == f"sqlite:///{tmp_path}/course/gradebook.db"
    assert Path.cwd() == tmp_path / "course"


def test_settings_are_honored(tmp_path: Path) -> None:
    settings = (
        "c.CourseDirectory.source_directory = 'mine'\n"
        "c.CourseDirectory.submitted_directory = 'handed in'\n"
        "c.CourseDirectory.directory_structure = '{nbgrader_step}/{assignment_id}/{student_id}'\n"
        "c.CourseDirectory.db_url = 'sqlite:///grades.db'\n"
        "c.Execute.timeout = 7"
    )
    root = tmp_path / "course"
    (root / "handed in" / "one" / "ada lovelace").mkdir(parents=True)
    (root / "mine").mkdir()
    for assignment in ("one", "two"):  # the student of a source is "."
        (root / "mine" / assignment).mkdir()
    course = make(root, settings, "mine")
    assert course.assignments() == {"one": ["first"], "two": ["alpha", "beta"]}
    assert course.submitted() == {("ada lovelace", "one"): root / "handed in" / "one" / "ada lovelace"}
    assert course.config.CourseDirectory.db_url == "sqlite:///grades.db"
    assert limits_of(course.config).cell_s == 7


@pytest.mark.parametrize(("setting", "seconds"), [("", 30), ("c.Execute.timeout = None", 300)])
def test_the_time_limit_is_nbgraders(tmp_path: Path, setting: str, seconds: float) -> None:
    assert limits_of(make(tmp_path / "course", setting).config).cell_s == seconds


def test_this_projects_own_course_stays_what_it_is(tmp_path: Path) -> None:
    assert open_course(ROOT) == Course(ROOT)
    assert Path.cwd() == tmp_path


def test_settings_that_nbgrader_refuses(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="expected settings that nbgrader knows"):
        make(tmp_path / "course", "c.CourseDirectory.source_directory = 3")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="expected the folder of a course"):
        open_course(tmp_path / "nowhere")


def hand_in(course: ForeignCourse, student: str, *names: str) -> None:
    """Hand in some notebooks, on time."""
    for name in names:
        path = course.root / "submitted" / student / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
        (path.parent / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC", encoding="utf-8")


def test_notebooks_that_were_handed_in(tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    hand_in(course, "ada", "one/first", "two/alpha", "two/beta")
    hand_in(course, "ben", "two/beta", "two/draft", "three/first")
    hand_in(course, "cat", "one/other")
    found = collect(course)
    there = [(each.unit, each.student) for each in found.submissions]
    assert there == [("one/first", "ada"), ("two/alpha", "ada"), ("two/beta", "ada"), ("two/beta", "ben")]
    assert found.submissions[-1].changes == ("not handed in, so without points: alpha.ipynb",)
    assert found.submissions[0].timestamp == "2026-03-02 10:00:00 UTC"
    assert found.lines == [
        "ben: three is not graded: expected one, two",
        "ben, two: notebooks that it does not have, not graded: draft.ipynb",
        "cat, one: notebooks that it does not have, not graded: other.ipynb",
        "cat, one: expected first.ipynb, found none of them",
    ]


def test_a_part_of_them(tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    hand_in(course, "ada", "one/first", "two/alpha")
    hand_in(course, "ben", "two/alpha")
    for path, count in (("submitted", 3), ("submitted/ada", 2), ("submitted/ada/two/alpha.ipynb", 1)):
        assert len(collect(course, [course.root / path]).submissions) == count
    with pytest.raises(ArgumentError, match="expected a notebook or a folder of submissions, found nothing at"):
        collect(course, [course.root / "submitted" / "zoe"])


def test_links_are_not_followed(tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    hand_in(course, "ada", "one/first")
    (course.root / "submitted" / "ben").symlink_to(course.root / "submitted" / "ada")
    problems = {each.student: each.problem for each in collect(course).submissions}
    assert problems["ada"] == ""
    assert "found a link" in problems["ben"]


def test_nothing_was_handed_in(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"expected submitted notebooks in .*submitted/<student>/<assignment>"):
        collect(make(tmp_path / "course"))
