"""Tell whether there is a C++ compiler, without running a learner's code."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping

from course_lib.grading.sandbox import bubblewrap

SEARCH = "from course_lib.native.compile import find_compiler, require_working; require_working(find_compiler())"


def none_in_grade(isolated: bool) -> str:
    """Say why a learner's kernel finds no compiler in a grade; empty if it finds one.

    Parameters
    ----------
    isolated : bool
        Whether the kernel runs in the sandbox.
    """
    if isolated:
        return _words(bubblewrap.failure(SEARCH))
    return none_here({"PATH": os.environ["PATH"]})  # as without the sandbox, see `launch.unsandboxed_command`


def none_here(environment: Mapping[str, str] = os.environ) -> str:
    """Say why a person's own notebook finds no compiler; empty if it finds one."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", SEARCH], env=dict(environment), capture_output=True, check=False, text=True
    )
    return _words(done.stderr.strip().split("\n")[-1] if done.returncode else "")


def _words(error: str) -> str:
    """Return the advice in an error."""
    return f"no C++ compiler on this machine; {re.sub('.*(?:found none: |but )', '', error)}" if error else ""
