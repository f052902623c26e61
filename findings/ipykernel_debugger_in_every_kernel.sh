#!/usr/bin/env bash
# Every kernel of ipykernel 7.4.0 imports the debugger when it starts, although nobody debugs: the trait `debugger_class`
# of IPythonKernel names ipykernel.debugger, and making the kernel resolves that name, which brings in more than 100
# modules of debugpy. A program that forks kernels from a process that has imported ipykernel.kernelapp pays for that in
# each of them: on two cores of an AMD processor 0.14 s of the 0.24 s of processor time that a kernel took to start.
# Importing ipykernel.debugger before the fork, or taking debugpy away, avoids it.
#
# Source: debugger_class in ipykernel/ipkernel.py; Type._resolve_classes in traitlets/traitlets.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ipykernel==7.4.0 debugpy==1.8.22 ipython==9.10.0
cat >"$folder/program.py" <<'PYTHON'
import sys
import time

from ipykernel.kernelapp import IPKernelApp


def debuggers() -> int:
    return sum(name.partition(".")[0].startswith(("debugpy", "pydevd", "_pydev")) for name in sys.modules)


before = debuggers()
start = time.process_time()
app = IPKernelApp.instance()
app.initialize([])
whole = time.process_time() - start
print(before, debuggers(), round(whole, 3), file=sys.__stderr__)
assert before == 0
assert debuggers() > 100
PYTHON
echo "ipykernel 7.4.0: modules of debuggers before and after a kernel is made, seconds:"
JUPYTER_RUNTIME_DIR="$folder" IPYTHONDIR="$folder" "$folder/venv/bin/python" "$folder/program.py" 2>&1 | tail -1 | tee "$folder/seen"
python3 -c "import sys; before, after, _ = open(sys.argv[1]).read().split(); assert before == '0' and int(after) > 100" "$folder/seen"
