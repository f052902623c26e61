"""Transactions on a gradebook that others move, replace and write."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, Student
from traitlets.config import Config

from course_lib.grading.gradebook.entries import in_transaction, students
from course_lib.grading.nbgrader_ext import find_own_programs


@pytest.fixture
def config(tmp_path: Path) -> Config:
    find_own_programs()  # nbgrader starts one
    config = Config()
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
    config.CourseDirectory.course_id = "pixels"
    return config


def add(config: Config, *names: str) -> None:
    in_transaction(config, lambda gradebook: gradebook.db.add_all(Student(id=name) for name in names), 30)


def test_a_gradebook_that_is_gone_begins_empty_and_one_that_is_back_is_read(config: Config, tmp_path: Path) -> None:
    file, backup = tmp_path / "gradebook.db", tmp_path / "backup.db"
    add(config, "ada", "bob")
    assert students(config) == {"ada", "bob"}
    file.rename(backup)
    assert students(config) == set()
    add(config, "cyd")
    assert students(config) == {"cyd"}
    backup.replace(file)
    assert students(config) == {"ada", "bob"}


def test_what_another_program_writes_is_read(config: Config) -> None:
    add(config, "ada")
    with Gradebook(config.CourseDirectory.db_url) as other:
        other.add_student("bob")
    assert students(config) == {"ada", "bob"}


def test_a_transaction_that_fails_leaves_nothing_to_the_next(config: Config) -> None:
    def fail(gradebook: Gradebook) -> None:
        gradebook.db.add(Student(id="bob"))
        gradebook.db.flush()
        raise ZeroDivisionError

    add(config, "ada")
    with pytest.raises(ZeroDivisionError):
        in_transaction(config, fail, 5)
    add(config, "cyd")
    assert students(config) == {"ada", "cyd"}


def test_many_threads(config: Config) -> None:
    names = [f"student{number}" for number in range(24)]
    add(config, "ada")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: add(config, name), names))
    assert students(config) == {"ada", *names}
