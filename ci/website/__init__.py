"""The course's web site, ``make site``: it is built in a folder, and works from a folder, without a network.

- `facts`: what the table of units says, from the released notebooks
- `outputs`: outputs of the instructor's run, changed so that a page can show them
- `unit_pages`: the page of a unit, from the released notebook and these outputs
- `api`: the pages of the API reference, without importing what they describe
- `sources`: all texts of the site, in one folder
- `mathml`, `cells`, `docstrings`: extensions of Sphinx
- `conf.py`: settings of Sphinx; `static/` has the style sheet, and `templates/` what differs from the theme
"""
