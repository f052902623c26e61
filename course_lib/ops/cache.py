"""Where compiled user operations are kept: in a folder for each user, with a folder for each set of ingredients."""

import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from course_lib import user_cache
from course_lib.course import SHIPPED
from course_lib.ops.toolchain import BuildError, Toolchain

Progress = Callable[[str], None]

SOURCES = SHIPPED / "user_ops"
SUBJECT = "ops"  # of the user's cache
LIBRARY = "pixelwise_ops.so"
LOG = "build.log"
# In a folder without a library: the reason why it has no library.
FAILURE = "failure.txt"
# What a library was made from.
RECIPE = "recipe.json"
UNFINISHED = ".unfinished"


def place(toolchain: Toolchain) -> Path:
    """Return the folder for the library that this toolchain makes from the sources.

    Parameters
    ----------
    toolchain : Toolchain
        The compilers.

    Returns
    -------
    Path
        Named by a hash of the sources, TensorFlow, the compilers and the CUDA architectures.

    Raises
    ------
    BuildError
        If the sources do not exist.
    """
    import tensorflow as tf

    sources = sorted(path for pattern in ("CMakeLists.txt", "*.h", "*.cc", "*.cu") for path in SOURCES.glob(pattern))
    if not sources:
        raise BuildError(f"expected the sources in {SOURCES}, found none: install the course again")
    ingredients = (
        *(tf.__version__, tf.version.GIT_VERSION, str(tf.sysconfig.CXX11_ABI_FLAG), platform.machine()),
        *(toolchain.compiler, toolchain.compiler_version, os.environ.get("CXXFLAGS", "")),
        *(toolchain.nvcc, toolchain.nvcc_version, *toolchain.architectures),
    )
    hashed = hashlib.sha256("\0".join(ingredients).encode())
    for path in sources:
        hashed.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return user_cache.folder(SUBJECT) / hashed.hexdigest()[:24]


@contextmanager
def only_one(target: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of the folder around the target, which the system releases if the process dies."""
    lock = FileLock(target.parent / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("another process is building the user operations; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside the target; remove it afterwards, with the folders of builds that were killed."""
    for left in target.parent.glob(f"*{UNFINISHED}"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=UNFINISHED, dir=target.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(files: dict[str, Path], target: Path) -> None:
    """Rename finished files into the target, the library last: if it exists, so does everything else."""
    target.mkdir(exist_ok=True)
    for name, path in sorted(files.items(), key=lambda item: item[0] == LIBRARY):
        path.replace(target / name)
