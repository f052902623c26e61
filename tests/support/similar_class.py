"""A unit with one exercise that has many solutions, and a class that solves it."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from course_lib.course import Course
from tests.support.tiny_course import QUESTION, TEXT, cell, make_course, submit, untouched, write_bank

# Five people's ways to write a moving mean, each with a habit of its own.
LOOPS = """def double(x):
    smooth = []
    for middle in range(1, len(x) - 1):
        total = 0.0
        for step in (-1, 0, 1):
            total += x[middle + step]
        smooth.append(total / 3)
    if not smooth:
        raise ValueError("too short")
    return np.array(smooth)
"""
CONVOLVED = """def double(x):
    kernel = np.full(3, 1 / 3)
    return np.convolve(np.asarray(x, dtype=float), kernel, mode="valid")
"""
SHIFTED = """def double(x):
    x = np.asarray(x)
    left, right = np.roll(x, 1), np.roll(x, -1)
    return ((left + x + right) / 3)[1:-1].astype(np.float32)
"""
WINDOWS = """def double(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, window_shape=3)
    assert windows.shape[-1] == 3
    return windows.mean(axis=-1)
"""
SUMMED = """def double(x):
    sums = np.concatenate([[0], np.cumsum(x)])
    width = 3
    difference = sums[width:] - sums[:-width]
    return difference / width
"""
WAYS = (LOOPS, CONVOLVED, SHIFTED, WINDOWS, SUMMED)
# The first way: renamed, with other numbers, spacing and comments, a line more, and two lines swapped.
DISGUISED = """def double(x):
    # my own idea
    out = []
    for k in range( 1, len(x) - 1 ):

        s = 0       # start
        for d in (-1, 0, 1):
            s += x[ k + d ]
        out.append(s / 3.0)
    print("done")
    if not out:
        raise ValueError('empty')
    return np.array(out)
"""
WORDS = (
    "A factor of two moves every point away from zero on its own side, so whatever was positive before can never "
    "become negative by such a stretch, and the point zero itself does not move."
)


def make_unit(root: Path, bank: str = "", text: str = TEXT + QUESTION) -> Course:
    """Make and release a course of one unit, with an exercise and a question; more answers may be in the bank."""

    def write(unit: Path) -> None:
        write_bank(unit)
        with (unit / "answers" / "double.md").open("a", encoding="utf-8") as file:
            file.write(bank)

    return make_course(root, text=text, bank=write)


def hand_in(course: Course, student: str, code: str = "", words: str = "", **marks: str) -> None:
    """Write a student's notebook; without an answer, it is untouched. `marks` replace those of the answer's cell."""
    notebook: dict[str, Any] = deepcopy(untouched(course))
    answer = cell(notebook, "double")
    if code:
        answer["source"] = code
    if words:
        cell(notebook, "question_sign")["source"] = words
    if marks:
        answer["id"] = "another-id"
        answer["metadata"]["nbgrader"] |= marks
    submit(course.classroom / "submitted", student, json.dumps(notebook))
