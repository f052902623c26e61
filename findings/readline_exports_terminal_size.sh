#!/usr/bin/env bash
# Importing readline (GNU Readline 8, in CPython 3.11) changes the environment of every program that is started
# afterwards: it holds COLUMNS and LINES, 80 and 24 where there is no terminal. os.environ does not show them, since it
# was copied before; a child started with env=os.environ lacks them, and one started without env= has them. pytest
# imports readline, so the workers of pytest-xdist find COLUMNS=80, and what takes its width from there, such as Rich's
# Console when it is made, is 80 columns wide in a parallel run and not in a plain one. Source: Readline's manual,
# rl_change_environment.
set -euo pipefail
python3 - <<'EOF' | cat
import os
import platform
import subprocess

print("Python", platform.python_version())
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
ASK = ["/bin/sh", "-c", "echo $COLUMNS $LINES"]


def ask(**options: object) -> list[str]:
    return subprocess.run(ASK, capture_output=True, text=True, check=True, **options).stdout.split()


before = ask()
import readline  # noqa: E402

print("readline", readline._READLINE_LIBRARY_VERSION)
print(f"a child sees {before} before the import, {ask()} after it, {ask(env=os.environ)} with env=os.environ")
print("in os.environ:", "COLUMNS" in os.environ)
assert before == []
assert ask() == ["80", "24"]
assert ask(env=os.environ) == []
assert "COLUMNS" not in os.environ
EOF
