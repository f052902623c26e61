"""Calling kernels: right ones, and those that do what no program may."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from scipy.ndimage import map_coordinates

from course_lib.compilers import BuildError, find_compiler
from course_lib.native import Array, Kernel, KernelError, Scalar, Signature, kernel, running
from course_lib.native import compile as compiling
from tests.support.kernel_texts import FIRST_LINE, PLAIN, body


def can_compile() -> bool:
    """Tell whether this machine has a C++ compiler."""
    try:
        find_compiler()
    except BuildError:
        return False
    return True


pytestmark = [
    pytest.mark.slow,
    pytest.mark.compiler,
    pytest.mark.skipif(not can_compile(), reason="no C++ compiler here"),
]

RNG = np.random.default_rng(7)
MAP = RNG.normal(size=(5, 7, 3)).astype(np.float32)  # 105 entries
YX = RNG.uniform(-5, 40, (11, 2)).astype(np.float32)  # and 33 of the output


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give an empty cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("caches")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "pixelwise" / "kernels"


@pytest.fixture(scope="module")
def plain(cache: Path) -> Kernel:
    """A right kernel."""
    return kernel("sample", PLAIN)


# ---- right ones


def test_a_hand_worked_case(plain: Kernel) -> None:
    ramp = np.array([[0, 1], [10, 11]], np.float32)[..., None]
    out = plain(ramp, [[0, 0], [2, 2], [1, 3], [8, -8]], 4.0)
    np.testing.assert_array_equal(out, np.array([[0], [5.5], [3.25], [10]], np.float32))
    assert out.dtype == np.float32


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 7, 2), (5, 1, 1), (1, 1, 4)])
def test_values_are_those_of_scipy(plain: Kernel, shape: tuple[int, int, int]) -> None:
    values = RNG.normal(size=shape).astype(np.float32)
    expected = [map_coordinates(values[..., c], YX.T / 4, order=1, mode="nearest") for c in range(shape[2])]
    np.testing.assert_allclose(plain(values, YX, 4.0), np.transpose(expected), atol=1e-5)


def test_no_locations_give_no_columns(plain: Kernel) -> None:
    assert plain(MAP, np.zeros((0, 2)), 4.0).shape == (0, 3)


def test_what_goes_in_stays_as_it_is_and_may_be_of_other_types(plain: Kernel) -> None:
    values = np.arange(12.0).reshape(2, 3, 2)
    before = values.copy()
    view = values[:, ::-1]
    np.testing.assert_array_equal(plain(view, [[0, 1]], 1), view[0, 1][None].astype(np.float32))
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((MAP, YX), "expected 3 arguments (map, yx, scale), got 2"),
        ((MAP[0], YX, 4.0), "expected map of shape (height, width, channels), got shape (7, 3)"),
        ((MAP, YX[:, :1], 4.0), "expected yx of shape (count, 2)"),
        ((MAP[:0], YX, 4.0), "got shape (0, 7, 3)"),
        ((MAP, [[0, np.nan]], 4.0), "without NaN and infinity"),
        ((MAP, [["a", "b"]], 4.0), "of numbers, got <U1"),
        ((MAP, YX, 0.0), "expected scale to be a positive number (float32), got 0.0"),
        ((MAP, YX, -1), "got -1"),
        ((MAP, YX, 1e-50), "got 1e-50"),  # which is 0 in float32
        ((MAP, YX, 1e50), "got 1e+50"),
        ((MAP, [[1e300, 0]], 4.0), "without NaN and infinity (as float32)"),
        ((MAP, YX, np.nan), "got nan"),
        ((MAP, YX, [4.0]), "got [4.0]"),
        ((MAP, YX, "4"), "got '4'"),
        ((MAP, YX, True), "got True"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(plain: Kernel, arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        plain(*arguments)


def test_what_a_kernel_prints_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    kernel("sample", body('std::printf("y %d\\n", count);'))(MAP, YX, 4.0)
    assert capsys.readouterr().out == "y 11\n"


# ---- wrong ones

# What a line does, and what is said about it. The kernel does what the number `scale` says.
WRONG = [
    ("out[0] = map[-1];", "reads map[-1], before the first entry of map"),
    ("out[0] = map[-20000];", "reads map[-20000], before the first entry of map"),
    ("out[0] = map[105];", "reads map[105], but map has 5 x 7 x 3 = 105 entries; the last one is map[104]"),
    ("out[0] = map[123456789];", "reads map[123456789], but map has"),
    ("out[0] = map[2000000000];", "reads memory far from every array"),
    ("out[0] = yx[22];", "reads yx[22], but yx has 11 x 2 = 22 entries"),
    ("out[33] = 1;", "writes out[33], but out has 11 x 3 = 33 entries; the last one is out[32]"),
    ("out[-2] = 1;", "writes out[-2], before the first entry of out"),
    ("const_cast<float*>(map)[3] = 1;", "writes to map, which may only be read"),
    ("const_cast<float*>(yx)[0] = 1;", "writes to yx, which may only be read"),
    ("std::memcpy(out, map - 8, 32);", "reads map[-8], before"),
    ("std::fill(out, out + 34, 0.0f);", "writes out[33], but"),
    ("float* p = nullptr; *p = 1;", "a null pointer is used"),
    ("std::memset(nullptr, 0, height);", "a null pointer is passed on"),
    ("out[0] = *reinterpret_cast<float*>(64L);", "reads through a null pointer"),
    ("out[0] = recursion(0);", "the stack is full"),
    ("out[0] = static_cast<int>(yx[0] * 1e30f);", "a float is converted to an integer type that cannot hold it"),
    ("out[0] = height * 1000000000;", "an integer becomes too large for its type"),
    ("out[0] = height / (width - 7);", "an integer is divided by 0"),
    ("out[0] = height % (width - 7);", "an integer is divided by 0"),
    ("float w[4] = {1, 2, 3, 4}; out[0] = w[height - 1];", "an index lies outside of its local array"),
    ("out[0] = 1 << (height + 40);", "shifted by more bits"),
    ("bool b; std::memset(&b, 7, 1); out[0] = b;", "a bool or an enum is read that was never set"),
    ("std::exit(0);", "the function ends the whole program; use return instead"),
    ("std::quick_exit(3);", "the function ends the whole program"),
    ("std::abort();", "the program gives up"),
    ("assert(height == 0);", "the program gives up: Assertion `height == 0' failed."),
    ("throw 3;", "throws int, and nothing catches it"),
    ('throw std::range_error("too far");', "throws std::range_error (too far), and nothing catches it"),
    ("std::vector<float> huge(1LL << 36); out[0] = huge[0];", "throws std::bad_alloc"),
    ("std::vector<float> three(3); out[0] = three[height];", "the program gives up: Assertion"),
    ("__builtin_trap();", "the program ends with SIG"),
]
# An error of these is noticed in another function.
ELSEWHERE = {"out[0] = recursion(0);": "int recursion(int x) { return x < 0 ? x : recursion(x + 1) + 1; }"}


@pytest.fixture(scope="module")
def wrong(cache: Path) -> Kernel:
    """A kernel that does one of the wrong things."""
    headers = "".join(f"#include <{name}>\n" for name in ("cassert", "cstdlib", "stdexcept", "vector"))
    above = headers + "\n".join(ELSEWHERE.values())
    cases = [f"if (scale == {number}) {{ {line} }}" for number, (line, _) in enumerate(WRONG, 1)]
    return kernel("sample", body(*cases, above=above))


@pytest.mark.parametrize("number", range(len(WRONG)), ids=lambda number: WRONG[number][0])
def test_what_goes_wrong_is_said_with_the_line(wrong: Kernel, number: int) -> None:
    line, words = WRONG[number]
    with pytest.raises(KernelError) as caught:
        wrong(MAP, YX, number + 1)
    wanted = next(i for i, each in enumerate(wrong.text.split("\n"), 1) if ELSEWHERE.get(line, line) in each)
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"line {wanted}: ")
    assert words in first
    assert second == f"{wanted:6} | {wrong.text.split(chr(10))[wanted - 1]}"
    assert caught.value.line == wanted


def test_the_next_call_is_none_the_wiser(wrong: Kernel) -> None:
    with pytest.raises(KernelError):
        wrong(MAP, YX, 1)
    np.testing.assert_array_equal(wrong(MAP, YX, 1000), np.zeros((11, 3)))


def test_an_endless_loop_is_stopped_and_named() -> None:
    with pytest.raises(KernelError, match="line 5: still running after 2 s of processor time"):
        kernel("sample", body("while (true) {", "  out[0] += 1;", "}"))(MAP, YX, 4.0)


def test_one_that_waits_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WALL_S", 1)
    with pytest.raises(KernelError, match="did not return within 1 s"):
        kernel("sample", body("sleep(100);", above="#include <unistd.h>"))(MAP, YX, 4.0)


def test_one_that_prints_without_end_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KernelError, match="line 4: the function prints more than a megabyte"):
        kernel("sample", body('while (true) std::printf("%d\\n", height);'))(MAP, YX, 4.0)
    assert 1000 < len(capsys.readouterr().out) < 3000


def test_a_kernel_leaves_no_process_behind(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ("const int child = fork();", "if (child == 0) sleep(100);", 'std::printf("%d\\n", child);')
    kernel("sample", body(*lines, above="#include <unistd.h>"))(MAP, YX, 4.0)
    child = int(capsys.readouterr().out.split()[0])
    while is_running(child):
        time.sleep(0.01)


def test_an_interrupt_while_it_starts_leaves_no_process_behind(plain: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_that_waits = kernel("sample", body("pause();", above="#include <unistd.h>"))
    started = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            started.append(self.pid)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        kernel_that_waits(MAP, YX, 4.0)
    assert [is_running(process) for process in started] == [False]


def is_running(process: int) -> bool:
    """Tell whether a process runs, and is no zombie; -1 stands for no process."""
    try:
        return process != -1 and psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (body("_exit(0);", above="#include <unistd.h>"), "the function ends the whole program, with status 0"),
        (body("raise(SIGKILL);", above="#include <signal.h>"), "the function was stopped"),
        (body(above="int* p; int value = *p;"), "the program ends before the function is called"),
    ],
)
def test_ends_that_nobody_can_report_are_told_without_a_line(text: str, words: str) -> None:
    with pytest.raises(KernelError, match=words) as caught:
        kernel("sample", text)(MAP, YX, 4.0)
    assert caught.value.line is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("std::fill(out, out + 33, unset); out[5] = 1;", "the entry [0, 0] of out is never set, and 31 more"),
        ("out[32] = unset;", "the entry [10, 2] of out is never set"),
        ("std::fill(out + 24, out + 33, unset);", "out is never set from the entry [8, 0] to the end"),
        ("std::fill(out + 25, out + 33, unset);", "the entry [8, 1] of out is never set, and 7 more"),
        (
            "std::fill(out, out + 33, unset); for (int i = 1; i < 33; ++i) out[i] += 1;",
            "the entry [0, 1] of out is used",
        ),
        ("static int calls; out[0] = calls++;", "gives different values when it is called again"),
    ],
)
def test_what_is_left_unset_or_differs_is_told(line: str, words: str) -> None:
    # As the helper program leaves it before the call.
    above = "static const unsigned kUnset = 0x7f80dead; static const float unset = *(const float*)&kUnset;"
    with pytest.raises(KernelError, match=re.escape(words)):
        kernel("sample", body(line, above=above))(MAP, YX, 4.0)


def test_nothing_is_set() -> None:
    with pytest.raises(KernelError, match=r"^nothing is written into out"):
        kernel("sample", PLAIN.replace("out[i * channels + c] = ", ""))(MAP, YX, 4.0)


@pytest.mark.parametrize("sum_of", ["float sum;", "float* sums = new float[9]; float& sum = sums[8];"])
def test_memory_that_was_never_set_is_told(sum_of: str) -> None:
    text = f"{FIRST_LINE} {{ {sum_of} for (int i = 0; i < count * channels; ++i) out[i] = sum += 1; }}"
    with pytest.raises(KernelError, match="memory that was never set"):
        kernel("sample", text)(MAP, YX, 4.0)


@pytest.mark.parametrize("mode", [0o644, None])
def test_a_machine_that_does_not_run_the_program_is_told(mode: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    made = kernel("sample", body("out[0] = 1;", above=f"// {mode}"))
    program = made.compile() / compiling.CHECKED
    program.unlink() if mode is None else program.chmod(mode)
    with pytest.raises(KernelError, match=r"the function could not be called on this machine: .*(denied|not found)"):
        made(MAP, YX, 4.0)
    assert capsys.readouterr().out == ""


def test_arguments_without_room_are_not_blamed_on_the_kernel(plain: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MEMORY", -(2**23))
    with pytest.raises(KernelError, match="could not be called on this machine: there is not enough memory"):
        plain(np.zeros((1000, 1000, 1)), YX, 4.0)


def test_without_addr2line_the_error_is_told_all_the_same(wrong: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    real = compiling.find_compiler()
    without = compiling.Compiler(real.path, real.version, real.libraries, "")
    monkeypatch.setattr(compiling, "_describe", lambda path, version: without)
    with pytest.raises(KernelError, match=r"^reads map\[-1\], before .* \(to be told the line, install addr2line"):
        wrong(MAP, YX, 1)
    undefined = next(i for i, (line, _) in enumerate(WRONG, 1) if "1000000000" in line)
    with pytest.raises(KernelError, match=r"^line \d+: an integer becomes too large"):
        wrong(MAP, YX, undefined)


# ---- speed


def test_a_race_gives_both_times_and_shows_who_is_slower(plain: Kernel) -> None:
    again = PLAIN.replace("for (int c = 0", "for (int again = 0; again < 30; ++again) for (int c = 0")
    slow = again.replace("out[i * channels + c] = ", "volatile float sum = ").replace(
        "dy * lower;", "dy * lower; out[i * channels + c] = sum;"
    )
    arguments = (RNG.normal(size=(20, 20, 64)), RNG.uniform(0, 80, (200, 2)), 4.0)
    times = kernel("sample", slow).race(*arguments, repeats=3)
    assert list(times) == ["yours", "the course's loop"]
    assert times["yours"] > 3 * times["the course's loop"] > 0
    assert 0 < plain.processor_seconds(*arguments, repeats=3) < times["yours"]


def test_a_kernel_that_is_wrong_is_not_timed(wrong: Kernel) -> None:
    with pytest.raises(KernelError, match=r"reads map\[-1\]"):
        wrong.processor_seconds(MAP, YX, 1)


def test_the_fast_build_must_give_the_same_values() -> None:
    text = PLAIN.replace("  for (int i", "#ifdef __OPTIMIZE__\n  count = 0;\n#endif\n  for (int i", 1)
    with pytest.raises(KernelError, match="gives different values when it is compiled to be fast"):
        kernel("sample", text).race(MAP, YX, 4.0)


def test_repeats_must_be_positive(plain: Kernel) -> None:
    with pytest.raises(ValueError, match="expected repeats to be a whole number of 1 or more, got 0"):
        plain.race(MAP, YX, 4.0, repeats=0)


# ---- other signatures


def test_other_signatures_are_called_as_they_say() -> None:
    matrix, vector = Array("matrix", ("rows", "columns"), "float64"), Array("index", ("columns",), "int32")
    signature = Signature((matrix, vector, Scalar("times", "int32")), Array("sums", ("rows",), "float64"))
    assert signature.declaration("f") == (
        "void f(const double* matrix, int rows, int columns, const int* index, int times, double* sums)"
    )
    text = (
        signature.declaration("weigh")
        + """ {
  for (int i = 0; i < rows; ++i) {
    sums[i] = 0;
    for (int k = 0; k < columns; ++k) sums[i] += times * index[k] * matrix[i * columns + k];
  }
}"""
    )
    values = RNG.normal(size=(3, 4))
    weigh = kernel("weigh", text, signature=signature)
    np.testing.assert_allclose(weigh(values, [3, -1, 0, 2], 5), values @ [15, -5, 0, 10])
    with pytest.raises(ValueError, match=re.escape("expected index of shape (columns) where columns = 4")):
        weigh(values, [1, 2, 3], 5)
    for index in ([3, -1, 0, 0.5], [3, -1, 0, 2**31]):
        with pytest.raises(ValueError, match=r"expected index of shape \(columns\) of whole numbers \(as int32\)"):
            weigh(values, index, 5)
    for times in (1.7, 2**31):
        with pytest.raises(ValueError, match=re.escape(f"expected times to be a number (int32), got {times}")):
            weigh(values, [3, -1, 0, 2], times)
    with pytest.raises(ValueError, match="a kernel that the course has too"):
        weigh.race(values, [3, -1, 0, 2], 5)
    assert weigh.processor_seconds(values, [3, -1, 0, 2], 5) > 0


@pytest.mark.parametrize(
    ("inputs", "output", "words"),
    [
        ((Array("a", ("n",), "float16"),), Array("b", ("n",)), "expected a type among float32, float64, int32"),
        ((Array("a", ("n",)),), Array("b", ("m",)), "expected the sides of the output to be sides of inputs, got m"),
    ],
)
def test_signatures_without_a_declaration_are_refused(inputs: tuple[Array, ...], output: Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Signature(inputs, output)
