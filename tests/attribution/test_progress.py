"""Progress bars: in a notebook, in a terminal, and without either."""

import io

import pytest
from rich.console import Console

from course_lib.attribution import progress


class Display:
    """What a notebook shows below a cell: one text that can be replaced."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, data: dict[str, str], raw: bool, display_id: bool) -> "Display":
        assert raw
        assert display_id
        self.update(data, raw)
        return self

    def update(self, data: dict[str, str], raw: bool) -> None:
        assert raw
        self.texts.append(data["text/plain"])


def test_a_bar_in_a_notebook_fills_and_disappears(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Display()
    monkeypatch.setattr(progress, "display", shown)
    monkeypatch.setattr(progress, "Console", lambda: Console(force_jupyter=True))

    def work() -> None:
        with progress.progress_bar("covered images", 12) as advance:
            advance(4)
            advance(8)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert shown.texts == [
        "covered images",
        f"covered images {'█' * 10}{'░' * 20} 4/12",
        f"covered images {'█' * 30} 12/12",
        "",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_drawn_in_a_terminal_alone(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda: Console(file=stream, force_terminal=terminal, force_jupyter=False))
    with progress.progress_bar("steps", 3) as advance:
        advance(3)
    assert ("steps" in stream.getvalue()) == terminal
    assert bool(stream.getvalue()) == terminal
