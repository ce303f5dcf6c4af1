"""Draw how often a predicted box agrees with a finding's box, by the required IoU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cxrtune.evaluation.results import Localization, LocalizationValues, StoredResults
from cxrtune.report.figures.style import (
    MUTED,
    SERIES,
    LineStyle,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    shortened,
    write_heading,
)
from cxrtune.report.judged import synthetic
from cxrtune.report.notation import count, counted

STEM = "localization"

_LEFT = 0.62
_TOP = 0.66
_ACROSS = 4.1
_HEIGHT = 2.5
_LEGEND = 0.2  # inches per line
_LONGEST_NAME = 48
_CONTROLS: dict[str, tuple[str, LineStyle]] = {
    "lung": ("Centre of a lung", (0, (4.5, 1.6))),
    "random": ("Random map", (0, (1.3, 1.1))),
}


def draw_localization(results: StoredResults, folder: Path) -> list[Path]:
    """Draw the fraction of images by the required IoU, averaged over findings, as SVG and PNG."""
    with report_style():
        return save_figure(_figure(results.localizations, synthetic(results)), folder, STEM)


def _figure(localizations: Sequence[Localization], drawn: str) -> Figure:
    first = localizations[0]
    lines = len(localizations) + len(_CONTROLS)
    figure = new_figure(_TOP + _HEIGHT + 0.6 + lines * _LEGEND)
    basis = f"mean of {counted(first.macro_over, 'finding')}, {count(first.images)} {drawn}images with boxes"
    write_heading(figure, "Agreement of boxes", basis)
    axes = axes_at(figure, left=_LEFT, top=_TOP, width=_ACROSS, height=_HEIGHT)
    handles, names = [], []
    for index, one in enumerate(localizations):
        colour = SERIES[index % len(SERIES)].light
        handles.append(_draw(axes, one.macro.values, colour, "-", "o"))
        names.append(shortened(one.model, _LONGEST_NAME))
    for control, (name, style) in _CONTROLS.items():
        handles.append(_draw(axes, first.macro.controls[control], MUTED.light, style, None))
        names.append(name)
    axes.set(ylim=(0, None), xlabel="IoU of at least", ylabel="Share of images")
    axes.set_xticks([float(threshold) for threshold in first.macro.values.iou])
    axes.margins(x=0.03)
    figure.legend(handles, names, loc="lower left", bbox_to_anchor=(0.02, 0.015), ncols=1)
    return figure


def _draw(
    axes: Axes, values: LocalizationValues, colour: str, style: LineStyle, marker: str | None
) -> Line2D:
    across = [float(threshold) for threshold in values.iou]
    up = [float("nan") if share is None else share for share in values.iou.values()]
    bands = [values.intervals.get(f"iou_{threshold}") for threshold in values.iou]
    known = [(x, band) for x, band in zip(across, bands, strict=True) if band is not None]
    axes.fill_between(
        [x for x, _ in known],
        [band.low for _, band in known],
        [band.high for _, band in known],
        color=colour, alpha=0.16, linewidth=0,
    )  # fmt: skip
    return axes.plot(across, up, color=colour, linestyle=style, marker=marker, markersize=4, linewidth=1.6)[0]
