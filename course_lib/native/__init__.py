"""C++ in notebooks: cells that hold a function, and kernels compiled from them, run and timed apart.

- `cells`: what Python a cell of C++ becomes
- `signature`: what kernels take and give
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
    """Import what needs NumPy where it is asked for: those who only read cells do without."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
