"""Compile the CUDA launchers, without TensorFlow: for GPUs with nvcc, or for the processor in an emulation."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = sorted((ROOT / "user_ops").glob("*.cu"))
EMULATION = Path(__file__).resolve().parent / "emulation"
ARCHITECTURES = ("80", "90")


def find_nvcc() -> str | None:
    """Look for nvcc on PATH and where CUDA is usually installed."""
    return shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin")


def find_host_compiler() -> str | None:
    """Look for a compiler for the emulation: GCC 12, which knows half, on Linux."""
    compiler = shutil.which("g++") if sys.platform == "linux" else None
    if compiler is None:
        return None
    version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True).stdout
    return compiler if int(version.split(".")[0]) >= 12 else None


def run(command: Sequence[str]) -> None:
    """Run a compiler; its words are the error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def build(nvcc: str, folder: Path, architectures: Sequence[str], sources: Sequence[Path] = SOURCES) -> Path:
    """Compile for some architectures, with warnings as errors, into a shared library."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "launchers.so"
    targets = [f"-gencode=arch=compute_{number},code=sm_{number}" for number in architectures]
    warnings = ["-Xcompiler", "-Wall,-Wextra,-Werror", "--Werror", "all-warnings"]
    files = [str(source) for source in sources]
    run([nvcc, "-std=c++17", "-O3", *targets, *warnings, "-Xcompiler", "-fPIC", "-shared", *files, "-o", str(library)])
    return library


def emulate(compiler: str, folder: Path) -> Path:
    """Compile for the processor; see emulation/cuda_runtime.h."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "emulated.so"
    undefined = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]  # finds misaligned vectors, among others
    flags = ["-std=c++17", "-O1", "-w", "-U_FORTIFY_SOURCE", *undefined, "-fPIC", "-shared", f"-I{EMULATION}"]
    run([compiler, *flags, "-x", "c++", *map(str, SOURCES), "-o", str(library)])
    return library
