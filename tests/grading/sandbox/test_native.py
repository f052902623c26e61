"""Kernels in the sandbox of a grade: what is found there is found in a notebook, and the limits hold."""

from collections.abc import Iterator

import pytest

from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.limits import Limits
from tests.native.test_kernels import pytestmark as needs_compiler
from tests.support.kernel_texts import PLAIN, body

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, *needs_compiler]


@pytest.fixture(scope="module")
def inside() -> Iterator[KernelClient]:
    """A sandbox that understands cells of C++."""
    with KernelClient(Limits(file_bytes=2**26)) as learner:
        learner.run_cell("import numpy as np\nfrom course_lib.native import use_cpp_cells\nuse_cpp_cells()")
        yield learner


def call(learner: KernelClient, cpp: str) -> str:
    """Run a cell of C++, call its kernel, and return the message."""
    outputs = learner.run_cell(f"%%cpp sample\n{cpp}")
    outputs += learner.run_cell("sample(np.ones((5, 7, 3)), np.ones((11, 2)), 4.0).sum()")
    last = outputs[-1]
    return last.evalue if last.output_type == "error" else last.data["text/plain"]


def test_a_right_kernel_gives_its_values(inside: KernelClient) -> None:
    assert call(inside, PLAIN) == "np.float32(33.0)"
    raced = inside.run_cell("sorted(sample.race(np.ones((5, 7, 3)), np.ones((11, 2)), 4.0))")
    assert raced[-1].data["text/plain"] == """["the course's loop", 'yours']"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("out[0] = map[-1];", "line 5: reads map[-1], before the first entry of map"),
        ("out[33] = 1;", "line 5: writes out[33], but out has 11 x 3 = 33 entries"),
        ("out[0] = height * 1000000000;", "line 5: an integer becomes too large for its type"),
        ("std::abort();", "line 5: the program gives up"),
        ("row = 3;", "does not compile, line 5: "),
    ],
)
def test_a_wrong_kernel_is_told_with_its_line(inside: KernelClient, line: str, words: str) -> None:
    assert words in call(inside, body(line))


def test_a_kernel_starts_no_process(inside: KernelClient) -> None:
    assert call(inside, body("out[0] = fork();", above="#include <unistd.h>")) == "np.float32(-1.0)"
