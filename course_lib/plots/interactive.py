"""Figures that follow a slider."""

from collections.abc import Callable
from typing import Any

import ipywidgets
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure

from course_lib.plots.base import DescribedFigure


class _Interactive(ipywidgets.interactive):
    """Controls with the figure below them; without a kernel, the figure as a picture."""

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)
        metadata: dict[str, dict[str, str]] = {}
        if isinstance(self.result, Figure):
            bundle["image/png"] = print_figure(self.result, base64=True)
        if isinstance(self.result, DescribedFigure):
            _, metadata = self.result._repr_mimebundle_()
        return bundle, metadata


def interact(draw: Callable[..., Figure], **controls: object) -> ipywidgets.interactive:
    """Show a figure with controls that redraw it.

    Parameters
    ----------
    draw : callable
        Returns the figure for one value of each control. Its defaults are the initial values of the controls.
    **controls : object
        For each parameter of ``draw`` a widget, or its short form as in `ipywidgets.interact`: ``(2, 9)`` for a
        slider from 2 to 9, a list or dictionary for a menu, a bool for a check box.

    Returns
    -------
    ipywidgets.interactive
        The last value of a cell. It shows the controls and the figure; pages without a kernel, such as reports, show
        the first figure as a picture, with its text alternative.
    """
    return _Interactive(draw, {"auto_display": True}, **controls)
