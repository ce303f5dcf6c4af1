"""One figure per model: the ROC curves of all findings, with the operating points."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cxrtune.evaluation.curve_files import Curve, read_curves
from cxrtune.evaluation.folder import read_results
from cxrtune.evaluation.results import FindingResult, ModelResult, StoredResults
from cxrtune.evaluation.roc import told_apart
from cxrtune.findings import spoken
from cxrtune.report.figures.style import (
    MUTED,
    PAPER,
    WIDTH,
    axes_at,
    line_look,
    new_figure,
    report_style,
    save_figure,
    write_heading,
)
from cxrtune.report.judged import (
    NOT_GIVEN,
    area,
    defined,
    judged_line,
    why_no_auroc,
)
from cxrtune.report.notation import counted, score

_SIDE = 4.2
_TOP = 0.66
_LEGEND_TOP = _TOP + _SIDE + 0.52
_LEGEND_ROW = 0.178
_FOOTNOTE_ROW = 0.165
_FOOTNOTE_WIDTH = 72
_WIDEST_OF_TWO_COLUMNS = 34
_DRAWN_STEPS = 600


def write_roc_figures(evaluation: Path) -> list[Path]:
    """Write `roc-<model>.svg` and `.png` for each model to the evaluation's folder.

    Raises:
        DataError: The folder lacks the results or the curves.
    """
    results, curves = read_results(evaluation), read_curves(evaluation)
    stems = roc_stems([model.name for model in results.models])
    written: list[Path] = []
    for model in results.models:
        written += draw_roc(results, model, curves.get(model.name, {}), evaluation, stems[model.name])
    return written


def roc_figures(results: StoredResults, evaluation: Path, folder: Path) -> dict[str, Path]:
    """Copy each model's figure from the evaluation to a folder, or draw it if the evaluation has none.

    Returns:
        The path of the SVG by model.

    Raises:
        DataError: The evaluation lacks the curves.
    """
    curves, stems = read_curves(evaluation), roc_stems([model.name for model in results.models])
    figures: dict[str, Path] = {}
    for model in results.models:
        names = [f"{stems[model.name]}{suffix}" for suffix in (".svg", ".png")]
        if all((evaluation / name).is_file() for name in names):
            for name in names:
                shutil.copyfile(evaluation / name, folder / name)
        else:
            draw_roc(results, model, curves.get(model.name, {}), folder, stems[model.name])
        figures[model.name] = folder / names[0]
    return figures


def roc_stems(models: Sequence[str]) -> dict[str, str]:
    """Return each model's file name without suffix; characters that are not allowed become `-`."""
    stems: dict[str, str] = {}
    for model in models:
        plain = "roc-" + re.sub(r"[^\w.-]", "-", model)[:100]
        taken = sum(1 for stem in stems.values() if stem == plain or stem.startswith(f"{plain}~"))
        stems[model] = f"{plain}~{taken + 1}" if taken else plain
    return stems


def draw_roc(
    results: StoredResults, model: ModelResult, curves: dict[str, Curve], folder: Path, stem: str
) -> list[Path]:
    """Draw one model's curves and write them as SVG and PNG."""
    with report_style():
        return save_figure(_roc_figure(results, model, curves), folder, stem)


def _roc_figure(results: StoredResults, model: ModelResult, curves: dict[str, Curve]) -> Figure:
    drawn = [finding for finding in defined(model, results) if finding in curves]
    labels = {finding: _label(model, finding) for finding in drawn}
    columns = 1 if any(len(label) > _WIDEST_OF_TWO_COLUMNS for label in labels.values()) else 2
    rows = -(-max(len(drawn), 1) // columns)
    footnote = _footnote(results, model, drawn)
    figure = new_figure(_LEGEND_TOP + rows * _LEGEND_ROW + len(footnote) * _FOOTNOTE_ROW + 0.2)
    write_heading(figure, model.title, _subtitle(results, model))
    axes = _unit_square(figure)
    handles = {
        finding: _draw_curve(axes, curves[finding], model, finding, results.findings.index(finding))
        for finding in drawn
    }
    ranked = sorted(drawn, key=lambda finding: -(area(model, finding) or 0.0))
    _write_legend(figure, [handles[name] for name in ranked], [labels[name] for name in ranked], columns)
    _write_footnote(figure, footnote)
    return figure


def _label(model: ModelResult, finding: str) -> str:
    known = area(model, finding)
    return f"{spoken(finding)} (AUROC {score(known)})" if known is not None else spoken(finding)


def _subtitle(results: StoredResults, model: ModelResult) -> str:
    basis = judged_line(results)
    if model.macro_auroc is None:
        return f"No AUROC is defined, {basis}"
    over = counted(model.macro_auroc_over, "finding")
    return f"Macro AUROC {score(model.macro_auroc)} over {over}, {basis}"


def _unit_square(figure: Figure) -> Axes:
    axes = axes_at(figure, left=0.54, top=_TOP, width=_SIDE, height=_SIDE)
    # The margin keeps curves along the frame from being hidden behind it.
    axes.set(xlim=(-0.012, 1.012), ylim=(-0.012, 1.012), aspect="equal")
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set_xlabel("False-positive rate (1 \N{MINUS SIGN} specificity)")
    axes.set_ylabel("Sensitivity")
    axes.plot([0, 1], [0, 1], color=MUTED.light, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1.5)
    axes.text(0.985, 0.955, "chance", color=MUTED.light, rotation=45, ha="right", va="top", fontsize=8)
    return axes


def _draw_curve(axes: Axes, curve: Curve, model: ModelResult, finding: str, index: int) -> Line2D:
    colour, style = line_look(index)
    across, up = thinned(curve)
    (line,) = axes.plot(across, up, color=colour, linestyle=style, linewidth=1.5)
    result = model.findings[finding]
    if result.specificity is not None and result.recall is not None:
        axes.plot(
            1 - result.specificity,
            result.recall,
            linestyle="none",
            marker="o",
            markersize=6.5,
            markerfacecolor=colour,
            markeredgecolor=PAPER.light,
            markeredgewidth=1.0,
            zorder=3,
        )
    return line


def thinned(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep the points of a curve that are distinct in print, without moving them."""
    across, up = told_apart(_DRAWN_STEPS, curve.false_positive_rate, curve.sensitivity)
    return across, up


def _write_legend(figure: Figure, handles: list[Line2D], labels: list[str], columns: int) -> None:
    down = figure.get_size_inches()[1]
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.02, 1 - _LEGEND_TOP / down),
        ncols=columns,
        fontsize=8.2,
        handlelength=2.2,
        handletextpad=0.6,
        columnspacing=1.2,
    )


def _footnote(results: StoredResults, model: ModelResult, drawn: list[str]) -> list[str]:
    reasons = [
        f"{spoken(finding)}, {_reason(result)}"
        for finding in results.findings
        if finding not in drawn
        for result in [model.findings.get(finding)]
    ]
    return textwrap.wrap(f"Not drawn: {'; '.join(reasons)}.", _FOOTNOTE_WIDTH) if reasons else []


def _reason(result: FindingResult | None) -> str:
    return NOT_GIVEN if result is None else why_no_auroc(result).removeprefix("undefined: ")


def _write_footnote(figure: Figure, lines: list[str]) -> None:
    down = figure.get_size_inches()[1]
    for index, line in enumerate(reversed(lines)):
        height = 0.1 + index * _FOOTNOTE_ROW
        figure.text(0.1 / WIDTH, height / down, line, ha="left", va="bottom", fontsize=8, color=MUTED.light)
