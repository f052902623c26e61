"""C++ in notebooks: cells that hold a function, and kernels compiled from them, run and timed apart."""

from course_lib.native.cells import STUB, as_python, use_cpp_cells

__all__ = ["STUB", "as_python", "use_cpp_cells"]
