#!/usr/bin/env bash
# jupyter_server 2.21.1: the address that it prints at the start cannot be used when its default_url has a query, such as
# JupyterLab's /lab?reset. The token is joined to it as a second query, with another question mark, and so becomes a part
# of the first query's value: who opens the printed address gets 403. With & in its place the same address works.
#
# Source: jupyter_server/serverapp.py (_get_urlparts passes default_url as the path and the token as the query);
# https://jupyterlab.readthedocs.io/en/stable/user/urls.html ("Resetting a Workspace on Load" is a query)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jupyter_server==2.21.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import os
import re
import subprocess
import sys
from importlib.metadata import version
from urllib.error import HTTPError
from urllib.request import urlopen

print("jupyter_server", version("jupyter_server"))
folder = sys.argv[1]
command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
command += [f"--ServerApp.root_dir={folder}", "--ServerApp.default_url=/api/status?reset"]
environment = {**os.environ, "HOME": folder, "JUPYTER_RUNTIME_DIR": folder}


def status(address):
    try:
        return urlopen(address).status
    except HTTPError as error:
        return error.code


with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
    for line in server.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+/api/status\S+", line):
            break
    printed = found[0]
    joined = printed.replace("?token=", "&token=")
    print("printed:", re.sub(r"(token=)\w+", r"\1TOKEN", printed), status(printed))
    print("with &: ", re.sub(r"(token=)\w+", r"\1TOKEN", joined), status(joined))
    found = status(printed), status(joined), printed.count("?")
    server.terminate()
assert found == (403, 200, 2), found
PYTHON
