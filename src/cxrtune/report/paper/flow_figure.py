"""Draw the flow of images like a STARD diagram: boxes downwards, reasons for exclusion on the right."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from cxrtune.report.figures.style import (
    INK,
    MUTED,
    RULE,
    WIDTH,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    shortened,
    write_heading,
)
from cxrtune.report.notation import count
from cxrtune.report.paper.flow import LINE, MARGIN, PAD, Box, FlowCounts, Step, lay_out

STEM = "flow"

_SIZE = 8.4
_FOUR_COLUMNS, _NAME_BESIDE_FOUR = (2.3, 3.14, 3.98, WIDTH - MARGIN), 18
_THREE_COLUMNS, _NAME_BESIDE_THREE = (2.9, 3.85, WIDTH - MARGIN), 25


def draw_flow(flow: FlowCounts, folder: Path) -> list[Path]:
    """Draw the flow and write it as SVG and PNG."""
    with report_style():
        return save_figure(make_figure(flow), folder, STEM)


def make_figure(flow: FlowCounts) -> Figure:
    """Return the figure; its height depends on the flow."""
    layout = lay_out(flow)
    figure = new_figure(layout.judged.below + (len(flow.findings) + 2) * LINE + 0.12)
    write_heading(
        figure, "Flow of images", f"{'Synthetic images' if flow.synthetic else 'Images'} and patients"
    )
    axes = _canvas(figure)
    for step in layout.steps:
        _draw_step(axes, step)
    for box, _ in layout.parts:
        _draw(axes, box)
    cohort = layout.cohort.box
    if layout.table is not None:
        _arrow(axes, (layout.table.box.middle, layout.table.box.bottom), (cohort.middle, cohort.top))
    _fan_out(axes, cohort, [box for box, _ in layout.parts])
    _fan_in(axes, [box for box, part in layout.parts if part.evaluated], layout.judged.box)
    _findings(axes, flow, layout.judged.below)
    return figure


def _canvas(figure: Figure) -> Axes:
    across, down = figure.get_size_inches()
    axes = axes_at(figure, left=0, top=0, width=across, height=down)
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)
    axes.set_axis_off()
    return axes


def _draw_step(axes: Axes, step: Step) -> None:
    _draw(axes, step.box)
    if step.beside is None:
        return
    _draw(axes, step.beside)
    level = step.box.top + min(step.box.height, step.beside.height) / 2
    _arrow(axes, (step.box.left + step.box.width, level), (step.beside.left, level))


def _draw(axes: Axes, box: Box) -> None:
    main = bool(box.heads)
    axes.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.04",
            facecolor="none",
            edgecolor=INK.light if main else MUTED.light,
            linewidth=0.9,
        )
    )
    for place, line in enumerate((*box.heads, *box.lines)):
        axes.text(
            box.middle if main else box.left + PAD,
            box.top + PAD + (place + 0.5) * LINE,
            line,
            ha="center" if main else "left",
            va="center",
            fontsize=_SIZE,
            fontweight="bold" if place < len(box.heads) else "normal",
            color=INK.light,
        )


def _line(axes: Axes, *places: tuple[float, float]) -> None:
    axes.plot([x for x, _ in places], [y for _, y in places], color=MUTED.light, linewidth=0.9)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "color": MUTED.light, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )


def _fan_out(axes: Axes, source: Box, targets: list[Box]) -> None:
    if not targets:
        return
    level = targets[0].top - 0.17
    _line(axes, (source.middle, source.bottom), (source.middle, level))
    _line(axes, *((x, level) for x in sorted([source.middle, *(box.middle for box in targets)])))
    for box in targets:
        _arrow(axes, (box.middle, level), (box.middle, box.top))


def _fan_in(axes: Axes, sources: list[Box], target: Box) -> None:
    if not sources:
        return
    level = target.top - 0.17
    for box in sources:
        _line(axes, (box.middle, box.bottom), (box.middle, level))
    _line(axes, *((x, level) for x in sorted([target.middle, *(box.middle for box in sources)])))
    _arrow(axes, (target.middle, level), (target.middle, target.top))


def _findings(axes: Axes, flow: FlowCounts, top: float) -> None:
    unknown = any(finding.unknown for finding in flow.findings)
    heads = ("With", "Patients", "Without", "Not known")
    shown = heads if unknown else heads[:3]
    columns = _FOUR_COLUMNS if unknown else _THREE_COLUMNS
    longest = _NAME_BESIDE_FOUR if unknown else _NAME_BESIDE_THREE
    _cells(axes, top, "Images by finding", shown, columns, bold=True)
    _rule(axes, top + 0.6 * LINE)
    for place, finding in enumerate(flow.findings, start=1):
        numbers = (finding.positives, finding.patients, finding.negatives, finding.unknown)
        cells = tuple(count(number) for number in numbers[: len(shown)])
        _cells(axes, top + (place + 0.2) * LINE, shortened(finding.name, longest), cells, columns)
    _rule(axes, top + (len(flow.findings) + 0.9) * LINE)


def _cells(
    axes: Axes,
    level: float,
    head: str,
    cells: tuple[str, ...],
    columns: tuple[float, ...],
    *,
    bold: bool = False,
) -> None:
    weight = "bold" if bold else "normal"
    axes.text(MARGIN, level, head, ha="left", va="center", fontsize=_SIZE, fontweight=weight)
    for text, right in zip(cells, columns, strict=True):
        axes.text(right, level, text, ha="right", va="center", fontsize=_SIZE, fontweight=weight)


def _rule(axes: Axes, level: float) -> None:
    axes.plot([MARGIN, WIDTH - MARGIN], [level, level], color=RULE.light, linewidth=0.8)
