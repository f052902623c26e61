"""A learner's kernel under limits, and what hostile code can do to whoever runs it: nothing."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import NotebookNode

from course_lib.grading.sandbox.kernel_client import KernelClient, KernelDiedError
from course_lib.grading.sandbox.limits import Limits

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

MIB = 2**20
# Small ones, so that no test endangers the machine.
SMALL = Limits(
    cell_s=20,
    submission_s=120,
    grace_s=1,
    cpu_s=60,
    memory_bytes=1024 * MIB,
    processes=64,
    file_bytes=20 * MIB,
    output_chars=10_000,
    figure_chars=100_000,
    outputs=20,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[KernelClient]:
    """Share a kernel among the tests that leave it alive, however long it takes to stop on a busy machine."""
    with KernelClient(replace(SMALL, grace_s=20)) as learner:
        yield learner


@pytest.fixture
def own() -> Iterator[KernelClient]:
    """Start a kernel for a test that may kill it."""
    with KernelClient(SMALL) as learner:
        yield learner


def value_of(outputs: list[NotebookNode]) -> str:
    """Read the value that a cell ended with."""
    assert outputs, "the cell showed nothing"
    assert outputs[-1].output_type == "execute_result", outputs
    return str(outputs[-1].data["text/plain"])


def error_of(outputs: list[NotebookNode]) -> str:
    """Read the name of the error that a cell ended with."""
    assert outputs, "the cell showed nothing"
    assert outputs[-1].output_type == "error", outputs
    return str(outputs[-1].ename)


def text_of(outputs: list[NotebookNode]) -> str:
    """Read what a cell printed."""
    return "".join(output.get("text", "") for output in outputs)


def still_works(learner: KernelClient) -> bool:
    """Tell whether the kernel runs the next cell."""
    return value_of(learner.run_cell("40 + 2")) == "42"


def notebook_of(outputs: list[NotebookNode]) -> str:
    """Write a notebook with these outputs; raise if they are not valid, or cannot be written."""
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    written: str = nbformat.writes(notebook)
    assert written.encode()
    return written


def processes_with(mark: str) -> list[int]:
    """List the machine's processes whose command contains a word."""
    running = psutil.process_iter(["cmdline"])
    return [process.pid for process in running if mark in " ".join(process.info["cmdline"] or [])]


