"""nbgrader's commands, one after the other in a process of their own: importing nbgrader takes each of them seconds."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from nbgrader.apps import NbGraderApp
from nbgrader.validator import Validator

from tests.support.paths import ROOT


def run_all(folder: Path, *commands: str) -> dict[str, tuple[int, str]]:
    """Run commands in a folder; return the exit status and both outputs of each."""
    program = [sys.executable, "-m", "tests.support.nbgrader_batch", str(folder), *commands]
    root = ROOT
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}  # as where nobody has activated the virtual environment
    done = subprocess.run(program, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {command: (code, said) for command, (code, said) in json.loads(done.stdout.splitlines()[-1]).items()}


def _run(arguments: list[str]) -> tuple[int, str]:
    app = NbGraderApp.instance()
    output, code = io.StringIO(), 0
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        mock.patch.object(Validator, "stream", output),
        mock.patch.object(NbGraderApp, "instance", return_value=app),
    ):
        try:
            NbGraderApp.launch_instance(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            print(end.code if isinstance(end.code, str) else "")
        finally:
            app.reset()
    return code, output.getvalue()


if __name__ == "__main__":
    with contextlib.chdir(sys.argv[1]):
        ended = {command: _run(command.split()) for command in sys.argv[2:]}
    print(json.dumps(ended))
