"""A class of hostile kernels in C++, graded at once: nothing is stolen, nobody is harmed, and nothing stays."""

import re
from pathlib import Path

import numpy as np
import pytest

from course_lib.native import kernel
from tests.grading.hostile.classroom import LIMITS, Run, aimed, grade_class
from tests.grading.hostile.submissions.case import Case
from tests.grading.hostile.submissions.outside import PLACES
from tests.support import tiny_cpp
from tests.support.tiny_course import UNIT

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.compiler,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
SECONDS = 6  # a cell; a compiler is stopped after 20
# Two compilers have 1 GiB each, and a busy machine takes its time to end them.
MORE = "c.Limits.memory_bytes = 3 * 2**30\nc.Limits.grace_s = 5\n"


def wrong(before: str, line: str = "") -> str:
    """Write a kernel that is wrong, with something before it and a line in it."""
    return tiny_cpp.WRONG.replace("sample\nvoid", f"sample\n{before}\nvoid").replace("    for", f"    {line}\n    for")


def won(attack: str) -> str:
    """Write a kernel that is right if an attack, a function of that name, returns something true."""
    return wrong(attack).replace("2 * scale", "(attack() ? 1 : 2) * scale")


# Twice as many types at each step.
TYPES = """template <class T, int n> struct Type : Type<Type<T, n - 1>, n - 1> { Type<int[n], n - 1> more; };
template <class T> struct Type<T, 0> {};
Type<void, 40> many;"""
NUMBERS = """#define ONE 1,1,1,1,1,1,1,1
#define TWO ONE,ONE,ONE,ONE,ONE,ONE,ONE,ONE
#define THREE TWO,TWO,TWO,TWO,TWO,TWO,TWO,TWO
#define FOUR THREE,THREE,THREE,THREE,THREE,THREE,THREE,THREE
#define FIVE FOUR,FOUR,FOUR,FOUR,FOUR,FOUR,FOUR,FOUR
#define SIX FIVE,FIVE,FIVE,FIVE,FIVE,FIVE,FIVE,FIVE
#define SEVEN SIX,SIX,SIX,SIX,SIX,SIX,SIX,SIX
int numbers[] = {SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN,SEVEN};"""
# Includes itself twice, 40 deep.
WORDS = f"""#pragma message "{"words " * 1000}"
#if __INCLUDE_LEVEL__ < 40
#include __FILE__
#include __FILE__
#endif"""
STAYS = """#include <unistd.h>
__attribute__((constructor)) void stay() {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) for (;;) usleep(1000);
        _exit(0);
    }
}"""
PRINTS = """#include <unistd.h>
__attribute__((constructor)) void print() {
    for (int file = 1; file < 64; ++file)
        for (int line = 0; line < 100000; ++line)
            if (write(file, "returned\\nseconds 1e-9 1\\n", 24) < 0) break;
}"""
INCLUDES = f"""#if {" || ".join(f'__has_include("@{place}@")' for place in PLACES)}
bool attack() {{ return true; }}
#else
bool attack() {{ return false; }}
#endif"""
OPENS = f"""bool attack() {{
    for (const char* path : {{{", ".join(f'"@{place}@"' for place in PLACES)}}})
        if (std::fopen(path, "r+")) return true;
    return false;
}}"""
# Kernels that see what they must not see. They can be tried without the sandbox.
ATTACKS = {
    "includes files": Case(0, won(INCLUDES)),
    "opens files": Case(0, won(OPENS), audit_flags="reads or writes files: fopen"),
}
CLASS = ATTACKS | {
    "Ada": Case(3, tiny_cpp.RIGHT),
    "a compiler kept busy": Case(0, wrong(TYPES), message="stopped after|does not compile"),
    "a compiler that needs memory": Case(0, wrong(NUMBERS), message="stopped after|does not compile"),
    "a compiler that writes without end": Case(
        0, wrong(WORDS), message="stopped after|does not compile", audit_flags="includes a file"
    ),
    "stays": Case(0, wrong(STAYS), audit_flags="starts or ends processes: fork"),
    "prints its own report": Case(0, wrong(PRINTS), audit_flags="looks past C++: constructor"),
    "ends everybody": Case(0, wrong("#include <signal.h>", "kill(-1, SIGKILL);"), status="graded|the kernel died"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grade the whole class."""
    base = tmp_path_factory.mktemp("kernels")
    course = tiny_cpp.make_course(base / "my course", f"c.Execute.timeout = {SECONDS}{LIMITS}{MORE}")
    return grade_class(base, course, CLASS, {UNIT: "sample"})


@pytest.mark.parametrize("student", CLASS)
def test_each_earns_what_it_deserves(run: Run, student: str) -> None:
    case, grade = CLASS[student], run.grades[student]
    assert grade["points"] == case.points, grade
    assert re.search(case.status, grade["error"] or "graded")
    assert re.search(case.message, grade["exercises"][0]["message"])
    assert case.audit_flags in " ".join(grade["audit_flags"])


def test_nobody_is_harmed_and_nothing_stays(run: Run) -> None:
    assert run.grades.keys() == CLASS.keys()
    assert run.changed == run.reached == set()
    assert run.left == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attacks_do_succeed_where_nothing_is_in_their_way(attack: str, tmp_path: Path) -> None:
    """So it means something that they earn nothing above."""
    places = {name: str(tmp_path / name) for name in PLACES}
    Path(places["own"]).touch()
    sample = kernel("sample", aimed(ATTACKS[attack].code, places).partition("\n")[2])
    assert sample(np.ones((1, 1, 1)), np.zeros((1, 2)), 5.0) == 5
