"""One class of hostile, broken and honest submissions, graded at once: nothing is stolen, nobody is harmed."""

import ctypes
import hashlib
import json
import os
import re
import select
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbgrader.api import Gradebook

from course_lib.course import CONFIG, Course
from course_lib.release import release, released
from tests.support.hostile import ANSWERS, ATTACKS, CLASS, COUNTING, HONEST, MAXIMA, TEXTS, Case
from tests.support.tiny_course import UNIT, Words, cell, make_course, write_bank

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
# Limits that keep this machine safe from what is handed in.
LIMITS = """
c.Limits.submission_s = 60
c.Limits.grace_s = 5
c.Limits.cpu_s = 60
c.Limits.memory_bytes = 2**30
c.Limits.processes = 64
c.Limits.file_bytes = 20 * 2**20
"""
SECONDS = 2  # a cell
CANARY = "canary of the home folder"
SECRET = "canary of the environment"
PR_SET_CHILD_SUBREAPER = 36  # of Linux: orphans become children of this process, so that none is overlooked


@dataclass
class Run:
    """A finished run, and what it left."""

    course: Course
    folder: Path
    grades: dict[str, dict[str, Any]]
    code: int
    errors: str
    changed: set[str]
    left: list[str]
    reached: set[str]
    cases: Mapping[str, Case]

    def page(self, student: str) -> Path:
        unit = self.cases[student].unit
        return self.course.classroom / "feedback" / student / unit / f"{unit}.html"


class Dangers(HTMLParser):
    """What of a page could run in a browser."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        if tag in ("script", "iframe", "object", "embed", "form", "base", "link"):
            self.found.append(tag)
        self.found += [name for name, value in attrs if name.startswith("on") or "javascript:" in str(value).lower()]


def contents(*folders: Path) -> dict[str, str]:
    """Hash every file; of what is no file or an enormous one, say what it is."""
    found = {}
    for path in (path for folder in folders for path in folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = f"{status.st_mode} {status.st_size} {status.st_mtime_ns if path.is_file() else ''}"
        if path.is_file() and status.st_size < 10**7:
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def make_class(base: Path) -> Course:
    """Make a course of two units."""
    course = make_course(base / "my course", timeout=SECONDS)
    with (course.root / CONFIG).open("a", encoding="utf-8") as config:
        config.write(LIMITS)
    folder = course.solutions / COUNTING
    folder.mkdir()
    (folder / f"{COUNTING}.md").write_text(TEXTS[COUNTING], encoding="utf-8")
    write_bank(folder, "upto")
    release(course, [COUNTING])
    return course


def place_of(folder: Path, student: str, case: Case) -> Path:
    return folder / (case.folder or student) / case.unit / (case.file or f"{case.unit}.ipynb")


def aimed(code: str, places: Mapping[str, str]) -> str:
    """Put real paths and ports into an attack."""
    return re.sub("@([a-z]+)@", lambda match: places[match[1]], code)


def hand_in(course: Course, path: Path, case: Case, places: Mapping[str, str], answer: str) -> None:
    """Put a submission into its place; the answer is the cell of this name."""
    path.parent.mkdir(parents=True)
    if case.place:
        case.place(path, places)
        return
    notebook = json.loads(released(course, case.unit).read_text(encoding="utf-8"))
    if case.code:
        cell(notebook, answer)["source"] = aimed(case.code, places)
    if case.change:
        case.change(notebook)
    path.write_bytes(case.content(notebook) if case.content else json.dumps(notebook).encode())


class Listeners:
    """Those on this machine who would hear of a learner: in vain, they hope.

    Attributes
    ----------
    places : dict of str to str
        Where they listen.
    """

    def __init__(self, base: Path) -> None:
        self._sockets = {
            kind: socket.socket(family, type_)
            for kind, family, type_ in (
                ("port", socket.AF_INET, socket.SOCK_STREAM),
                ("datagram", socket.AF_INET, socket.SOCK_DGRAM),
                ("socket", socket.AF_UNIX, socket.SOCK_STREAM),
                ("abstract", socket.AF_UNIX, socket.SOCK_STREAM),
            )
        }
        self._sockets["port"].bind(("127.0.0.1", 0))
        address = self._sockets["port"].getsockname()
        self.places = {"port": str(address[1]), "socket": str(base / "listens"), "abstract": f"listens {os.getpid()}"}
        self._sockets["datagram"].bind(address)
        self._sockets["socket"].bind(self.places["socket"])
        self._sockets["abstract"].bind("\0" + self.places["abstract"])
        for listener in self._sockets.values():
            listener.setblocking(False)
            if listener.type is socket.SOCK_STREAM:
                listener.listen()

    def __enter__(self) -> "Listeners":
        return self

    def __exit__(self, *raised: object) -> None:
        for listener in self._sockets.values():
            listener.close()

    def reached(self) -> set[str]:
        """Name those that somebody has talked to."""
        return {kind for kind, listener in self._sockets.items() if select.select([listener], [], [], 0)[0]}


@contextmanager
def orphans() -> Iterator[list[str]]:
    """Adopt every process that the block leaves behind; afterwards, list those that did not end."""
    system = ctypes.CDLL(None)
    before = set(psutil.Process().children())
    left: list[str] = []
    system.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield left
        new = set(psutil.Process().children(recursive=True)) - before
        _, alive = psutil.wait_procs(new, timeout=20)
        for process in alive:
            with suppress(psutil.NoSuchProcess):  # it has just ended
                left.append(" ".join(process.cmdline()))
                process.kill()
    finally:
        system.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def environment(base: Path) -> dict[str, str]:
    """A home of its own with something private in it, a secret, and an empty folder for temporary files."""
    folders = {"HOME": "home", "TMPDIR": "tmp"} | dict.fromkeys(
        ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KERAS_HOME"), "cache"
    )
    return {**os.environ, **{name: str(base / folder) for name, folder in folders.items()}, "GRADER_TOKEN": SECRET}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grade the whole class."""
    base = tmp_path_factory.mktemp("class")
    return grade_class(base, make_class(base), CLASS, ANSWERS)


