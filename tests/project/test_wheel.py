"""What `pip install pixelwise` gives: every command of a learner, without a checkout, and no answer."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml
from packaging.utils import canonicalize_name

from course_lib.answers import read_answers
from course_lib.colab import COMMANDS, first_cell
from course_lib.course import Course
from course_lib.grading.cache import grader_version
from course_lib.native.cells import as_python
from course_lib.ops import cache, toolchain
from course_lib.release import released
from tests.support.courses import build_course
from tests.support.paths import ROOT
from tests.support.secret_lines import lines, secrets
from tests.support.tiny_course import RIGHT, TEXT, UNIT, answered, submit, write_bank

pytestmark = pytest.mark.slow

OURS = Course(ROOT)
UNITS = OURS.units_with_solutions()
MATERIAL = "course_lib/material/"
GENERIC = 40  # letters; shorter lines, such as `return weights`, are in the library too
IMPORT = (ast.Import, ast.ImportFrom)
COMMANDS_TRIED = ("doctor", "lab", "ops", "progress", "check")
NOWHERE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
DERIVED = {"build", "work", "classroom"}  # directly in the root


class Built(NamedTuple):
    """What is released: an archive of the sources, and the wheel that is made from that."""

    sources: Path
    wheel: Path


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository, solutions and tests included."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        return NOWHERE(folder, names) | (DERIVED if Path(folder) == ROOT else set())

    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("copy") / "pixelwise", ignore=ignored))


@pytest.fixture(scope="module")
def built(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both, built without a network."""
    built = tmp_path_factory.mktemp("built")
    archive = f"from setuptools import build_meta; build_meta.build_sdist({str(built)!r})"
    subprocess.run([sys.executable, "-c", archive], cwd=copy, check=True, capture_output=True)
    (sources,) = built.glob("*.tar.gz")
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(built), str(sources)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline], check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    return Built(sources, wheel)


