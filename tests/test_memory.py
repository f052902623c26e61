"""The peak of memory of a process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import memory
from course_lib.memory import peak_bytes

pytestmark = pytest.mark.slow

MEGABYTE = 10**6
PRINT_PEAK = "from course_lib.memory import peak_bytes; print(peak_bytes())"


def test_memory_that_was_given_back_counts() -> None:
    before = peak_bytes()
    held = np.ones(before + 50 * MEGABYTE, np.uint8)  # more than this process has ever held
    assert peak_bytes() > before + 50 * MEGABYTE
    size = held.nbytes
    del held
    assert peak_bytes() > size


def test_without_the_line_of_linux_it_is_about_as_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = peak_bytes()
    for status in (tmp_path / "status", tmp_path / "none"):
        (tmp_path / "status").write_text("Name:\tpython\n", encoding="utf-8")
        monkeypatch.setattr(memory, "_STATUS", status)
        assert before / 2 < peak_bytes()


def test_a_process_does_not_begin_with_the_peak_of_its_parent() -> None:
    held = np.ones(400 * MEGABYTE, np.uint8)
    done = subprocess.run([sys.executable, "-c", PRINT_PEAK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < held.nbytes
