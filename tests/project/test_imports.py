"""Imports run one way: a module knows what it is built on, and never who uses it."""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

LIBRARY = "course_lib"

# What each module of the library may import from it. A package counts as one module, but for those of its modules that
# the table names: they are lower, and others may build on them alone.
# Anyone may import `integers`; anyone but the stand-alone ones `course` (where files lie), `errors` and `files`
# (writing them).
ALLOWED = {
    "__init__": {"quiet"},
    "quiet": set(),
    "course": set(),
    "errors": set(),
    "files": set(),
    "integers": set(),
    "schedule": set(),
    "formulas": set(),
    "markdown": {"formulas"},
    "doctor": {"compilers", "grading"},
    "images": set(),
    "color": set(),
    "plots": set(),
    "checks": set(),
    "checkpoint": set(),
    "dataflow": {"images", "color"},
    "colorization": {"checkpoint", "color", "images", "plots", "sizes"},
    "upsampling": set(),
    "layers": set(),
    "segmentation": {"checkpoint", "layers", "ops", "sizes", "upsampling"},
    "compilers": set(),
    "user_cache": set(),
    "ops": {"compilers", "user_cache"},
    "native": {"compilers", "user_cache"},
    "unpooling": {"ops", "sizes"},
    "sizes": set(),
    "memory": set(),
    "networks": {"sizes"},
    "attribution": {"layers"},
    "hypercolumns": {"layers", "memory", "networks", "ops"},
    "hypercolumn_colorizer": {"checkpoint", "color", "colorization", "hypercolumns", "images", "memory", "networks"},
    "coloring": {"color", "hypercolumn_colorizer", "images"},
    "changes": set(),
    "answers": {"changes", "native"},
    "cells": {"native"},
    "code_names": {"checks", "native"},
    "statements": set(),
    "text_rules": {"cells", "statements"},
    "rules": {"answers", "cells", "code_names", "native", "text_rules"},
    "release_steps": {"cells"},
    "release": {"release_steps", "rules"},
    "worked_answers": {"cells", "release", "rules"},
    "pack": {"release"},
    "grading.collect.students": set(),
    "classroom.roster": {"grading.collect.students"},
    "grading": {
        "__init__",
        "cells",
        "checks",
        "classroom.roster",
        "code_names",
        "formulas",
        "markdown",
        "native",
        "ops",
        "release",
        "release_steps",
        "schedule",
    },
    "classroom": {"grading"},
    "foreign": {"cells", "checks", "code_names", "grading", "schedule"},
    "workspace": {"cells", "grading", "release", "worked_answers"},
    "learner_pages": {"formulas", "grading", "markdown", "release", "schedule", "statements", "workspace"},
    "review": {"cells", "formulas", "grading", "release", "worked_answers"},
    "trials": {"__init__", "answers", "cells", "checks", "code_names", "grading", "native", "release", "rules"},
    "insight": {"answers", "cells", "grading", "release", "statements", "trials"},
    "similar": {"answers", "cells", "grading", "release", "worked_answers"},
    "terminal": set(),
    "lab": set(),
    "colab": {"doctor"},
    "cli_learn": {"cells", "grading", "lab", "learner_pages", "schedule", "terminal", "worked_answers", "workspace"},
    "cli_ops": {"ops"},
    "cli_answers": {"answers", "grading", "terminal", "trials"},
    "cli_collect": {"classroom", "terminal"},
    "cli_colorize": {"coloring", "terminal"},
    "cli_grade": {"foreign", "grading", "terminal"},
    "cli_export": {"classroom", "terminal"},
    "cli_review": {"review", "terminal"},
    "cli_insight": {"classroom.roster", "grading", "insight", "terminal"},
    "cli_doctor": {"doctor", "foreign", "grading", "terminal"},
    "cli_similar": {"classroom.roster", "grading", "similar", "terminal"},
    "cli": {
        "cli_answers",
        "cli_collect",
        "cli_colorize",
        "cli_doctor",
        "cli_export",
        "cli_grade",
        "cli_insight",
        "cli_learn",
        "cli_ops",
        "cli_review",
        "cli_similar",
        "doctor",
        "pack",
        "release",
        "terminal",
    },
}
STANDALONE = ("images", "color", "plots", "checks")


@cache
def text(path: Path) -> str:
    """Read a file."""
    return path.read_text(encoding="utf-8")


@cache
def imported(source: str) -> tuple[str, ...]:
    """List the dotted name of everything that a text imports, wherever in it."""
    return tuple(_imported(source))


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: expected an absolute import, got a relative one"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def siblings(source: str) -> set[str]:
    """Name the modules of the library that a text imports."""
    parts = [name.split(".") for name in imported(source)]
    return {in_table(part[1:]) if len(part) > 1 else "__init__" for part in parts if part[0] == LIBRARY}


def module_of(path: Path) -> str:
    """Name the module, or the package, of the library that a file belongs to."""
    return in_table(path.relative_to(ROOT / LIBRARY).with_suffix("").parts)


