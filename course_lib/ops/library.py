"""Find the compiled user operations and load them, once per process."""

import json
import os
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from course_lib import user_cache
from course_lib.ops import build, cache, toolchain
from course_lib.ops.build import BuildError
from course_lib.ops.cache import LIBRARY, LOG, RECIPE, Progress

FOLDER_VARIABLE = "TF_USER_OPS"


@dataclass(frozen=True)
class Status:
    """What is in use, and why.

    Attributes
    ----------
    loaded : bool
        Whether compiled operations are in use; if not, those written in TensorFlow are.
    variant : str
        ``cpu``, ``cuda`` (which has the processor's kernels too) or ``none``.
    path : Path or None
        The library, or where it was expected.
    reason : str
        Why it is this variant, in one sentence; if something is wrong, with the command that fixes it.
    compiler : str
        The C++ compiler, or why there is no compiler.
    nvcc : str
        CUDA's compiler and the architectures, or why it is not used.
    cache : Path
        The folder of compiled operations.
    log : Path or None
        All output of the compilers, if they ran.
    """

    loaded: bool
    variant: str
    path: Path | None
    reason: str
    compiler: str
    nvcc: str
    cache: Path
    log: Path | None


@dataclass(frozen=True)
class _Loaded:
    """The outcome of the one attempt to load."""

    module: ModuleType | None
    path: Path | None
    reason: str


_lock = threading.Lock()
_outcome: _Loaded | None = None


def load(progress: Progress | None = None) -> ModuleType | None:
    """Load the compiled operations; the first time on a machine, compile them.

    Parameters
    ----------
    progress : callable, optional
        Called with a line for each step of compiling; by default, one line on standard error says that it takes time.

    Returns
    -------
    ModuleType or None
        The same module at each call, or None if nothing can be loaded; :func:`status` says why.
    """
    global _outcome  # noqa: PLW0603 - TensorFlow, too, can load a library only once
    with _lock:
        if _outcome is None:
            _outcome = _load(progress or _Announce())
        return _outcome.module


def status() -> Status:
    """Load the operations, unless they are loaded already, and report what is in use.

    Returns
    -------
    Status
        For ``course ops info``.
    """
    load()
    assert _outcome is not None
    log = _outcome.path.with_name(LOG) if _outcome.path else None
    found = Status(
        loaded=_outcome.module is not None,
        variant=_variant() if _outcome.module else "none",
        path=_outcome.path,
        reason=_outcome.reason,
        compiler="",
        nvcc="",
        cache=user_cache.folder(cache.SUBJECT),
        log=log if log and log.is_file() else None,
    )
    try:
        tools = toolchain.find()
    except BuildError as error:
        return replace(found, compiler=str(error), nvcc="not looked for")
    targets = " ".join(f"sm_{architecture}" for architecture in tools.architectures)
    return replace(
        found,
        compiler=f"{tools.compiler_version} ({tools.compiler})",
        nvcc=f"{tools.nvcc_version} ({tools.nvcc}), {targets}" if tools.nvcc else tools.no_cuda,
    )


class _Announce:
    """Print once, on standard error, that something takes time."""

    said = False

    def __call__(self, line: str) -> None:
        if not self.said:
            print("Compiling the user operations, once; this takes up to a minute.", file=sys.stderr, flush=True)
        self.said = True


def _load(progress: Progress) -> _Loaded:
    """Find a library, or make one, and load it."""
    folder = os.environ.get(FOLDER_VARIABLE)
    fix = f"rebuild it for this TensorFlow, or unset {FOLDER_VARIABLE}" if folder else "course ops build --force"
    if folder:
        path = Path(folder) / LIBRARY
        if not path.is_file():
            return _Loaded(None, path, f"${FOLDER_VARIABLE} names {folder}, without {LIBRARY}: correct or unset it")
    else:
        try:
            path = build.first_use(progress)
        except (BuildError, OSError) as error:
            return _Loaded(None, None, f"could not be compiled: {error}; after fixing that, run: course ops build")
    import tensorflow as tf

    recipe = _recipe(path)
    if recipe.get("tensorflow", tf.__version__) != tf.__version__:
        made_for = f"{path} was built for TensorFlow {recipe['tensorflow']}, this is {tf.__version__}"
        return _Loaded(None, path, f"{made_for}: {fix}")
    try:
        module = tf.load_op_library(str(path))
    except (tf.errors.OpError, OSError, RuntimeError) as error:
        return _Loaded(None, path, f"{path} {translate(str(error))}: {fix}")
    where = f"${FOLDER_VARIABLE} names it" if folder else "compiled on this machine"
    no_cuda = recipe.get("no_cuda")
    return _Loaded(module, path, f"{where}; no GPU kernels: {no_cuda}" if no_cuda else where)


def translate(error: str) -> str:
    """Say in a few words why a library could not be loaded.

    Parameters
    ----------
    error : str
        The message of the system's loader.

    Returns
    -------
    str
        Text to put between the library's name and the command that fixes it.
    """
    import tensorflow as tf

    causes = {
        "undefined symbol": f"was built for another TensorFlow than this one, {tf.__version__}",
        "symbol not found": f"was built for another TensorFlow than this one, {tf.__version__}",
        "libtensorflow": f"was built for another TensorFlow than this one, {tf.__version__}",
        "libcud": "needs a CUDA of another major version than is installed here",
        "GLIBC": "was compiled where the system's libraries are newer than here",
        "too short": "is damaged",
        "invalid ELF header": "is damaged",
    }
    cause = next((cause for sign, cause in causes.items() if sign in error), "could not be loaded")
    return f"{cause} ({error.splitlines()[0] if error else 'no reason given'})"


def _recipe(path: Path) -> dict[str, str]:
    """Return what a library was made from; empty if unknown."""
    try:
        return dict(json.loads(path.with_name(RECIPE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _variant() -> str:
    """Tell whether the loaded library has kernels for GPUs."""
    from tensorflow.python.framework import kernels

    registered = kernels.get_registered_kernels_for_op("PixelwiseMaxUnpool").kernel
    return "cuda" if any(kernel.device_type == "GPU" for kernel in registered) else "cpu"
