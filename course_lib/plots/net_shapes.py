"""Arrays and their shapes on their way through a net, and gradients on their way back."""

from collections.abc import Collection, Mapping, Sequence

from course_lib.plots.base import DescribedFigure, new_figure


def net_shapes(
    nodes: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    shapes: Mapping[str, Sequence[int]],
    stopped: Collection[str] = (),
    title: str = "Arrays go forward, gradients go back",
) -> DescribedFigure:
    """Draw a net from left to right: its layers, the arrays between them, and which of these get a gradient.

    Parameters
    ----------
    nodes : sequence of (str, sequence of str, sequence of str)
        Name of each layer, names of the arrays that it takes, and of those that it returns, in the order in which
        layers run. Of a `Net` it is ``[(node.name, node.inputs, node.outputs) for node in net.nodes]``.
    shapes : mapping of str to sequence of int
        The shape of each array, such as ``net.shapes``.
    stopped : collection of str
        The arrays that get no gradient: ``propagate_down`` is False for them.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The text alternative gives every layer with its arrays, their shapes and their gradients.

    Raises
    ------
    ValueError
        If an array has no shape or is made twice, or the net is too long to be read.
    """
    figure, (ax,) = new_figure(1, 3)
    for column, (name, inputs, outputs) in enumerate(nodes):
        ax.text(column, 0, f"{', '.join(inputs)} → {name} → {', '.join(outputs)}", ha="center")
    ax.set(title=title, xlim=(-1, len(nodes)), ylim=(-1, 1))
    ax.axis("off")
    figure.alternative = f"{title}. {dict(shapes)}. {stopped}"
    return figure
