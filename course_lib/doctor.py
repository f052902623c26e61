"""What the course needs on this machine, and what is missing.

Nothing is printed here, and nothing heavy is imported: versions come from the installed packages' metadata.
"""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from course_lib import compilers
from course_lib.course import MATERIAL, SHIPPED

PYTHON = ((3, 11), (3, 13))
TENSORFLOW = "2.21"
KERAS = "3"
INSTALL_ADVICE = f"python -m pip install {'pixelwise' if SHIPPED == MATERIAL else '-r requirements.lock'}"
COMPILER_ADVICE = {
    "Linux": "apt install g++ (Debian, Ubuntu) or dnf install gcc-c++ (Fedora)",
    "Darwin": "xcode-select --install",
    "Windows": "use the Windows Subsystem for Linux, and there: apt install g++",
}


@dataclass(frozen=True)
class Row:
    """One thing that the course needs or can use.

    Attributes
    ----------
    name : str
        Its name.
    ok : bool
        Whether it is there, in a version that works.
    found : str
        What was found, with its version.
    advice : str
        What to install or run; empty if there is nothing to do.
    optional : bool
        Whether a learner can do the whole course without it.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    optional: bool = False

    @property
    def verdict(self) -> str:
        """Say in one word: ``ok``, ``optional`` (not there, and not needed to learn) or ``missing``."""
        return "ok" if self.ok else "optional" if self.optional else "missing"


def diagnose() -> list[Row]:
    """Look at everything that the course uses.

    Returns
    -------
    list[Row]
        One row for each thing, the necessary ones first.
    """
    return [python(), tensorflow(), jupyter(), compiler(), cuda(), user_ops(), sandbox()]


def is_healthy(rows: list[Row]) -> bool:
    """Tell whether everything necessary is there.

    Parameters
    ----------
    rows : list[Row]
        What :func:`diagnose` found.

    Returns
    -------
    bool
        False if a row that is not optional is not ok.
    """
    return all(row.ok or row.optional for row in rows)


def python() -> Row:
    """Look at the Python that runs this."""
    oldest, newest = (".".join(map(str, version)) for version in PYTHON)
    ok = PYTHON[0] <= sys.version_info[:2] <= PYTHON[1]
    return Row("Python", ok, platform.python_version(), "" if ok else f"install Python {oldest} to {newest}")


def tensorflow() -> Row:
    """Look for TensorFlow and Keras, without importing them."""
    ours, keras = installed("tensorflow"), installed("keras")
    ok = f"{ours}.".startswith(f"{TENSORFLOW}.") and f"{keras}.".startswith(f"{KERAS}.")
    found = f"{ours or 'none'}, Keras {keras or 'none'}"
    return Row("TensorFlow", ok, found, "" if ok else f"expected {TENSORFLOW} with Keras {KERAS}: {INSTALL_ADVICE}")


def jupyter() -> Row:
    """Look for JupyterLab, nbgrader, and the program with which nbgrader sets up its gradebook."""
    lab, grader = installed("jupyterlab"), installed("nbgrader")
    found = f"JupyterLab {lab or 'none'}, nbgrader {grader or 'none'}"
    if not (lab and grader):
        return Row("Jupyter", False, found, INSTALL_ADVICE)
    alembic = Path(sys.executable).with_name("alembic")
    if not alembic.is_file():
        return Row("Jupyter", False, f"{found}, no alembic beside Python", INSTALL_ADVICE)
    return Row("Jupyter", True, found)


def compiler() -> Row:
    """Look for a C++ compiler that runs."""
    try:
        _, said = compilers.find_compiler()
    except compilers.BuildError as error:
        advice = str(error) if "CXX" in os.environ else advice_for(COMPILER_ADVICE)
        return Row("C++ compiler", False, "none", advice, optional=True)
    return Row("C++ compiler", True, said, optional=True)


def cuda() -> Row:
    """Look for a GPU and for CUDA's compiler; being without either is fine."""
    gpus = answer("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    release = [line.split("release ")[1].split(",")[0] for line in answer("nvcc", "--version") if "release " in line]
    gpu = ", ".join(gpus) or "no GPU: the course runs on the CPU"
    return Row("CUDA", True, f"{gpu}; nvcc {release[0] if release else 'none'}", optional=True)


def user_ops() -> Row:
    """Tell which form of the user operations will be in use; ``course ops info`` says what is."""
    folder = os.environ.get("TF_USER_OPS")
    if folder:
        return Row("user ops", True, f"ready ones in {folder} ($TF_USER_OPS)", optional=True)
    form = (
        "compiled on first use"
        if compiler().ok
        else "in plain TensorFlow, slower; with a C++ compiler they are compiled"
    )
    return Row("user ops", True, f"{form} (course ops info)", optional=True)


def sandbox() -> Row:
    """Tell in which sandbox other people's notebooks are graded, and what enforces its limits."""
    from course_lib.grading.sandbox.bubblewrap import available
    from course_lib.grading.sandbox.limits import limits_in_use

    reason, _, advice = available().rpartition("; ")
    if reason:
        return Row("sandbox", False, f"{reason}, and other people's notebooks are not graded", advice, optional=True)
    said = answer("bwrap", "--version") or ["bubblewrap"]
    return Row("sandbox", True, f"{said[0]}; memory and processes limited by {limits_in_use()}", optional=True)


def installed(distribution: str) -> str:
    """Find the version of an installed distribution; empty if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def answer(program: str, *arguments: str) -> list[str]:
    """Run a program on PATH and return what it prints; nothing if it is missing, fails or hangs."""
    path = shutil.which(program)
    if path is None:
        return []
    try:
        done = subprocess.run([path, *arguments], capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.decode(errors="replace").strip().splitlines()


def advice_for(advice: dict[str, str]) -> str:
    """Choose the advice for this platform."""
    return advice.get(platform.system(), "not available on this platform: use Linux")
