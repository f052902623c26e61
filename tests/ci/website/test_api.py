"""The reference has every public package."""

import ast
import re

from ci.website.api import MODULES, api_pages
from ci.website.docstrings import cited
from tests.support.paths import ROOT

LIBRARY = ROOT / "course_lib"


def names_what_is_public(source: str) -> bool:
    """Tell whether a module has ``__all__``."""
    targets = [target for node in ast.parse(source).body if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def test_every_package_that_names_what_is_public_has_a_page() -> None:
    packages = {path.parent.name for path in LIBRARY.glob("*/__init__.py") if names_what_is_public(path.read_text())}
    assert packages <= set(MODULES)


def test_the_index_says_what_each_module_is_about() -> None:
    index = api_pages(LIBRARY)["api/index.rst"]
    assert ":doc:`course_lib.color </api/color>`\n     - Color in NumPy: sRGB and its gamut" in index
    assert set(re.findall(r"^   .* </api/(.*)>$", index, re.MULTILINE)) == set(MODULES)
    assert "]_" not in index


def test_citations_of_the_module_become_text() -> None:
    own = ["By hand [1]_, as in [2]_.", "", "References", "----------", ".. [2] A paper."]
    assert cited(own) == ["By hand [1], as in [2]_.", *own[1:]]
