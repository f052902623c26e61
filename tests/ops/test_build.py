"""Compiling the user operations into a cache, and loading them from it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from course_lib import compilers, user_cache
from course_lib.ops import build, cache, library, toolchain
from course_lib.ops.build import BuildError
from course_lib.ops.toolchain import Toolchain
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.compiler]

TOOLS = Toolchain("/usr/bin/g++", "g++ 12", "/usr/bin/cmake", "/usr/bin/ninja")
# A project that CMake builds in a second: what is compiled is not the subject of most of these tests.
PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(pixelwise_ops LANGUAGES CXX)
add_library(pixelwise_ops MODULE small.cc)
set_target_properties(pixelwise_ops PROPERTIES PREFIX "" SUFFIX ".so")
"""


def can_build() -> bool:
    """Tell whether this machine has what a build needs."""
    try:
        toolchain.find()
    except BuildError:
        return False
    return True


needs_compiler = pytest.mark.skipif(not can_build(), reason="no compiler or no CMake here")


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.delenv("TF_USER_OPS", raising=False)
    monkeypatch.delenv("CUDAARCHS", raising=False)
    return tmp_path / "caches" / "pixelwise" / "ops"


@pytest.fixture
def project(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a small project in the place of the sources, and leave CUDA out."""
    sources = tmp_path / "user_ops"
    sources.mkdir()
    (sources / "CMakeLists.txt").write_text(PROJECT)
    (sources / "small.cc").write_text("int small() { return 1; }\n")
    monkeypatch.setattr(cache, "SOURCES", sources)
    plain = toolchain.find().without_cuda("a test")
    monkeypatch.setattr(toolchain, "find", lambda: plain)
    return sources


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process has loaded, for one test."""
    monkeypatch.setattr(library, "_outcome", None)


def in_new_process(code: str, **variables: str) -> str:
    """Run Python code in a separate process; return what it prints."""
    root = str(ROOT)
    environment = {**os.environ, "PYTHONPATH": root, **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- the cache


@pytest.mark.parametrize(
    "change",
    [
        lambda sources, patch: (sources / "small.cc").write_text("int small() { return 2; }\n"),
        lambda sources, patch: (sources / "new.h").write_text("\n"),
        lambda sources, patch: patch.setattr("tensorflow.__version__", "2.99.0"),
    ],
    ids=["a source changes", "a source is new", "another TensorFlow"],
)
@needs_compiler
def test_other_ingredients_have_another_place(
    project: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    before = cache.place(TOOLS)
    assert cache.place(TOOLS) == before
    change(project, monkeypatch)
    assert cache.place(TOOLS) != before


def test_other_compilers_have_another_place(caches: Path) -> None:
    cuda = replace(TOOLS, nvcc="/usr/local/bin/nvcc", nvcc_version="13.0", architectures=("90",))
    variants = [TOOLS, replace(TOOLS, compiler_version="g++ 13"), cuda, replace(cuda, architectures=("80", "90"))]
    assert len({cache.place(tools) for tools in variants}) == 4


def test_tests_and_texts_do_not_change_the_place(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.place(TOOLS)
    copy = copytree(cache.SOURCES, tmp_path / "copy")
    (copy / "README.md").write_text("another text")
    (copy / "tests" / "kernels_test.cc").write_text("another test")
    monkeypatch.setattr(cache, "SOURCES", copy)
    assert cache.place(TOOLS) == before


def test_without_sources_it_says_how_to_install(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SOURCES", tmp_path / "nowhere")
    with pytest.raises(BuildError, match="install the course again"):
        cache.place(TOOLS)


def test_a_home_that_cannot_be_written_gives_a_private_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = user_cache.folder("ops")
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert user_cache.folder("ops") == folder


def test_a_temporary_folder_that_others_can_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    planted = tmp_path / f"pixelwise-ops-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    assert user_cache.temporary("ops") != planted


# ---- building


@needs_compiler
def test_a_build_leaves_library_log_and_recipe_and_nothing_else(project: Path, caches: Path) -> None:
    lines: list[str] = []
    path = build.build(lines.append)
    assert sorted(file.name for file in path.parent.iterdir()) == ["build.log", "pixelwise_ops.so", "recipe.json"]
    assert sorted(entry.name for entry in caches.iterdir()) == sorted([path.parent.name, "lock"])
    assert any("small.cc" in line for line in lines), lines
    assert "cmake" in (path.parent / "build.log").read_text()


@needs_compiler
def test_a_second_build_compiles_nothing_unless_forced(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build.build()
    made = path.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
        assert build.build() == path
    assert path.stat().st_ino == made
    assert build.build(force=True) == path
    assert path.stat().st_ino != made


@needs_compiler
def test_a_broken_source_quotes_the_first_error_and_keeps_all_output(project: Path) -> None:
    (project / "small.cc").write_text("int small() { return nothing_of_that_name; }\nint other() { return neither; }\n")
    with pytest.raises(BuildError, match=r"small\.cc:1.*nothing_of_that_name") as caught:
        build.build()
    log = Path(str(caught.value).split("complete output: ")[1].rstrip(")"))
    assert "neither" in log.read_text()


@needs_compiler
def test_first_use_does_not_try_a_failed_build_again_but_a_command_does(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "CMakeLists.txt").write_text(PROJECT + "message(FATAL_ERROR once)\n")
    with pytest.raises(BuildError, match="once"):
        build.first_use()
    with monkeypatch.context() as patch:
        patch.setattr(build, "_compile", lambda *_: pytest.fail("it was tried again"))
        with pytest.raises(BuildError, match="once"):
            build.first_use()
    with pytest.raises(BuildError, match="once"):
        build.build()


@needs_compiler
def test_a_forced_build_that_fails_leaves_the_old_library(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build.build()
    monkeypatch.setenv("MAKEFLAGS", "--a-flag-that-no-make-knows")
    assert build.build(force=True) == path
    monkeypatch.setattr(build, "_commands", lambda *_: [["false"]])
    with pytest.raises(BuildError):
        build.build(force=True)
    assert build.build() == path
    assert path.is_file()


@needs_compiler
def test_cuda_sources_that_do_not_compile_leave_the_processor(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvcc = tmp_path / "nvcc"
    nvcc.write_text("#!/bin/sh\necho 'nvcc: error: this is no compiler'; exit 1\n")
    nvcc.chmod(0o755)
    (project / "CMakeLists.txt").write_text(PROJECT + "if(PIXELWISE_CUDA)\nenable_language(CUDA)\nendif()\n")
    tools = replace(toolchain.find(), nvcc=str(nvcc), nvcc_version="13.0", architectures=("90",), no_cuda="")
    monkeypatch.setattr(toolchain, "find", lambda: tools)
    lines: list[str] = []
    path = build.build(lines.append)
    recipe = json.loads((path.parent / "recipe.json").read_text())
    assert recipe["variant"] == "cpu"
    assert "did not compile" in recipe["no_cuda"]
    assert any(line.startswith("without CUDA kernels") for line in lines)


@needs_compiler
def test_processes_that_build_at_once_compile_once(project: Path, caches: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from course_lib.ops import build, cache, toolchain\n"
        f"cache.SOURCES = Path({str(project)!r})\n"
        "plain = toolchain.find().without_cuda('a test'); toolchain.find = lambda: plain\n"
        "lines = []; path = build.build(lines.append); print(path, any('small.cc' in line for line in lines))"
    )
    with ThreadPoolExecutor(3) as pool:
        answers = [answer.split() for answer in pool.map(lambda _: in_new_process(code), range(3))]
    assert len({path for path, _ in answers}) == 1
    assert sorted(compiled for _, compiled in answers) == ["False", "False", "True"]


@needs_compiler
def test_a_killed_build_leaves_no_library_and_the_next_one_cleans_up(project: Path, caches: Path) -> None:
    (project / "CMakeLists.txt").write_text(PROJECT + "execute_process(COMMAND sleep 60)\n")
    code = (
        "from pathlib import Path; from course_lib.ops import build, cache, toolchain\n"
        f"cache.SOURCES = Path({str(project)!r})\n"
        "plain = toolchain.find().without_cuda('a test'); toolchain.find = lambda: plain\n"
        "build.build()"
    )
    root = str(ROOT)
    environment = {**os.environ, "PYTHONPATH": root}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(caches.glob("*/tree/CMakeFiles")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(caches.glob("*.unfinished"))
    assert not list(caches.glob("*/pixelwise_ops.so"))
    (project / "CMakeLists.txt").write_text(PROJECT)
    assert build.build().is_file()
    assert not list(caches.glob("*.unfinished"))


# ---- what is missing


def test_a_missing_compiler_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compilers, "program", lambda name: "")
    with pytest.raises(BuildError, match=r"apt install g\+\+"):
        toolchain.find()


def test_a_compiler_that_was_asked_for_and_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/no/such/compiler")
    with pytest.raises(BuildError, match="/no/such/compiler"):
        toolchain.find()


def test_a_missing_cmake_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "find_compiler", lambda: ("/usr/bin/g++", "g++"))
    monkeypatch.setattr(toolchain, "program", lambda name: "")
    with pytest.raises(BuildError, match="pip install cmake ninja"):
        toolchain.find()


def test_nvcc_newer_than_the_driver_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tensorflow.test.is_built_with_cuda", lambda: True)
    monkeypatch.setattr(toolchain, "driver_release", lambda: 12)
    assert "newer driver" in toolchain.cuda_mismatch("13.0")
    assert toolchain.cuda_mismatch("12.5") == ""


# ---- loading


@pytest.mark.usefixtures("caches", "fresh")
def test_without_a_compiler_nothing_is_loaded_and_the_reason_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compilers, "program", lambda name: "")
    assert library.load() is None
    status = library.status()
    assert (status.loaded, status.variant) == (False, "none")
    assert "expected a C++ compiler" in status.reason
    assert "course ops build" in status.reason


@pytest.mark.usefixtures("fresh")
def test_a_folder_without_a_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_USER_OPS", str(tmp_path))
    assert library.load() is None
    assert str(tmp_path) in library.status().reason
    assert "unset" in library.status().reason


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("recipe", "words"),
    [('{"tensorflow": "1.15.0"}', "was built for TensorFlow 1.15.0"), ("", "is damaged"), ("no json", "is damaged")],
)
def test_a_library_that_does_not_fit_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, words: str
) -> None:
    (tmp_path / "pixelwise_ops.so").write_bytes(b"")
    if recipe:
        (tmp_path / "recipe.json").write_text(recipe)
    monkeypatch.setenv("TF_USER_OPS", str(tmp_path))
    assert library.load() is None
    assert words in library.status().reason
    assert "TF_USER_OPS" in library.status().reason


@needs_compiler
def test_a_library_with_symbols_of_another_tensorflow_is_translated(
    project: Path, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "small.cc").write_text("void of_another_version(); int small = (of_another_version(), 1);\n")
    assert library.load() is None
    assert "was built for another TensorFlow" in library.status().reason
    assert "course ops build --force" in library.status().reason


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("x.so: undefined symbol: _ZN10tensorflow", "another TensorFlow"),
        ("libcudart.so.12: cannot open shared object file", "another major version"),
        ("version `GLIBCXX_3.4.32' not found", "newer than here"),
        ("file too short", "damaged"),
        ("anything else", "could not be loaded (anything else)"),
        ("", "no reason given"),
    ],
)
def test_words_of_the_loader_are_translated(said: str, words: str) -> None:
    assert words in library.translate(said)


@needs_compiler
def test_a_ready_library_loads_fast_in_a_new_process_and_starts_no_compiler(tmp_path: Path) -> None:
    code = (
        "import time, tensorflow as tf; from course_lib.ops import build, library\n"
        "build._compile = None; start = time.process_time(); module = library.load()\n"
        "print(time.process_time() - start, hasattr(module, 'pixelwise_max_unpool'), library.load() is module)"
    )
    build.build()
    seconds, there, same = in_new_process(code).split()
    assert (there, same) == ("True", "True")
    assert float(seconds) < 1.0


@needs_compiler
def test_a_folder_of_ready_libraries_is_used(tmp_path: Path) -> None:
    code = "from course_lib.ops import library; found = library.status(); print(found.loaded, found.path)"
    folder = build.build().parent
    nowhere = str(tmp_path / "never")
    loaded, path = in_new_process(code, TF_USER_OPS=str(folder), XDG_CACHE_HOME=nowhere).split()
    assert (loaded, Path(path)) == ("True", folder / "pixelwise_ops.so")


# ---- the kernels


@needs_compiler
def test_the_kernels_pass_their_own_test_with_sanitizers(tmp_path: Path) -> None:
    tools = toolchain.find()
    settings = ["-DPIXELWISE_TENSORFLOW=OFF", f"-DCMAKE_CXX_COMPILER={tools.compiler}"]
    subprocess.run([tools.cmake, "-S", cache.SOURCES, "-B", tmp_path, *settings], check=True, capture_output=True)
    ctest = str(Path(tools.cmake).with_name("ctest"))
    done = subprocess.run([ctest, "--output-on-failure"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
