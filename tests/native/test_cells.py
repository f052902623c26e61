"""Cells of C++: what Python they become, and what a notebook does with them."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_lib import native
from course_lib.native import as_python, use_cpp_cells

# What must reach the compiler as it stands.
ODD = [
    "void sample() {}",
    "int x = 1;\n\n\nint y = 2;",
    '"""',
    "'''",
    'const char* s = R"(a)b\\n\'\'\'""")";',
    "#define LONG a \\\n  b",
    "int a;\\",
    "// what??/\nint b;",
    "%time x\n!ls\n%%cpp other\n?x\nx?",
    "\tint tab;\t",
    "f'{x}' {{}} %s %(x)s {0}",
    "α β \U0001f600 “quoted”",
    "a\x0bb\x0cc\x85d\u2028e\u2029f\x00g\x1a",
    "\ud800",
    "   indented",
    "int a;\n\n",
]


Calls = list[tuple[str, str]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What `kernel` is called with: one that only keeps it, and returns the name in capitals."""
    kept: Calls = []

    def kernel(name: str, text: str) -> str:
        kept.append((name, text))
        return name.upper()

    monkeypatch.setattr(native, "kernel", kernel, raising=False)
    return kept


def run(source: str) -> dict[str, object]:
    """Run what a cell becomes, and return its names."""
    names: dict[str, object] = {}
    exec(as_python(source), names)
    return names


@pytest.mark.parametrize("text", ODD)
def test_the_text_arrives_unchanged_on_its_own_lines(text: str, calls: Calls) -> None:
    assert run(f"%%cpp sample\n{text}")["sample"] == "SAMPLE"
    assert calls == [("sample", "\n" + text + ("" if text.endswith("\n") else "\n"))]


@pytest.mark.parametrize("text", ODD)
def test_lines_stay_lines(text: str) -> None:
    source = f"\n%%cpp sample\n{text}"
    tree = ast.parse(as_python(source))
    assert isinstance(tree.body[0], ast.Assign)
    assert tree.body[0].lineno == 2
    assert as_python(source).count("\n") == source.removesuffix("\n").count("\n")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(ending: str, calls: Calls) -> None:
    run(ending.join(["%%cpp sample", "int x;", "int y;"]))
    assert calls == [("sample", "\nint x;\nint y;\n")]


def test_a_cell_without_text_has_none(calls: Calls) -> None:
    run("%%cpp sample")
    assert calls == [("sample", "\n")]


@pytest.mark.parametrize("first", ["  %%cpp sample", "%%cpp  sample  ", "\n \n%%cpp\tsample", "%%cpp sample\r"])
def test_spaces_around_do_not_matter(first: str, calls: Calls) -> None:
    run(f"{first}\nint x;")
    assert calls == [("sample", "\n" * (first.count("\n") + 1) + "int x;\n")]


@pytest.mark.parametrize(
    "source", ["", "x = 1", "%%time\nx", "x = 1\n%%cpp sample", "%%cpps sample", "%%cpp?", "%cpp sample", "# %%cpp a"]
)
def test_other_cells_are_returned_as_they_are(source: str) -> None:
    assert as_python(source) is source


@pytest.mark.parametrize("given", ["", "two words", "for", "1st", "sample;", "x = 1, import", "a.b"])
def test_without_a_valid_name_nothing_is_assigned(given: str, calls: Calls) -> None:
    source = f"%%cpp {given}\nint x;"
    assert isinstance(ast.parse(as_python(source)).body[0], ast.Expr)
    run(source)
    assert calls == [(given, "\nint x;\n")]


def test_python_is_left_alone_the_second_time() -> None:
    once = as_python("%%cpp sample\nint x;")
    assert as_python(once) is once


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A fresh IPython, which `use_cpp_cells` finds."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_a_notebook_understands_such_cells(shell: InteractiveShell, calls: Calls) -> None:
    before = len(shell.input_transformers_cleanup)
    use_cpp_cells()
    use_cpp_cells()
    assert len(shell.input_transformers_cleanup) == before + 1
    for text in ODD:
        assert shell.run_cell(f"%%cpp sample\n{text}").success
        assert calls.pop() == ("sample", "\n" + text + ("" if text.endswith("\n") else "\n"))
    assert shell.user_ns["sample"] == "SAMPLE"
    assert shell.run_cell("%%capture said\nprint('as ever')\n").success
    assert shell.user_ns["said"].stdout == "as ever\n"


def test_outside_of_ipython_nothing_happens_and_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from course_lib.native import as_python, use_cpp_cells; use_cpp_cells(); "
        "print({'IPython', 'numpy', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
