"""C++ in notebooks: cells that hold a function, and kernels compiled from them, each run in a separate process.

- `cells`: the Python that a cell of C++ becomes
- `signature`: what kernels take and fill
- `compile`, `messages`, `advice`: from a text to two programs, or to the first error in words
- `limited`, `running`: programs that run with limits, and one call of a kernel in one of them
- `faults`: what went wrong in it, in words
- `kernels`: what a notebook holds
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
    """Import what needs NumPy on first use only, so that code that just reads cells starts without it."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
