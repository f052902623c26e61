"""The command `course review`, in a process of its own as a person starts it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib import cli
from course_lib.course import Course
from course_lib.review.answers import find_exercise
from course_lib.review.decisions import read_entries
from tests.support.graded_class import LOST_SIGN, make_class
from tests.support.tiny_course import UNIT, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_class(tmp_path / "course", {"ada": LOST_SIGN, "bob": LOST_SIGN})


def test_ctrl_c_ends_a_review_and_loses_nothing(course: Course, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new && mv {opened}.new {opened}\n', encoding="utf-8")
    browser.chmod(0o755)
    command = [sys.executable, "-m", "course_lib.cli", "review", "double"]
    environment = {**os.environ, "BROWSER": f"{browser} %s"}
    with subprocess.Popen(
        command, cwd=course.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(3)]
            assert lines[0] == f"{UNIT}, double: 2 in all, 2 without a decision"
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{40,}/", lines[1])
            with urllib.request.urlopen(f"{lines[1]}1", b"points=2.5&group=on", timeout=120) as reply:
                assert "2.5 of 3 points saved for answers 1 to 2." in reply.read().decode()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.stdout.read().strip() == (
            "answers decided: 2; `course grade` brings them to the feedback and the tables"
        )
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert opened.read_text(encoding="utf-8") not in ("", lines[1])  # a link that works once
    entries = read_entries(course.nbgrader_config(), find_exercise(course, "double"))
    assert {student: entry.points for student, entry in entries.items()} == {"ada": 2.5, "bob": 2.5}


def test_a_wrong_name_is_answered_with_the_right_ones(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(cli.app, ["review", "dubble"])
    assert (result.exit_code, result.output) == (
        2,
        "expected an exercise or a question that was graded, one of double, question_sign; got 'dubble'\n",
    )


def test_there_must_be_graded_submissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course")
    course.classroom.mkdir()
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(cli.app, ["review", "double"])
    assert result.exit_code == 2
    assert "found none; run `course grade` first" in result.output
