"""How much memory a process has used."""

import re
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Return the largest amount of memory that this process has used at once, in bytes.

    On Linux it is ``VmHWM`` in ``/proc/self/status``, because ``ru_maxrss`` inherits the peak of the process that
    started this one.
    """
    status = _STATUS.read_text(encoding="utf-8") if _STATUS.is_file() else ""
    if peak := re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE):  # not every sandbox has it
        return int(peak[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
