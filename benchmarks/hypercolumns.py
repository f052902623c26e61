"""Time and peak memory of a training step on hypercolumns of VGG-16, dense beside sparse.

Each step is measured in a separate process, several times in turns: what slows the machine down slows both kinds.
The best time and the largest peak are printed. The trained dense step takes more than 4 GB.
"""

from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet

TURNS = 2
SIZE, PICTURES, LOCATIONS = 224, 4, 128


def measure(trained: bool) -> dict[str, dict[str, float]]:
    """Measure both kinds in turns."""
    from course_lib.hypercolumns import step_cost

    costs: dict[str, dict[str, float]] = {}
    for _ in range(TURNS):
        for kind in ("sparse", "dense"):
            cost = step_cost(kind, trained, SIZE, PICTURES, LOCATIONS)
            best = costs.setdefault(kind, cost)
            for name in ("seconds", "processor_seconds"):
                best[name] = min(best[name], cost[name])
            best["peak_mb"] = max(best["peak_mb"], cost["peak_mb"])
    return costs


def main() -> None:
    """Print what both kinds cost, for a frozen and for a trained trunk."""
    title = f"A step: {PICTURES} pictures of {SIZE} x {SIZE}, 1,472 channels, {LOCATIONS} locations each"
    table = Table(title=title, title_justify="left")
    columns = {"seconds": "s", "processor_seconds": "s of processors", "peak_mb": "peak memory (MB)"}
    for column in ("trunk", "columns", *(part for name in columns.values() for part in (name, "ratio"))):
        table.add_column(column, justify="left" if column in ("trunk", "columns") else "right", no_wrap=True)
    for trained in (False, True):
        costs = measure(trained)
        for kind, cost in costs.items():
            cells = [
                text
                for name in columns
                for text in (
                    f"{cost[name]:.0f}" if name == "peak_mb" else f"{cost[name]:.2f}",
                    f"{cost[name] / costs['sparse'][name]:.1f}",
                )
            ]
            table.add_row("trained" if trained else "frozen", kind, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
