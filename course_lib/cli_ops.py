"""The commands ``course ops …``."""

import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from course_lib.course import SHIPPED

app = typer.Typer(help="The user operations in C++ and CUDA.", no_args_is_help=True, rich_markup_mode=None)
console = Console(highlight=False, markup=False)


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Compile even if they are compiled already.")] = False,
) -> None:
    """Compile the user operations into your cache; every program that needs them does so by itself."""
    from course_lib.ops.build import build as build_ops

    with console.status("user operations: looking for compilers") as status:

        def show(line: str) -> None:
            status.update(f"user operations: {line}")
            if not console.is_terminal:
                console.print(f"user operations: {line}", soft_wrap=True)

        library = build_ops(show, force)
    console.print(f"user operations: {library}", soft_wrap=True)


@app.command()
def info() -> None:
    """Say which form of the user operations is in use, and why."""
    from course_lib.ops import library

    status = library.status()
    table = Table(title="User operations", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, found in (
        ("in use", f"compiled, {status.variant}" if status.loaded else "plain TensorFlow"),
        ("because", status.reason),
        ("library", status.path or "none"),
        ("C++ compiler", status.compiler),
        ("CUDA compiler", status.nvcc),
        ("cache", status.cache),
        ("compiler output", status.log or "none"),
    ):
        table.add_row(name, str(found))
    console.print(table)


@app.command()
def bench() -> None:
    """Measure the user operations in comparison with TensorFlow's own."""
    folder = SHIPPED / "benchmarks"
    for script in ("user_ops.py", "label_map.py"):
        done = subprocess.run([sys.executable, str(folder / script)], check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)
