"""How a training went, beside baselines that need no training."""

from collections.abc import Mapping, Sequence

from course_lib.plots.base import DescribedFigure, new_figure


def training_curves(
    history: Mapping[str, Sequence[float]],
    baselines: Mapping[str, float],
    *,
    quantity: str = "loss",
    ylabel: str = "loss",
) -> DescribedFigure:
    """Draw a quantity over the epochs, for training and validation, and baselines as horizontal lines.

    Parameters
    ----------
    history : mapping of str to sequence of float
        A value for each epoch, as Keras' history has them: under the quantity's name those of training, and under
        ``"val_"`` and that name, if it is there, those of validation.
    baselines : mapping of str to float
        Name and value of each baseline, in the same unit.
    quantity : str
        Which part of the history is drawn.
    ylabel : str
        What the quantity is, in words, with its unit.

    Returns
    -------
    DescribedFigure
    """
    figure, (ax,) = new_figure(1, 3.8)
    ax.plot(history[quantity])
    ax.set_ylabel(ylabel)
    return figure
