#!/usr/bin/env bash
# jupytext 1.19.6 cuts MyST Markdown into lines in two ways that disagree, and makes a stray cell of the difference.
#
# Where a paragraph holds U+2028 (or U+2029, or U+0085), the character becomes "\n", and what follows the next code cell
# begins one line too early: with the fence that ended the cell. The Markdown cell after it then shows as a code block
# without an end. There is no error. The reason: markdown-it-py counts lines at "\n", as CommonMark defines them,
# and jupytext cuts the text with str.splitlines(), which ends a line at ten more characters.
#
# Source: myst_to_notebook in jupytext/myst.py (text.splitlines() beside token.map);
# https://spec.commonmark.org/0.31.2/#line-ending
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jupytext==1.19.6 markdown-it-py==4.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import jupytext
import markdown_it

print("Python", sys.version.split()[0], "jupytext", jupytext.__version__, "markdown-it-py", markdown_it.__version__)
TEXT = """---
kernelspec: {name: python3, display_name: Python 3}
---

One paragraph,%stwo words.

```{code-cell} ipython3
x = 1
```

After the cell.
"""


def cells(character: str) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in jupytext.reads(TEXT % character, fmt="md:myst").cells]


plain = cells(" ")
print("a space:", plain)
assert [source for _, source in plain] == ["One paragraph, two words.", "x = 1", "After the cell."]
for character in "\u2028", "\u2029", "\x85":
    found = cells(character)
    print(f"U+{ord(character):04X}:", found)
    assert found[-1] == ("markdown", "```\n\nAfter the cell."), "expected the fence in the cell after it"
PYTHON
