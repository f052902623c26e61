#!/usr/bin/env bash
# Importing jsonschema 4.26.0 takes a second of processor time where rfc3987-syntax 1.1.0 is installed, and a tenth of
# that where it is not. That package builds an Earley parser of its whole grammar when it is imported, and jsonschema
# imports it for the formats "iri" and "iri-reference", whether a schema names them or not. Few ask for it: Jupyter's
# jupyter-events installs jsonschema[format-nongpl], so every program that reads a notebook with nbformat waits for a
# parser that it does not use. Source: jsonschema/_format.py; rfc3987_syntax/syntax_helpers.py, `syntax_parser =
# Lark(...)`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "jsonschema[format-nongpl]==4.26.0" rfc3987-syntax==1.1.0 lark==1.3.1
"$folder/venv/bin/python" -c "import jsonschema" # so that all is compiled
"$folder/venv/bin/python" - <<'EOF'
import platform
import subprocess
import sys
from importlib.metadata import version

TIMED = """
import sys, time
sys.modules.update({})
start = time.process_time()
import jsonschema
print(time.process_time() - start, "rfc3987_syntax.syntax_helpers" in sys.modules)
"""


def imported(blocked: str) -> tuple[float, bool]:
    code = TIMED.format(blocked)
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    seconds, built = zip(*(run.stdout.split() for run in runs))
    return min(map(float, seconds)), "True" in built


names = ("jsonschema", "rfc3987-syntax", "lark")
print("Python", platform.python_version(), *(f"- {name} {version(name)}" for name in names))
slow, built = imported("{}")
fast, never = imported("{'rfc3987_syntax': None}")
print(f"import jsonschema: {slow:.2f} s of processor time; without rfc3987-syntax: {fast:.2f} s")
assert built
assert not never
assert slow > 3 * fast
EOF
