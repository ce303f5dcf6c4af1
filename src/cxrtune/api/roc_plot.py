"""ROC curves, drawn into given axes or as HTML."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cxrtune.evaluation.curve_files import Curve
from cxrtune.notebook_html import image
from cxrtune.report.figures.roc import thinned
from cxrtune.report.figures.style import MUTED, line_look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 4.6  # inches
_SHOWN_WIDTH = 380  # pixels of a page


def plot_curves(curves: Mapping[str, Curve], ax: Axes | None, title: str) -> Axes:
    """Draw ROC curves.

    Args:
        curves: Curves by their name in the legend.
        ax: Axes to draw into; None creates new axes of pyplot, which a notebook shows.
        title: Title of the axes.

    Returns:
        The axes.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(_SIDE, _SIDE), layout="constrained")
    ax.plot([0, 1], [0, 1], color=MUTED.light, linewidth=0.9, linestyle=(0, (2, 2)))
    for place, (label, curve) in enumerate(curves.items()):
        colour, style = line_look(place)
        ax.plot(*thinned(curve), color=colour, linestyle=style, linewidth=1.5, label=label)
    ax.set(xlim=(-0.012, 1.012), ylim=(-0.012, 1.012), aspect="equal", title=title)
    ax.set_xlabel("False-positive rate (1 \N{MINUS SIGN} specificity)")
    ax.set_ylabel("Sensitivity")
    if curves:
        ax.legend(loc="lower right", fontsize=8)
    else:
        ax.text(0.5, 0.4, "not defined: images of one class only", ha="center", color=MUTED.light)
    return ax


def drawn_curves(curves: Mapping[str, Curve], title: str) -> str:
    """Return ROC curves as an image in HTML; an empty text without a curve."""
    if not curves:
        return ""
    from matplotlib.figure import Figure

    figure, stream = Figure(figsize=(_SIDE, _SIDE), layout="constrained"), io.BytesIO()
    plot_curves(curves, figure.subplots(), title)
    figure.savefig(stream, format="png", dpi=160)
    return image(stream.getvalue(), "image/png", f"ROC curves: {', '.join(curves)}", _SHOWN_WIDTH)
