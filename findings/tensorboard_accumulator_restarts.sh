#!/usr/bin/env bash
# TensorBoard 2.21.0 has two readers of event files that answer differently after a restart.
#
# Training that is interrupted and resumed writes some steps twice. An event with a session log of status START tells
# readers to drop the earlier ones. The page honors it: its server reads with plugin_event_accumulator. But
# event_accumulator.EventAccumulator, which most examples use to read files in Python, purges scalars, histograms and
# images of the old format only, and everything that tf.summary writes is stored as tensors. So it returns step 4 twice,
# with two values, and step 5 of a run that was given up.
#
# Source: event_accumulator.py of the package: accumulated_attrs, which _Purge goes through, lacks "tensors".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorboard==2.21.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time
from importlib.metadata import version

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.scalar.metadata import create_summary_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

print("Python", sys.version.split()[0], "TensorBoard", version("tensorboard"))


def run(values):
    """Write a session's steps and their values."""
    writer = EventFileWriter("log")
    start = SessionLog(status=SessionLog.START)
    writer.add_event(Event(wall_time=time.time(), step=min(values), session_log=start))
    for step, value in values.items():
        summary = Summary()
        tensor, metadata = make_tensor_proto(value, dtype="float32"), create_summary_metadata("", "")
        summary.value.add(tag="loss", tensor=tensor, metadata=metadata)
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
    writer.close()


run({1: 8.0, 2: 7.0, 3: 6.0, 4: 5.0, 5: 4.0})
run({4: 3.0})  # resumed from a checkpoint of step 3
found = {}
for module in event_accumulator, plugin_event_accumulator:
    points = module.EventAccumulator("log", size_guidance={"tensors": 0}).Reload().Tensors("loss")
    found[module] = [(point.step, float(make_ndarray(point.tensor_proto))) for point in points]
    print(module.__name__.rpartition(".")[2], found[module])
assert found[plugin_event_accumulator] == [(1, 8.0), (2, 7.0), (3, 6.0), (4, 3.0)]
assert found[event_accumulator] == [(1, 8.0), (2, 7.0), (3, 6.0), (4, 5.0), (5, 4.0), (4, 3.0)]
PYTHON