def gone(mark: str) -> bool:
    """Wait until no process has the word in its command."""
    return until(lambda: not processes_with(mark))


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something holds, but not forever."""
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.05)
    return False


# Honest work


def test_cells_share_their_names_and_show_their_outputs(shared: KernelClient) -> None:
    assert shared.run_cell("a = 6") == []
    assert value_of(shared.run_cell("a * 7")) == "42"
    outputs = shared.run_cell("import sys; print('out'); print('err', file=sys.stderr)")
    assert [(output.name, output.text) for output in outputs] == [("stdout", "out\n"), ("stderr", "err\n")]


def test_an_error_comes_with_its_traceback(shared: KernelClient) -> None:
    outputs = shared.run_cell("def halve(x):\n    return x / 0\nhalve(1)")
    assert (outputs[-1].ename, outputs[-1].evalue) == ("ZeroDivisionError", "division by zero")
    assert "halve" in "".join(outputs[-1].traceback)
    notebook_of(outputs)


def test_figures_and_html_are_kept(shared: KernelClient) -> None:
    figure = "import matplotlib.pyplot as plt\n_ = plt.figure(figsize=(1, 1))\nplt.plot([1, 2]);"
    outputs = shared.run_cell(figure)
    assert outputs[-1].data["image/png"].startswith("iVBOR")
    outputs = shared.run_cell("from IPython.display import HTML; HTML('<b>bold</b>')")
    assert outputs[-1].data["text/html"] == "<b>bold</b>"
    notebook_of(outputs)


def test_a_display_can_be_updated_and_cleared(shared: KernelClient) -> None:
    update = "from IPython.display import display, clear_output\nhandle = display('old', display_id=True)\n"
    outputs = shared.run_cell(update + "handle.update('new')")
    assert [output.data["text/plain"] for output in outputs] == ["'new'"]
    assert text_of(shared.run_cell("print('before')\nclear_output()\nprint('after')")) == "after\n"
    assert text_of(shared.run_cell("print('before')\nclear_output(wait=True)\nprint('after')")) == "after\n"


def test_tensorflow_works_under_the_limits() -> None:
    with KernelClient(Limits()) as learner:
        code = "import tensorflow as tf\nfloat(tf.reduce_sum(tf.ones((300, 300)) @ tf.ones((300, 300))))"
        assert value_of(learner.run_cell(code)) == "27000000.0"
        assert value_of(learner.run_cell("len(list(tf.data.Dataset.range(9).prefetch(2)))")) == "9"


def test_the_first_cell_is_the_learner_s_own() -> None:
    with KernelClient(SMALL) as learner:
        assert value_of(learner.run_cell("In")) == "['', 'In']"
        assert text_of(learner.run_cell("%who")) == "Interactive namespace is empty.\n"


def test_a_module_that_a_cell_has_written_can_be_imported_but_hides_none_of_python(shared: KernelClient) -> None:
    for name in ("mine", "random"):
        shared.run_cell(f"%%writefile {name}.py\nvalue = 3")
    assert value_of(shared.run_cell("import mine; mine.value")) == "3"
    assert value_of(shared.run_cell("import random; hasattr(random, 'value')")) == "False"
    shared.run_cell("import os\nfor name in os.listdir('.'): os.path.isfile(name) and os.unlink(name)")


@pytest.mark.parametrize(
    "choice",
    [
        "import matplotlib; matplotlib.use('TkAgg')",
        "import matplotlib; matplotlib.use('module://ipympl.backend_nbagg')",
        "import matplotlib.pyplot as plt; plt.switch_backend('WebAgg')",
        "%matplotlib qt",
        "%matplotlib widget",
        "%pylab tk",
        "%matplotlib inline",
    ],
)
def test_a_figure_is_shown_whatever_window_was_asked_for(choice: str, shared: KernelClient) -> None:
    outputs = shared.run_cell(f"{choice}\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) == 1
    assert not [output for output in outputs if output.output_type == "error"]
    assert value_of(shared.run_cell("plt.get_fignums()")) == "[]"


def test_a_backend_that_nobody_knows_is_an_error(shared: KernelClient) -> None:
    assert error_of(shared.run_cell("import matplotlib; matplotlib.use('nonsense')")) == "ValueError"


def test_the_kernel_is_the_running_application(shared: KernelClient) -> None:
    shared.run_cell("from ipykernel.connect import get_connection_file")
    assert value_of(shared.run_cell("get_connection_file() == get_ipython().kernel.parent.connection_file")) == "True"
    assert value_of(shared.run_cell("type(get_ipython()).__name__")) == "'ZMQInteractiveShell'"


def test_the_unit_s_data_is_copied_but_no_notebook(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "table.csv").write_text("1,2")
    (tmp_path / "unit.ipynb").write_text("{}")
    with KernelClient(SMALL, data=tmp_path) as learner:
        assert value_of(learner.run_cell("import os; sorted(os.listdir('.'))")) == "['sub']"
        assert value_of(learner.run_cell("open('sub/table.csv').read()")) == "'1,2'"
        learner.run_cell("open('sub/table.csv', 'w').write('spoiled')")
    assert (tmp_path / "sub" / "table.csv").read_text() == "1,2"


def test_a_cell_runs_while_nobody_waits(shared: KernelClient) -> None:
    shared.begin("print('meanwhile')", silent=True)
    assert text_of(shared.finish()) == "meanwhile\n"


def test_text_that_is_no_unicode_is_run_as_far_as_it_goes(shared: KernelClient) -> None:
    assert value_of(shared.run_cell("len('\ud800')")) == "1"
    assert value_of(shared.run_cell(r"'\ud800' * 2")) == repr("\ud800" * 2)


def test_input_is_an_error(shared: KernelClient) -> None:
    assert error_of(shared.run_cell("input('name? ')")) == "StdinNotImplementedError"


def test_without_the_sandbox_the_same_limits_hold(tmp_path: Path) -> None:
    with KernelClient(SMALL, isolated=False) as learner:
        assert value_of(learner.run_cell(f"import os; os.path.exists({str(tmp_path)!r})")) == "True"
        assert error_of(learner.run_cell("while True: pass", timeout=0.5)) == "TimeoutError"
        assert error_of(learner.run_cell(f"bytearray({2 * SMALL.memory_bytes})")) == "MemoryError"
        assert "SECRET" not in value_of(learner.run_cell("dict(os.environ)"))


# Code that does not end


def test_an_endless_loop_is_stopped_and_the_kernel_goes_on(shared: KernelClient) -> None:
    outputs = shared.run_cell("print('begun', flush=True)\nwhile True: pass", timeout=0.5)
    assert text_of(outputs) == "begun\n"
    assert outputs[-1].ename == "TimeoutError"
    assert outputs[-1].evalue == "stopped after 0.5 s; an endless loop?"
    assert still_works(shared)


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(1000)", "import subprocess; subprocess.run(['sleep', '999'])"]
)
def test_waiting_is_stopped_too(code: str, shared: KernelClient) -> None:
    assert error_of(shared.run_cell(code, timeout=0.5)) == "TimeoutError"
    assert still_works(shared)


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    try: sum(range(1000))\n    except BaseException: pass",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_a_loop_that_swallows_interrupts_is_killed(code: str, own: KernelClient) -> None:
    with pytest.raises(KernelDiedError, match=r"ran on after 0\.5 s and could not be stopped"):
        own.run_cell(code, timeout=0.5)
    with pytest.raises(KernelDiedError):
        own.run_cell("1")
    assert not own.alive


def test_all_cells_together_have_a_limit() -> None:
    with KernelClient(Limits(submission_s=1.5)) as learner:
        assert error_of(learner.run_cell("while True: pass")) == "TimeoutError"
        with pytest.raises(KernelDiedError, match=r"all cells together ran for more than 1\.5 s"):
            learner.run_cell("1")


def test_processor_time_has_a_limit() -> None:
    with (
        KernelClient(Limits(cpu_s=2)) as learner,
        pytest.raises(KernelDiedError, match="more than 2 s of processor time"),
    ):
        learner.run_cell("while True: pass")


# Code that ends its process


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import os; os._exit(9)"])
def test_a_kernel_that_ends_itself_is_reported(code: str, own: KernelClient) -> None:
    with pytest.raises(KernelDiedError, match="ended itself"):
        own.run_cell(code)


@pytest.mark.parametrize("code", ["exit()", "quit"])
def test_leaving_the_notebook_keeps_the_cells_that_follow(code: str, shared: KernelClient) -> None:
    shared.run_cell(code)
    shared.run_cell("import time; time.sleep(0.3)")
    assert still_works(shared)


def test_a_crash_is_reported(own: KernelClient) -> None:
    with pytest.raises(KernelDiedError, match=r"crashed \(SIGSEGV\)"):
        own.run_cell("import ctypes; ctypes.string_at(0)")


def test_sys_exit_is_an_error_like_others(shared: KernelClient) -> None:
    assert "SystemExit" in [output.get("ename") for output in shared.run_cell("import sys; sys.exit()")]
    assert still_works(shared)


def test_killing_processes_outside_is_impossible(shared: KernelClient) -> None:
    outputs = shared.run_cell(f"import os, signal; os.kill({os.getpid()}, signal.SIGKILL)")
    assert error_of(outputs) in ("ProcessLookupError", "PermissionError")


# Code that takes too much


def test_memory_has_a_limit(shared: KernelClient) -> None:
    assert error_of(shared.run_cell(f"bytearray({SMALL.memory_bytes})")) == "MemoryError"
    assert error_of(shared.run_cell("[0] * 10**12")) == "MemoryError"
    assert still_works(shared)


def test_memory_of_several_processes_counts_together() -> None:
    child = "import time; x = b'x' * (80 * 2**20); time.sleep(60)"
    code = f"import subprocess, sys\nfor _ in range(6): subprocess.Popen([sys.executable, '-c', {child!r}])\n"
    with (
        KernelClient(Limits(memory_bytes=400 * MIB)) as learner,
        pytest.raises(KernelDiedError, match=r"more than 0\.39 GiB"),
    ):
        learner.run_cell(code + "import time; time.sleep(30)")


def test_forks_that_share_their_memory_are_not_counted_twice() -> None:
    code = "import os, time\nx = b'x' * (150 * 2**20)\nfor _ in range(6):\n    if os.fork() == 0: time.sleep(60)\n"
    with KernelClient(Limits(memory_bytes=600 * MIB)) as learner:
        learner.run_cell(code + "time.sleep(1)")
        assert still_works(learner)


def test_files_in_memory_do_not_get_around_the_limit(shared: KernelClient) -> None:
    assert error_of(shared.run_cell("import os; os.memfd_create('x')")) == "PermissionError"
    fill = "import os\nfor n in range(100):\n    with open(f'/dev/shm/{n}', 'wb') as file: file.write(bytes(2**20))"
    assert error_of(shared.run_cell(fill)) == "OSError"
    shared.run_cell("for n in range(100):\n    if os.path.exists(f'/dev/shm/{n}'): os.unlink(f'/dev/shm/{n}')")


def test_threads_have_a_limit(own: KernelClient) -> None:
    code = "import threading, time\nfor _ in range(1000): threading.Thread(target=time.sleep, args=(60,)).start()"
    assert error_of(own.run_cell(code)) == "RuntimeError"


def test_processes_have_a_limit(own: KernelClient) -> None:
    code = "import os, time\nfor _ in range(1000):\n    if os.fork() == 0: time.sleep(60)"
    assert error_of(own.run_cell(code)) == "BlockingIOError"


def test_a_file_has_a_limit(shared: KernelClient) -> None:
    assert error_of(shared.run_cell("file = open('big', 'wb')\nfile.truncate(5 * 2**30)")) == "OSError"
    fill = "for n in range(50):\n    with open(f'part{n}', 'wb') as file: file.write(bytes(2**20))"
    assert error_of(shared.run_cell(fill)) == "OSError"
    shared.run_cell("import os\nfor name in os.listdir('.'): os.unlink(name)")
    assert still_works(shared)


def test_printing_100_mb_loses_the_rest_of_it_only(shared: KernelClient) -> None:
    for code in ("print('x' * 100_000_000)", "for _ in range(100_000): print('x' * 1000)"):
        outputs = shared.run_cell(code)
        assert "the rest was left out" in text_of(outputs)
        assert len(text_of(outputs)) < SMALL.output_chars + 200
        assert still_works(shared)


def test_printing_without_end_is_stopped(shared: KernelClient) -> None:
    outputs = shared.run_cell("while True: print('x' * 1000)", timeout=1)
    assert error_of(outputs) == "TimeoutError"
    assert len(text_of(outputs)) < SMALL.output_chars + 200
    assert still_works(shared)


@pytest.mark.parametrize(
    "code",
    [
        "from IPython.display import HTML; HTML('x' * 100_000_000)",
        "from IPython.display import HTML, display\nfor _ in range(1000): display(HTML('x' * 100_000))",
        "'x' * 100_000_000",
        "raise ValueError('x' * 100_000_000)",
    ],
)
def test_displaying_100_mb_loses_the_rest_of_it_only(code: str, shared: KernelClient) -> None:
    outputs = shared.run_cell(code)
    assert len(notebook_of(outputs)) < 500_000
    assert still_works(shared)


def test_the_number_of_outputs_has_a_limit(shared: KernelClient) -> None:
    outputs = shared.run_cell("from IPython.display import display\nfor n in range(1000): display(n)")
    assert len(outputs) == SMALL.outputs + 1
    assert "more than 20 outputs" in outputs[-1].text


# Code that forges


def test_forged_messages_change_no_more_than_the_cell_s_own_outputs(shared: KernelClient) -> None:
    forge = """
