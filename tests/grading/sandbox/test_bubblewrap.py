"""What a learner's kernel sees of the machine, and what it can change there: next to nothing."""

import ast
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import course_lib
from course_lib.grading.sandbox import bubblewrap, seccomp
from course_lib.grading.sandbox.kernel_client import KernelClient, KernelStartError
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sandbox.zygote import VARIABLE, start_zygote
from tests.support.paths import ROOT
from tests.test_doctor import Add, add

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

__all__ = ["add"]

SECRET = "PIXELWISE_TEST_SECRET"
# Numbers of the kernel's classic packet filter, from its documentation.
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06


@pytest.fixture(scope="module")
def zygote_socket() -> Iterator[Path]:
    """Start a process that becomes kernels by forking."""
    with start_zygote() as path:
        yield path


@pytest.fixture(scope="module", params=["stranger", "namespace", "stranger-zygote", "namespace-zygote"])
def inside(request: pytest.FixtureRequest, zygote_socket: Path) -> Iterator[KernelClient]:
    """Start a kernel in each kind of sandbox, newly and as a fork; without root, there is one kind of sandbox."""
    kind, _, forked = request.param.partition("-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, "hunter2")
        if kind == "namespace":
            patch.setattr(bubblewrap, "stranger", lambda: None)
        if forked:
            patch.setenv(VARIABLE, str(zygote_socket))
        with KernelClient(Limits(file_bytes=2**24)) as learner:
            loaded = learner.run_cell("import sys; 'tensorflow' in sys.modules")[-1].data["text/plain"]
            assert loaded == str(bool(forked)), "the kernel did not start the way that is tested"
            yield learner


def value(learner: KernelClient, code: str) -> Any:
    """Run a cell, and take the value that it ends with; an error gives its name."""
    output = learner.run_cell(code)[-1]
    return output.ename if output.output_type == "error" else ast.literal_eval(output.data["text/plain"])


def test_this_machine_can_isolate() -> None:
    assert bubblewrap.available() == ""


def test_the_file_system_holds_the_system_python_and_the_library(inside: KernelClient) -> None:
    top = {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "tmp", "usr"}
    above = {path.parts[1] for path in (ROOT, Path(sys.prefix), Path(sys.base_prefix), Path.home())}
    assert set(value(inside, "import os; os.listdir('/')")) <= top | above
    assert set(value(inside, f"os.listdir({str(ROOT)!r})")) <= {"course_lib", Path(sys.prefix).name}
    assert value(inside, "import course_lib; course_lib.__file__") == course_lib.__file__
    assert value(inside, "sorted(os.listdir('/etc'))") in (["ld.so.cache", "localtime"], ["ld.so.cache"])


@pytest.mark.parametrize(
    "path",
    [
        *(
            ROOT / name
            for name in ("solutions", "build", "classroom", "work", "notebooks", "tests", ".git", "README.md")
        ),
        *(Path.home() / name for name in (".bashrc", ".ssh", ".cache/pixelwise/ops/lock", ".config")),
        *map(Path, ("/etc/passwd", "/etc/shadow", "/var", "/root/.bashrc", "/run", "/sys", "/mnt", "/srv")),
    ],
    ids=str,
)
def test_nothing_else_is_there(path: Path, inside: KernelClient) -> None:
    assert value(inside, f"import os; os.path.lexists({str(path)!r})") is False


def test_files_of_others_among_the_temporary_ones_are_not_there(inside: KernelClient, tmp_path: Path) -> None:
    other = tmp_path / "submission.ipynb"
    other.write_text("another learner's work")
    assert value(inside, f"open({str(other)!r}).read()") == "FileNotFoundError"
    assert value(inside, f"open({str(other)!r}, 'w')") == "FileNotFoundError"
    assert other.read_text() == "another learner's work"


@pytest.mark.parametrize(
    "path",
    [
        *map(Path, ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")),
        Path(course_lib.__file__),
        Path(os.__file__),
        Path(pytest.__file__),
        *map(
            Path, ("/usr/bin/env", "/etc/ld.so.cache", "/dev/null.txt", "/new", "/usr/new", "/proc/sys/kernel/hostname")
        ),
    ],
    ids=lambda path: path.name,
)
def test_the_system_can_not_be_written(path: Path, inside: KernelClient) -> None:
    assert value(inside, f"open({str(path)!r}, 'a')") in ("OSError", "PermissionError", "FileNotFoundError")


def test_the_folder_of_the_kernel_s_sockets_can_only_be_read(inside: KernelClient) -> None:
    folder = "import os; folder = os.path.dirname(get_ipython().kernel.parent.connection_file)\n"
    assert value(inside, folder + "open(folder + '/x', 'w')") == "OSError"
    assert value(inside, folder + "os.unlink(folder + '/port-1')") == "OSError"
    assert value(inside, folder + "os.rename(folder + '/port-1', folder + '/port-9')") == "OSError"


def test_the_environment_is_the_sandbox_s_own(inside: KernelClient) -> None:
    names = value(inside, "import os; sorted(os.environ)")
    assert SECRET not in names
    files = value(inside, "import glob; [file for file in glob.glob('/proc/*/environ') if os.access(file, os.R_OK)]")
    for file in files:  # none where the kernel runs as a stranger
        assert value(inside, f"b'hunter2' in open({file!r}, 'rb').read()") is False


def test_no_process_of_the_machine_is_seen(inside: KernelClient) -> None:
    pids = value(inside, "import os; [int(name) for name in os.listdir('/proc') if name.isdigit()]")
    assert len(pids) <= 3  # bubblewrap, the kernel, and what keeps the sandbox for a fork
    assert max(pids) < 100


def test_open_files_are_the_kernel_s_own(inside: KernelClient) -> None:
    links = "import glob, os; links = [file for file in glob.glob('/proc/self/fd/*') if os.path.lexists(file)]\n"
    kinds = value(inside, links + "sorted({os.readlink(link).split(':')[0] for link in links})")
    assert set(kinds) <= {"socket", "pipe", "anon_inode", "/dev/null", "/dev/urandom"}


def test_nobody_has_rights_inside(inside: KernelClient) -> None:
    lines = value(inside, "open('/proc/self/status').read().splitlines()")
    status = {name: words.split() for name, words in (line.split(":", 1) for line in lines)}
    assert [status[name] for name in ("CapPrm", "CapEff", "CapAmb")] == [["0" * 16]] * 3
    assert (status["NoNewPrivs"], status["Seccomp"]) == (["1"], ["2"])
    assert "0" not in status["Uid"]


def test_a_setuid_program_gives_no_rights(inside: KernelClient) -> None:
    code = "import subprocess; subprocess.run(['su', '-c', 'id'], input=b'', capture_output=True).returncode"
    assert value(inside, code) != 0


def test_there_is_no_network(inside: KernelClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = server.getsockname()
        with socket.create_connection(address), server.accept()[0]:
            pass
        # Usually refused, but a kernel listens itself, at a port that may be the same.
        said = value(inside, f"import socket; socket.socket().connect_ex({address})")
        assert said in (errno.ECONNREFUSED, 0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert value(inside, "socket.create_connection(('192.0.2.1', 80), timeout=1)") == "OSError"
    assert value(inside, "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)") == "URLError"
    assert value(inside, "socket.getaddrinfo('example.org', 80)") == "gaierror"
    assert value(inside, "[name for _, name in socket.if_nameindex()]") == ["lo"]


def test_sockets_of_the_machine_are_out_of_reach(inside: KernelClient, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as by_name, socket.socket(socket.AF_UNIX) as by_path:
        by_name.bind("\0pixelwise-test")
        by_name.listen()
        by_path.bind(str(tmp_path / "s"))
        by_path.listen()
        assert value(inside, "socket.socket(socket.AF_UNIX).connect('\\0pixelwise-test')") == "ConnectionRefusedError"
        assert value(inside, f"socket.socket(socket.AF_UNIX).connect({str(tmp_path / 's')!r})") == "FileNotFoundError"
    assert value(inside, "socket.socket(40, socket.SOCK_STREAM)") == "OSError"  # AF_VSOCK: to the host of a guest


CALL = "import ctypes; c = ctypes.CDLL(None, use_errno=True); (c.syscall({}), ctypes.get_errno())"


@pytest.mark.parametrize(
    "name", ["unshare", "setns", "mount", "memfd_create", "shmget", "ptrace", "bpf", "io_uring_setup", "keyctl"]
)
def test_calls_that_get_around_limits_are_refused(name: str, inside: KernelClient) -> None:
    number = seccomp.REFUSED[platform.machine()][name]
    assert value(inside, CALL.format(f"{number}, 0, 0, 0, 0, 0")) == (-1, 1)


def test_memory_that_no_process_shows_cannot_be_had(inside: KernelClient) -> None:
    assert value(inside, "import mmap; mmap.mmap(-1, 4096)") == "PermissionError"
    assert value(inside, "mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096)") == "OSError"
    assert value(inside, "mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)[0]") == 0
    assert value(inside, "import multiprocessing; multiprocessing.Array('d', 9)[0]") == 0.0


def test_a_user_namespace_can_not_be_made(inside: KernelClient) -> None:
    clone = seccomp.CLONE[platform.machine()]
    assert value(inside, CALL.format(f"{clone}, {seccomp.CLONE_NEWUSER | 17}, 0, 0, 0, 0")) == (-1, 1)
    assert value(inside, CALL.format(f"{seccomp.CLONE3}, 0, 0")) == (-1, 38)
    code = "import subprocess; subprocess.run(['unshare', '-U', 'true'], capture_output=True).returncode"
    assert value(inside, code) != 0


# The filter, run by hand


def decide(program: bytes, number: int, argument: int, arch: int, fourth: int = 0) -> int:
    """Run a filter as the kernel does, on one call with these first and fourth arguments."""
    code = list(struct.iter_unpack("<HBBI", program))
    data = {0: number, 4: arch, 16: argument, 40: fourth}
    loaded = position = 0
    while True:
        operation, if_true, if_false, operand = code[position]
        position += 1
        if operation == RETURN:
            return operand
        if operation == LOAD:
            loaded = data[operand]
        elif operation == AND:
            loaded &= operand
        else:
            hit = {EQUAL: loaded == operand, AT_LEAST: loaded >= operand, ANY_BIT: loaded & operand}[operation]
            position += if_true if hit else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_refuses_what_is_listed_and_allows_the_rest(machine: str) -> None:
    program, arch = seccomp.program(machine), seccomp.ARCHITECTURE[machine]
    refused = set(seccomp.REFUSED[machine].values())
    for number in set(range(460)) - {seccomp.CLONE[machine], seccomp.CLONE3, seccomp.SOCKET[machine]}:
        assert decide(program, number, 0xFFFFFFFF, arch) == (0x00050001 if number in refused else 0x7FFF0000)
    assert decide(program, seccomp.CLONE3, 0, arch) == 0x00050026
    assert decide(program, seccomp.CLONE[machine], 0x10000011, arch) == 0x00050001
    assert decide(program, seccomp.CLONE[machine], 0x003D0F00, arch) == 0x7FFF0000  # as a thread is made
    kinds = {"private": 0x02, "private, of no file": 0x22, "shared, of a file": 0x01, "shared, of no file": 0x21}
    decided = {kind: decide(program, seccomp.MMAP[machine], 0, arch, flags) for kind, flags in kinds.items()}
    assert [kind for kind, decision in decided.items() if decision != 0x7FFF0000] == ["shared, of no file"]
    assert decide(program, seccomp.MMAP[machine], 0, arch, 0x8033) == 0x00050001  # MAP_SHARED_VALIDATE and more
    families = {family for family in range(50) if decide(program, seccomp.SOCKET[machine], family, arch) == 0x7FFF0000}
    assert families == {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}


def test_the_filter_refuses_every_call_of_another_architecture() -> None:
    assert decide(seccomp.program("x86_64"), 1, 0, 0x40000003) == 0x00050001  # 32-bit
    assert decide(seccomp.program("x86_64"), 0x40000001, 0, seccomp.ARCHITECTURE["x86_64"]) == 0x00050001  # x32
    with pytest.raises(ValueError, match="expected a processor among x86_64, aarch64, got riscv64"):
        seccomp.program("riscv64")


def test_the_numbers_are_the_system_s_own() -> None:
    folders = (f"/usr/include/{platform.machine()}-linux-gnu/asm", "/usr/include/asm")
    named = [Path(folder, "unistd_64.h") for folder in folders] + [Path("/usr/include/asm-generic/unistd.h")]
    header = next(path for path in named if path.exists())
    words = [line.split()[1:] for line in header.read_text().splitlines() if line.startswith("#define __NR_")]
    numbers = {name.removeprefix("__NR_"): number for name, number, *_ in words}
    for call, number in seccomp.REFUSED[platform.machine()].items():
        assert numbers.get(call, str(number)) == str(number)


# Which folders are shown


def mounted(readable: set[Path], private: set[Path]) -> dict[Path, str]:
    """Ask what is mounted where, in the order in which it is."""
    options = bubblewrap._mounts(readable, private)
    kinds = {"--ro-bind": 2, "--tmpfs": 1, "--symlink": 2, "--dir": 1}
    return {Path(options[index + kinds[option]]): option for index, option in enumerate(options) if option in kinds}


def test_a_course_in_a_folder_that_is_shown_stays_private(tmp_path: Path) -> None:
    course = tmp_path / "python" / "course"
    (course / "solutions").mkdir(parents=True)
    plan = mounted({tmp_path / "python", course / "solutions" / "venv"}, {course / "solutions", tmp_path / "elsewhere"})
    assert plan[tmp_path / "python"] == "--ro-bind"
    assert plan[course / "solutions"] == "--tmpfs"
    assert plan[course / "solutions" / "venv"] == "--ro-bind"
    assert tmp_path / "elsewhere" not in plan
    assert list(plan).index(course / "solutions") > list(plan).index(tmp_path / "python")


def test_python_in_a_home_does_not_show_the_home(tmp_path: Path) -> None:
    plan = mounted({tmp_path / "home" / ".pyenv"}, {tmp_path / "home"})
    assert plan[tmp_path / "home"] == "--dir"


# Machines that lack something


def test_without_bubblewrap_it_says_how_to_install_it(add: Add) -> None:
    assert bubblewrap.available().startswith("bubblewrap is not here; install bubblewrap: apt install bubblewrap")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("bwrap: No permissions to create new namespace", "allow user namespaces"),
        ("bwrap: setting up uid map: Permission denied", "allow user namespaces"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "allow user namespaces"),  # Ubuntu 24.04
        ("bwrap: Unknown option --unshare-all", "it is too old (bubblewrap 0.1.8): install a newer one"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "in a container, start that with"),
        ("ModuleNotFoundError: No module named x", "the sandbox starts, but Python does not run in it"),
    ],
)
def test_a_bubblewrap_that_fails_says_why(said: str, advice: str, add: Add) -> None:
    add("bwrap", f'[ "$1" = --version ] && echo bubblewrap 0.1.8 && exit\necho "{said}" >&2; exit 1')
    assert bubblewrap.available().startswith(f"bubblewrap is here, but does not work: {said}; {advice}")
    assert "apt install" not in bubblewrap.available()


def test_other_systems_cannot_isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert "on Linux (x86_64 or aarch64) only, this is Darwin" in bubblewrap.available()


def test_an_old_bubblewrap_gets_no_option_that_it_does_not_know(add: Add) -> None:
    add("bwrap", "echo '    --tmpfs DEST   Mount new tmpfs on DEST'")
    with bubblewrap.bwrap_command([], {}, Limits(), None) as (command, _):
        assert not {"--size", "--perms"} & set(command)


def test_a_kernel_says_when_it_cannot_start(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add("bwrap", "exit 1")
    with pytest.raises(KernelStartError), KernelClient(Limits()):
        pass
