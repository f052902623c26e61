"""From downloads to the classroom."""

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from course_lib.classroom.intake import attempts, collecting, unpack
from course_lib.classroom.intake.collecting import collect
from course_lib.classroom.intake.report import Collected, Row
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.collect.leftovers import leftovers
from course_lib.release import released
from tests.classroom.intake.downloads import Entry, metadata, write_zip, zipped
from tests.grading.hostile.submissions.case import COUNTING
from tests.support.tiny_course import HALF_RIGHT, RIGHT, UNIT, WRONG, answered

ROSTER = """id,last_name,first_name,email,moodle,canvas,gradescope,group,withdrawn
ada,Lovelace,Ada,ada@x.org,,12,42,,
bob,Byron,Bob,bob@x.org,,,,,
gone,Gone,Gil,,,,,,yes
cy,Cyan,Cy,cy@x.org,,,,red,
di,Dirk,Di,di@x.org,,,,red,
"""
NOON, ONE, TWO = (12, 0, 0), (13, 0, 0), (14, 0, 0)


def notebook(course: Course, code: str = RIGHT) -> bytes:
    return json.dumps(answered(course, code)).encode()


def counting(course: Course) -> bytes:
    return released(course, COUNTING).read_bytes()


def write_roster(course: Course) -> None:
    course.classroom.mkdir(exist_ok=True)
    (course.classroom / "roster.csv").write_text(ROSTER, encoding="utf-8")


