#!/usr/bin/env bash
# A progress bar of Rich 14.3.4 on standard error sends what the program prints to standard output there, too, while it
# is shown on a terminal: `program > results.txt` leaves the file without those lines. Where standard error is no
# terminal, the file gets them, so a test with captured output sees nothing wrong.
#
# rich.progress.Progress has redirect_stdout=True by default. It replaces sys.stdout by a proxy that prints to the bar's
# console, whichever file that writes to. It does so only if that console is a terminal, and without asking whether
# standard output is the same terminal. redirect_stdout=False leaves the lines where they belong.
#
# Source: Live.start and Live._enable_redirect_io in rich/live.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check rich==14.3.4
cat >"$folder/program.py" <<'PYTHON'
import sys

from rich.console import Console
from rich.progress import Progress

terminal, redirect = sys.argv[1] == "terminal", sys.argv[2] == "True"
with Progress(console=Console(stderr=True, force_terminal=terminal), redirect_stdout=redirect) as bar:
    bar.advance(bar.add_task("work", total=1))
    print("a result")
PYTHON
echo "Python $("$folder/venv/bin/python" --version | cut -d' ' -f2), Rich 14.3.4"
lines() { "$folder/venv/bin/python" "$folder/program.py" "$@" 2>"$folder/errors" | grep -c "a result" || true; }
default=$(lines terminal True) off=$(lines terminal False) log=$(lines log True)
echo "results on standard output: $default with the bar on a terminal, $off with redirect_stdout=False, $log without a terminal"
lines terminal True >/dev/null
echo "results on standard error with the bar on a terminal: $(grep -c "a result" "$folder/errors")"
[ "$default" = 0 ] && [ "$off" = 1 ] && [ "$log" = 1 ] && grep -q "a result" "$folder/errors"
