"""The CUDA sources compile, keep to their rules and, in an emulation, compute what they should."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gpu import build
from tests.gpu.launchers import SYMBOLS
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.compiler]

FOLDER = ROOT / "user_ops"
HEADERS = sorted(path for path in FOLDER.glob("*.h") if path.with_suffix(".cu").exists())
FILES = [*build.SOURCES, FOLDER / "cuda_launch.h", *sorted(FOLDER.glob("*_gpu.h"))]
CODE = {path: re.sub(r"//.*", "", path.read_text(encoding="utf-8")) for path in FILES}


def launchers(text: str) -> set[str]:
    """Name the functions with C linkage that a text declares or defines."""
    return set(re.findall(r"\b(?:int|int64_t) (pixelwise_\w+)\(", text))


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_each_declared_launcher_is_defined(header: Path) -> None:
    declared = launchers(header.read_text(encoding="utf-8"))
    source = CODE[header.with_suffix(".cu")]
    defined = {name for line in source.splitlines() if line.startswith('extern "C"') for name in launchers(line)}
    assert declared
    assert declared == defined
    assert declared <= set(SYMBOLS)


@pytest.mark.parametrize("source", CODE, ids=lambda path: path.name)
def test_kernels_do_without_tensorflow(source: Path) -> None:
    included = re.findall(r'#include [<"](.*)[>"]', CODE[source])
    assert not [name for name in included if name.startswith(("tensorflow", "absl", "unsupported/Eigen", "Eigen"))]


@pytest.mark.parametrize("source", CODE, ids=lambda path: path.name)
def test_launchers_do_not_wait_and_check_each_launch(source: Path) -> None:
    assert not re.findall(r"cuda\w+Synchronize|cudaMalloc|cudaMemset\(|cudaMemcpy\(|<<<", CODE[source])


@pytest.mark.skipif(build.find_nvcc() is None, reason="nvcc is not on PATH")
@pytest.mark.parametrize("source", build.SOURCES, ids=lambda path: path.name)
def test_it_compiles(source: Path, tmp_path: Path) -> None:
    nvcc = build.find_nvcc()
    assert nvcc
    build.build(nvcc, tmp_path, ["80"], [source])


@pytest.mark.skipif(build.find_host_compiler() is None, reason="g++ 12 is not on PATH")
def test_kernels_agree_with_numpy_in_the_emulation() -> None:
    """Half takes the fixed order, double the atomics; `make test-gpu` runs all types."""
    command: list[str | Path] = [sys.executable, ROOT / "tests" / "gpu" / "run.py", "--emulate", "-k", "half or double"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
