"""Compile the user operations into the user's cache."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TextIO

from course_lib.files import write_aside
from course_lib.ops import cache, toolchain
from course_lib.ops.cache import FAILURE, LIBRARY, LOG, RECIPE, Progress
from course_lib.ops.toolchain import BuildError, Toolchain

__all__ = ["BuildError", "build", "first_use"]

ERROR = re.compile(r"\berror\b.*:|\berror:|undefined reference|No space left|cannot find -l", re.IGNORECASE)
STEP = re.compile(r"\[ *\d+(/\d+|%)\]")


def build(progress: Progress | None = None, force: bool = False) -> Path:
    """Compile the user operations, unless they are compiled already.

    Several processes may call this at once: one compiles, the others wait for it. An interrupted build leaves nothing
    that could be mistaken for a library.

    Parameters
    ----------
    progress : callable, optional
        Called with a line for each step.
    force : bool
        Compile even if a library is there.

    Returns
    -------
    Path
        The library. It has no CUDA kernels if these do not compile but the others do.

    Raises
    ------
    BuildError
        If it cannot be compiled; the message quotes the first error and names the file with all output.
    """
    return _build(progress or _nobody, force=force, again=True)


def first_use(progress: Progress | None = None) -> Path:
    """Do the same as :func:`build`, but do not retry what has failed with the same sources and compilers."""
    return _build(progress or _nobody, force=False, again=False)


def _nobody(line: str) -> None:
    """Ignore a line of progress."""


def _build(progress: Progress, force: bool, again: bool) -> Path:
    """Build with CUDA if possible, otherwise without."""
    tools = toolchain.find()
    if tools.nvcc:
        try:
            return _build_variant(tools, progress, force, again)
        except BuildError as error:
            progress(f"without CUDA kernels: {error}")
            tools = tools.without_cuda(f"the CUDA kernels did not compile: {error}")
    return _build_variant(tools, progress, force, again)


def _build_variant(tools: Toolchain, progress: Progress, force: bool, again: bool) -> Path:
    """Return the library of this toolchain; compile it if needed."""
    target = cache.place(tools)
    library, failure = target / LIBRARY, target / FAILURE
    if library.is_file() and not force:
        return library
    with cache.only_one(target, progress):
        if library.is_file() and not force:
            return library
        if failure.is_file() and not again:
            raise BuildError(failure.read_text(encoding="utf-8"))
        with cache.aside(target) as work:
            _compile(tools, work, target, progress)
    return library


def _compile(tools: Toolchain, work: Path, target: Path, progress: Progress) -> None:
    """Compile in a temporary folder, and move the results to the target."""
    log = work / LOG
    try:
        progress("configuring")
        with log.open("w", encoding="utf-8") as output:
            complete = all(_run(command, output, progress) for command in _commands(tools, work / "tree"))
    except OSError as error:
        raise BuildError(f"{error}: make room or choose another folder with XDG_CACHE_HOME") from error
    if not complete:
        said = log.read_text(encoding="utf-8")
        message = f"{_first_error(said)} (complete output: {target / LOG})"
        cache.publish({LOG: log}, target)
        if not (target / LIBRARY).is_file():
            write_aside(target / FAILURE, message)
        raise BuildError(message)
    recipe = work / RECIPE
    recipe.write_text(json.dumps(_recipe(tools)), encoding="utf-8")
    cache.publish({LOG: log, RECIPE: recipe, LIBRARY: work / "tree" / LIBRARY}, target)
    (target / FAILURE).unlink(missing_ok=True)


def _commands(tools: Toolchain, tree: Path) -> list[list[str]]:
    """Return the two commands that configure and compile."""
    import tensorflow as tf

    definitions = {
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_CXX_COMPILER": tools.compiler,
        "PIXELWISE_TENSORFLOW_COMPILE": ";".join(tf.sysconfig.get_compile_flags()),
        "PIXELWISE_TENSORFLOW_LINK": ";".join(tf.sysconfig.get_link_flags()),
        "PIXELWISE_CUDA": "ON" if tools.nvcc else "OFF",
    }
    if tools.nvcc:
        definitions["CMAKE_CUDA_COMPILER"] = tools.nvcc
        definitions["CMAKE_CUDA_HOST_COMPILER"] = tools.compiler
        definitions["CMAKE_CUDA_ARCHITECTURES"] = ";".join(tools.architectures)
    generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}"] if tools.ninja else ["-G", "Unix Makefiles"]
    settings = [f"-D{name}={value}" for name, value in definitions.items()]
    return [
        [tools.cmake, "-S", str(cache.SOURCES), "-B", str(tree), *generator, *settings],
        [tools.cmake, "--build", str(tree), "--parallel", str(os.cpu_count() or 1)],
    ]


def _run(command: list[str], output: TextIO, progress: Progress) -> bool:
    """Run a command, keep all its output, report its steps, and tell whether it succeeded."""
    # Errors in English, and no settings from a `make` that runs this.
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    surroundings["LC_ALL"] = "C"
    output.write(f"$ {shlex.join(command)}\n")
    with subprocess.Popen(
        command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stdout or ():
                output.write(line)
                if STEP.match(line):
                    progress(line.strip())
        except BaseException:
            process.terminate()
            raise
    return process.returncode == 0


def _first_error(said: str) -> str:
    """Return the line with the first error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if ERROR.search(line):
            return f"{line} {following}" if line.endswith(":") else line
    return lines[-1] if lines else "no output"


def _recipe(tools: Toolchain) -> dict[str, str]:
    """Return what a library is made from."""
    import tensorflow as tf

    return {"tensorflow": tf.__version__, "variant": tools.variant, "no_cuda": tools.no_cuda}
