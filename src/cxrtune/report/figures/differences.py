"""Two models' difference of AUROC, finding by finding: what two intervals side by side do not show."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cxrtune.evaluation.results import Comparison, PairedResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.figures.style import (
    MUTED,
    PAPER,
    SERIES,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    shortened,
    write_heading,
)
from cxrtune.report.judged import judged_line

STEM = "difference"

_ROW = 0.27
_TOP = 0.66
_LEFT = 1.54
_ACROSS = 3.22
_LONGEST_NAME = 19
_SEPARABLE = ("higher", "lower")


def draw_difference(results: StoredResults, pair: Comparison, number: int, folder: Path) -> list[Path]:
    """Draw one pair's differences with both intervals and write them as SVG and PNG.

    Args:
        results: What was judged.
        pair: The two models.
        number: Of the pair, from 1; part of the file's name.
        folder: Where to write.
    """
    with report_style():
        return save_figure(_figure(results, pair), folder, f"{STEM}-{number}")


def _figure(results: StoredResults, pair: Comparison) -> Figure:
    rows = [*((spoken(name), found) for name, found in pair.findings.items()), ("Macro average", pair.macro)]
    height = len(rows) * _ROW
    figure = new_figure(_TOP + height + 0.55)
    first, second = (shortened(name, _LONGEST_NAME) for name in (pair.first, pair.second))
    write_heading(figure, f"AUROC of {first} less {second}", judged_line(results))
    axes = axes_at(figure, left=_LEFT, top=_TOP, width=_ACROSS, height=height)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel="Difference of AUROC")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=MUTED.light, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.axhline(len(rows) - 1.5, color=MUTED.light, linewidth=0.8)
    for place, (_, found) in enumerate(rows):
        _draw_row(axes, place, found)
    margin = pair.macro.margin
    if margin is not None:
        axes.axvline(-margin, color=MUTED.light, linewidth=0.9, zorder=1)
    axes.margins(x=0.06)
    return figure


def _draw_row(axes: Axes, row: int, found: PairedResult) -> None:
    if found.difference is None:
        axes.text(0, row, " undefined", color=MUTED.light, va="center", fontsize=8, style="italic")
        return
    colour = SERIES[0].light if found.verdict in _SEPARABLE else MUTED.light
    for interval, width in ((found.interval_holm, 1.1), (found.interval, 3.0)):
        if interval is not None:
            axes.plot([interval.low, interval.high], [row, row], color=colour, linewidth=width, zorder=3)
    axes.plot(
        found.difference,
        row,
        linestyle="none",
        marker="o",
        color=colour,
        markeredgecolor=PAPER.light,
        markeredgewidth=0.8,
        markersize=6,
        zorder=4,
    )
