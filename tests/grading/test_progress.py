"""Who waits for a grade sees which submission it is that takes so long."""

import io
import re
import time

import pytest
import typer
from rich.console import Console

from course_lib import cli_grade, terminal
from course_lib.grading.progress import Running


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(clock: Clock) -> Running:
    """Three submissions, ten seconds apart."""
    running = Running(clock)
    for student in ("ada", "bob", "kim"):
        running.begin(student, "01_next")
        clock.now += 10
    return running


def test_the_line_names_those_that_run_the_longest(running: Running, clock: Clock) -> None:
    assert running.line() == "ada, 01_next: 30 s; bob, 01_next: 20 s"
    running.end("ada", "01_next")
    clock.now += 300
    assert running.line() == "bob, 01_next: 320 s; kim, 01_next: 310 s"
    running.end("bob", "01_next")
    running.end("kim", "01_next")
    assert running.line() == ""


def test_late_news_of_a_beginning_is_no_news(running: Running) -> None:
    running.end("zoe", "01_next")
    running.begin("zoe", "01_next")
    assert "zoe" not in running.line()


def test_a_slow_one_is_named_once(running: Running, clock: Clock) -> None:
    assert running.slow(300) == []
    clock.now = 305
    assert running.slow(300) == ["ada, 01_next: 305 s"]
    assert running.slow(300) == []
    running.end("bob", "01_next")
    clock.now = 400
    assert running.slow(300) == ["kim, 01_next: 380 s"]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_progress_is_one_line_on_a_terminal(running: Running, width: int) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    with terminal.bar(screen, cli_grade._Longest(running)) as bar:
        bar.add_task("grading", total=3)
        drawn = screen.render_lines(bar.get_renderable())
    (line,) = ["".join(segment.text for segment in line) for line in drawn]
    assert len(line) == width
    assert re.search(r"grading .*0/3 0:00:0\d ada, 0", line)
    assert width < 100 or "ada, 01_next: 30 s; bob, 01_next: 20 s" in line


def test_a_log_gets_a_line_for_a_slow_one(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    said: list[str] = []
    monkeypatch.setattr(typer, "echo", lambda text, **_: said.append(text))
    monkeypatch.setattr(cli_grade, "LOOK_S", 0.01)
    monkeypatch.setattr(cli_grade, "SLOW_S", 0)
    running = Running(clock)
    with cli_grade._slow_ones(Console(file=io.StringIO()), running):
        running.begin("ada", "01_next")
        clock.now += 0.4
        while not said:
            time.sleep(0.01)
    assert said == ["still running: ada, 01_next: 0 s"]