kernel = get_ipython().kernel
send = lambda kind, content, **kw: kernel.session.send(kernel.iopub_socket, kind, content, **kw)
parent = kernel.get_parent("shell")
for kind in ("stream", "display_data", "execute_result", "error", "update_display_data", "clear_output", "status", "x"):
    for content in ({}, {"name": 1, "text": 2}, {"name": "stdin", "text": "x"}, {"name": "stdout", "text": [1]},
                    {"data": 1}, {"data": {"text/plain": float("nan")}}, {"data": {"text/plain": {"a": [None]}}},
                    {"data": {}, "metadata": 3}, {"data": {"image/png": "x" * 10}, "transient": []},
                    {"ename": 1, "evalue": 2, "traceback": 3}, {"ename": "a", "evalue": "b", "traceback": [1]},
                    {"execution_state": "dead"}, {"execution_state": ["idle"]}, [], "x", None, 3):
        send(kind, content, parent=parent)
        send(kind, content, parent={})
    send(kind, {"name": "stdout", "text": "\\ud800"}, parent=parent)
send(["list"], {}, parent=parent)
send("stream", {}, parent={"header": {"msg_id": ["list"]}})
"""
    notebook_of(shared.run_cell(forge))
    assert still_works(shared)


def test_bytes_that_are_no_message_are_dropped(shared: KernelClient) -> None:
    send = """
