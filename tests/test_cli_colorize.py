"""The command ``course colorize``: a line for what is wrong, the right exit status, and an orderly end."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from nbconvert.filters import strip_ansi
from PIL import Image
from typer.testing import CliRunner, Result

from course_lib import cli
from course_lib.coloring import training
from course_lib.coloring.scale import Floats
from course_lib.hypercolumn_colorizer import committee
from course_lib.hypercolumn_colorizer.colorizer import HypercolumnColorizer
from course_lib.hypercolumn_colorizer.head import head
from tests.support.image_files import encoded, pixels

pytestmark = pytest.mark.slow

LOAD = HypercolumnColorizer.load
COURSE = Path(sys.executable).parent / "course"


class Colorizer:
    """Gives every pixel the color of the first hint, and is interrupted when it is to color a picture."""

    def __init__(self, interrupted_at: int = 0) -> None:
        self.interrupted_at, self.colored = interrupted_at, 0

    def colorize(self, L: Floats, hints: Sequence[Any] = ()) -> Floats:
        self.colored += 1
        if self.colored == self.interrupted_at:
            raise KeyboardInterrupt
        return np.full((*L.shape[:2], 2), hints[0].ab if hints else (0, 0), np.float32)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photographs, the current one, and a colorizer that takes no time to load."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(HypercolumnColorizer, "load", lambda _: Colorizer())
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        Path(name).write_bytes(encoded(pixels(number, 20, 30)[..., 0]))
    Path("weights.npz").write_bytes(b"of a colorizer")
    return tmp_path


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli.app, ["colorize", "--weights", "weights.npz", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_photographs_are_colored_into_a_folder() -> None:
    result = call("a.png", "b.png")
    assert (result.exit_code, result.stdout) == (0, "colored 2 of 2 photographs: colored\n")
    assert result.stderr == "1/2 a.png: colored/a.png\n2/2 b.png: colored/b.png\n"
    assert sorted(path.name for path in Path("colored").iterdir()) == ["a.png", "b.png"]
    result = call("a.png", "--output", "else/where", "--side-by-side")
    assert (result.exit_code, result.stdout) == (0, "colored 1 of 1 photographs: else/where\n")
    with Image.open("else/where/a_side_by_side.png") as image:
        assert image.size == (60, 20)


def test_what_cannot_be_colored_gets_a_line_and_the_others_go_on() -> None:
    Path("text.jpg").write_text("Dear diary", encoding="utf-8")
    Path("colored").mkdir()
    Path("colored/b.png").write_bytes(b"mine")
    result = call("none.jpg", "text.jpg", "a.png", "b.png", "c.png")
    assert (result.exit_code, result.stdout) == (1, "colored 2 of 5 photographs: colored\n")
    assert result.stderr.splitlines() == [
        "1/5 none.jpg: No such file or directory",
        "2/5 text.jpg: neither a JPEG, a PNG nor a GIF file",
        "3/5 a.png: colored/a.png",
        "4/5 b.png: colored/b.png is there already, and stays as it is",
        "5/5 c.png: colored/c.png",
    ]
    assert Path("colored/b.png").read_bytes() == b"mine"


def test_the_folder_of_the_photographs_may_take_the_results_of_others(place: Path) -> None:
    before = Path("a.png").read_bytes()
    assert call("a.png", "--output", place).exit_code == 1
    assert Path("a.png").read_bytes() == before


def test_hints_color_their_photograph(place: Path) -> None:
    Path("hints.txt").write_text("a.png 3 4 #c04040\nother.png 1 2 #000000\nb.png 20 0 #000000\n", encoding="utf-8")
    result = call("a.png", "b.png", "c.png", "--hints", "hints.txt")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "hints.txt:2: no photograph to color is named other.png",
        "1/3 a.png: colored/a.png",
        "2/3 hints.txt:3: expected a row from 0 to 19 and a column from 0 to 29, got 20 and 0",
        "3/3 c.png: colored/c.png",
    ]
    with Image.open("colored/a.png") as one, Image.open("colored/c.png") as other:
        red, _, blue = np.asarray(one).astype(int).mean(axis=(0, 1))
        assert red > blue + 30
        assert np.ptp(np.asarray(other), axis=-1).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "expected photographs to color, or --train FOLDER"),
        (["a.png", "--train", "."], "expected photographs to color or --train FOLDER, got both"),
        (["--train", ".", "--side-by-side"], "expected photographs to color or --train FOLDER, got both"),
        (["a.png", "--weights", "none.npz"], "none.npz: No such file or directory"),
        (["a.png", "--weights", "."], ".: Is a directory"),
        (["a.png", "--hints", "none.txt"], "none.txt: No such file or directory"),
        (["a.png", "--hints", "bad.txt"], "bad.txt:2: expected IMAGE ROW COLUMN #RRGGBB, such as"),
        (["a.png", "--output", "b.png"], "expected a folder for the results, got b.png"),
        (["--train", "."], "expected the name of a new file for the weights, got weights.npz, which is there already"),
        (["--train", "none", "--weights", "new.npz"], "expected a folder, got 'none'"),
        (["--train", ".", "--weights", "new.npz"], "expected photographs in color in ., got none that can be used"),
    ],
)
def test_wrong_usage_gets_a_line(arguments: list[str], said: str) -> None:
    Path("bad.txt").write_text("a.png 1 2 #ffffff\na.png 1 2\n", encoding="utf-8")
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    *_, last = result.stderr.splitlines()
    assert last.startswith(said)
    assert not Path("colored").exists()
    assert not Path("new.npz.training").exists()


def test_weights_are_asked_for() -> None:
    result = CliRunner().invoke(cli.app, ["colorize", "a.png"])
    assert result.exit_code == 2
    assert "Missing option '--weights'" in result.stderr


@pytest.mark.parametrize("content", [b"", b"not weights", encoded(pixels())])
def test_damaged_weights_get_a_line(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(HypercolumnColorizer, "load", LOAD)
    Path("weights.npz").write_bytes(content)
    result = call("a.png")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("expected the weights of a colorizer in weights.npz, got another file or a damaged one")


def test_an_interrupt_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HypercolumnColorizer, "load", lambda _: Colorizer(interrupted_at=2))
    result = call("a.png", "b.png", "c.png")
    assert (result.exit_code, result.stdout) == (130, "")
    *_, last = result.stderr.splitlines()
    assert last == "stopped: 1 of 3 photographs are done, 2 are left; the same command colors them"
    assert [path.name for path in Path("colored").iterdir()] == ["a.png"]


def test_odd_names_are_written_in_a_line() -> None:
    names = ["two\nlines \x1b[31m.png", ":cat: [b].png", os.fsdecode(b"\xff.png")]
    for name in names:
        Path(name).write_bytes(Path("a.png").read_bytes())
    result = call(*names, "no\nfile.png")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        r"1/4 two\nlines \x1b[31m.png: colored/two\nlines \x1b[31m.png",
        "2/4 :cat: [b].png: colored/:cat: [b].png",
        r"3/4 \udcff.png: colored/\udcff.png",
        r"4/4 no\nfile.png: No such file or directory",
    ]
    assert {path.name for path in Path("colored").iterdir()} == {*names}


def steps(count: int, broken: BaseException | None = None) -> Callable[..., Any]:
    """Stand in for a training of some steps, which may fail at the end."""

    def train(_: Any, folder: Path, progress: training.Progress) -> Any:
        for done in range(1, count + 1):
            progress(done, count)
        if broken:
            raise broken
        return SimpleNamespace(save=lambda path: path.write_bytes(b"trained"))

    return train


def test_training_says_what_it_left_out_and_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committee, "train", steps(40))
    Path("color.png").write_bytes(encoded(pixels(7, 20, 30)))
    result = call("--train", ".", "--weights", "new.npz")
    assert (result.exit_code, result.stdout) == (0, "trained on 1 photographs: new.npz\n")
    gray = [f"left out {name}.png: it has no color" for name in "abc"]
    reading = [f"reading, {done} of 4" for done in (1, 2, 3, 4)]
    assert result.stderr.splitlines() == [
        *(line for pair in zip(gray, reading, strict=False) for line in pair),
        reading[3],
        *(f"training, {done} of 40" for done in range(4, 41, 4)),
    ]
    assert Path("new.npz").read_bytes() == b"trained"


@pytest.mark.parametrize(
    ("broken", "status", "said"),
    [
        (ValueError("expected one thing,\ngot another"), 1, "expected one thing,\ngot another\n"),
        (PermissionError(13, "Permission denied", "new.npz"), 1, "new.npz: Permission denied\n"),
        (FloatingPointError("expected a finite loss"), 1, "expected a finite loss\n"),
        (KeyboardInterrupt(), 130, "stopped: training, 1 of 1; the same command goes on from there\n"),
    ],
)
def test_a_training_that_ends_early_says_why(
    monkeypatch: pytest.MonkeyPatch, broken: Exception, status: int, said: str
) -> None:
    monkeypatch.setattr(committee, "train", steps(1, broken))
    Path("color.png").write_bytes(encoded(pixels(7, 20, 30)))
    result = call("--train", ".", "--weights", "new.npz")
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr.endswith(said)


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colorizer that has learned nothing, in a file."""
    weights = tmp_path_factory.mktemp("weights") / "random.npz"
    HypercolumnColorizer([head(hidden=4)]).save(weights)
    return weights


