"""What all figures share: their size, and colors that everybody can tell apart."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito, "Color Universal Design" (2008): eight colors that color-blind readers tell apart.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
WIDTH = 10.0


def new_figure(columns: int, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Make a figure with a grid of axes; the notebook shows it because it is returned, not because it is open."""
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False, layout="constrained")
    plt.close(figure)
    return figure, list(axes.flat)
