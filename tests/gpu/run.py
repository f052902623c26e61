"""Test the CUDA kernels: on a GPU where one is; elsewhere compile them, and run them in an emulation."""

import argparse
import ctypes
import importlib.util
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.gpu import build  # noqa: E402
from tests.gpu.launchers import EMULATED_VARIABLE, LIBRARY_VARIABLE, SYMBOLS  # noqa: E402

FOLDER = ROOT / "build" / "gpu"
CHECKS = ("check_sparse_extractor.py", "check_max_unpool.py")
HUGE_CHECKS = ("check_huge.py",)
NEEDED = ("cupy", "ml_dtypes", "numpy", "pytest")


def find_gpu() -> tuple[str, str] | None:
    """Ask the driver for the first GPU: its name and its architecture, as 90."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return None
    query = [smi, "--query-gpu=name,compute_cap", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    if done.returncode or "," not in done.stdout:
        return None
    name, _, capability = done.stdout.splitlines()[0].rpartition(",")
    return name.strip(), capability.strip().replace(".", "")


def pytest(
    library: Path, checks: Sequence[str], selection: str = "", prefix: Sequence[str] = (), emulated: bool = False
) -> int:
    """Run some checks against a library, in a process of their own. Their names keep them out of a plain pytest."""
    files = [str(Path(__file__).resolve().parent / name) for name in checks]
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-o", "python_functions=check_*"]
    command = [*prefix, sys.executable, "-m", "pytest", *options, *files]
    if selection:
        command += ["-k", selection]
    environment = {**os.environ, LIBRARY_VARIABLE: str(library)} | ({EMULATED_VARIABLE: "1"} if emulated else {})
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def run_emulation(selection: str = "") -> int:
    """Run the checks on the processor."""
    compiler = build.find_host_compiler()
    if compiler is None:
        print("Emulation: expected g++ 12 or newer on PATH, found none; left out.")
        return 0
    return pytest(build.emulate(compiler, FOLDER), CHECKS, selection, emulated=True)


def check_symbols(library: Path) -> None:
    """Make sure that every launcher is exported."""
    loaded = ctypes.CDLL(str(library))
    missing = [name for name in SYMBOLS if not hasattr(loaded, name)]
    if missing:
        raise SystemExit(f"{library}: expected the launchers {', '.join(missing)}, found none of them")


def run_without_gpu(nvcc: str) -> int:
    """Compile, and say what did not happen."""
    check_symbols(build.build(nvcc, FOLDER, build.ARCHITECTURES))
    print(f"Compiled for sm_{' and sm_'.join(build.ARCHITECTURES)}; all {len(SYMBOLS)} launchers are exported.")
    code = run_emulation()
    print("No GPU was found: nothing ran on a GPU. The checks above ran in an emulation on the processor,")
    print("which knows nothing of speed, memory faults and races between blocks.")
    return code


def run_on_gpu(nvcc: str, name: str, architecture: str) -> int:
    """Run every check, the memory checker, and the bandwidth script."""
    missing = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        print(f"{name} is here, but Python lacks {', '.join(missing)}: pip install cupy-cuda13x ml-dtypes numpy pytest")
        return 1
    library = build.build(nvcc, FOLDER, [architecture])
    check_symbols(library)
    print(f"{name}, sm_{architecture}", flush=True)
    code = pytest(library, CHECKS + HUGE_CHECKS)
    sanitizer = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
    if sanitizer is None:
        print("compute-sanitizer: not on PATH; memory was not checked.")
    else:
        for tool in ("memcheck", "racecheck"):
            prefix = (sanitizer, "--tool", tool, "--error-exitcode", "9", "--target-processes", "all")
            print(f"compute-sanitizer {tool}", flush=True)
            code = code or pytest(library, CHECKS, "not again and not order", prefix)
    bandwidth = [sys.executable, str(Path(__file__).resolve().parent / "bandwidth.py"), str(library)]
    return code or subprocess.run(bandwidth, check=False).returncode


def main() -> int:
    """Choose what this machine can do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulate", action="store_true", help="only run the emulation")
    parser.add_argument("-k", dest="selection", default="", help="which checks the emulation runs, as for pytest")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # our words between those of the tests, in a file too
    if arguments.emulate:
        return run_emulation(arguments.selection)
    nvcc = build.find_nvcc()
    if nvcc is None:
        print("nvcc: expected on PATH, found none; nothing was compiled and nothing ran. Install the CUDA toolkit.")
        return 1
    gpu = find_gpu()
    return run_on_gpu(nvcc, *gpu) if gpu else run_without_gpu(nvcc)


if __name__ == "__main__":
    sys.exit(main())
