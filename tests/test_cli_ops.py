"""The commands ``course ops …``: one line for each outcome, and the right exit status."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from course_lib import cli
from course_lib.ops import build as ops_build
from course_lib.ops import library
from course_lib.ops.cache import Progress
from course_lib.ops.library import Status
from tests.support.paths import ROOT

STATUS = Status(True, "cpu", Path("lib.so"), "compiled on this machine", "g++ 12", "no nvcc", Path("cache"), None)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["ops", *arguments])


def test_build_names_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compiled(progress: Progress, force: bool) -> Path:
        asked.append(force)
        progress("[1/2] compiling")
        return Path("cache/lib.so")

    monkeypatch.setattr(ops_build, "build", compiled)
    result = call("build")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "user operations: [1/2] compiling\nuser operations: cache/lib.so\n"
    assert call("build", "--force").exit_code == 0
    assert asked == [False, True]


def test_build_without_a_compiler_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = call("build")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("expected a C++ compiler, but $CXX, 'no-such-compiler'")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("loaded", "said"), [(True, "compiled, cpu"), (False, "plain TensorFlow")])
def test_info_says_what_is_in_use_and_why(monkeypatch: pytest.MonkeyPatch, loaded: bool, said: str) -> None:
    status = Status(loaded, STATUS.variant, STATUS.path, "a reason", "g++ 12", "no nvcc", Path("cache"), None)
    monkeypatch.setattr(library, "status", lambda: status)
    result = call("info")
    assert result.exit_code == 0
    for words in (said, "a reason", "lib.so", "g++ 12", "no nvcc", "cache"):
        assert words in result.stdout


@pytest.mark.parametrize(("status", "scripts"), [(0, ["user_ops.py", "label_map.py"]), (3, ["user_ops.py"])])
def test_bench_runs_the_benchmarks_and_stops_where_one_fails(
    monkeypatch: pytest.MonkeyPatch, status: int, scripts: list[str]
) -> None:
    ran = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess[bytes]:
        ran.append((command, check))
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(subprocess, "run", run)
    assert call("bench").exit_code == status
    paths = [ROOT / "benchmarks" / script for script in scripts]
    assert all(path.is_file() for path in paths)
    assert ran == [([sys.executable, str(path)], False) for path in paths]
