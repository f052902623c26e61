#!/usr/bin/env bash
# python-dateutil 4.0.0 reads the offset in "18:00 UTC+2" and "18:00 GMT+0200" with the sign of POSIX: as two hours
# behind UTC, where everybody who writes a time that way means two hours ahead. ISO 8601's "18:00+02:00" is read as two
# hours ahead. So what JavaScript's Date.toString() writes, "Fri Apr 03 2026 18:00:00 GMT+0200", is four hours off, without
# a warning. Source: dateutil.parser, the comment "my time +3 is GMT" in _parser.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-dateutil==4.0.0
"$folder/venv/bin/python" - <<'EOF'
import platform
import warnings
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from dateutil import parser

warnings.simplefilter("error")
print("Python", platform.python_version(), "- python-dateutil", version("python-dateutil"))
meant = datetime(2026, 4, 3, 16, tzinfo=UTC)
texts = {
    "2026-04-03T18:00:00+02:00": timedelta(0),
    "2026-04-03 18:00 UTC+2": timedelta(hours=4),
    "Fri Apr 03 2026 18:00:00 GMT+0200": timedelta(hours=4),
}
for text, off in texts.items():
    read = parser.parse(text).astimezone(UTC)
    print(f"{text!r} is read as {read}, which is off by {read - meant}")
    assert read - meant == off
EOF
