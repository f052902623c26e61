"""The doctor on machines that have, and that lack, what the course uses."""

import dataclasses
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from course_lib import doctor
from course_lib.doctor import Row

Add = Callable[[str, str], None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Put programs on a PATH that is empty at first: each is the body of a shell script."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def add_program(name: str, body: str) -> None:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    return add_program


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Replace the installed distributions by a table."""
    table = {"tensorflow": "2.21.0", "keras": "3.15.1", "jupyterlab": "4.6.6", "nbgrader": "0.9.6"}

    def version(name: str) -> str:
        if name not in table:
            raise metadata.PackageNotFoundError(name)
        return table[name]

    monkeypatch.setattr(metadata, "version", version)
    return table


def test_every_thing_has_one_row_in_words(add: Add) -> None:
    rows = doctor.diagnose()
    names = [row.name for row in rows]
    assert names == ["Python", "TensorFlow", "Jupyter", "C++ compiler", "CUDA", "user ops", "sandbox"]
    assert all(row.found for row in rows)
    assert all(row.advice for row in rows if not row.ok)
    assert not any(row.advice for row in rows if row.ok)


def test_a_bare_machine_can_run_the_course(add: Add) -> None:
    rows = doctor.diagnose()
    assert {row.name for row in rows if not row.ok} == {"C++ compiler", "sandbox"}
    assert doctor.is_healthy(rows)


def test_only_what_is_necessary_makes_a_machine_unhealthy() -> None:
    missing = Row("sandbox", False, "none", "install it", optional=True)
    assert doctor.is_healthy([missing])
    assert not doctor.is_healthy([missing, dataclasses.replace(missing, optional=False)])


@pytest.mark.parametrize(("version", "ok"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)])
def test_python_must_be_in_range(version: tuple[int, int], ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    row = doctor.python()
    assert row.ok == ok
    assert row.advice == ("" if ok else "install Python 3.11 to 3.13")


@pytest.mark.parametrize(
    ("tensorflow", "keras", "ok"),
    [
        ("2.21.0", "3.15.1", True),
        ("2.21", "3", True),
        ("2.2.1", "3.15.1", False),
        ("2.210.0", "3.15.1", False),
        ("2.21.0", "2.15.0", False),
    ],
)
def test_tensorflow_must_be_the_one_of_the_course(
    tensorflow: str, keras: str, ok: bool, versions: dict[str, str]
) -> None:
    versions.update(tensorflow=tensorflow, keras=keras)
    row = doctor.tensorflow()
    assert row.ok == ok
    assert row.found == f"{tensorflow}, Keras {keras}"


def test_missing_packages_come_with_the_command_that_brings_them(versions: dict[str, str]) -> None:
    versions.clear()
    for row in (doctor.tensorflow(), doctor.jupyter()):
        assert not row.ok
        assert "none" in row.found
        assert "pip install -r requirements.lock" in row.advice


def test_looking_for_tensorflow_does_not_load_it() -> None:
    code = "import sys; from course_lib import doctor; doctor.diagnose(); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("there", [True, False])
def test_nbgrader_needs_alembic_beside_python(
    there: bool, versions: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    if there:
        (tmp_path / "alembic").touch()
    row = doctor.jupyter()
    assert row.ok == there
    assert ("no alembic" in row.found) != there


@pytest.mark.parametrize("name", ["g++", "c++", "clang++"])
def test_any_of_three_compilers_will_do(name: str, add: Add) -> None:
    add(name, f'echo "{name} 12.2.0"; echo "Copyright"')
    row = doctor.compiler()
    assert (row.ok, row.found, row.advice) == (True, f"{name} 12.2.0", "")


def test_a_compiler_that_does_not_run_is_passed_over(add: Add) -> None:
    add("g++", "echo 'no developer tools were found' >&2; exit 1")
    assert not doctor.compiler().ok
    add("clang++", "echo 'clang version 18'")
    assert doctor.compiler().found == "clang version 18"


@pytest.mark.parametrize(
    ("system", "compiler"),
    [
        ("Linux", "apt install g++"),
        ("Darwin", "xcode-select --install"),
        ("Windows", "Windows Subsystem for Linux"),
        ("Plan9", "use Linux"),
    ],
)
def test_advice_fits_the_platform(system: str, compiler: str, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    assert compiler in doctor.compiler().advice


def test_cuda_names_each_gpu_and_the_release(add: Add) -> None:
    add("nvidia-smi", 'echo "NVIDIA A100"; echo "NVIDIA T4"')
    add("nvcc", 'echo "nvcc: NVIDIA (R) Cuda compiler driver"; echo "Cuda compilation tools, release 12.5, V12.5.40"')
    assert doctor.cuda().found == "NVIDIA A100, NVIDIA T4; nvcc 12.5"


def test_a_driver_without_a_gpu_is_no_gpu(add: Add) -> None:
    add("nvidia-smi", 'echo "NVIDIA-SMI has failed: no driver"; exit 9')
    row = doctor.cuda()
    assert row.ok
    assert row.found == "no GPU: the course runs on the CPU; nvcc none"


def test_without_bubblewrap_the_row_says_how_to_install_it(add: Add) -> None:
    row = doctor.sandbox()
    assert (row.ok, row.verdict) == (False, "optional")
    assert row.found == "bubblewrap is not here, and other people's notebooks are not graded"
    assert "apt install bubblewrap" in row.advice


def test_a_bubblewrap_that_is_not_allowed_to_work_is_none(add: Add) -> None:
    add("bwrap", "echo 'bwrap: setting up uid map; really: Permission denied' >&2; exit 1")
    row = doctor.sandbox()
    assert not row.ok
    assert "is here, but does not work: bwrap: setting up uid map; really: Permission denied" in row.found
    assert "allow user namespaces" in row.advice


def test_another_system_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    row = doctor.sandbox()
    assert not row.ok
    assert "on Linux" in row.found
    assert row.advice == "grade there"


def test_a_sandbox_that_works_comes_with_who_limits_memory_and_processes(add: Add) -> None:
    add("bwrap", 'if [ "$1" = --version ]; then echo "bubblewrap 0.8.0"; fi')
    row = doctor.sandbox()
    assert row.ok
    assert row.found.startswith("bubblewrap 0.8.0; memory and processes limited by ")


def test_user_operations_need_a_compiler_or_a_folder(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_USER_OPS", raising=False)
    assert doctor.user_ops().found.startswith("in plain TensorFlow")
    add("g++", "echo 'g++ 12'")
    assert doctor.user_ops().found.startswith("compiled on first use")
    monkeypatch.setenv("TF_USER_OPS", "/ready")
    assert doctor.user_ops().found == "ready ones in /ready ($TF_USER_OPS)"
