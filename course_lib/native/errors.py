"""Errors of kernels that cannot be compiled or run."""


class KernelError(RuntimeError):
    """A kernel does not compile, or did something wrong when it ran; the message says what happened, and in which line.

    Attributes
    ----------
    line : int or None
        The line of its text, counted from 1, if it is known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class NoCompiler(KernelError):
    """No C++ compiler is installed, or it does not work; the message says what to do."""
