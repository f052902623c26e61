"""C++ in notebooks: cells that contain a function, and kernels compiled from them, each run in a separate process.

- `cells`: turning a cell of C++ into Python
- `signature`: what kernels take and fill
- `compile`, `messages`, `advice`: from a text to two programs, or to an explanation of the first error
- `limited`, `running`: programs that run with limits, and one call of a kernel in one of them
- `faults`: explanations of what went wrong in it
- `kernels`: the objects that a notebook calls
"""

from typing import TYPE_CHECKING

from course_lib.native.cells import STUB, as_python, use_cpp_cells

if TYPE_CHECKING:
    from course_lib.native.errors import KernelError, NoCompiler
    from course_lib.native.kernels import Kernel, kernel
    from course_lib.native.signature import Array, Scalar, Signature

__all__ = [
    "STUB",
    "Array",
    "Kernel",
    "KernelError",
    "NoCompiler",
    "Scalar",
    "Signature",
    "as_python",
    "kernel",
    "use_cpp_cells",
]
_HOMES = {"KernelError": "errors", "NoCompiler": "errors", "Kernel": "kernels", "kernel": "kernels"}
_HOMES |= dict.fromkeys(("Array", "Scalar", "Signature"), "signature")


def __getattr__(name: str) -> object:
    """Import NumPy's users only on first use, so that code that just reads cells starts without it."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