def lower_parts(module: str) -> set[str]:
    """List the parts of a package that the table names, which the package itself may import."""
    return {name for name in ALLOWED if name.startswith(f"{module}.")}


def in_table(parts: Sequence[str]) -> str:
    """Find the name in the table that a dotted name begins with; the first part if the table has none."""
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ALLOWED), parts[0])


def python_files(folder: str) -> list[Path]:
    """List the Python files below a folder of the project."""
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Name a file in a test's title."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files(LIBRARY), ids=name_of)
def test_library_imports_only_what_the_table_allows(path: Path) -> None:
    module = module_of(path)
    assert module in ALLOWED, f"{name_of(path)} is new: write into ALLOWED what it may import"
    allowed = ALLOWED[module] | {module, "course", "errors", "files", "integers"}
    allowed = allowed.union(*map(lower_parts, allowed))
    if module in STANDALONE:
        allowed = {module, "integers"}
    assert siblings(text(path)) <= allowed


@pytest.mark.parametrize("path", python_files(LIBRARY), ids=name_of)
def test_library_imports_nothing_that_uses_it(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(text(path))}
    assert not tops & {"benchmarks", "ci", "tests"}


@pytest.mark.parametrize("path", [*python_files(LIBRARY), *python_files("ci")], ids=name_of)
def test_nothing_imports_the_command_line(path: Path) -> None:
    allowed = {"cli"} if path.parent.name == LIBRARY and module_of(path) == "cli" else set()
    assert siblings(text(path)) & {"cli"} <= allowed


def test_set_up_needs_the_standard_library_alone() -> None:
    sources = [(ROOT / "ci" / name).read_text(encoding="utf-8") for name in ("setup.py", "installers.py")]
    names = {name.split(".")[0] for source in sources for name in imported(source)}
    assert names - sys.stdlib_module_names == {"ci"}


def test_everything_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    everywhere = [path for folder in (LIBRARY, "ci", "tests", "benchmarks") for path in python_files(folder)]
    clustered = ROOT / LIBRARY / "grading" / "dask_backend.py"
    alone = [path for path in python_files(LIBRARY) if path != clustered]  # what runs without any extra
    assert undeclared(alone, project["dependencies"]) == {}
    assert undeclared([clustered], [*project["dependencies"], *extras["cluster"]]) == {}
    assert undeclared(everywhere, [*project["dependencies"], *extras["cluster"], *extras["dev"], *extras["docs"]]) == {}


@cache
def distributions() -> Mapping[str, list[str]]:
    """Name the distributions that each package is in."""
    return metadata.packages_distributions()


def undeclared(files: list[Path], lines: list[str]) -> dict[str, set[str]]:
    """Find packages that files import, and that no line of dependencies names: by their distributions."""
    tops = {name.split(".")[0] for path in files for name in imported(text(path))}
    declared = {canonicalize_name(Requirement(line).name) for line in lines} | {"pixelwise"}
    homes = distributions()
    needed = {top: {str(canonicalize_name(home)) for home in homes.get(top, ())} for top in tops}
    return {top: names for top, names in needed.items() if names and not names & declared}


def test_the_table_runs_one_way() -> None:
    below = {module: allowed | lower_parts(module) for module, allowed in ALLOWED.items()}
    while below:
        lowest = {module for module, allowed in below.items() if not allowed}
        assert lowest, f"these import each other in a circle: {sorted(below)}"
        below = {module: allowed - lowest for module, allowed in below.items() if module not in lowest}


def test_modules_of_grading_run_one_way() -> None:
    """From the command to the kernel: what one module imports never imports it, directly or by way of others."""
    home = ROOT / LIBRARY / "grading"
    names = {
        ".".join(path.relative_to(home).with_suffix("").parts): path for path in python_files(f"{LIBRARY}/grading")
    }
    below = {}
    for name, path in names.items():
        parts = [each.removeprefix(f"{LIBRARY}.grading.") for each in imported(text(path))]
        below[name] = {other for other in names if any(f"{part}.".startswith(f"{other}.") for part in parts)} - {name}
    while below:
        lowest = {name for name, others in below.items() if not others}
        assert lowest, f"these import each other in a circle: {sorted(below)}"
        below = {name: others - lowest for name, others in below.items() if name not in lowest}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import course_lib.color", {"color"}),
        ("from course_lib import color, images as pictures", {"color", "images"}),
        ("from course_lib.grading.scores import score", {"grading"}),
        ("from course_lib.grading.collect.students import owner", {"grading.collect.students"}),
        ("def late():\n    from course_lib import cli", {"cli"}),
        ("import course_lib", {"__init__"}),
        ("import numpy\nfrom course_library import color", set()),
    ],
)
def test_every_form_of_import_is_seen(source: str, expected: set[str]) -> None:
    assert siblings(source) == expected


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError, match="expected an absolute import"):
        siblings("from . import color")
