"""Compiling kernels: the first error in words, limits, and the cache."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.native import STUB, KernelError, NoCompiler, kernel
from course_lib.native import compile as compiling
from course_lib.native.advice import advise
from course_lib.native.messages import explain
from tests.native.test_kernels import MAP, YX, cache, pytestmark
from tests.support.kernel_texts import FIRST_LINE, PLAIN, body
from tests.support.paths import ROOT

__all__ = ["cache", "pytestmark"]

# What a line does wrong, in line 4 of a text, and words of what is said about it.
MISTAKES = [
    ("float y = yx[0]\n", "expected", "semicolon"),
    ("out[0] = 1 }", "expected ';'", "semicolon"),
    ("int half = height // 2;\n  out[0] = half;", "expected", "// begins a comment"),
    ("for (int i = 0, i < count, ++i) out[i] = 0;", "expected", "for (int i = 0; i < n; ++i)"),
    ("float y = min(yx[0], 2.0f);", "'min' was not declared", "std:: before it"),
    ("float y = std::min(yx[0], height - 1);", "no matching function", "values of one type"),
    ("row = 3;", "'row' was not declared", "with its type"),
    ("y0 = 3;", "y0(double)", "functions of <cmath>"),
    ("Float y = 3;", "'Float'", "spelling"),
    ("bool inside = True;", "'True' was not declared", "That is Python"),
    ("int n = len(map);", "'len' was not declared", "That is Python"),
    ("for i in range(count):", "expected '('", "parentheses around"),
    ("if count > 0 { out[0] = 1; }", "expected '('", "parentheses around"),
    ("out[0] = (1 + 2;", "expected ')'", "bracket"),
    ("# the first entry", "invalid preprocessing directive", "begins with //"),
    ("map[0] = 1;", "read-only", "const can only be read"),
    ("float* p = map;", "invalid conversion from 'const float*'", "const can only be read"),
    ("out[0] = map[yx[0]];", "array subscript", "must be an integer"),
    ("out[0] = map[0][1];", "array subscript", "is flat here"),
    ("out[0] = yx[0] ** 2;", "unary '*'", "no **"),
    ("out[0] = yx[0] % 2;", "operator%", "std::fmod"),
    ("out[0] = yx[0] ^ 2;", "operator^", "not a power"),
    ("return out;", "return-statement with a value", "writes its results"),
    ("int count = 2; int count = 3;", "shadows a parameter", "leave out its type"),
    ("float y = 1 – 2;", "", "copied from a page"),
    ("if (3 = count) out[0] = 1;", "lvalue required", "write =="),
    ("float y = map;", "cannot convert 'const float*'", "not a number"),
    ("std::vector<float> v;", "'vector' is not a member", "write an #include"),
    ("float mix(float a) { return a; }", "not allowed here", "bracket"),
    ('std::printf("y);', "missing terminating", ""),
    ("#error mine", "#error mine", ""),
    ("float three[3]; std::sort(three, 3);", "no matching function", ""),
]

# What clang 14 says about the same mistakes.
CLANG = """
expected ';' at end of declaration | semicolon
use of undeclared identifier 'min'; did you mean 'fmin'? | std:: before it
no matching function for call to 'min' | values of one type
use of undeclared identifier 'row' | with its type
non-object type 'double (double) noexcept(true)' is not assignable | functions of <cmath>
unknown type name 'Float' | spelling
use of undeclared identifier 'True'; did you mean 'true'? | That is Python
unknown type name 'def' | That is Python
expected '(' after 'for' | parentheses around
expected ')' | bracket
extraneous closing brace ('}') | bracket
function definition is not allowed here | bracket
invalid preprocessing directive | begins with //
read-only variable is not assignable | const can only be read
cannot initialize a variable of type 'float *' with an lvalue of type 'const float *' | const can only be read
cannot initialize a variable of type 'float' with an lvalue of type 'const float *' | not a number
array subscript is not an integer | must be an integer
subscripted value is not an array, pointer, or vector | is flat here
indirection requires pointer operand ('float' invalid) | no **
invalid operands to binary expression ('const float' and 'int') | std::fmod
invalid operands to binary expression ('const float *' and 'int') | not a number
void function 'sample' should not return a value | writes its results
redefinition of 'count' | leave out its type
functions that differ only in their return type cannot be overloaded | Keep the first line
unexpected character <U+2013> | copied from a page
expression is not assignable | write ==
no member named 'vector' in namespace 'std' | write an #include
"""


def told(text: str) -> KernelError:
    """Compile a kernel that does not compile, and return what calling it raises."""
    with pytest.raises(KernelError) as caught:
        kernel("sample", text)(MAP, YX, 4.0)
    return caught.value


def is_gcc() -> bool:
    """Tell whether the compiler is g++: others say the same in other words."""
    return "clang" not in compiling.find_compiler().version


@pytest.mark.parametrize(("line", "words", "advice"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_at_its_own_line(line: str, words: str, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = compiling._run
    # One build tells it as well as two.
    monkeypatch.setattr(compiling, "_run", lambda compiler, work, commands: run(compiler, work, commands[:1]))
    error = told(body(line))
    first, second, *rest = str(error).split("\n")
    assert error.line == 4
    assert first.startswith("does not compile, line 4: ")
    assert second == f"     4 |   {line.split(chr(10), maxsplit=1)[0]}"
    if is_gcc():
        assert words in first
        assert advice in "".join(rest)
        assert bool(rest) == bool(advice)


@pytest.mark.parametrize(("words", "advice"), [line.split(" | ") for line in CLANG.strip().split("\n")])
def test_words_of_clang_get_the_same_advice(words: str, advice: str) -> None:
    assert advice in advise(words)


@pytest.mark.parametrize("words", ["", "something that no compiler says", "expected behavior of 'min'"])
def test_other_words_get_no_advice(words: str) -> None:
    assert advise(words) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", f"there is no function sample; its first line must be:\n  {FIRST_LINE}"),
        (
            PLAIN.replace("float scale, ", "").replace("/ scale", ""),
            "its first line was changed; it must be:\n  void",
        ),
        (PLAIN + "int main() {}\n", "delete main: the course has its own"),
        (PLAIN.replace("std::clamp", "mine").replace("\nvoid", "\nfloat mine(float, float, float);\nvoid"), "mine("),
    ],
    ids=["empty", "other arguments", "main", "never written"],
)
def test_what_only_the_linker_misses_is_told(text: str, words: str) -> None:
    error = told(text)
    assert words in str(error)
    assert error.line is None


def test_a_missing_bracket_is_told_at_the_end_of_the_text() -> None:
    error = told(body("if (count > 0) {", "out[0] = 1;"))
    assert error.line in (6, 7)
    assert "bracket" in str(error)


def test_an_error_inside_of_a_library_is_told_where_it_is_used() -> None:
    text = body("struct Odd {} odd[3];", "std::sort(odd, odd + 3);")
    assert told(text).line == 5


def test_an_error_is_printed_where_the_kernel_is_made_and_told_again_without_compiling(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = kernel("sample", body("row = 3;"))
    printed = capsys.readouterr().out
    assert printed.startswith("does not compile, line 4: ")
    monkeypatch.setattr(compiling, "_run", None)
    for _ in range(2):
        with pytest.raises(KernelError) as caught:
            wrong(MAP, YX, 4.0)
        assert f"{caught.value}\n" == printed


def test_an_untouched_kernel_is_silent_and_not_implemented(capsys: pytest.CaptureFixture[str]) -> None:
    untouched = kernel("sample", body(STUB))
    assert capsys.readouterr().out == ""
    for use in (untouched, untouched.race, untouched.processor_seconds):
        with pytest.raises(NotImplementedError, match="write this function"):
            use(MAP, YX, 4.0)


@pytest.mark.parametrize(("name", "given"), [("samples", "%%cpp samples"), ("", "%%cpp")])
def test_an_unknown_name_is_refused(name: str, given: str) -> None:
    with pytest.raises(ValueError, match=f"^expected %%cpp sample or .* as the first line .*, got {given}$"):
        kernel(name, PLAIN)


# ---- what texts hold


ODD_LINES = [
    "#pragma once",
    'const char* raw = R"x(a)" )x2" \n")x";',
    "#define LONG 1 + \\\n  2",
    "// what??/",
    "// a comment \\\n   that goes on",
    "%:define DIGRAPH 1",
    "\tint\ttab;\v\f",
    'const char* words = "α β 😀 \\u00e9";',
    "int variable_ä = 3;",
    "#pragma GCC optimize(2)",
    "/* \"\" '' %s {} */",
]
ODD = "\n".join(ODD_LINES)


def test_odd_texts_compile_and_keep_their_lines() -> None:
    assert kernel("sample", body("out[0] = 1;", above=ODD))(MAP, YX, 4.0)[0, 0] == 1
    wanted = 4 + ODD.count("\n")
    assert str(told(body("row = 3;", above=ODD))).split("\n")[1] == f"{wanted:6} |   row = 3;"
    with pytest.raises(KernelError, match=rf"^line {wanted}: reads map\[-1\]"):
        kernel("sample", body("out[0] = map[-1];", above=ODD))(MAP, YX, 4.0)


def test_lines_that_a_text_renumbers_do_no_harm() -> None:
    renumbered = '#line 7000 "another.cc"'
    error = told(body("row = 3;", above=renumbered))
    assert error.line is None
    assert "row" in str(error)
    assert str(told(body("out[0] = map[-1];", above=renumbered))) == "reads map[-1], before the first entry of map"


def test_windows_line_ends_compile() -> None:
    text = body("out[0] = 1;", "row = 3;").replace("\n", "\r\n")
    assert told(text).line == 5
    assert kernel("sample", text.replace("row = 3;", ""))(MAP, YX, 4.0)[0, 0] == 1


def test_what_is_no_text_does_no_harm() -> None:
    assert kernel("sample", body("out[0] = 1;  // \ud800"))(MAP, YX, 4.0)[0, 0] == 1
    assert told(body("out[0] = \ud800;")).line == 4


# ---- limits

EXPONENTIAL = """
template <int Depth, int Which> struct Tree {
  static const int leaves = Tree<Depth - 1, 2 * Which>::leaves + Tree<Depth - 1, 2 * Which + 1>::leaves;
};
template <int Which> struct Tree<0, Which> { static const int leaves = 1; };
static const int leaves = Tree<24, 0>::leaves;
"""


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"cpu_s": 1}, EXPONENTIAL),
        ({"wall_s": 0.3}, EXPONENTIAL),
        ({"memory_bytes": 100 * 2**20}, EXPONENTIAL),
        ({}, "char large[1 << 28] = {1};"),
    ],
    ids=["processor time", "time", "memory", "files"],
)
def test_a_compiler_that_takes_too_much_is_stopped(
    limits: dict[str, Any], text: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel("sample", PLAIN)  # the helper program is there
    before = {path.name for path in cache.iterdir()}
    monkeypatch.setattr(compiling, "LIMITS", replace(compiling.LIMITS, **limits))
    error = told(PLAIN + text)
    assert str(error) == (
        "does not compile: the compiler takes too much time, memory or disk space; is there a template, an #include or "
        "an array without an end?"
    )
    assert {path.name for path in cache.iterdir()} == before


def test_stricter_limits_of_the_system_stay() -> None:
    script = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2**22, 2**22)); "
    script += "resource.setrlimit(resource.RLIMIT_CPU, (8, 9))\n"
    script += "from course_lib.native import kernel\nfrom tests.support.kernel_texts import PLAIN\n"
    script += "print(kernel('sample', PLAIN + 'int other;')([[[1.0]]], [[0, 0]], 1.0))"
    root = ROOT
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[[1.]]\n", "")


# ---- the cache


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the compiler is asked to compile."""
    asked: list[str] = []
    run = compiling._run

    def counted(compiler: compiling.Compiler, work: Path, commands: list[list[str]]) -> compiling._Failed | None:
        asked.extend(word for command in commands for word in command if word.endswith(".cc"))
        return run(compiler, work, commands)

    monkeypatch.setattr(compiling, "_run", counted)
    return asked


