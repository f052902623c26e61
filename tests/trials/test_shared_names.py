"""Global names through which an answer and its test affect each other in one process."""

import pytest

from course_lib.trials.shared_names import shared_names

BEFORE = "import numpy as np\nfrom math import pi"
TEST = """import numpy as np
from course_lib.checks import call

def expected(x):
    return max(2 * x, 0)

call(double, 3).equals(expected(3))"""
ANSWERS = {
    "nothing": ("def double(x):\n    return np.add(x, x)", set()),
    "a helper of its own": ("def twice(y):\n    return 2 * y\n\ndef double(x):\n    return twice(x)", set()),
    "the same import": ("import numpy as np\n\ndef double(x):\n    return np.add(x, x)", set()),
    "another import": ("import math as np\n\ndef double(x):\n    return x + x", {"np"}),
    "everything of a module": ("from numpy import *\n\ndef double(x):\n    return x + x", {"*"}),
    "a function of Python's that the test calls": ("max = 0\n\ndef double(x):\n    return x + x", {"max"}),
    "a helper of the test": ("def expected(x):\n    return 0\n\ndef double(x):\n    return x + x", {"expected"}),
    "a name that the test gives": ("def double(x):\n    return globals()['expected'](x)", {"expected"}),
}


@pytest.mark.parametrize(("answer", "names"), ANSWERS.values(), ids=ANSWERS)
def test_names_that_would_matter(answer: str, names: set[str]) -> None:
    assert shared_names([BEFORE, answer], "double", TEST) == names


def test_an_import_of_a_cell_before() -> None:
    answer = "def double(x):\n    return np.add(x, x)"
    assert shared_names(["import mine as np", answer], "double", TEST) == {"np"}
