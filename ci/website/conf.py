"""Settings of Sphinx for the course's site. Pages ask nothing of a network, and warnings are errors."""

import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # where the package ci is

project = "Pixelwise"
author = "The Pixelwise authors"
project_copyright = author
version = release = metadata.version("pixelwise")
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
extensions += ["ci.website.cells", "ci.website.docstrings", "ci.website.mathml"]
keep_warnings = False
suppress_warnings = ["mystnb.unknown_mime_type"]

# Texts and notebooks.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # by default, a page loads the widgets' scripts
nb_merge_streams = True
nb_code_prompt_show = "Code of this check"
myst_enable_extensions = ["amsmath", "attrs_block", "dollarmath"]
myst_heading_anchors = 3

# The reference.
default_role = "py:obj"
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # docstrings name types, with shapes
autosummary_generate = False  # numpydoc brings it, and it would import every module at each build
numpydoc_show_class_members = False

# Pages.
html_theme = "pydata_sphinx_theme"
html_title = project
templates_path = ["templates"]
html_static_path = ["static", str(ROOT / "course_lib" / "formulas.css")]
html_css_files = ["site.css", "formulas.css"]
html_math_renderer = "mathml"
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses where they are files
html_use_index = False
html_domain_indices = False
html_sidebars: dict[str, list[str]] = {"index": [], "search": []}
html_theme_options = {
    "logo": {"text": project},
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["find"],
    "search_bar_text": "Search the course",
    "secondary_sidebar_items": ["page-toc"],
    "primary_sidebar_end": [],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