def test_the_same_text_is_compiled_once(runs: list[str]) -> None:
    text = PLAIN + "int once;\n"
    first = kernel("sample", text)
    assert runs[-2:] == ["sample.cc", "sample.cc"]
    runs.clear()
    np.testing.assert_array_equal(kernel("sample", text)(MAP, YX, 4.0), first(MAP, YX, 4.0))
    assert runs == []
    kernel("sample", text + "\n")
    assert runs == ["sample.cc", "sample.cc"]


def test_a_call_asks_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    made = kernel("sample", PLAIN)
    monkeypatch.setattr("course_lib.compilers.answer", None)
    assert made(MAP, YX, 4.0).shape == (11, 3)


def test_a_program_that_has_been_removed_is_compiled_again(cache: Path, runs: list[str]) -> None:
    made = kernel("sample", PLAIN + "int removed;\n")
    expected = made(MAP, YX, 4.0)
    (made.compile() / compiling.FAST).unlink()
    runs.clear()
    np.testing.assert_array_equal(made(MAP, YX, 4.0), expected)
    assert runs == ["sample.cc", "sample.cc"]


def test_another_compiler_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = kernel("sample", PLAIN).compile()
    real = compiling.find_compiler()
    monkeypatch.setattr(compiling, "find_compiler", lambda: replace(real, version="another"))
    assert kernel("sample", PLAIN).compile() != here