def started(weights: Path, *names: str, **options: Any) -> subprocess.Popen[str]:
    arguments = [str(COURSE), "colorize", "--weights", str(weights), *names]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(arguments, text=True, start_new_session=True, **streams)


def test_a_terminal_shows_progress_and_what_went_wrong_and_nothing_else(random_weights: Path) -> None:
    ours, theirs = pty.openpty()
    with started(random_weights, "a.png", "none.jpg", stderr=theirs, env={**os.environ, "TERM": "xterm"}) as coloring:
        os.close(theirs)
        shown = b""
        while part := read(ours):
            shown += part
        output, _ = coloring.communicate(timeout=60)
    os.close(ours)
    assert (coloring.returncode, output) == (1, "colored 1 of 2 photographs: colored\n")
    lines = {line.strip() for line in strip_ansi(shown.decode()).replace("\r", "\n").splitlines()} - {""}
    wrong = "none.jpg: No such file or directory"
    assert wrong in lines
    assert all(line.startswith("coloring ") for line in lines - {wrong})
    assert any("0/2" in line for line in lines)


def read(terminal: int) -> bytes:
    """Read what there is, or nothing at its end."""
    try:
        return os.read(terminal, 1024)
    except OSError:  # Linux says so when nobody has it open to write
        return b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_process_ends_orderly(random_weights: Path, number: signal.Signals) -> None:
    names = [f"{count}.png" for count in range(40)]
    for name in names:
        Path(name).write_bytes(Path("a.png").read_bytes())
    with started(random_weights, *names) as coloring:
        assert coloring.stderr is not None
        assert coloring.stderr.readline() == "1/40 0.png: colored/0.png\n"
        for _ in range(2):  # people press Ctrl-C twice
            os.killpg(coloring.pid, number)
        output, errors = coloring.communicate(timeout=60)
    assert (coloring.returncode, output) == (130, "")
    *lines, last = errors.splitlines()
    assert all(re.fullmatch(r"\d+/40 (\d+.png): colored/\1", line) for line in lines)
    ended = re.fullmatch(
        r"stopped: (\d+) of 40 photographs are done, (\d+) are left; the same command colors them", last
    )
    assert ended, errors
    done, left = map(int, ended.groups())
    assert done + left == 40
    written = {path.name for path in Path("colored").iterdir()}
    assert {*names[:done]} <= written <= {*names[: done + 1]}  # that of the next may be in place already


def test_an_interrupt_while_tensorflow_is_imported(place: Path) -> None:
    fake = place / "slow" / "tensorflow"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text(
        "import pathlib, time\npathlib.Path('importing').touch()\ntime.sleep(100)", encoding="utf-8"
    )
    with started(Path("weights.npz"), "a.png", env={**os.environ, "PYTHONPATH": str(fake.parent)}) as coloring:
        while not Path("importing").exists() and coloring.poll() is None:
            time.sleep(0.02)
        os.killpg(coloring.pid, signal.SIGINT)
        output, errors = coloring.communicate(timeout=60)
    assert (coloring.returncode, output) == (130, "")
    assert errors == "stopped: 0 of 1 photographs are done, 1 are left; the same command colors them\n"
