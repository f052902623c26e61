"""What runs below a test."""

from contextlib import suppress

import psutil


def commands_below() -> list[str]:
    """List the commands of all processes below this one that have not ended."""
    commands = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            commands.append(" ".join(child.cmdline()))
    return commands
