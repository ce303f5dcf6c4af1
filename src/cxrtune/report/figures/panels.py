"""Small panels, one per finding: ROC, precision-recall and net benefit with 95 % bands, and reliability."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cxrtune.evaluation.curve_files import Benefit, Curve, Panel
from cxrtune.evaluation.results import CalibrationResult, ModelResult, ReliabilityBin, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.figures.style import (
    MUTED,
    SERIES,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    shortened,
    write_heading,
)
from cxrtune.report.judged import judged_line, synthetic

_COLUMNS = 3
_SIDE = 1.24
_LEFT = 0.42
_STEP = 1.52
_ROW = 1.62
_TOP = 0.9
_BOTTOM = 0.42
_LONGEST_NAME = 30
_DRAWN = 400  # maximum number of distinct points of a curve in a small panel

_REFERENCE: dict[str, Any] = {"color": MUTED.light, "linewidth": 0.7, "linestyle": (0, (2, 2))}
"""Line style of a useless model, or of a default."""

Draw = Callable[[Axes, str], None]


def draw_roc_panels(results: StoredResults, panels: dict[str, list[Panel]], folder: Path) -> list[Path]:
    """Draw the ROC curves of all models, one panel per finding."""

    def draw(axes: Axes, finding: str) -> None:
        axes.plot([0, 1], [0, 1], **_REFERENCE)
        _draw_curves(axes, [(panel.roc, panel.bands) for panel in panels[finding]], "sensitivity")

    title = "ROC curves with 95 % bands"
    with report_style():
        figure = _grid(results, list(panels), title, "1 \N{MINUS SIGN} specificity", "Sensitivity", draw)
        return save_figure(figure, folder, "roc-panels")


def draw_recall_panels(results: StoredResults, panels: dict[str, list[Panel]], folder: Path) -> list[Path]:
    """Draw the precision-recall curves of all models, one panel per finding."""

    def draw(axes: Axes, finding: str) -> None:
        counts = results.models[0].findings[finding]
        axes.axhline(counts.support / max(counts.support + counts.negatives, 1), **_REFERENCE)
        _draw_curves(axes, [(panel.recall, panel.bands) for panel in panels[finding]], "precision")

    title = "Precision-recall curves with 95 % bands"
    with report_style():
        figure = _grid(results, list(panels), title, "Recall", "Precision", draw)
        return save_figure(figure, folder, "precision-recall-panels")


def _draw_curves(axes: Axes, curves: list[tuple[Curve, dict[str, NDArray[np.float64]]]], up: str) -> None:
    for index, (curve, bands) in enumerate(curves):
        colour = SERIES[index % len(SERIES)].light
        _draw_band(axes, bands["at"], bands[f"{up}_low"], bands[f"{up}_high"], colour)
        axes.plot(*_thinned(curve.false_positive_rate, curve.sensitivity), color=colour, linewidth=1.1)


def _draw_band(
    axes: Axes,
    across: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    colour: str,
) -> None:
    axes.fill_between(across, low, high, color=colour, alpha=0.18, linewidth=0)


def draw_net_benefit(results: StoredResults, curves: dict[str, list[Benefit]], folder: Path) -> list[Path]:
    """Draw the decision curves of all calibrated models, one panel per finding."""
    colours = {model.name: SERIES[i % len(SERIES)].light for i, model in enumerate(results.models)}
    findings = [finding for finding in results.findings if finding in curves]

    def draw(axes: Axes, finding: str) -> None:
        _fit_net_benefit(axes, curves[finding])
        axes.axhline(0, color=MUTED.light, linewidth=0.7)
        everybody = curves[finding][0].values
        axes.plot(everybody["threshold"], everybody["treat_all"], **_REFERENCE)
        for one in curves[finding]:
            across, colour = one.values["threshold"], colours[one.model]
            low, high = one.values["net_benefit_low"], one.values["net_benefit_high"]
            _draw_band(axes, across, low, high, colour)
            axes.plot(across, one.values["net_benefit"], color=colour, linewidth=1.1)

    with report_style():
        figure = _grid(results, findings, "Net benefit with 95 % bands", "Threshold", "Net benefit", draw)
        return save_figure(figure, folder, "net-benefit")


def _fit_net_benefit(axes: Axes, curves: list[Benefit]) -> None:
    """Limit the axes to thresholds with positive decisions of any model, and to little below 0."""
    calling = [float(one.values["threshold"][one.values["called"] > 0].max(initial=0.1)) for one in curves]
    top = 1.1 * max(
        float(np.nanmax([one.values[name].max() for name in ("net_benefit", "net_benefit_high")]))
        for one in curves
    )
    axes.set(xlim=(0, max(calling)), ylim=(-0.25 * top, top))
    axes.set_xticks([0, float(f"{max(calling) / 2:.1g}"), float(f"{max(calling):.2g}")])
    axes.set_yticks([0, float(f"{top * 0.9:.1g}")])


def draw_reliability(results: StoredResults, model: ModelResult, folder: Path) -> list[Path]:
    """Draw one model's reliability diagrams, before and after calibration, one panel per finding."""
    with report_style():
        names = ("before", "after calibration")
        looks = ((MUTED.light, "s"), (SERIES[0].light, "o"))
        figure = _empty_grid(
            len(model.calibration),
            "Reliability",
            f"{model.name}: observed by predicted, {synthetic(results)}images",
        )
        handles = [
            Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.1)
            for colour, marker in looks
        ]
        _legend(figure, handles, list(names))
        for place, (finding, found) in enumerate(model.calibration.items()):
            axes = _panel(figure, place, len(model.calibration), finding, "Predicted", "Observed")
            _draw_reliability(axes, found, looks)
        return save_figure(figure, folder, "reliability")


