"""pyproject.toml, requirements.lock and environment.yml name the same dependencies."""

import re
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from ci import setup
from course_lib import doctor
from tests.support.paths import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT_TEXT = (ROOT / "environment.yml").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load(ENVIRONMENT_TEXT)

LOCKED_EXTRAS = ["cluster", "dev", "docs"]
DECLARED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(line for extra in LOCKED_EXTRAS for line in PROJECT["project"]["optional-dependencies"][extra]),
]


def requires(name: str) -> list[str]:
    """List what a distribution requires, if it is installed here."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def entries(lock: str) -> list[str]:
    """Split a lock into its requirements, each with its hashes on one line."""
    joined = re.sub(r"\\\n\s*", "", lock)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: str) -> dict[str, list[Requirement]]:
    """Collect what a lock says of each distribution; markers may give it several lines."""
    found: dict[str, list[Requirement]] = {}
    for entry in entries(lock):
        requirement = Requirement(entry.split("--hash")[0])
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("line", DECLARED)
def test_every_declared_dependency_is_locked_within_its_range(line: str) -> None:
    declared = Requirement(line)
    locked = pins(LOCK).get(canonicalize_name(declared.name), [])
    assert locked, f"{declared.name} is not in requirements.lock: make lock"
    for requirement in locked:
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        assert declared.specifier.contains(Version(pin.version)), f"{requirement} is outside {declared}: make lock"


def test_every_entry_of_the_lock_is_exact_and_hashed() -> None:
    exact = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[^\s*]+( ; [^-].*?)?\s*(--hash=sha256:[0-9a-f]{64}\s*)+(#.*)?")
    assert [entry for entry in entries(LOCK) if not exact.fullmatch(entry)] == []


def test_extras_that_others_ask_for_are_locked() -> None:
    # pip 23, which Python 3.11 brings, takes jsonschema[x] for another requirement than jsonschema: where the pin is
    # not the newest version, it refuses a lock without the extra.
    asked = [
        requirement
        for name in pins(LOCK)
        for requirement in map(Requirement, requires(name))
        if requirement.extras and (not requirement.marker or requirement.marker.evaluate({"extra": ""}))
    ]
    assert asked
    locked = pins(LOCK)
    for requirement in asked:
        assert all(requirement.extras <= pin.extras for pin in locked[canonicalize_name(requirement.name)]), requirement


def test_the_lock_says_nothing_of_where_packages_come_from() -> None:
    assert [entry for entry in entries(LOCK) if entry.startswith("-")] == []
    assert "://" not in LOCK


def test_the_lock_is_made_with_the_command_of_the_makefile() -> None:
    recipe = (ROOT / "ci" / "maintainers.mk").read_text(encoding="utf-8").split("$(BIN)/uv pip compile")[1]
    arguments = recipe.split("requirements.lock")[0].replace("\\\n", " ").replace("--quiet", "").split()
    recorded = LOCK.splitlines()[1]
    assert recorded.split() == ["#", "uv", "pip", "compile", *arguments, "requirements.lock"]


@pytest.mark.parametrize(
    ("name", "promised"),
    [
        ("tensorflow", "2.21"),
        ("keras", "3"),
        ("scikit-image", "0.26"),
        ("jupyterlab", "4.6"),
        ("nbgrader", "0.9.6"),
        ("papermill", "2.7"),
        ("jupytext", "1.19"),
    ],
)
def test_the_course_is_written_for_these_versions(name: str, promised: str) -> None:
    versions = {pin.version for requirement in pins(LOCK)[name] for pin in requirement.specifier}
    assert all(f"{version}.".startswith(f"{promised}.") for version in versions), versions


def test_the_doctor_expects_the_locked_versions() -> None:
    declared = {Requirement(line).name: Requirement(line).specifier for line in PROJECT["project"]["dependencies"]}
    assert declared["tensorflow"].contains(f"{doctor.TENSORFLOW}.0")
    (keras,) = (pin.version for requirement in pins(LOCK)["keras"] for pin in requirement.specifier)
    assert keras.split(".")[0] == doctor.KERAS


@pytest.mark.parametrize(("minor", "supported"), [(10, False), (11, True), (12, True), (13, True), (14, False)])
def test_the_range_of_python_is_the_same_everywhere(minor: int, supported: bool) -> None:
    version = f"3.{minor}"
    python = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python "))
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(version) == supported
    assert SpecifierSet(python.removeprefix("python ")).contains(version) == supported
    assert (version in setup.SUPPORTED) == supported
    assert (doctor.PYTHON[0] <= (3, minor) <= doctor.PYTHON[1]) == supported


def test_conda_installs_the_lock_and_says_how_to_install_the_package() -> None:
    (pip,) = (part["pip"] for part in ENVIRONMENT["dependencies"] if isinstance(part, dict))
    assert pip == ["-r requirements.lock"]
    assert f"conda run --name {ENVIRONMENT['name']} pip install --no-deps --no-build-isolation --editable ." in (
        ENVIRONMENT_TEXT
    )


def test_conda_brings_pip_and_what_native_code_needs() -> None:
    assert {"pip", "cxx-compiler", "make"} <= {part for part in ENVIRONMENT["dependencies"] if isinstance(part, str)}
