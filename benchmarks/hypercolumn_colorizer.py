"""Time and peak memory of a picture's colors, with hypercolumns at every pixel beside folded heads.

Each kind is measured in a separate process, several times in turns: what slows the machine down slows both kinds.
The best time and the largest peak are printed. The dense kind takes 3.5 GB.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet

TURNS = 3
SIZE = 512


def main() -> None:
    """Print what both kinds cost, and how far their pictures are apart."""
    from course_lib.hypercolumn_colorizer.cost import coloring_cost

    costs = [(coloring_cost("dense", SIZE), coloring_cost("folded", SIZE)) for _ in range(TURNS)]
    best = {
        "s": [min(each.seconds for each in kind) for kind in zip(*costs, strict=True)],
        "s of processors": [min(each.processor_seconds for each in kind) for kind in zip(*costs, strict=True)],
        "peak memory (MB)": [max(each.peak_mb for each in kind) for kind in zip(*costs, strict=True)],
    }
    table = Table(title=f"A picture of {SIZE} x {SIZE}: VGG-16, 1,473 channels, four heads", title_justify="left")
    table.add_column("hypercolumns")
    for name in best:
        table.add_column(name, justify="right")
        table.add_column("ratio", justify="right")
    for number, kind in enumerate(("dense", "folded")):
        cells = [
            text
            for name, values in best.items()
            for text in (f"{values[number]:.{0 if 'MB' in name else 2}f}", f"{values[number] / values[0]:.2f}")
        ]
        table.add_row(kind, *cells)
    console = Console(width=120)
    console.print(table)
    apart = max(np.abs(dense.picture - folded.picture).max() for dense, folded in costs)
    console.print(f"The pictures differ by at most {255 * apart:.4f} of 255 levels.")


if __name__ == "__main__":
    main()