def test_what_is_old_is_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = kernel("sample", PLAIN + "int old;\n").compile()
    os.utime(old, (1, 1))
    monkeypatch.setattr(compiling, "KEPT", len(list(cache.iterdir())))
    new = kernel("sample", PLAIN + "int newer;\n").compile()
    assert new.is_dir()
    assert not old.exists()


# ---- compilers


def test_without_a_compiler_it_is_said_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("course_lib.compilers.program", lambda name: "")
    made = kernel("sample", PLAIN)
    assert "expected a C++ compiler, found none: apt install g++" in capsys.readouterr().out
    with pytest.raises(NoCompiler, match=re.escape("conda install cxx-compiler")):
        made(MAP, YX, 4.0)
    monkeypatch.undo()
    assert made(MAP, YX, 4.0).shape == (11, 3)


BROKEN = {
    "linker": 'for word; do [ $word = -c ] && exec {real} "$@"; done; echo "collect2: fatal error: cannot find \'ld\'"',
    "headers": 'exec {real} -nostdinc -nostdinc++ "$@"',
    "age": "echo \"g++: error: unrecognized command-line option '-std=c++17'\"",
}


@pytest.mark.parametrize(
    ("broken", "words"),
    [("linker", "cannot find 'ld'"), ("headers", ".*algorithm"), ("age", "unrecognized command-line option")],
)
def test_a_compiler_that_does_not_work_is_not_blamed_on_the_learner(
    broken: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = compiling.find_compiler().path
    compiler = tmp_path / "compiler"
    body = BROKEN[broken].format(real=real)
    compiler.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real} --version\n{body}\nexit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(NoCompiler, match=f"^expected a C\\+\\+ compiler, but {compiler} does not work: {words}"):
        kernel("sample", PLAIN)(MAP, YX, 4.0)


def test_a_compiler_beside_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = compiling.find_compiler().path
    conda = tmp_path / f"{os.uname().machine}-conda-linux-gnu-c++"
    conda.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    conda.chmod(0o755)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert compiling.find_compiler().path == str(conda)


def test_what_the_compiler_says_is_read_even_where_it_names_no_line() -> None:
    error = explain("cc1plus: something else\nmore\n", "sample.cc", PLAIN, 1, FIRST_LINE)
    assert str(error) == "does not compile: cc1plus: something else"
    assert str(explain("", "sample.cc", PLAIN, 1, FIRST_LINE)) == "does not compile: the compiler says nothing"