socket = get_ipython().kernel.iopub_socket
delimiter = b"<IDS|MSG>"
for frames in ([b""], [b"x"] * 1000, [delimiter], [delimiter, b""], [delimiter] * 9, [delimiter, *[b"{}"] * 5],
               [delimiter, b"", *[b"[" * 100_000] * 4], [delimiter, b"", *[b"9" * 10_000] * 4], [b"\\xff"] * 6,
               [delimiter, b"", b"\\xff", b"{}", b"{}", b"{}"], [delimiter, b"", b"x" * 10**7, b"{}", b"{}", b"{}"]):
    socket.send_multipart(frames)
"""
    assert notebook_of(shared.run_cell(send))
    assert still_works(shared)


def test_a_forged_end_shortens_nobody_else_s_outputs(shared: KernelClient) -> None:
    forge = """
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent("shell"))
"""
    shared.run_cell(forge + "import time; time.sleep(0.3); print('late')")
    assert still_works(shared)


# Writes to the connection by itself, past the library that would keep a message until it is complete: frames of 1 MiB,
# each with the flag that says that more follow.
ENDLESS_MESSAGE = """
import os, select, socket, time
time.sleep(2)  # the library is still busy with words of its own, which must not come in between
port = get_ipython().kernel.parent.iopub_port
frame = b"\\x03" + (2**20).to_bytes(8, "big") + bytes(2**20)
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        peer = socket.socket(fileno=os.dup(fd))
        peer.getpeername()
        mine = str(peer.getsockname()).endswith(f"port-{port}")
    except OSError:
        continue
    while mine:
        rest = memoryview(frame)
        while rest:
            select.select([], [peer], [])
            try:
                rest = rest[peer.send(rest):]
            except BlockingIOError:
                pass
