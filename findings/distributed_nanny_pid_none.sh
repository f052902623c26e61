#!/usr/bin/env bash
# A Dask worker that was just lost, and that its nanny is about to start again, has the process id None (distributed
# 2026.8.0, `Nanny.pid`). psutil 7.2.2 takes None for "this process": `psutil.Process(None)` is not an error. So a
# program that ends what its LocalCluster started, with `psutil.Process(worker.pid)` for each worker, ends itself
# whenever the pool closes in the moment after a worker died. Nothing is killed here but the worker.
# Source: distributed/nanny.py, `WorkerProcess.pid`; psutil/__init__.py, `Process.__init__`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet distributed==2026.8.0 psutil==7.2.2
cat >"$folder/look.py" <<'PYTHON'
import logging
import os
import platform
import time
from importlib.metadata import version

import psutil
from distributed import Client, LocalCluster


def main() -> None:
    names = ("distributed", "psutil")
    print("Python", platform.python_version(), *(f"- {name} {version(name)}" for name in names))
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL) as cluster,
        Client(cluster),
    ):
        (worker,) = cluster.workers.values()
        first = worker.pid
        psutil.Process(first).kill()
        seen = [first]
        while seen[-1] in (first, None):
            if worker.pid != seen[-1]:
                seen.append(worker.pid)
            time.sleep(0.001)
        print("ids of the worker's process:", ["an id" if pid else pid for pid in seen])
        assert seen[1] is None
    assert psutil.Process(None).pid == os.getpid()
    print("psutil.Process(None) is this process")


if __name__ == "__main__":
    main()
PYTHON
timeout 120 "$folder/venv/bin/python" "$folder/look.py"
