"""The command ``course colorize``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from course_lib.errors import ArgumentError, CourseError
from course_lib.terminal import INTERRUPTED, bar, console, end_orderly, escaped, stop

TENTHS = 10  # of a training: each gets a line in a log


def colorize(
    weights: Annotated[
        Path, typer.Option(metavar="FILE", help="A trained colorizer; with --train, the file to write it to.")
    ],
    photographs: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGE", help="Photographs to color: JPEG, PNG or GIF files.")
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Colors that you know; a line for each: IMAGE ROW COLUMN #RRGGBB."),
    ] = None,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the colored photographs go.")] = Path("colored"),
    side_by_side: Annotated[
        bool,
        typer.Option("--side-by-side", help="Write gray, colored and, if it has color, the original in one picture."),
    ] = False,
    train: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Train on the color photographs of a folder instead.")
    ] = None,
) -> None:
    """Color photographs with a trained colorizer, or train one. No file is ever overwritten."""
    if train and (photographs or hints or side_by_side):
        raise ArgumentError("expected photographs to color or --train FOLDER, got both")
    if not train and not photographs:
        raise ArgumentError("expected photographs to color, or --train FOLDER")
    try:
        with end_orderly():
            if train:
                _train(train, weights)
            else:
                _color(photographs or [], weights, hints, output, side_by_side)
    except KeyboardInterrupt:
        stop("stopped before anything was done", INTERRUPTED)


def _color(photographs: list[Path], weights: Path, hints: Path | None, output: Path, side_by_side: bool) -> None:
    from course_lib.coloring.hints import hints_for, read_hints
    from course_lib.coloring.photographs import color_file, load_colorizer, result_paths

    given = read_hints(hints) if hints else []
    if output.exists() and not output.is_dir():
        raise ArgumentError(f"expected a folder for the results, got {output}")
    screen = _screen()
    results = result_paths(photographs, output, "_side_by_side.png" if side_by_side else ".png")
    for hint in given:
        if not any(hints_for([hint], photograph) for photograph in results):
            _say(screen, f"{hint.line}: no photograph to color is named {hint.image}")
    done = failed = 0
    try:
        with bar(screen) as progress:
            task = progress.add_task("coloring", total=len(results))
            colorizer = load_colorizer(weights)
            for photograph, result in results.items():
                wrong = None
                try:
                    color_file(colorizer, photograph, result, hints_for(given, photograph), side_by_side)
                except CourseError as error:
                    wrong = str(error)
                    failed += 1
                done += 1
                progress.update(task, advance=1)
                if not screen.is_terminal:
                    _say(screen, f"{done}/{len(results)} {wrong or f'{photograph}: {result}'}")
                elif wrong:
                    _say(screen, wrong)
    except KeyboardInterrupt:
        here = f"{done} of {len(results)} photographs are done, {len(results) - done} are left"
        stop(f"stopped: {here}; the same command colors them", INTERRUPTED)
    _say(console, f"colored {done - failed} of {len(results)} photographs: {output}")
    raise typer.Exit(int(failed > 0))


def _train(folder: Path, weights: Path) -> None:
    from course_lib.coloring.training import color_photographs, train_on

    if weights.exists():
        raise ArgumentError(f"expected the name of a new file for the weights, got {weights}, which is there already")
    screen = _screen()
    where = "the beginning"
    try:
        with bar(screen) as progress:
            task = progress.add_task("reading")

            def show(doing: str) -> Callable[[int, int], None]:
                def update(done: int, total: int) -> None:
                    nonlocal where
                    where = f"{doing}, {done} of {total}"
                    progress.update(task, description=doing, completed=done, total=total)
                    if not screen.is_terminal and done * TENTHS // total > (done - 1) * TENTHS // total:
                        _say(screen, where)

                return update

            photographs = color_photographs(folder, show("reading"), lambda line: _say(screen, line))
            train_on(photographs, weights, show("training"))
    except KeyboardInterrupt:
        stop(f"stopped: {where}; the same command goes on from there", INTERRUPTED)
    _say(console, f"trained on {len(photographs)} photographs: {weights}")


def _screen() -> Console:
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def _say(screen: Console, line: str) -> None:
    screen.print(escaped(line), soft_wrap=True)