class Installed(NamedTuple):
    """An environment in which the wheel is installed."""

    bin: Path

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder, where its programs are found first."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        variables = outside | {"COLUMNS": "300", "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            ["/usr/bin/env", *command], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )

    def course(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command of the course."""
        return self.run(folder, "course", *arguments)


def new_environment(folder: Path) -> Path:
    """Make an environment without pip, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def pip_install(python: Path, *arguments: str | Path) -> None:
    """Install into an environment, without a network."""
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def add_packages(python: Path, folder: Path) -> None:
    """Let an environment find packages in a folder, after its own; .pth files there are not read."""
    (own,) = python.parents[1].glob("lib/python*/site-packages")
    (own / "others.pth").write_text(f"{folder}\n")


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with the packages of this environment, but not with its editable library."""
    python = new_environment(tmp_path_factory.mktemp("an environment") / "venv")
    pip_install(python, "--no-deps", built.wheel)
    add_packages(python, Path(sysconfig.get_path("purelib")))
    (python.parent / "alembic").symlink_to(Path(sys.executable).with_name("alembic"))  # nbgrader starts it
    return Installed(python.parent)


def contents(built: Path) -> dict[str, bytes]:
    """Read every file of an archive, by its name."""
    if built.suffix == ".whl":
        with zipfile.ZipFile(built) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    with tarfile.open(built) as opened:
        files = [(member.name, opened.extractfile(member)) for member in opened if member.isfile()]
        return {name.partition("/")[2]: file.read() for name, file in files if file}


def files_in(*folders: str) -> set[str]:
    """List files of this repository that are no leftovers."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT) for path in found]
    return {name.as_posix() for name in names if not any(part.startswith((".", "__py")) for part in name.parts)}


def test_the_wheel_is_the_library_and_what_learners_need(built: Built) -> None:
    names = contents(built.wheel).keys()
    material = {name.removeprefix(MATERIAL) for name in names if name.startswith(MATERIAL)}
    benchmarks = {"benchmarks/user_ops.py", "benchmarks/label_map.py"}
    assert material == files_in("notebooks", "user_ops") | benchmarks | {"nbgrader_config.py"}
    library = {name for name in names if name.startswith("course_lib/") and not name.startswith(MATERIAL)}
    assert library == files_in("course_lib")
    assert {name.split("/")[0].split("-")[0] for name in names} == {"course_lib", "pixelwise"}


def test_the_archive_of_sources_adds_only_what_builds_the_wheel(built: Built) -> None:
    wheel = {name.removeprefix(MATERIAL) for name in contents(built.wheel) if not name.startswith("pixelwise-")}
    others = {name for name in contents(built.sources) if not name.startswith("pixelwise.egg-info/")} - wheel
    assert others == {*("LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg", "setup.py")}


@pytest.mark.parametrize("kind", Built._fields)
def test_no_line_of_an_answer_is_released(built: Built, kind: str) -> None:
    hidden = secrets("\n".join((OURS.solutions / name / f"{name}.md").read_text(encoding="utf-8") for name in UNITS))
    assert hidden
    found = {}
    for name, content in contents(getattr(built, kind)).items():
        secret = lines(content.decode(), is_json=name.endswith(".ipynb")) & hidden
        found[name] = secret if name.endswith(".ipynb") else {line for line in secret if len(line) > GENERIC}
    assert {name: secret for name, secret in found.items() if secret} == {}


def test_a_learner_works_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    opened = installed.course(tmp_path, "lab", "--version")  # JupyterLab is asked for its version alone
    assert opened.returncode == 0, opened.stderr
    assert all(f"new in work/: {name}\n" in opened.stdout for name in UNITS)
    unit = UNITS[0]
    mine = tmp_path / "work" / unit / f"{unit}.ipynb"
    assert mine.read_bytes() == released(OURS, unit).read_bytes()
    notebook = nbformat.read(mine, as_version=4)
    right = {answer.exercise: answer.code for answer in read_answers(OURS.solutions / unit) if answer.right}
    for cell in notebook.cells:
        cell.source = right.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    nbformat.write(notebook, mine)
    checked = installed.course(mine.parent, "check", "00")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Points: 2 of 2 from visible checks; up to 2 more when your work is graded." in checked.stdout
    shown = installed.course(tmp_path, "solution", "00", "luminance")
    assert (shown.returncode, shown.stderr) == (1, "this copy of the course has no worked answers\n")
    assert {path.name for path in tmp_path.iterdir()} == {"work"}
    written = {*UNITS, ".checked", ".jupyterlab", "checks", "progress.html"}
    assert {path.name for path in (tmp_path / "work").iterdir()} <= written


def test_the_version_is_that_of_the_project(installed: Installed, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert installed.course(tmp_path, "--version").stdout == f"pixelwise {project['version']}\n"


@pytest.mark.compiler
def test_what_a_release_tries_works(installed: Installed, tmp_path: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["try"]["steps"][-1]["run"]
    assert re.findall(r"course \w+", script) == [f"course {each}" for each in COMMANDS_TRIED]
    done = installed.run(tmp_path, "bash", "-e", "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not written yet" in done.stdout
    # Into the user's cache; the folder there is named by a hash of the sources, which are the same as here.
    assert f"user operations: {cache.place(toolchain.find()) / cache.LIBRARY}\n" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["work"]


def test_the_same_code_is_the_same_grader(installed: Installed, tmp_path: Path) -> None:
    asked = "from course_lib.grading.cache import grader_version; print(grader_version())"
    assert installed.run(tmp_path, "python", "-c", asked).stdout == f"{grader_version()}\n"


@pytest.mark.parametrize("command", ["release --check", "grade submitted", "pack"])
def test_without_solutions_an_instructor_is_told_where_they_are(
    installed: Installed, tmp_path: Path, command: str
) -> None:
    done = installed.course(tmp_path, *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"expected units with solutions (NN_unit/NN_unit.md) in {tmp_path}/solutions, found none")
    assert line.endswith("release, grade and add answers in a clone of its repository")
    assert list(tmp_path.iterdir()) == []


def test_an_instructor_grades_in_a_folder_with_solutions(installed: Installed, tmp_path: Path) -> None:
    course = build_course(tmp_path / "class", {UNIT: TEXT}, write_bank)
    done = installed.course(course.root, "release")
    assert (done.returncode, done.stdout) == (0, f"{UNIT}: released\n"), done.stderr
    submit(course.classroom / "submitted", "ada", answered(course, RIGHT))
    # This environment borrows its packages from a folder that a sandbox does not show.
    graded = installed.course(course.root, "grade", "--no-sandbox", "classroom/submitted")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert f"1/1 ada, {UNIT}: 3/3 graded (not isolated)" in graded.stderr
    assert (course.classroom / "grades.csv").is_file()
    assert (course.classroom / "gradebook.db").is_file()


def test_an_editable_installation_uses_what_lies_there(copy: Path, tmp_path: Path) -> None:
    python = new_environment(tmp_path / "venv")
    add_packages(python, Path(sysconfig.get_path("purelib")))
    pip_install(python, "--no-deps", "--no-build-isolation", "--ignore-installed", "--editable", copy)
    asked = "from course_lib.course import SHIPPED; print(SHIPPED)"
    assert Installed(python.parent).run(tmp_path, "python", "-c", asked).stdout == f"{copy}\n"
    assert not (copy / MATERIAL).exists()


def entries(distribution: metadata.Distribution) -> set[str]:
    """Name what a distribution has put into its folder of packages, at the top."""
    return {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with pip and the packages of this one, but not those of `course` alone."""
    home, others = tmp_path_factory.mktemp("colab"), Path(sysconfig.get_path("purelib"))
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    (home / "packages").mkdir()
    left_out = COMMANDS - {"markdown-it-py"} | {"pixelwise"}  # that one Rich needs too
    there = metadata.distributions(path=[str(others)])
    for name in set().union(*(entries(each) for each in there if canonicalize_name(each.name) not in left_out)):
        (home / "packages" / name).symlink_to(others / name)
    python = home / "venv" / "bin" / "python"
    add_packages(python, home / "packages")
    return python


def test_the_first_cell_on_colab_installs_what_notebooks_import(built: Built, colab: Path, tmp_path: Path) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(built.wheel.parent)}

    def run(code: str, **variables: str) -> str:
        done = subprocess.run(
            [colab, "-c", code], cwd=tmp_path, env=outside | variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = f"Pixelwise {metadata.version('pixelwise')}, TensorFlow {metadata.version('tensorflow')}, Python "
    assert run(first_cell(), **offline).startswith(said)
    assert run(first_cell(), PIP_NO_INDEX="1").startswith(said)  # now it needs pip no more
    cells = [cell for unit in UNITS for cell in nbformat.read(released(OURS, unit), as_version=4).cells]
    trees = [ast.parse(as_python(cell.source)) for cell in cells if cell.cell_type == "code"]
    imports = {ast.unparse(node) for tree in trees for node in ast.walk(tree) if isinstance(node, IMPORT)}
    assert len(imports) > 50
    where = run("\n".join([*sorted(imports), "import course_lib; print(course_lib.__file__)"]))
    assert where.startswith(str(colab.parents[1]))