def _draw_reliability(
    axes: Axes, found: CalibrationResult, looks: tuple[tuple[str, str], tuple[str, str]]
) -> None:
    furthest = [part.predicted for part in (*found.before.bins, *found.after.bins)]
    end = min(1.0, 1.05 * max(*furthest, *(part.high for part in found.after.bins)))
    axes.set(xlim=(0, end), ylim=(0, end))
    ticks = [0.0, float(f"{end / 2:.1g}"), float(f"{end * 0.95:.1g}")]
    axes.set_xticks(sorted({tick for tick in ticks if tick <= end}))
    axes.set_yticks(sorted({tick for tick in ticks if tick <= end}))
    axes.plot([0, 1], [0, 1], **_REFERENCE)
    for bins, (colour, marker) in zip((found.before.bins, found.after.bins), looks, strict=True):
        _draw_bins(axes, bins, colour, marker)


def _draw_bins(axes: Axes, bins: list[ReliabilityBin], colour: str, marker: str) -> None:
    for part in bins:
        axes.plot([part.predicted] * 2, [part.low, part.high], color=colour, linewidth=0.6, alpha=0.7)
    across, up = [part.predicted for part in bins], [part.observed for part in bins]
    axes.plot(across, up, color=colour, marker=marker, markersize=2.6, linewidth=0.9)


def _grid(
    results: StoredResults, findings: list[str], title: str, across: str, up: str, draw: Draw
) -> Figure:
    figure = _empty_grid(len(findings), title, judged_line(results))
    handles = [
        Line2D([], [], color=SERIES[index % len(SERIES)].light, linewidth=1.6)
        for index, _ in enumerate(results.models)
    ]
    _legend(figure, handles, [shortened(model.name, _LONGEST_NAME) for model in results.models])
    for place, finding in enumerate(findings):
        axes = _panel(figure, place, len(findings), finding, across, up)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
        draw(axes, finding)
    return figure


def _empty_grid(panels: int, title: str, subtitle: str) -> Figure:
    rows = -(-panels // _COLUMNS)
    figure = new_figure(_TOP + rows * _ROW + _BOTTOM)
    write_heading(figure, title, subtitle)
    return figure


def _panel(figure: Figure, place: int, panels: int, finding: str, across: str, up: str) -> Axes:
    row, column = divmod(place, _COLUMNS)
    left, top = _LEFT + column * _STEP, _TOP + 0.24 + row * _ROW
    axes = axes_at(figure, left=left, top=top, width=_SIDE, height=_SIDE)
    axes.set_title(spoken(finding), loc="left", fontsize=8, fontweight="bold", pad=3)
    axes.tick_params(labelsize=6.5, length=2, pad=1.5)
    if place + _COLUMNS >= panels:
        axes.set_xlabel(across, fontsize=7, labelpad=2)
    if column == 0:
        axes.set_ylabel(up, fontsize=7, labelpad=2)
    return axes


def _legend(figure: Figure, handles: list[Line2D], labels: list[str]) -> None:
    down = figure.get_size_inches()[1]
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.02, 1 - 0.56 / down),
        ncols=3,
        fontsize=8,
        handlelength=1.6,
        columnspacing=1.2,
    )


def _thinned(
    across: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(across) <= _DRAWN:
        return across, up
    cells = np.round(np.stack([across, up]) * _DRAWN)
    keep = np.concatenate([[True], np.any(cells[:, 1:] != cells[:, :-1], axis=0)])
    keep[-1] = True
    return across[keep], up[keep]
