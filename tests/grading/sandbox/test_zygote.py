"""Kernels that are forks of one process: as isolated as others, and nothing is shared between them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from course_lib.course import Course
from course_lib.grading.sandbox import zygote
from course_lib.grading.sandbox.kernel_client import KernelClient, KernelDiedError
from course_lib.grading.sandbox.limits import CgroupSupport, Limits
from course_lib.grading.sandbox.zygote import VARIABLE, start_zygote
from course_lib.release import released
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

MIB = 2**20
SMALL = Limits(cell_s=20, grace_s=1, memory_bytes=1500 * MIB, processes=64, file_bytes=20 * MIB)


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    """Start the process."""
    with start_zygote() as path:
        yield path


@pytest.fixture(autouse=True)
def named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every kernel be a fork."""
    monkeypatch.setenv(VARIABLE, str(path))


def value(learner: KernelClient, code: str) -> str:
    """Run a cell, and take the value that it ends with; an error gives its name."""
    output = learner.run_cell(code)[-1]
    return str(output.ename if output.output_type == "error" else output.data["text/plain"])


def is_fork(learner: KernelClient) -> bool:
    """Tell whether a kernel was forked: it has not imported TensorFlow by itself."""
    return value(learner, "import sys; 'tensorflow' in sys.modules") == "True"


def test_a_fork_computes_with_tensorflow_and_draws() -> None:
    with KernelClient(SMALL) as learner:
        assert is_fork(learner)
        assert (
            value(learner, "import tensorflow as tf; float(tf.reduce_sum(tf.ones((9, 9)) @ tf.ones((9, 9))))")
            == "729.0"
        )
        [figure] = learner.run_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        assert figure.data["image/png"].startswith("iVBOR")


def test_only_what_notebooks_use_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    with start_zygote(["scipy.stats"]) as path:
        monkeypatch.setenv(VARIABLE, str(path))
        with KernelClient(SMALL) as learner:
            known = value(learner, "import sys; [name in sys.modules for name in ('scipy.stats', 'tensorflow')]")
    assert known == "[True, False]"


def test_what_notebooks_import_is_there_before_the_fork() -> None:
    course = Course.find()
    paths = [released(course, unit) for unit in course.units()]
    cells = [cell for path in paths for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    lines = [line for cell in cells for line in cell.source.splitlines()]
    imports = sorted({line for line in lines if re.match(r"(import|from) [\w.]+", line) and not line.endswith("(")})
    code = ["import sys", "before = {*sys.modules}", *imports]
    late = "sorted({name.partition('.')[0] for name in {*sys.modules} - before} - sys.stdlib_module_names)"
    with KernelClient(replace(SMALL, cell_s=60)) as learner:
        assert len(imports) > 20
        assert value(learner, "\n".join([*code, late])) == "[]"


def test_nothing_that_one_learner_does_reaches_another() -> None:
    with KernelClient(SMALL) as first, KernelClient(SMALL) as second:
        first.run_cell(
            "import numpy, os, random\nnumpy.pi = 3\nos.environ['LEFT'] = '1'\nopen('/tmp/left', 'w').write('x')"
        )
        with KernelClient(SMALL) as third:
            for other in (second, third):
                assert value(other, "import numpy; numpy.pi == 3") == "False"
                assert value(other, "import os; 'LEFT' in os.environ, os.path.exists('/tmp/left')") == "(False, False)"
        drawn = [value(learner, "import random; random.random(), numpy.random.rand()") for learner in (first, second)]
        assert drawn[0] != drawn[1]
        pids = "[int(name) for name in os.listdir('/proc') if name.isdigit()]"
        assert value(first, f"len({pids})") == value(second, f"len({pids})") == "3"


def test_a_fork_can_be_interrupted_and_killed() -> None:
    with KernelClient(SMALL) as learner:
        assert learner.run_cell("while True: pass", timeout=0.5)[-1].ename == "TimeoutError"
        with pytest.raises(KernelDiedError, match="could not be stopped"):
            learner.run_cell("while True:\n    try: sum(range(1000))\n    except BaseException: pass", timeout=0.5)
        assert not learner.alive


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os._exit(7)", r"ended itself.*status 7"),
        ("import ctypes; ctypes.string_at(0)", r"crashed \(SIGSEGV\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by the system"),
    ],
)
def test_how_a_fork_ended_is_told(code: str, reason: str) -> None:
    with KernelClient(SMALL) as learner, pytest.raises(KernelDiedError, match=reason):
        learner.run_cell(code)


def test_a_fork_keeps_to_its_limits() -> None:
    with KernelClient(SMALL) as learner:
        assert value(learner, f"bytearray({SMALL.memory_bytes})") == "MemoryError"
        assert value(learner, "file = open('big', 'wb'); file.truncate(2**40)") == "OSError"
        assert (
            value(learner, "import os, time\nfor _ in range(99):\n    if os.fork() == 0: time.sleep(60)")
            == "BlockingIOError"
        )
    fill = "import os, time\nfor _ in range(5):\n    if os.fork() == 0: x = b'x' * (400 << 20); time.sleep(60)\n"
    with KernelClient(SMALL) as learner, pytest.raises(KernelDiedError, match=r"more than 1\.5 GiB of memory"):
        learner.run_cell(fill + "time.sleep(30)")


def test_what_detaches_itself_dies_with_a_fork() -> None:
    detach = "os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(600)"
    with KernelClient(SMALL) as learner:
        before = set(psutil.Process().children(recursive=True))
        learner.run_cell(f"import os, time\nchild = os.fork()\nif child == 0:\n    {detach}\nos.waitpid(child, 0)")
        detached = set(psutil.Process().children(recursive=True)) - before
        assert len(detached) == 1
    _, alive = psutil.wait_procs(detached, timeout=10)
    assert alive == []


def test_without_the_process_a_kernel_starts_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nobody"))
    with KernelClient(SMALL) as learner:
        assert not is_fork(learner)


def test_the_process_starts_in_a_group_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where systemd makes the groups, an ordinary user may move a process only among those of their own systemd."""
    systemd, log = tmp_path / "systemd-run", tmp_path / "log"
    systemd.write_text(f'#!/bin/sh\necho "$@" > {log}\nwhile [ "$1" != -i ]; do shift; done\nexec /usr/bin/env "$@"\n')
    systemd.chmod(0o755)
    monkeypatch.setattr(
        zygote, "cgroup_support", lambda: CgroupSupport("systemd", scope=(str(systemd), "--user", "--scope"))
    )
    with start_zygote() as path:
        monkeypatch.setenv(VARIABLE, str(path))
        with KernelClient(SMALL) as learner:
            assert is_fork(learner)
    said = log.read_text(encoding="utf-8")
    assert said.startswith("--user --scope --quiet --collect -p MemoryMax=")
    assert "course_lib.grading.sandbox.zygote" in said


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    code = (
        "from course_lib.grading.sandbox.zygote import start_zygote\n"
        "with start_zygote(): print('up', flush=True); input()"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # a process that is killed leaves its files
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        [child] = psutil.Process(process.pid).children()
        process.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 30)


def test_nothing_is_left_of_a_kernel_that_ended() -> None:
    with KernelClient(SMALL) as learner:
        assert is_fork(learner)
    below = psutil.Process().children(recursive=True)
    wait_until(lambda: not any(child.is_running() and child.status() == psutil.STATUS_ZOMBIE for child in below), 10)
