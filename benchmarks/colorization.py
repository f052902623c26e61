"""Time of a step in which the U-Net is trained: the library beside Keras' defaults fed by a Python generator.

Each way has a process of its own, which tells its peak memory. They take turns, so that what slows the machine down
slows all of them. XLA is not among them: it compiles for 10 to 20 seconds, and its steps on a CPU take several times as
long.
"""

from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median

from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from benchmarks.colorization_ways import BATCH, DEFAULTS, SIDE, WARM_UP, WAYS, Cost, Turns
from course_lib.memory import peak_bytes

TURNS = 5
GIGA = 1e9


def work(way: str, depth: int, filters: int, steps: int, pipe: Connection) -> None:
    """Train in one way; at last, send the peak memory in GB, with Python, TensorFlow and the photographs in it."""
    WAYS[way](depth, filters, 1 + TURNS * (WARM_UP + steps), Turns(pipe, steps))
    pipe.send(peak_bytes() / GIGA)


def compare(console: Console, depth: int, filters: int, steps: int) -> None:
    """Train in all ways, in turns of some steps, and print them beside Keras' defaults."""
    context = get_context("spawn")
    pipes: dict[str, Connection] = {}
    first: dict[str, Cost] = {}
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for way in WAYS:
        pipes[way], end = context.Pipe()
        context.Process(target=work, args=(way, depth, filters, steps, end), daemon=True).start()
        end.close()
        first[way] = pipes[way].recv()
    for _ in range(TURNS):
        for way, pipe in pipes.items():
            pipe.send(None)
            costs[way].append(pipe.recv())
    table = Table(title=f"unet({depth}, {filters}), {SIDE} x {SIDE} pixels, batch {BATCH}", title_justify="left")
    for column in ("way", "wall\nms", "ratio", "CPU\nms", "ratio", "waiting\nfor input", "first\nstep s", "GB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, pipe in pipes.items():
        pipe.send(None)
        row = []
        for clock in ("wall", "processor"):
            taken = [getattr(cost, clock) for cost in costs[way]]
            usual = [getattr(cost, clock) for cost in costs[DEFAULTS]]
            ratio = median(own / other for own, other in zip(taken, usual, strict=True))
            row += [f"{median(taken) / steps * 1e3:.0f}", f"{ratio:.2f}"]
        waiting = sum(cost.waiting for cost in costs[way]) / sum(cost.wall for cost in costs[way])
        table.add_row(way, *row, f"{waiting:.1%}", f"{first[way].wall:.1f}", f"{pipe.recv():.2f}")
    console.print(table)
    console.print()


def main() -> None:
    """Print a table for the architecture of the literature at depth 6, and one for unit 02."""
    console = Console()
    console.print("A training step. Ratios are medians over the turns. The first step includes building and tracing.\n")
    compare(console, depth=6, filters=64, steps=4)
    compare(console, depth=4, filters=16, steps=40)


if __name__ == "__main__":
    main()
