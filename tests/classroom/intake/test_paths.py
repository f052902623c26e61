"""Names of files in archives."""

from pathlib import PurePosixPath

import pytest

from course_lib.classroom.intake.paths import PART_BYTES, PATH_BYTES, collisions, is_work, split


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b.ipynb", ("a", "b.ipynb")),
        ("a\\b.ipynb", ("a", "b.ipynb")),
        ("./a//b.ipynb", ("a", "b.ipynb")),
        ("Mu\u0308ller/x.py", ("M\u00fcller", "x.py")),
        ("a..b/...c", ("a..b", "...c")),
    ],
)
def test_a_harmless_name(name: str, parts: tuple[str, ...]) -> None:
    assert split(name) == (parts, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x", "got one that leads out of it"),
        ("a/../../x", "got one that leads out of it"),
        ("a\\..\\..\\x", "got one that leads out of it"),
        ("/etc/x", "got an absolute one"),
        ("\\\\host\\x", "got an absolute one"),
        ("C:\\x", "got an absolute one"),
        ("c:x", "got an absolute one"),
        ("a\nb", "expected a name of printable letters"),
        ("a\0b", "expected a name of printable letters"),
        ("a\u202eb", "expected a name of printable letters"),
        ("\udcff", "expected a name of printable letters"),
        ("x" * (PART_BYTES + 1), "got a longer one"),
        ("/".join(["ä" * (PART_BYTES // 2)] * (PATH_BYTES // PART_BYTES + 1)).lstrip("/"), "got a longer one"),
    ],
)
def test_a_name_that_is_refused(name: str, words: str) -> None:
    flaw = split(name)[1]
    assert words in flaw
    assert "; " in flaw  # what to do


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.ipynb", True),
        ("../b.ipynb", True),  # otherwise nobody would hear of it
        ("__MACOSX/a/._b.ipynb", False),
        ("a/.ipynb_checkpoints/b.ipynb", False),
        (".DS_Store", False),
        ("a/__pycache__/b.pyc", False),
        ("a/Thumbs.db", False),
    ],
)
def test_what_may_be_work(path: str, expected: bool) -> None:
    assert is_work(path.split("/")) is expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a", "b", "c/a"], []),
        (["c/a", "c/b", "C/c"], []),
        (["Data.csv", "data.csv"], [("data.csv", "Data.csv")]),
        (["STRASSE", "straße"], [("straße", "STRASSE")]),
        (["a", "A/b"], [("A/b", "a")]),
        (["A/b", "a"], [("a", "A/b")]),
    ],
)
def test_names_that_collide_on_some_disks(paths: list[str], expected: list[tuple[str, str]]) -> None:
    found = [(str(path), str(other)) for path, other in collisions(map(PurePosixPath, paths))]
    assert found == expected
