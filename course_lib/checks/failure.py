"""The error of a failed check, which shows its message and no traceback."""

RED, PLAIN = "\x1b[1;31m", "\x1b[0m"


class CheckFailed(AssertionError):
    """A check failed; its message is for the learner.

    Parameters
    ----------
    message : str
        Several lines; the first says what was called.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def _render_traceback_(self) -> list[str]:
        """Show the message instead of a traceback (IPython calls this)."""
        return rendered(self.message)


def rendered(message: str) -> list[str]:
    """Format a message as IPython formats a traceback: a list of lines, the first in red."""
    first, *others = message.splitlines()
    return [f"{RED}✗ {first}{PLAIN}", *others]
