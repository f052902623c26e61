"""The command ``course collect``."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from course_lib import cli
from course_lib.course import Course
from tests.classroom.intake.downloads import Entry, write_zip
from tests.support.tiny_course import RIGHT, UNIT, answered, make_course


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("collect") / "course")


@pytest.fixture
def download(shared: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zip file; the course is the current folder."""
    monkeypatch.chdir(shared.root)
    content = json.dumps(answered(shared, RIGHT)).encode()
    return write_zip(tmp_path / "all.zip", {"ada/x.ipynb": content, "bob/\x1b[1m.ipynb": Entry(b""), "eve/x.py": b""})


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli.app, ["collect", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_table_and_a_line_for_what_is_not_placed(download: Path) -> None:
    result = call(download)
    assert result.exit_code == 1
    (row,) = [line for line in result.stdout.splitlines() if "ada" in line]
    assert row.split()[1:12:2] == ["ada", UNIT, "x.ipynb", "2026-04-03", "UTC", "│"]
    assert row.rstrip(" │").endswith("placed")
    assert "all.zip: its files have times that may be those of the download" in result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(r"not placed: all.zip: bob/\x1b[1m.ipynb: expected a name of printable letters, got")
    assert lines[1].startswith(
        "not placed: all.zip: eve: expected a notebook (.ipynb), alone or in a zip file; got x.py"
    )


def test_json(download: Path, tmp_path: Path) -> None:
    call(download)
    result = call(download, "--json")
    (row,) = json.loads(result.stdout)["rows"]
    assert (row["student"], row["unit"], row["outcome"]) == ("ada", UNIT, "already there")
    assert len(json.loads(result.stdout)["refused"]) == len(result.stderr.splitlines()) == 2


def test_all_placed_is_a_success(shared: Course, download: Path, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "cy.zip", {"cy/x.ipynb": json.dumps(answered(shared, RIGHT)).encode()})
    result = call(path)
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_missing_download(download: Path, tmp_path: Path) -> None:
    result = call(tmp_path / "missing.zip")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"expected a zip file or a folder, found nothing at {tmp_path / 'missing.zip'}\n"
