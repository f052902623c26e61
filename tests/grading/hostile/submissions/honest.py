"""Submissions without any harm, right and wrong."""

from tests.grading.hostile.submissions.case import COUNTING, UPTO, Case
from tests.support.tiny_course import HALF_RIGHT, RIGHT, WRONG

HONEST = {
    "Ada": Case(3, RIGHT),
    "Emmy": Case(1, HALF_RIGHT, message="a negative number stays negative"),
    "Grace": Case(0, WRONG, message="got:          6"),
    "Hypatia": Case(3, "double = lambda x: [2 * each for each in x] if isinstance(x, list) else x + x"),
    "Katherine": Case(0, message="NotImplementedError"),
    "Lise": Case(1, "def double(x):\n    return 4.0", message="a negative number stays negative"),
    "Mary": Case(3, RIGHT),
    "Rosalind": Case(1, HALF_RIGHT),
    "Sofia": Case(3, f"import tensorflow as tf\n{RIGHT.replace('2 *', 'tf.constant(2.0) *')}"),
    "Zoë": Case(3, RIGHT),
    "Alan": Case(5, UPTO, unit=COUNTING),
    "Donald": Case(2, "def upto(n):\n    return [0, 1] + (n - 2) * [7]", unit=COUNTING, message="three numbers"),
    "Edsger": Case(0, unit=COUNTING, message="NotImplementedError"),
    "Tony": Case(1, "def upto(n):\n    return range(3)", unit=COUNTING, message="so many numbers"),
    "Annie": Case(
        3,
        "from array import array\ndef double(x):\n"
        "    return array('d', [2 * each for each in x]) if isinstance(x, list) else 2 * x",
    ),
    "Dorothy": Case(
        3,
        "from collections import deque\ndef double(x):\n"
        "    return deque(2 * each for each in x) if isinstance(x, list) else 2 * x",
    ),
    "Vera": Case(5, "from collections import deque\ndef upto(n):\n    return deque(range(n))", unit=COUNTING),
    "Barbara": Case(
        5, "class upto(list):\n    __init__ = lambda self, n: list.__init__(self, range(n))", unit=COUNTING
    ),
}
