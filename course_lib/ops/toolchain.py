"""The programs on this machine that can compile the user operations."""

import ctypes
import os
import re
import shutil
from dataclasses import dataclass, replace

from course_lib.compilers import BuildError, answer, find_compiler, program

__all__ = ["BuildError", "Toolchain", "answer", "find", "find_compiler", "program"]

# For a machine with nvcc but without a GPU: the architectures of most clusters.
ARCHITECTURES = ("80", "90")


@dataclass(frozen=True)
class Toolchain:
    """The programs for one build.

    Attributes
    ----------
    compiler : str
        Path of the C++ compiler.
    compiler_version : str
        The first line of its version.
    cmake : str
        Path of CMake.
    ninja : str
        Path of Ninja; empty if Make is used.
    nvcc : str
        Path of CUDA's compiler; empty if no CUDA kernels are to be built.
    nvcc_version : str
        Its release, such as ``13.0``.
    architectures : tuple[str, ...]
        The architectures for which CUDA kernels are compiled, such as ``90``.
    no_cuda : str
        Why there are no CUDA kernels; empty if there are.
    """

    compiler: str
    compiler_version: str
    cmake: str
    ninja: str
    nvcc: str = ""
    nvcc_version: str = ""
    architectures: tuple[str, ...] = ()
    no_cuda: str = ""

    @property
    def variant(self) -> str:
        """Return the variant that it makes: ``cpu`` or ``cuda``."""
        return "cuda" if self.nvcc else "cpu"

    def without_cuda(self, why: str) -> "Toolchain":
        """Return the same programs, for a build without CUDA kernels."""
        return replace(self, nvcc="", nvcc_version="", architectures=(), no_cuda=why)


def find() -> Toolchain:
    """Look for the programs.

    Returns
    -------
    Toolchain
        The programs, with CUDA if nvcc, this TensorFlow and the driver allow it.

    Raises
    ------
    BuildError
        If a program that every build needs is missing.
    """
    compiler, said = find_compiler()
    cmake, ninja = program("cmake"), program("ninja")
    if not cmake or not (ninja or program("make")):
        raise BuildError("expected CMake and Ninja, found none: python -m pip install cmake ninja")
    plain = Toolchain(compiler, said, cmake, ninja)
    nvcc = program("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin") or ""
    release = re.search(r"release (\d+\.\d+)", answer(nvcc, "--version")) if nvcc else None
    if release is None:
        return plain.without_cuda("no nvcc on PATH" if not nvcc else f"{nvcc} does not run")
    why = cuda_mismatch(release[1])
    if why:
        return plain.without_cuda(why)
    return replace(plain, nvcc=nvcc, nvcc_version=release[1], architectures=find_architectures())


def cuda_mismatch(release: str) -> str:
    """Say why this release of nvcc does not fit TensorFlow here; empty if it does."""
    import tensorflow as tf

    if not tf.test.is_built_with_cuda():
        return "this TensorFlow was built without CUDA"
    driver = driver_release()
    if driver and int(float(release)) > driver:
        return (
            f"nvcc is of CUDA {release}, but the driver knows CUDA up to {driver} only: "
            f"install a newer driver, or put an nvcc of CUDA {driver} on PATH, then: course ops build"
        )
    return ""


def driver_release() -> int:
    """Ask the GPU's driver for the newest major version of CUDA that it supports; 0 without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    version = ctypes.c_int()
    return version.value // 1000 if driver.cuDriverGetVersion(ctypes.byref(version)) == 0 else 0


def find_architectures() -> tuple[str, ...]:
    """Choose the CUDA architectures: ``$CUDAARCHS``, or those of the GPUs that TensorFlow sees, or common ones."""
    wanted = os.environ.get("CUDAARCHS")
    if wanted:
        return tuple(wanted.split(";"))
    import tensorflow as tf

    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    seen = {"{}{}".format(*gpu["compute_capability"]) for gpu in gpus if "compute_capability" in gpu}
    return tuple(sorted(seen)) or ARCHITECTURES
