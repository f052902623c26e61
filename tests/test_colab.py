"""The cell that begins a notebook on Colab: what it checks, and what it asks pip for."""

import subprocess
import sys
import tomllib
from importlib import metadata
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib.colab import COLABS, COMMANDS, first_cell
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


class Machine:
    """What the cell finds installed, and what it asks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.installed = {"pixelwise": PROJECT["version"], "tensorflow": "2.21.0", "numpy": "2.3.0", "pillow": "12.0"}
        self.installed["protobuf"] = "6.31"
        self.asked: list[list[str]] = []
        self.brought: dict[str, str] = {}
        self.error = ""
        for name in ("numpy", "PIL", "google.protobuf", "tensorflow"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setattr(metadata, "version", self.version)
        monkeypatch.setattr(subprocess, "run", self.run)

    def version(self, name: str) -> str:
        """Play `importlib.metadata`."""
        if name not in self.installed:
            raise metadata.PackageNotFoundError(name)
        return self.installed[name]

    def run(self, command: list[str], **_: bool) -> subprocess.CompletedProcess[str]:
        """Play pip."""
        assert command[:5] == [sys.executable, "-m", "pip", "install", "--quiet"]
        self.asked.append(command[5:])
        self.installed |= self.brought
        return subprocess.CompletedProcess(command, int(bool(self.error)), "", self.error)


@pytest.fixture
def cell() -> str:
    return first_cell()


@pytest.fixture
def machine(cell: str, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def run(cell: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(cell, names)
    return names


def test_where_the_course_is_installed_nothing_changes(
    cell: str, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    names = run(cell)
    assert machine.asked == []
    assert capsys.readouterr().out.startswith(f"Pixelwise {PROJECT['version']}, TensorFlow 2.21.0, Python 3.1")
    assert names.keys() == {"__builtins__", "set_up_pixelwise"}


def test_on_a_new_machine_it_installs_what_notebooks_need_and_then_the_course(cell: str, machine: Machine) -> None:
    del machine.installed["pixelwise"]
    machine.installed["tensorflow"] = "2.20.0"
    machine.brought = {"pixelwise": PROJECT["version"], "tensorflow": "2.21.1"}
    run(cell)
    needed, course = machine.asked
    assert course == ["--no-deps", f"pixelwise=={PROJECT['version']}"]
    declared = {canonicalize_name(Requirement(line).name): Requirement(line) for line in PROJECT["dependencies"]}
    asked = {canonicalize_name(Requirement(line).name): Requirement(line) for line in needed}
    assert declared.keys() >= COLABS | COMMANDS
    assert asked.keys() == declared.keys() - COLABS - COMMANDS
    assert all(asked[name].specifier == declared[name].specifier for name in asked)


def test_a_release_can_name_its_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://example.org/pixelwise-0.1.0-py3-none-any.whl"
    cell = first_cell(address)
    machine = Machine(monkeypatch)
    del machine.installed["pixelwise"]
    machine.brought = {"pixelwise": PROJECT["version"]}
    run(cell)
    assert machine.asked[-1] == ["--no-deps", address]


@pytest.mark.parametrize("version", [(3, 10, 1), (3, 14, 0)])
def test_another_python_is_refused_before_anything_is_installed(
    cell: str, machine: Machine, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    del machine.installed["pixelwise"]
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(RuntimeError, match=r"expected Python 3\.11 to 3\.13, got 3\.1\d\.\d$"):
        run(cell)
    assert machine.asked == []


@pytest.mark.parametrize("found", ["2.20.0", "2.210.0", ""])
def test_another_tensorflow_is_refused(cell: str, machine: Machine, found: str) -> None:
    del machine.installed["tensorflow"]
    if found:
        machine.installed["tensorflow"] = found
    with pytest.raises(RuntimeError, match=rf"expected TensorFlow 2\.21, got {found or 'none'}$"):
        run(cell)


def test_pip_says_why_it_failed(cell: str, machine: Machine) -> None:
    del machine.installed["pixelwise"]
    machine.error = "ERROR: no network"
    with pytest.raises(RuntimeError, match="expected pip to install the course, got:\nERROR: no network"):
        run(cell)


@pytest.mark.parametrize("name", ["numpy", "PIL", "google.protobuf", "tensorflow"])
def test_what_was_loaded_before_in_another_version_needs_a_new_session(
    cell: str, machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    loaded = ModuleType(name)
    loaded.__version__ = "1.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, loaded)
    with pytest.raises(RuntimeError, match="Runtime > Restart session, and run this cell again"):
        run(cell)
