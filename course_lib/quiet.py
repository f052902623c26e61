"""Import TensorFlow without its start-up log, and faster."""

import gc
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


@contextmanager
def no_stderr() -> Iterator[None]:
    """Drop what native code writes to file descriptor 2 inside the block."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Leave garbage alone inside the block: an import makes none, and each collection looks at everything imported."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _QuietTensorFlow(MetaPathFinder):
    """Import TensorFlow without its log lines, the first time somebody imports it.

    TensorFlow 2.21 writes some lines while its libraries load, before it reads
    ``TF_CPP_MIN_LOG_LEVEL``. A failed import still raises its exception.
    """

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def quietly(module: ModuleType) -> None:
                with no_stderr(), no_garbage_collection():
                    execute(module)

            spec.loader.exec_module = quietly  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Keep TensorFlow quiet, if it is not imported yet; a level that the user has set is kept."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietTensorFlow())
