"""Where the course starts in a browser: a development container, and Binder."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ci import setup
from course_lib.course import Course
from tests.support.paths import ROOT

CONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
BINDER = ROOT / "binder"


def test_both_have_a_python_that_the_course_supports() -> None:
    runtime = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip()
    image = re.fullmatch(r"python:(3\.\d+)-\w+", CONTAINER["image"])
    assert image
    assert image[1] in setup.SUPPORTED
    assert runtime.removeprefix("python-") in setup.SUPPORTED


def test_the_container_is_set_up_by_make() -> None:
    target = CONTAINER["updateContentCommand"].removeprefix("make ")
    planned = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "ci/setup.py" in planned
    assert CONTAINER["postCreateCommand"] == ".venv/bin/course lab --version"


def test_the_container_opens_the_first_unit() -> None:
    unit = Course(ROOT).units()[0]
    assert CONTAINER["customizations"]["codespaces"]["openFiles"] == [f"work/{unit}/{unit}.ipynb"]


def test_binder_installs_the_lock() -> None:
    (line,) = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert (BINDER / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"


@pytest.mark.parametrize("compiles", [True, False])
def test_binder_installs_the_course_and_copies_the_notebooks(tmp_path: Path, compiles: bool) -> None:
    for name in ("pip", "course"):
        program = tmp_path / name
        fails = "" if compiles else 'case "$*" in "ops build") exit 1;; esac'
        program.write_text(f'#!/bin/sh\necho {name} "$@" >>"{tmp_path}/calls"\n{fails}\n')
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([BINDER / "postBuild"], cwd=ROOT, env=os.environ | {"PATH": path}, check=True, capture_output=True)
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == [
        "pip install --no-deps --no-build-isolation --editable .",
        "course ops build",
        "course lab --version",
    ]
