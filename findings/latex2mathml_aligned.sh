#!/usr/bin/env bash
# latex2mathml 3.81.1 converts `aligned` without an error into one row of symbols: its `&` and `\\` are kept as text or
# lost, where `split`, which means the same, becomes a table. An unknown command passes too, as a word in the formula.
# And what stands in \text is not escaped, so the result of \text{a < b} is no well-formed XML, and markup in a
# stranger's formula would reach the page. A caller has to check the tree that `convert_to_element` returns.
# Source: latex2mathml/commands.py (MATRICES has split, align and align*, but not aligned) and converter.py
# (`Converter._convert` unescapes what it has written), https://pypi.org/project/latex2mathml/3.81.1/
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check latex2mathml==3.81.1
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version
from platform import python_version
from xml.etree import ElementTree

from latex2mathml.converter import convert

print("latex2mathml", version("latex2mathml"), "on Python", python_version())
lines = r"\begin{%s} a &= 1 \\ b &= 2 \end{%s}"
aligned, split = (convert(lines % (name, name)) for name in ("aligned", "split"))
unknown, text = convert(r"\nosuchcommand x"), convert(r"\text{a < b}")
for title, shown in (("aligned", aligned), ("split", split), ("unknown command", unknown), ("text", text)):
    print(f"{title}:", shown)
assert split.count("<mtr>") == 2
assert "<mtable" not in aligned and "<mi>&</mi>" in aligned
assert r"<mi>\nosuchcommand</mi>" in unknown
try:
    ElementTree.fromstring(text)
except ElementTree.ParseError as error:
    print("not well-formed:", error)
else:
    raise SystemExit("the text was escaped")
PYTHON
