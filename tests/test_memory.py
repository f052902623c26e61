"""The peak of memory of a process."""

import subprocess
import sys

import numpy as np

from course_lib.memory import peak_bytes

MEGABYTE = 10**6
PRINT_PEAK = "from course_lib.memory import peak_bytes; print(peak_bytes())"


def test_memory_that_was_given_back_counts() -> None:
    before = peak_bytes()
    held = np.ones(before + 50 * MEGABYTE, np.uint8)  # more than this process has ever held
    assert peak_bytes() > before + 50 * MEGABYTE
    size = held.nbytes
    del held
    assert peak_bytes() > size


def test_a_process_does_not_begin_with_the_peak_of_its_parent() -> None:
    held = np.ones(400 * MEGABYTE, np.uint8)
    done = subprocess.run([sys.executable, "-c", PRINT_PEAK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < held.nbytes