"""


def test_a_message_without_end_is_the_sender_s_loss() -> None:
    limits = Limits(memory_bytes=500 * MIB)
    with (
        KernelClient(limits) as learner,
        pytest.raises(KernelDiedError, match="sent more than the grader's memory holds"),
    ):
        learner.run_cell(ENDLESS_MESSAGE)


def test_a_flood_of_messages_is_stopped() -> None:
    code = """
kernel = get_ipython().kernel
while True: kernel.session.send(kernel.iopub_socket, "x", {"text": "x" * 1_000_000})
"""
    with KernelClient(Limits(cell_s=2, grace_s=1, memory_bytes=500 * MIB)) as learner:
        try:
            outputs = learner.run_cell(code)
        except KernelDiedError:
            return
        assert error_of(outputs) == "TimeoutError"


def test_a_kernel_that_shuts_its_sockets_is_given_up(own: KernelClient) -> None:
    with pytest.raises(KernelDiedError):
        own.run_cell("import os; os.closerange(3, 500)", timeout=2)


# What is left behind


def test_a_process_that_detaches_dies_with_the_kernel() -> None:
    mark = f"{time.time_ns()}"
    detach = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n"
    daemon = f"{detach}time.sleep(600) # {mark}"
    with KernelClient(SMALL) as learner:
        learner.run_cell(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {daemon!r}])")
        assert until(lambda: len(processes_with(mark)) == 1)  # between two forks none may be seen
    assert gone(mark)


def test_everything_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    mark = f"{time.time_ns()}"
    code = f"""
from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.limits import Limits
learner = KernelClient(Limits()).__enter__()
learner.run_cell("import subprocess; subprocess.Popen(['/bin/sh', '-c', 'sleep 600 # {mark}'])")
print("ready", flush=True)
learner.run_cell("while True: pass")
"""
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # a process that is killed leaves its files
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert len(processes_with(mark)) >= 1
        process.kill()
    assert gone(mark)


def test_nothing_is_left_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with KernelClient(SMALL) as learner:
        assert len(list(tmp_path.iterdir())) == 1
        learner.run_cell("open('left', 'w').write('x')")
    assert list(tmp_path.iterdir()) == []


def test_the_agent_s_socket_reaches_the_kernel(shared: KernelClient) -> None:
    assert isinstance(shared.channel, socket.socket)
    assert shared.channel.getpeername() is not None