def grade_class(base: Path, course: Course, cases: Mapping[str, Case], answers: Mapping[str, str]) -> Run:
    """Grade some submissions, Ada's among them, on a machine that others watch; name each unit's answer."""
    folder = base / "in"
    for name in ("home", "tmp"):
        (base / name).mkdir()
    (base / "home" / "diary.txt").write_text(CANARY)
    outside = (folder, base / "home", base / "tmp", course.solutions, course.source, course.notebooks)
    with Listeners(base) as listeners:
        places = listeners.places | {
            "gradebook": str(course.classroom / "gradebook.db"),
            "source": str(course.source / UNIT / f"{UNIT}.ipynb"),
            "home": str(base / "home" / "diary.txt"),
            "tmp": str(base / "tmp"),
            "other": str(place_of(folder, "Ada", cases["Ada"])),
        }
        for student, case in cases.items():
            path = place_of(folder, student, case)
            hand_in(course, path, case, places | {"own": str(path)}, answers[case.unit])
        before = contents(*outside)
        with orphans() as left:
            done = subprocess.run(
                [str(Path(sys.executable).with_name("course")), "grade", "--json", "--jobs", "2", str(folder)],
                cwd=course.root,
                env=environment(base),
                capture_output=True,
                text=True,
                check=False,
            )
        after = contents(*outside)
        reached = listeners.reached()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    grades = {grade["student"]: grade for grade in json.loads(done.stdout)}
    return Run(course, folder, grades, done.returncode, done.stderr, changed, left, reached, cases)


def test_nobody_is_lost(run: Run) -> None:
    assert run.grades.keys() == CLASS.keys()
    numbers = re.findall(r"^(\d+/\d+) ", run.errors, re.MULTILINE)
    assert numbers == [f"{number}/{len(CLASS)}" for number in range(1, len(CLASS) + 1)]
    assert run.code == 1


@pytest.mark.parametrize("student", CLASS)
def test_each_earns_what_it_deserves(run: Run, student: str) -> None:
    case, grade = CLASS[student], run.grades[student]
    assert (grade["points"], grade["max_points"]) == (case.points, MAXIMA[case.unit]), grade
    if case.status == "graded":
        assert grade["error"] is None
    else:
        assert re.search(case.status, grade["error"] or "graded")
    assert re.search(case.message, " ".join(exercise["message"] for exercise in grade["exercises"]))
    assert case.changes in (changes := " ".join(grade["changes"]))
    assert bool(case.changes) == bool(changes)
    assert case.audit_flags in " ".join(grade["audit_flags"])
    assert grade["isolated"]


@pytest.mark.parametrize("student", HONEST)
def test_nothing_is_noted_about_the_honest(run: Run, student: str) -> None:
    assert run.grades[student]["audit_flags"] == []


def test_gradebook_holds_the_same_points(run: Run) -> None:
    with Gradebook(f"sqlite:///{run.course.classroom / 'gradebook.db'}") as gradebook:
        recorded = {s.student.id: s.score for unit in MAXIMA for s in gradebook.assignment_submissions(unit)}
    assert recorded == {student: case.points for student, case in CLASS.items() if case.recorded}


def test_nothing_outside_is_changed(run: Run) -> None:
    assert run.changed == set()


def test_nobody_outside_is_reached(run: Run) -> None:
    assert run.reached == set()


def test_no_process_is_left(run: Run) -> None:
    assert run.left == []


def test_feedback_exists_and_is_harmless(run: Run) -> None:
    hidden = [
        line.strip()
        for text in TEXTS.values()
        for line in text.partition("BEGIN HIDDEN")[2].splitlines()
        if "secret" in line
    ]
    assert len(hidden) == 6
    for student, case in CLASS.items():
        assert run.page(student).exists() == case.recorded
        if case.recorded:
            page = run.page(student).read_text(encoding="utf-8")
            words = Words(page).text
            assert f"Score: {case.points} / {MAXIMA[case.unit]}" in words
            assert not [line for line in [*hidden, "secret_number", "secret_count", CANARY, SECRET] if line in words]
            assert Dangers(page).found == []
            assert len(page) < 5_000_000


def test_the_attacks_do_succeed_where_nothing_is_in_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it means something that they earn nothing above."""
    monkeypatch.setenv("GRADER_TOKEN", SECRET)
    places = {name: str(tmp_path / name) for name in ("gradebook", "source", "home", "other", "own", "tmp")}
    for name in ("source", "home", "other", "own"):
        Path(places[name]).write_text("something", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "left for others").touch()
    with closing(sqlite3.connect(places["gradebook"])) as gradebook:
        gradebook.executescript("create table grade (auto_score float); insert into grade values (0)")
    with Listeners(tmp_path) as listeners:
        for name, case in ATTACKS.items():
            namespace: dict[str, Any] = {}
            exec(aimed(case.code, places | listeners.places), namespace)
            assert namespace["won"] or name == "a datagram", name
        assert listeners.reached() == {"port", "datagram", "socket", "abstract"}
