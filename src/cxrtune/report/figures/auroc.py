"""Draw every model's AUROC by finding on one scale, and differences of two models, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cxrtune.evaluation.results import Comparison, Interval, PairedResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.figures.style import (
    MUTED,
    PAPER,
    RULE,
    SERIES,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    shortened,
    write_heading,
)
from cxrtune.report.judged import area, judged_line

STEM = "auroc"
DIFFERENCE_STEM = "difference"

_ROW = 0.295
_TOP = 0.66
_LEFT = 1.54
_ACROSS = 3.22
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_CHANCE = 0.5
_SPREAD = 0.72  # fraction of a row's height
_WIDEST_OF_TWO_COLUMNS = 27
_LONGEST_NAME = 54
_DIFFERENCE_ROW = 0.27
_LONGEST_OF_TWO_NAMES = 19
_SEPARABLE = ("higher", "lower")


def draw_auroc(results: StoredResults, folder: Path) -> list[Path]:
    """Draw the models' AUROCs side by side and write them as SVG and PNG."""
    with report_style():
        return save_figure(_auroc_figure(results), folder, STEM)


def _auroc_figure(results: StoredResults) -> Figure:
    rows = len(results.findings) + 1
    legend_rows = -(-len(results.models) // _legend_columns(results))
    height = rows * _ROW
    figure = new_figure(_TOP + height + 0.6 + legend_rows * 0.2)
    write_heading(figure, "AUROC by finding", judged_line(results))
    axes = axes_at(figure, left=_LEFT, top=_TOP, width=_ACROSS, height=height)
    _set_scale(axes, results)
    for row, finding in enumerate(results.findings):
        intervals = [
            model.findings[finding].intervals.get("auroc") if finding in model.findings else None
            for model in results.models
        ]
        _draw_row(axes, row, [area(model, finding) for model in results.models], intervals)
    _draw_row(
        axes,
        rows - 1,
        [model.macro_auroc for model in results.models],
        [model.intervals.get("macro_auroc") for model in results.models],
    )
    axes.axhline(rows - 1.5, color=MUTED.light, linewidth=0.8)
    _write_legend(figure, axes, results)
    return figure


def _set_scale(axes: Axes, results: StoredResults) -> None:
    areas = [area(model, finding) for model in results.models for finding in results.findings]
    ends = [
        found.intervals["auroc"].low
        for model in results.models
        for found in model.findings.values()
        if "auroc" in found.intervals
    ]
    lowest = min([_CHANCE, *(known for known in areas if known is not None), *ends])
    names = [*(spoken(finding) for finding in results.findings), "Macro average"]
    axes.set(xlim=(lowest - 0.03, 1.015), ylim=(len(names) - 0.5, -0.5), xlabel="AUROC")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.axvline(_CHANCE, color=MUTED.light, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)


def _draw_row(axes: Axes, row: int, areas: list[float | None], intervals: Sequence[Interval | None]) -> None:
    known = [area for area in areas if area is not None]
    if not known:
        start = _CHANCE + 0.012
        axes.text(start, row, "undefined", color=MUTED.light, va="center", fontsize=8, style="italic")
        return
    if not any(intervals):
        axes.plot([min(known), max(known)], [row, row], color=RULE.light, linewidth=3, solid_capstyle="butt")
    for index, (known_area, interval) in enumerate(zip(areas, intervals, strict=True)):
        # With intervals, each model has its own line within the row.
        height = row + (_SPREAD * (index - (len(areas) - 1) / 2) / len(areas) if any(intervals) else 0)
        if interval is not None:
            axes.plot(
                [interval.low, interval.high], [height, height], color=_colour(index), linewidth=1.4, zorder=3
            )
        if known_area is not None:
            axes.plot(
                known_area,
                height,
                linestyle="none",
                marker=_marker(index),
                color=_colour(index),
                markeredgecolor=PAPER.light,
                markeredgewidth=0.8,
                markersize=7 if not any(intervals) else 5.5,
                # The first model is the one that readers look for: it is never hidden by others.
                zorder=4 - 0.1 * index,
            )


def _write_legend(figure: Figure, axes: Axes, results: StoredResults) -> None:
    handles = [
        axes.plot([], [], _marker(index), color=_colour(index), markersize=7)[0]
        for index, _ in enumerate(results.models)
    ]
    figure.legend(
        handles,
        [shortened(model.name, _LONGEST_NAME) for model in results.models],
        loc="lower left",
        bbox_to_anchor=(0.02, 0.02),
        ncols=_legend_columns(results),
        handletextpad=0.4,
    )


def _legend_columns(results: StoredResults) -> int:
    return 1 if any(len(model.name) > _WIDEST_OF_TWO_COLUMNS for model in results.models) else 2


def _marker(index: int) -> str:
    return _MARKERS[index % len(_MARKERS)]


def _colour(index: int) -> str:
    return SERIES[index % len(SERIES)].light


def draw_difference(results: StoredResults, pair: Comparison, number: int, folder: Path) -> list[Path]:
    """Draw the differences of one pair with both intervals and write them as SVG and PNG.

    Args:
        results: Results of the evaluation.
        pair: Comparison of the two models.
        number: Number of the pair, from 1; part of the file's name.
        folder: Folder to write to.
    """
    with report_style():
        return save_figure(_difference_figure(results, pair), folder, f"{DIFFERENCE_STEM}-{number}")


def _difference_figure(results: StoredResults, pair: Comparison) -> Figure:
    rows = [*((spoken(name), found) for name, found in pair.findings.items()), ("Macro average", pair.macro)]
    height = len(rows) * _DIFFERENCE_ROW
    figure = new_figure(_TOP + height + 0.55)
    first, second = (shortened(name, _LONGEST_OF_TWO_NAMES) for name in (pair.first, pair.second))
    write_heading(figure, f"AUROC of {first} less {second}", judged_line(results))
    axes = axes_at(figure, left=_LEFT, top=_TOP, width=_ACROSS, height=height)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel="Difference of AUROC")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=MUTED.light, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.axhline(len(rows) - 1.5, color=MUTED.light, linewidth=0.8)
    for place, (_, found) in enumerate(rows):
        _draw_difference(axes, place, found)
    margin = pair.macro.margin
    if margin is not None:
        axes.axvline(-margin, color=MUTED.light, linewidth=0.9, zorder=1)
    axes.margins(x=0.06)
    return figure


def _draw_difference(axes: Axes, row: int, found: PairedResult) -> None:
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
