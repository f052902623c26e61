"""What is imported before many processes run a course's notebooks: what these use, and no more."""

import os
import subprocess
import sys
from importlib.util import find_spec

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.grading.needed_modules import needed_modules
from course_lib.grading.preload import EVERYTHING, VARIABLE


def notebook(*cells: str) -> str:
    """A notebook of code as JSON."""
    return nbformat.writes(new_notebook(cells=[new_code_cell(cell) for cell in cells]))


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import numpy as np", ()),
        ("import tensorflow as tf", ("tensorflow", "course_lib.ops")),
        ("from tensorflow.keras import layers", ("tensorflow", "course_lib.ops")),
        ("from course_lib import plots", ("course_lib.plots",)),
        ("from course_lib.checks import call", ("course_lib.checks",)),
        ("def draw():\n    import matplotlib.pyplot as plt", ("matplotlib.pyplot",)),
        ("%matplotlib inline\nimport keras", ("keras",)),
        ("from scipy.stats import norm", ("scipy.ndimage", "scipy.spatial", "scipy.stats")),
        ("import course_lib.unknown, tensorflow_datasets", ()),
        ("import tensorflow as", ()),
    ],
)
def test_one_cell(code: str, modules: tuple[str, ...]) -> None:
    assert needed_modules([notebook(code)]) == modules


def test_several_notebooks_need_what_each_needs_once() -> None:
    first, second = notebook("import keras", "from course_lib import plots"), notebook("import tensorflow, keras")
    assert sorted(needed_modules([first, second])) == ["course_lib.ops", "course_lib.plots", "keras", "tensorflow"]
    assert needed_modules([]) == ()


def test_text_is_not_code() -> None:
    text = nbformat.writes(new_notebook(cells=[new_markdown_cell("import tensorflow")]))
    assert needed_modules([text]) == ()


@pytest.mark.parametrize("module", EVERYTHING)
def test_every_module_exists(module: str) -> None:
    assert find_spec(module)


@pytest.mark.slow
@pytest.mark.parametrize(("imported", "expected"), [("", "False"), ("import tensorflow", "True")])
def test_a_fork_without_tensorflow_looks_for_no_operations(imported: str, expected: str) -> None:
    """To find the compiled ones takes TensorFlow, and seconds in every submission."""
    code = f"""
import sys
import course_lib.grading.pipeline
{imported}
from course_lib.grading.sandbox.launch import user_ops
user_ops()
print("tensorflow" in sys.modules, "course_lib.ops" in sys.modules)
"""
    environment = os.environ | {VARIABLE: "course_lib.checks"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [expected, expected]
