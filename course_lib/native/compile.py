"""From the text of a kernel to two programs: a checked one, and a fast one."""

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib import compilers, user_cache
from course_lib.native.errors import KernelError, NoCompiler
from course_lib.native.limited import Limits, Program
from course_lib.native.messages import explain
from course_lib.native.signature import Signature

HERE = Path(__file__).resolve().parent
CHECKED, FAST = "checked", "fast"
LIMITS = Limits(cpu_s=10, memory_bytes=2**30, file_bytes=64 * 2**20, wall_s=20)
KEPT = 50  # folders in the cache: of compiled kernels and of helper programs
SAID = 2**16  # the most bytes of a compiler's output that are read

COMMON = (
    "-std=c++17",
    "-Wfatal-errors",
    "-fno-diagnostics-show-option",
    "-fdiagnostics-color=never",
    "-w",
)
STATIC = ("-no-pie",) if platform.system() == "Linux" else ()  # so that addr2line knows the addresses of a run
FLAGS = {
    CHECKED: (
        *("-O0", "-gdwarf-4", "-fno-omit-frame-pointer", "-D_GLIBCXX_ASSERTIONS"),
        *("-fsanitize=undefined,float-cast-overflow", "-fno-sanitize=vptr", "-fno-sanitize-recover=all"),
    ),
    FAST: ("-O3",),
}
# A kernel's declaration, the course's own function, and the helper program.
DECLARED = '#include "{package}/prelude.h"\n{declaration};\n'
HELPER = """\
#include "pixelwise.h"
{include}
namespace pixelwise {{
void call_kernel(void* const* at) {{ {call}; }}
void call_reference(void* const* at) {{ {reference}; }}
extern const bool has_reference = {has_reference};
}}  // namespace pixelwise
#include "{package}/helper.cc"
"""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes
    ----------
    path : str
        Of the program.
    version : str
        The first line of its version.
    libraries : str
        The folder of its C++ library; empty if unknown.
    addr2line : str
        The program that maps addresses in a program to lines of its source; empty if it was not found.
    """

    path: str
    version: str
    libraries: str
    addr2line: str


@dataclass(frozen=True)
class _Failed:
    """A compiler that failed: its exit status, None if it took too long, and its output."""

    status: int | None
    said: str

    @property
    def words(self) -> str:
        """The first error, or the first line of its output."""
        if self.status is None:
            return "it takes too long"
        error = re.search(r"error: (.*)", self.said)
        return error[1] if error else (self.said.strip() or f"exit status {self.status}").splitlines()[0]


def find_compiler() -> Compiler:
    """Find the C++ compiler for kernels.

    Returns
    -------
    Compiler
        ``$CXX``, or the first one found of those that the course knows.

    Raises
    ------
    NoCompiler
        If no compiler was found; the message says what to install.
    """
    try:
        path, version = compilers.find_compiler()
    except compilers.BuildError as error:
        raise NoCompiler(str(error)) from None
    return _describe(path, version)


@cache
def _describe(path: str, version: str) -> Compiler:
    """Ask a compiler for the paths of its library and of addr2line."""
    library = Path(compilers.answer(path, "-print-file-name=libstdc++.so"))
    own = compilers.answer(path, "-print-prog-name=addr2line")
    candidates = (own, "addr2line", "llvm-addr2line")
    addr2line = next(filter(None, map(compilers.program, filter(None, candidates))), "")
    return Compiler(path, version, str(library.resolve().parent) if library.is_absolute() else "", addr2line)


def compiled(name: str, text: str, signature: Signature) -> Path:
    """Compile a kernel, unless it is compiled already.

    Parameters
    ----------
    name : str
        Of the function.
    text : str
        The C++.
    signature : Signature
        Of the function.

    Returns
    -------
    Path
        A folder that contains two programs, `CHECKED` and `FAST`.

    Raises
    ------
    KernelError
        If it does not compile; the message has the first error.
    NoCompiler
        If there is no compiler.
    """
    compiler = find_compiler()
    sources = _sources(name, text, signature)
    target = user_cache.folder("kernels") / _key(compiler, sources)
    if not (target / FAST).is_file():
        with _aside(target, sources) as work:
            helper = _helper(compiler, work, sources)
            failed = _build(compiler, work, f"{name}.cc", helper)
            if failed:
                error = explain(failed.said, f"{name}.cc", text, failed.status, signature.declaration(name))
                if error.line is None:
                    require_working(compiler)
                raise error
            target.mkdir(exist_ok=True)
            for program in (CHECKED, FAST):  # the fast one last: if it exists, both do
                (work / program).replace(target / program)
        _prune(target.parent)
    os.utime(target)
    return target


def _sources(name: str, text: str, signature: Signature) -> dict[str, str]:
    """Return the texts of all files to compile, by name."""
    package = HERE.as_posix()
    return {
        "pixelwise.h": DECLARED.format(package=package, declaration=signature.declaration(name)),
        "pixelwise.cc": HELPER.format(
            package=package,
            include=f'#include "{package}/{signature.reference}"' if signature.reference else "",
            call=signature.call(name),
            reference=signature.call(f"course::{name}") if signature.reference else "",
            has_reference="true" if signature.reference else "false",
        ),
        f"{name}.cc": text if text.endswith("\n") else f"{text}\n",
    }


def _helper(compiler: Compiler, work: Path, sources: dict[str, str]) -> Path:
    """Return the object file of the helper program for kernels with this declaration; compile it if it is missing."""
    target = user_cache.folder("kernels") / _key(
        compiler, {name: sources[name] for name in ("pixelwise.h", "pixelwise.cc")}
    )
    helper = target / "helper.o"
    if not helper.is_file():
        failed = _run(compiler, work, [[*COMMON, *FLAGS[FAST], "-c", "pixelwise.cc", "-o", "helper.o"]])
        if failed:
            require_working(compiler)
            raise KernelError(f"the course's own program does not compile with {compiler.version}: {failed.words}")
        target.mkdir(exist_ok=True)
        (work / "helper.o").replace(helper)
    os.utime(target)
    return helper


@cache
def require_working(compiler: Compiler) -> None:
    """Compile and link a program that does nothing, in the same way as kernels.

    Parameters
    ----------
    compiler : Compiler
        To try out.

    Raises
    ------
    NoCompiler
        If that fails: its linker or its headers are missing, or it is too old.
    """
    sources = {"pixelwise.h": f'#include "{HERE.as_posix()}/prelude.h"\n', "trial.cc": "int main() { return 0; }\n"}
    with _aside(user_cache.folder("kernels") / "trial", sources) as work:
        failed = _build(compiler, work, "trial.cc")
    if failed:
        raise NoCompiler(f"expected a C++ compiler, but {compiler.path} does not work: {failed.words}")


def _build(compiler: Compiler, work: Path, source: str, *objects: Path) -> _Failed | None:
    """Compile and link both programs in parallel; return a failure, if any."""
    compile_ = [[*COMMON, *FLAGS[each], "-include", "pixelwise.h", "-c", source, "-o", f"{each}.o"] for each in FLAGS]
    libraries = [f"-Wl,-rpath,{compiler.libraries}"] if compiler.libraries else []
    link = [[f"{each}.o", *map(str, objects), *STATIC, *libraries, "-o", each] for each in FLAGS]
    return _run(compiler, work, compile_) or _run(compiler, work, link)


def _run(compiler: Compiler, work: Path, commands: list[list[str]]) -> _Failed | None:
    """Run a compiler several times in parallel; return the first failure, if any."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir=work)) for _ in commands]
        programs = [
            stack.enter_context(Program([compiler.path, *arguments], work, LIMITS, said))
            for arguments, said in zip(commands, files, strict=True)
        ]
        for program, said in zip(programs, files, strict=True):
            status = program.wait()
            if status != 0:  # the others are killed
                said.seek(0)
                return _Failed(status, said.read(SAID).decode(errors="replace"))
    return None


def _key(compiler: Compiler, sources: dict[str, str]) -> str:
    """Return the name of a folder: a hash of everything that its programs depend on."""
    own = [path.read_text(encoding="utf-8") for path in sorted((*HERE.glob("*.cc"), *HERE.glob("*.h")))]
    made_with = [compiler.path, compiler.version, platform.machine(), repr((COMMON, STATIC, FLAGS))]
    ingredients = "\0".join([*made_with, *own, *sources, *sources.values()])
    return hashlib.sha256(ingredients.encode(errors="replace")).hexdigest()[:24]


@contextmanager
def _aside(target: Path, sources: dict[str, str]) -> Iterator[Path]:
    """Yield a temporary folder beside the target with the sources; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as made:
        for name, text in sources.items():
            # Half a surrogate pair cannot be encoded; it becomes a question mark.
            Path(made, name).write_text(text, encoding="utf-8", errors="replace", newline="\n")
        yield Path(made)


def _prune(folder: Path) -> None:
    """Remove the folders that have not been used for the longest time."""
    for path in sorted(folder.iterdir(), key=_last_use, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _last_use(path: Path) -> float:
    """Return when a folder was last used; another process may have removed it in the meantime."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
