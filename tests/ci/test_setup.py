"""Set-up on a small checkout: what is run, in which order, and what the person reads."""

import contextlib
import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import LOCK, Checkout, end_group, make_checkout, start, stop_in

pytestmark = pytest.mark.slow

ALL_STEPS = ["venv", "uv", "lock", "package"]
INTERRUPTED = "set-up: interrupted; the same command starts it again\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


def edit(path: Path) -> None:
    """Change a file and keep its age, as an archive does that is unpacked over an older one."""
    age = path.stat().st_mtime
    path.write_text(f"{path.read_text()}# edited\n")
    os.utime(path, (age, age))


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the line with which set-up failed; make adds one of its own."""
    assert done.returncode != 0
    said, _make = done.stderr.splitlines()
    assert said.startswith("set-up: ")
    return said


def test_the_first_run_installs_the_lock_and_then_the_package(checkout: Checkout) -> None:
    done = checkout.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "set-up: once, a minute or two and about 3 GB",
        "set-up: making .venv",
        "set-up: installing uv",
        "set-up: installing requirements.lock",
        "set-up: installing pixelwise",
        "set-up: done",
    ]
    venv, uv, lock, package = checkout.calls()
    assert {call[1] for call in (venv, uv, lock, package)} == {str(checkout.root)}
    assert [call[2] for call in (venv, uv, lock, package)] == ["python", "python", "uv", "uv"]
    assert venv[-1] == str(checkout.root / ".venv")
    assert Path(uv[-1]).read_text() == LOCK[LOCK.index("uv==") :]
    assert uv[-3:-1] == ["--require-hashes", "--requirement"]
    assert lock[-3:] == ["--require-hashes", "--requirement", "requirements.lock"]
    assert package[-4:] == ["--no-deps", "--no-build-isolation", "--editable", "."]


def test_indexes_are_left_to_the_person(checkout: Checkout) -> None:
    checkout.make()
    arguments = {argument for call in checkout.calls() for argument in call}
    assert not arguments & {"--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--isolated"}


def installers_used(checkout: Checkout) -> list[tuple[str, str]]:
    """List the steps after the first with the program that ran each."""
    return [(call[0], call[2]) for call in checkout.calls()][1:]


def test_uv_on_path_is_used(checkout: Checkout) -> None:
    checkout.add_program("uv")
    assert checkout.make().returncode == 0
    assert installers_used(checkout) == [("lock", "uv"), ("package", "uv")]


def test_uv_on_path_is_enough_without_ensurepip_and_pip(checkout: Checkout) -> None:
    checkout.add_program("uv")
    assert checkout.make(LACKS="ensurepip pip").returncode == 0
    assert installers_used(checkout) == [("lock", "uv"), ("package", "uv")]


def test_the_pip_of_python_is_enough_without_ensurepip(checkout: Checkout) -> None:
    assert checkout.make(LACKS="ensurepip").returncode == 0
    assert installers_used(checkout) == [("uv", "python"), ("lock", "uv"), ("package", "uv")]


@pytest.mark.parametrize("step", ["lock", "package"])
def test_where_uv_fails_pip_tries(checkout: Checkout, step: str) -> None:
    done = checkout.make(SAYS=json.dumps({f"{step} by uv": "error: no wheel for this machine"}))
    assert (done.returncode, done.stderr) == (0, "")
    title = {"lock": "requirements.lock", "package": "pixelwise"}[step]
    assert f"set-up: installing {title} failed: error: no wheel for this machine; pip tries instead" in done.stdout
    assert installers_used(checkout)[-2:] == [("lock", "python"), ("package", "python")]


def test_where_uv_cannot_be_had_pip_installs(checkout: Checkout) -> None:
    done = checkout.make(SAYS=json.dumps({"uv": "ERROR: No matching distribution found for uv"}))
    assert (done.returncode, done.stderr) == (0, "")
    assert installers_used(checkout) == [("uv", "python"), ("lock", "python"), ("package", "python")]


def test_an_index_that_pip_knows_is_handed_to_uv(checkout: Checkout) -> None:
    checkout.make(PIP_IS_TOLD="global.index-url='https://host.example/simple'\n:env:.quiet='1'")
    _venv, _uv, lock, package = checkout.calls()
    assert "UV_DEFAULT_INDEX=https://host.example/simple" in lock
    assert "UV_DEFAULT_INDEX=https://host.example/simple" in package


def test_what_uv_cannot_be_told_leaves_the_work_to_pip(checkout: Checkout) -> None:
    assert checkout.make(PIP_IS_TOLD="global.keyring-provider='subprocess'").returncode == 0
    assert installers_used(checkout) == [("lock", "python"), ("package", "python")]


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    checkout.make()
    checkout.steps()
    done = checkout.make()
    assert (done.returncode, done.stdout) == (0, "")
    command = [str(checkout.bin / "python3"), str(checkout.root / "ci" / "setup.py")]
    subprocess.run(command, env=checkout.environment(), check=True)
    assert checkout.steps() == []


def test_what_is_ready_stays_so_whatever_python_becomes(checkout: Checkout) -> None:
    checkout.make()
    checkout.steps()
    done = checkout.make(VERSION="3.14")
    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.steps() == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "ci/setup.py", "ci/installers.py"])
def test_a_change_is_installed_into_what_is_there(checkout: Checkout, name: str) -> None:
    checkout.make()
    checkout.steps()
    edit(checkout.root / name)
    assert checkout.make().returncode == 0
    assert checkout.steps() == ["lock", "package"]


@pytest.mark.parametrize("step", ["venv", "lock", "package"])
def test_a_failed_set_up_is_made_anew(checkout: Checkout, step: str) -> None:
    failed = checkout.make(SAYS=json.dumps({step: "ERROR: broken"}))
    assert one_line(failed).endswith("failed: ERROR: broken")
    assert not checkout.stamp.exists()
    checkout.steps()
    assert checkout.make().returncode == 0
    assert checkout.steps() == ALL_STEPS


@pytest.mark.parametrize("step", ["lock", "package"])
def test_a_failed_change_is_made_anew(checkout: Checkout, step: str) -> None:
    checkout.make()
    edit(checkout.root / "requirements.lock")
    assert checkout.make(SAYS=json.dumps({step: "ERROR: broken"})).returncode != 0
    checkout.steps()
    checkout.make()
    assert checkout.steps() == ALL_STEPS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("step", ALL_STEPS)
def test_an_interrupted_set_up_is_made_anew(checkout: Checkout, step: str, number: signal.Signals) -> None:
    stopped = stop_in(checkout, step, number)
    assert end_group(stopped) == (INTERRUPTED if number == signal.SIGINT else "")
    assert stopped.returncode == (130 if number == signal.SIGINT else -number)
    assert checkout.steps() == ALL_STEPS[: ALL_STEPS.index(step) + 1]
    assert not checkout.stamp.exists()
    assert checkout.make().returncode == 0
    assert checkout.steps() == ALL_STEPS


def test_a_step_that_outlives_its_set_up_is_waited_for(checkout: Checkout) -> None:
    stopped = stop_in(checkout, "lock", signal.SIGKILL)
    checkout.steps()
    second = start(checkout)
    assert second.stdout is not None
    assert second.stdout.readline() == "set-up: waiting for another set-up of this folder to end\n"
    assert checkout.steps() == []
    end_group(stopped)
    second.communicate()
    assert second.returncode == 0
    assert checkout.steps() == ALL_STEPS


def test_a_lost_python_is_replaced(checkout: Checkout) -> None:
    checkout.make()
    checkout.steps()
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3")
    edit(checkout.root / "requirements.lock")
    assert checkout.make().returncode == 0
    assert checkout.steps() == ALL_STEPS


def test_a_file_edited_during_set_up_is_installed_by_the_next(checkout: Checkout) -> None:
    assert checkout.make(EDITS="package").returncode == 0
    checkout.steps()
    assert checkout.make().returncode == 0
    assert checkout.steps() == ["lock", "package"]


def test_a_terminal_shows_progress(checkout: Checkout) -> None:
    ours, theirs = pty.openpty()
    command = ["make", ".venv/ready"]
    subprocess.run(command, cwd=checkout.root, env=checkout.environment(), stdout=theirs, check=True)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # how Linux tells that the terminal is closed
        while chunk := os.read(ours, 4096):
            said += chunk
    os.close(ours)
    assert b"progress of lock" in said


@pytest.mark.parametrize("version", ["3.6", "3.10", "3.14"])
def test_another_version_of_python_is_refused(checkout: Checkout, version: str) -> None:
    said = one_line(checkout.make(VERSION=version))
    assert said == f"set-up: expected Python 3.11 to 3.13, python3 on PATH is {version}"
    assert checkout.steps() == []


def test_a_supported_python_under_another_name_is_used(checkout: Checkout) -> None:
    broken = checkout.bin / "python3.13"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    checkout.add_program("python3.12")
    assert checkout.make(VERSION="3.10").returncode == 0
    made_by = (checkout.root / ".venv" / "bin" / "python").read_text()
    assert made_by == (checkout.bin / "python3.12").read_text()
    assert checkout.steps() == ALL_STEPS


@pytest.mark.parametrize("modules", ["venv", "ensurepip pip"])
def test_a_python_that_can_make_no_environment_is_refused(checkout: Checkout, modules: str) -> None:
    said = one_line(checkout.make(LACKS=modules))
    assert "expected Python 3.11 with venv and ensurepip" in said
    assert "apt install python3-venv" in said
    assert checkout.steps() == []


def test_make_says_what_to_install_where_python_is_missing(checkout: Checkout) -> None:
    (checkout.bin / "python3").unlink()
    said = one_line(checkout.make())
    assert "expected python3 (3.11 to 3.13) on PATH, found none" in said
    assert "apt install python3" in said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("WARNING: slow\nERROR: [Errno 28] No space left on device\n\n", "ERROR: [Errno 28] No space left on device"),
        ("ERROR: no match\n[notice] pip is old", "ERROR: no match"),
        ("Traceback\nMemoryError\n", "MemoryError"),
        ("ERROR: 403 for https://me:secret@host.example/a now", "ERROR: 403 for (address) now"),
        (
            "WARNING: Retrying after connection broken\nERROR: No matching distribution found for a==1",
            "ERROR: No matching distribution found for a==1 (connections broke: is there a network?)",
        ),
    ],
)
def test_the_last_words_of_pip_are_shown(checkout: Checkout, said: str, expected: str) -> None:
    failed = checkout.make(SAYS=json.dumps({"lock": said}))
    assert one_line(failed) == f"set-up: installing requirements.lock failed: {expected}"


def test_a_full_disk_is_met_before_anything_is_made(checkout: Checkout) -> None:
    text = checkout.root / "ci" / "setup.py"
    text.write_text(text.read_text().replace("FREE_GB = 4", f"FREE_GB = {10**9}"))
    assert f"expected {10**9} GB free on the disk of this folder, found " in one_line(checkout.make())
    assert checkout.steps() == []
