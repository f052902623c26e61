"""Grading a class of hostile submissions on a machine that others watch."""

import ctypes
import hashlib
import json
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import psutil

from course_lib.course import CONFIG, Course
from course_lib.release import release, released
from tests.grading.hostile.submissions.case import COUNTING, TEXTS, Case
from tests.support.tiny_course import UNIT, cell, make_course, write_bank

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