def listed(folder: Path) -> Iterator[str]:
    """List the visible files below a folder."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in relative.split("/")):
            yield relative


def handed_in(course: Course) -> list[str]:
    return [*listed(course.classroom / "submitted")]


def kept(course: Course) -> list[str]:
    return [*listed(course.classroom / "attempts")]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def outcomes(collected: Collected) -> list[tuple[str, str, str]]:
    return [(row.student, row.unit, row.outcome) for row in collected.rows]


def refusal(collected: Collected) -> str:
    (line,) = collected.refused
    return line


def test_moodle(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    path = write_zip(
        tmp_path / "m.zip",
        {
            "Ada Lovelace_1_assignsubmission_file_/my work.ipynb": Entry(notebook(course), NOON),
            "Ada Lovelace_1_assignsubmission_file_/data/x.csv": Entry(b"1,2", NOON),
            "Byron Bob_2_assignsubmission_file_/b.ipynb": Entry(counting(course), TWO),
        },
    )
    before = path.read_bytes()
    collected = collect(course, [path])
    assert collected.refused == collected.notes == []
    assert collected.rows == [
        Row("ada", UNIT, "my work.ipynb", "2026-04-03 12:00 UTC", "file", "placed"),
        Row("bob", COUNTING, "b.ipynb", "2026-04-03 14:00 UTC", "file", "placed"),
    ]
    names = [f"{UNIT}.ipynb", "data/x.csv", "timestamp.txt"]
    bobs = [f"{COUNTING}.ipynb", "timestamp.txt"]
    assert handed_in(course) == [f"ada/{UNIT}/{name}" for name in names] + [f"bob/{COUNTING}/{name}" for name in bobs]
    assert path.read_bytes() == before
    # What `course grade` finds.
    there = [course.classroom / "submitted"]
    submissions = find_submissions(course, there)
    found = [(each.student, each.unit, each.timestamp, each.problem, each.changes) for each in submissions]
    assert found == [
        ("ada", UNIT, "2026-04-03 12:00:00.000000 UTC", "", ()),
        ("bob", COUNTING, "2026-04-03 14:00:00.000000 UTC", "", ()),
    ]
    assert leftovers(course, there, submissions).lines == []
    assert {path.name for path in course.classroom.iterdir()} == {"roster.csv", "submitted", ".lock"}


def test_canvas_has_no_times_of_handing_in(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    files = {
        "lovelaceada_12_345_01_doubling-1.ipynb": Entry(notebook(course), NOON),
        "lovelaceada_12_346_helper-1.py": Entry(b"x = 1", NOON),
        "byronbob_LATE_13_350_x.ipynb": Entry(notebook(course, WRONG), TWO),
    }
    collected = collect(course, [write_zip(tmp_path / "c.zip", files)])
    assert collected.refused == []
    assert "no timestamp.txt is written" in collected.notes[0]
    assert [(row.student, row.time_from, row.notes) for row in collected.rows] == [
        ("bob", "download", ["late, according to Canvas"]),
        ("ada", "download", []),
    ]
    assert handed_in(course) == [f"ada/{UNIT}/{UNIT}.ipynb", f"ada/{UNIT}/helper.py", f"bob/{UNIT}/{UNIT}.ipynb"]


def test_moodle_with_times_of_the_download(course: Course, tmp_path: Path) -> None:
    files = {
        "Team Red_1_assignsubmission_file/x.ipynb": Entry(notebook(course), NOON),
        "Ada Lovelace_2_assignsubmission_file/x.ipynb": Entry(notebook(course), (12, 59, 58)),
    }
    write_roster(course)
    with (course.classroom / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write("ro,Red,Ro,,,,,team red,\n")
    collected = collect(course, [write_zip(tmp_path / "m.zip", files)])
    assert [(row.student, row.time_from) for row in collected.rows] == [("ada", "download"), ("ro", "download")]
    assert handed_in(course) == [f"ada/{UNIT}/{UNIT}.ipynb", f"ro/{UNIT}/{UNIT}.ipynb"]


def test_blind_marking(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    with (course.classroom / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write("eve,Eden,Eve,,77,,,,\nfay,Fox,Fay,,78,,,,\n")
    files = {f"Participant_{number}_assignsubmission_file_/x.ipynb": notebook(course) for number in (77, 78, 79)}
    collected = collect(course, [write_zip(tmp_path / "m.zip", files)])
    assert {row.student for row in collected.rows} == {"eve", "fay"}
    assert "got Participant (Moodle 79); add the student, or write 79 into the column moodle" in refusal(collected)


def test_gradescope_places_for_everybody_who_handed_in_together(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    ada, bob = ("Ada L.", "42", ""), ("Bob", "", "bob@x.org")
    reds = [("Di", "", "di@x.org"), ("Cy", "", "cy@x.org")]
    told = metadata({"submission_1": [ada, bob, ("Eve", "", "")], "submission_2": reds})
    files = {
        "assignment_9_export/submission_metadata.yml": told,
        "assignment_9_export/submission_1/x.ipynb": notebook(course),
        "assignment_9_export/submission_2/x.ipynb": notebook(course, WRONG),
    }
    collected = collect(course, [write_zip(tmp_path / "g.zip", files)])
    assert "expected somebody in roster.csv, got Eve (Gradescope)" in refusal(collected)
    assert [(row.student, row.time, row.time_from) for row in collected.rows] == [
        (student, "2026-04-03 16:30 UTC", "Gradescope") for student in ("ada", "bob", "di")
    ]
    stamp = course.classroom / "submitted" / "ada" / UNIT / "timestamp.txt"
    assert stamp.read_text(encoding="utf-8") == "2026-04-03 16:30:00.500000 UTC\n"


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_folders_of_whatever_names(course: Course, tmp_path: Path, kind: str) -> None:
    path = write_zip(
        tmp_path / "all.zip",
        {
            f"all/ada/{UNIT}/x.ipynb": notebook(course),
            f"all/ada/{UNIT}/helper.py": b"x = 1",
            "all/ada/second.ipynb": counting(course),
            "all/bob/work/x.ipynb": Entry(notebook(course), ONE),
        },
    )
    if kind == "folder":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "all")
        path = tmp_path / "all"
    collected = collect(course, [path])
    assert collected.refused == []
    assert outcomes(collected) == [("ada", UNIT, "placed"), ("ada", COUNTING, "placed"), ("bob", UNIT, "placed")]
    assert [name for name in handed_in(course) if not name.endswith("timestamp.txt")] == [
        f"ada/{UNIT}/{UNIT}.ipynb",
        f"ada/{UNIT}/helper.py",
        f"ada/{COUNTING}/{COUNTING}.ipynb",
        f"bob/{UNIT}/{UNIT}.ipynb",
    ]


def test_a_download_that_is_named_after_a_student(course: Course, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "ada.zip", {f"{UNIT}.ipynb": notebook(course), "data/x.csv": b""})
    collected = collect(course, [path])
    assert f"ada.zip: {UNIT}.ipynb: expected a folder named after the student" in collected.refused[0]
    write_roster(course)
    collected = collect(course, [path])
    assert (collected.refused, outcomes(collected)) == ([], [("ada", UNIT, "placed")])
    assert f"ada/{UNIT}/data/x.csv" in handed_in(course)


def test_the_same_download_twice_changes_nothing(course: Course, tmp_path: Path) -> None:
    files = {"ada/x.ipynb": Entry(notebook(course), NOON), "bob/x.ipynb": Entry(counting(course), TWO)}
    path = write_zip(tmp_path / "a.zip", files)
    collect(course, [path])
    before = snapshot(course.classroom)
    collected = collect(course, [path])
    assert outcomes(collected) == [("ada", UNIT, "already there"), ("bob", COUNTING, "already there")]
    assert snapshot(course.classroom) == before


def test_a_newer_attempt_replaces_and_an_older_one_does_not(course: Course, tmp_path: Path) -> None:
    paths = [
        write_zip(tmp_path / f"{number}.zip", {"ada/x.ipynb": Entry(notebook(course, code), time)})
        for number, (code, time) in enumerate([(WRONG, ONE), (RIGHT, TWO), (HALF_RIGHT, NOON)])
    ]
    path = course.classroom / "submitted" / "ada" / UNIT / f"{UNIT}.ipynb"
    steps = [
        (0, "placed", "", WRONG),
        (1, "placed", f"replaces 2026-04-03 13:00 UTC, now in attempts/ada/2026-04-03T13-00-00Z/{UNIT}", RIGHT),
        (0, "already there", "as an earlier attempt", RIGHT),
        (2, "earlier attempt", "the latest is of 2026-04-03 14:00 UTC; this one is in attempts/", RIGHT),
        (2, "already there", "as an earlier attempt", RIGHT),
        (1, "already there", "", RIGHT),
    ]
    for number, outcome, note, code in steps:
        (row,) = collect(course, [paths[number]]).rows
        assert row.outcome == outcome
        assert row.notes[:1] == [] if not note else row.notes[0].startswith(note)
        assert path.read_bytes() == notebook(course, code)
    times = ["2026-04-03T12-00-00Z", "2026-04-03T13-00-00Z"]
    assert kept(course) == [
        f"ada/{time}/{UNIT}/{name}" for time in times for name in (f"{UNIT}.ipynb", "timestamp.txt")
    ]
    # Going back to the first attempt, later.
    last = write_zip(tmp_path / "3.zip", {"ada/x.ipynb": Entry(notebook(course, WRONG), (15, 0, 0))})
    assert outcomes(collect(course, [last])) == [("ada", UNIT, "placed")]
    assert path.read_bytes() == notebook(course, WRONG)
    assert len(kept(course)) == 6


def test_attempts_of_the_same_time_are_all_kept(course: Course, tmp_path: Path) -> None:
    for number, code in enumerate([WRONG, RIGHT, HALF_RIGHT]):
        collect(course, [write_zip(tmp_path / f"{number}.zip", {"ada/x.ipynb": notebook(course, code)})])
    path = course.classroom / "submitted" / "ada" / UNIT / f"{UNIT}.ipynb"
    assert path.read_bytes() == notebook(course, WRONG)
    folders = sorted(each.name for each in (course.classroom / "attempts" / "ada").iterdir())
    assert folders == ["2026-04-03T18-30-00Z", "2026-04-03T18-30-00Z-2"]


def test_what_was_put_there_by_hand_is_kept(course: Course, tmp_path: Path) -> None:
    place = course.classroom / "submitted" / "ada" / UNIT
    place.mkdir(parents=True)
    (place / f"{UNIT}.ipynb").write_bytes(notebook(course, WRONG))
    (place / "timestamp.txt").write_text("2026-04-03 13:00:00 UTC", encoding="utf-8")
    same = write_zip(tmp_path / "0.zip", {"ada/x.ipynb": Entry(notebook(course, WRONG), NOON)})
    older = write_zip(tmp_path / "1.zip", {"ada/x.ipynb": Entry(notebook(course), NOON)})
    newer = write_zip(tmp_path / "2.zip", {"ada/x.ipynb": Entry(notebook(course, HALF_RIGHT), TWO)})
    collected = collect(course, [same, older, newer])
    assert [row.outcome for row in collected.rows] == ["already there", "earlier attempt", "placed"]
    assert f"ada/2026-04-03T13-00-00Z/{UNIT}/{UNIT}.ipynb" in kept(course)


def test_a_notebook_that_an_instructor_has_edited_stays(course: Course, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"ada/x.ipynb": notebook(course, WRONG)})
    collect(course, [path])
    place = course.classroom / "submitted" / "ada" / UNIT / f"{UNIT}.ipynb"
    place.write_bytes(notebook(course))
    assert outcomes(collect(course, [path])) == [("ada", UNIT, "already there")]
    assert place.read_bytes() == notebook(course)


def test_after_a_crash_between_two_moves_nothing_is_lost(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_zip(tmp_path / "0.zip", {"ada/x.ipynb": Entry(notebook(course, WRONG), NOON)})
    new = write_zip(tmp_path / "1.zip", {"ada/x.ipynb": Entry(notebook(course), TWO)})
    collect(course, [old])
    keep = attempts._keep

    def crash(*arguments: object) -> Path:
        keep(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(attempts, "_keep", crash)
    with pytest.raises(KeyboardInterrupt):
        collect(course, [new])
    monkeypatch.undo()
    os.chdir(course.root)
    (course.classroom / ".collecting").mkdir()
    (course.classroom / ".collecting" / "left").write_bytes(b"of a run that was killed")
    assert outcomes(collect(course, [new])) == [("ada", UNIT, "placed")]
    assert [name.split("/")[-1] for name in kept(course)] == [f"{UNIT}.ipynb", "timestamp.txt"]
    assert not (course.classroom / ".collecting").exists()


def test_a_students_own_zip_file(course: Course, tmp_path: Path) -> None:
    own = {
        f"work/{UNIT}/x.ipynb": notebook(course),
        f"work/{UNIT}/helper.py": b"x = 1",
        "work/data.csv": b"1,2",
        "__MACOSX/work/._x.ipynb": b"",
        "work/more.zip": zipped({"x": b""}, tmp_path),
    }
    name = "Ada Lovelace_1_assignsubmission_file_/all.zip"
    path = write_zip(tmp_path / "m.zip", {name: Entry(zipped(own, tmp_path), NOON)})
    collected = collect(course, [path])
    assert collected.refused == []
    assert [(row.file, row.time) for row in collected.rows] == [
        (f"all.zip/work/{UNIT}/x.ipynb", "2026-04-03 12:00 UTC")
    ]
    names = [f"{UNIT}.ipynb", "data.csv", "helper.py", "more.zip"]
    assert handed_in(course) == [f"Ada Lovelace/{UNIT}/{name}" for name in names]


def test_a_zip_file_beside_a_notebook_is_data(course: Course, tmp_path: Path) -> None:
    files = {"ada/x.ipynb": notebook(course), "ada/data.zip": zipped({"x.ipynb": counting(course)}, tmp_path)}
    assert outcomes(collect(course, [write_zip(tmp_path / "a.zip", files)])) == [("ada", UNIT, "placed")]
    assert f"ada/{UNIT}/data.zip" in handed_in(course)


def test_several_notebooks(course: Course, tmp_path: Path) -> None:
    files = {
        "ada/x.ipynb": Entry(notebook(course, WRONG), NOON),
        "ada/x2.ipynb": Entry(notebook(course), ONE),
        "ada/scratch.ipynb": Entry(b'{"cells": [{"cell_type": "code", "source": "1"}], "nbformat": 4}', TWO),
        "ada/more/x2.ipynb": Entry(notebook(course, HALF_RIGHT), NOON),
        "ada/timestamp.txt": b"2000-01-01 00:00:00 UTC",
        "ada/more/Timestamp.txt": b"2000-01-01 00:00:00 UTC",
        "ada/02_counting (1).ipynb": Entry(b"broken", NOON),
    }
    collected = collect(course, [write_zip(tmp_path / "a.zip", files)])
    assert collected.refused == []
    first, second = collected.rows
    assert (first.unit, first.file, second.unit, second.file) == (UNIT, "x2.ipynb", COUNTING, "02_counting (1).ipynb")
    assert first.notes[0].startswith("'x2.ipynb' counts (the newest by the time of its file); passed over: ")
    assert "of no unit, now in other_notebooks: scratch.ipynb" in first.notes
    assert sum("could write any time into it" in note for note in first.notes) == 2
    place = course.classroom / "submitted" / "ada" / UNIT
    assert [*listed(place)] == [
        "more/x2.ipynb",
        "other_notebooks/scratch.ipynb",
        "timestamp.txt",
        "x.ipynb",
        "x2.ipynb",
    ]
    assert not (place / "timestamp.txt").read_text(encoding="utf-8").startswith("2000")
    found = {each.unit: each for each in find_submissions(course, [course.classroom / "submitted"])}
    assert found[UNIT].path == place / "x2.ipynb"


def test_a_notebook_without_marks_is_recognized_by_its_cells(course: Course, tmp_path: Path) -> None:
    bare = answered(course, RIGHT)
    for cell in bare["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    path = write_zip(tmp_path / "a.zip", {"ada/x.ipynb": json.dumps(bare).encode()})
    assert outcomes(collect(course, [path])) == [("ada", UNIT, "placed")]


def test_what_cannot_be_placed_gets_a_line_each_and_the_rest_is_placed(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    path = write_zip(
        tmp_path / "a.zip",
        [
            ("ada/x.ipynb", notebook(course)),
            ("bob/x.ipynb", notebook(course)),
            ("bob/link", Entry(b"/etc/passwd", mode=stat.S_IFLNK | 0o777)),
            ("cy/x.ipynb", notebook(course)),
            ("cy/../../../y.ipynb", notebook(course)),
            ("di/Data.csv", b"1"),
            ("di/data.csv", b"2"),
            ("di/x.ipynb", notebook(course)),
            ("eve/x.ipynb", notebook(course)),
            ("gone/x.ipynb", notebook(course)),
            ("/etc/y.ipynb", notebook(course)),
            ("grades.csv", b""),
        ],
    )
    collected = collect(course, [path])
    assert outcomes(collected) == [("ada", UNIT, "placed")]
    assert len(handed_in(course)) == 1 + (course.classroom / "submitted" / "ada" / UNIT / "timestamp.txt").exists()
    assert any("gone has withdrawn: not placed" in note for note in collected.notes)
    expected = {
        "a.zip: bob/link": "got a symbolic link; ask for the file itself",
        "a.zip: cy/../../../y.ipynb": "got one that leads out of it; ask for",
        "a.zip: di": "expected names that differ in more than upper and lower case",
        "a.zip: eve": "expected somebody in roster.csv, got eve; add the student",
        "a.zip: etc/y.ipynb": "got an absolute one",
        "a.zip: grades.csv": "expected a folder named after the student",
    }
    for place, words in expected.items():
        (line,) = [line for line in collected.refused if line.startswith(f"{place}: ")]
        assert words in line
    assert len(collected.refused) == len(expected)
    assert not [*tmp_path.rglob("y.ipynb")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"x.ipynb": b'{"cells": [{"cell_type": "code", "source": "1"}]}'}, "by its cells or its name; got x.ipynb; "),
        ({"x.py": b"1", "y.rar": b"2"}, "expected a notebook (.ipynb), alone or in a zip file; got x.py, y.rar; ask"),
        ({"x.zip": b"3"}, "in ada/x.zip: expected a zip file"),
    ],
)
def test_a_submission_without_a_notebook_of_a_unit(
    course: Course, tmp_path: Path, content: dict[str, bytes], words: str
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"ada/{name}": text for name, text in content.items()})
    collected = collect(course, [path])
    assert (collected.rows, words in refusal(collected)) == ([], True)


def test_a_submission_of_hidden_files_alone(course: Course, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"Ada_1_assignsubmission_file_.x": b"", "bob/x.ipynb": notebook(course)})
    collected = collect(course, [path])
    assert outcomes(collected) == [("bob", UNIT, "placed")]
    assert "expected a notebook (.ipynb), alone or in a zip file; got nothing" in refusal(collected)


def test_a_students_zip_file_that_is_refused(course: Course, tmp_path: Path) -> None:
    for name, flaw in {"../x.ipynb": "leads out of it", "x/\u202e.py": "printable"}.items():
        own = zipped({"x.ipynb": notebook(course), name: b""}, tmp_path)
        collected = collect(
            course, [write_zip(tmp_path / "a.zip", {"ada/x.zip": own, "bob/x.ipynb": notebook(course)})]
        )
        assert collected.refused[0].startswith("a.zip: ada: in ada/x.zip: ")
        assert flaw in refusal(collected)
        assert {row.student for row in collected.rows} == {"bob"}


def test_limits_of_one_submission(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_FILES", 3)
    monkeypatch.setattr(unpack, "MOST_BYTES", len(notebook(course)) + 5_000)
    own = zipped({"x.ipynb": notebook(course), "zeros": b"\0" * 50_000}, tmp_path)
    assert len(own) < 5_000  # only what is unpacked is too much
    many = zipped({f"{number}.py": b"" for number in range(4)}, tmp_path)
    path = write_zip(
        tmp_path / "a.zip",
        {
            "ada/x.ipynb": notebook(course),
            "bob/x.zip": own,
            "cy/x.ipynb": notebook(course),
            "cy/zeros": b"\0" * 10_000,
            "di/x.zip": many,
            **{f"eve/{number}.py": b"" for number in range(4)},
        },
    )
    collected = collect(course, [path])
    assert outcomes(collected) == [("ada", UNIT, "placed")]
    words = ["expected less data", "expected less data", "expected at most 3 members", "expected at most 3 files"]
    assert [word in line for word, line in zip(words, collected.refused, strict=True)] == [True] * 4


def test_limit_of_a_download(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_BYTES", 2 * len(notebook(course)))
    files = {f"{name}/{file}": notebook(course) for name in ("ada", "bob") for file in ("x.ipynb", "a.txt", "b.txt")}
    collected = collect(course, [write_zip(tmp_path / "a.zip", files)])
    assert outcomes(collected) == [("ada", UNIT, "placed")]
    assert refusal(collected).startswith("a.zip: bob: expected at most 20 GB in a download, got more")


def test_people_of_one_name_are_not_guessed(course: Course, tmp_path: Path) -> None:
    files = {f"Jane Doe_{number}_assignsubmission_file_/x.ipynb": notebook(course) for number in (1, 2)}
    path = write_zip(tmp_path / "m.zip", files | {"Ada Lovelace_3_assignsubmission_file_/x.ipynb": notebook(course)})
    collected = collect(course, [path])
    assert outcomes(collected) == [("Ada Lovelace", UNIT, "placed")]
    assert len(collected.refused) == 2
    assert "expected one person for 'Jane Doe', got Jane Doe (Moodle 1) and others" in collected.refused[0]
    # The class list has one of them, and says which. The name of the other is also that of the first.
    course.classroom.joinpath("roster.csv").write_text(
        "id,last_name,first_name,moodle\njane,Doe,Jane,1\nada,Lovelace,Ada,", encoding="utf-8"
    )
    collected = collect(course, [path])
    assert [row.student for row in collected.rows] == ["ada", "jane"]
    assert "got Jane Doe (Moodle 2) and others" in refusal(collected)
    # Unpacked, and the folder renamed.
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "m")
    (tmp_path / "m" / "Jane Doe_2_assignsubmission_file_").rename(tmp_path / "m" / "jane2")
    with (course.classroom / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write("\njane2,Doe,Jane,")
    collected = collect(course, [tmp_path / "m"])
    assert collected.refused == []
    assert [(row.student, row.outcome) for row in collected.rows] == [
        ("ada", "already there"),
        ("jane", "already there"),
        ("jane2", "placed"),
    ]


def test_a_folder_in_another_spelling_and_other_things_in_the_place(course: Course, tmp_path: Path) -> None:
    home = course.classroom / "submitted"
    (home / "Ada").mkdir(parents=True)
    (home / "bob").mkdir()
    (home / "bob" / UNIT).symlink_to(tmp_path)
    (home / "cy").write_bytes(b"")
    (home / "u\u0308").mkdir()
    files = {f"{name}/x.ipynb": notebook(course) for name in ("ada", "bob", "cy", "\u00fc")}
    collected = collect(course, [write_zip(tmp_path / "a.zip", files)])
    same = "which is the same on some disks"
    words = [f"found 'Ada', {same}", "found something else", "found something else", f"found 'u\u0308', {same}"]
    assert [word in line for word, line in zip(words, collected.refused, strict=True)] == [True] * 4
    assert collected.rows == []


def test_several_downloads_one_of_them_damaged(course: Course, tmp_path: Path) -> None:
    (tmp_path / "0.zip").write_bytes(b"<html>")
    empty = tmp_path / "empty"
    empty.mkdir()
    sound = write_zip(tmp_path / "1.zip", {"ada/x.ipynb": notebook(course)})
    collected = collect(course, [tmp_path / "0.zip", empty, sound])
    assert outcomes(collected) == [("ada", UNIT, "placed")]
    assert [line.partition(": expected")[0] for line in collected.refused] == ["0.zip", "empty"]


def test_arguments_that_are_refused(course: Course, tmp_path: Path) -> None:
    (course.classroom / "submitted").mkdir(parents=True)
    for path in (tmp_path / "missing", course.classroom, course.classroom / "submitted", course.root):
        with pytest.raises(ArgumentError, match="expected a "):
            collect(course, [path])
    with FileLock(course.classroom / ".lock"), pytest.raises(CourseError, match="another command is at work"):
        collect(course, [write_zip(tmp_path / "a.zip", {"ada/x.ipynb": b""})])


def test_a_faulty_class_list_stops_everything(course: Course, tmp_path: Path) -> None:
    write_roster(course)
    with (course.classroom / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write("ada,,,,,,,,\n")
    path = write_zip(tmp_path / "a.zip", {"ada/x.ipynb": notebook(course)})
    with pytest.raises(CourseError, match=r"roster.csv:7"):
        collect(course, [path])
    assert handed_in(course) == []


def test_decomposed_letters(course: Course, tmp_path: Path) -> None:
    shutil.rmtree(course.classroom, ignore_errors=True)
    path = write_zip(tmp_path / "a.zip", {"Mu\u0308ller/x.ipynb": notebook(course), "Mu\u0308ller/u\u0308.py": b""})
    collect(course, [path])
    assert [name for name in handed_in(course) if "timestamp" not in name] == [
        f"M\u00fcller/{UNIT}/{UNIT}.ipynb",
        f"M\u00fcller/{UNIT}/\u00fc.py",
    ]
