#!/usr/bin/env bash
# nbgrader 0.9.6 reads the zone in timestamp.txt wrongly, without a warning: "+0200" as 200 seconds ahead of UTC instead of
# two hours, and daylight saving names such as CEST, EDT and PDT as UTC. nbgrader itself writes such names if
# c.Exchange.timezone is not UTC. So a submission may count as hours late, or as on time when it was not.
# Source: nbgrader.utils.parse_utc, which hands int("+0200") and dateutil.tz.gettz("CEST"), None, to dateutil's parser.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nbgrader==0.9.6 python-dateutil==2.9.0.post0
"$folder/venv/bin/python" - <<'EOF'
import platform
from datetime import datetime, timedelta
from importlib.metadata import version

from nbgrader.utils import parse_utc

print("Python", platform.python_version(), "- nbgrader", version("nbgrader"), "- dateutil", version("python-dateutil"))
local = datetime(2026, 7, 1, 18)
cases = {"UTC": (0, 0.0), "+0200": (2, 200 / 3600), "CEST": (2, 0.0), "EDT": (-4, 0.0), "PDT": (-7, 0.0)}
for zone, (meant, read) in cases.items():
    found = parse_utc(f"2026-07-01 18:00:00.000000 {zone}")
    print(f"18:00 {zone} is {local - timedelta(hours=meant)} in UTC; nbgrader reads {found}")
    assert found == local - timedelta(hours=read), found
EOF
