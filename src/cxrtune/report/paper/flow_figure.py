"""The flow of images as a figure, in the manner of STARD: boxes down, reasons for leaving to the right."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
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
from cxrtune.report.notation import count, counted
from cxrtune.report.paper.flow import Flow, Part

STEM = "flow"

_TOP = 0.66
_LINE = 0.165
_PAD = 0.09
_GAP = 0.24
_SIZE = 8.4
_PER_INCH, _BOLD_PER_INCH = 13.2, 11.5
"""Characters of this size that fit an inch, wide ones included."""

_RAIL = 0.1
_MARGIN = 0.08
_MAIN = 2.35
_SIDE_FROM = 2.75
_BETWEEN = 0.12
_COLUMNS = (2.62, 3.42, 4.05, WIDTH - _MARGIN)
_NAME_LENGTH = 25


@dataclass(frozen=True)
class _Box:
    """A box of text: its place in inches from the upper left corner, its bold lines and the others."""

    left: float
    top: float
    width: float
    heads: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return (len(self.heads) + len(self.lines)) * _LINE + 2 * _PAD

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


@dataclass(frozen=True)
class _Step:
    """A box, and beside it what is left behind there."""

    box: _Box
    beside: _Box | None

    @property
    def below(self) -> float:
        return max(self.box.bottom, self.box.bottom if self.beside is None else self.beside.bottom) + _GAP


@dataclass(frozen=True)
class _Layout:
    """Where everything stands; without a label table there is no first step."""

    table: _Step | None
    cohort: _Step
    parts: tuple[tuple[_Box, Part], ...]
    judged: _Step

    @property
    def steps(self) -> tuple[_Step, ...]:
        return (*(() if self.table is None else (self.table,)), self.cohort, self.judged)


def draw_flow(flow: Flow, folder: Path) -> list[Path]:
    """Draw the flow and write it as SVG and PNG."""
    with report_style():
        return save_figure(make_figure(flow), folder, STEM)


def make_figure(flow: Flow) -> Figure:
    """Return the drawing; its height is what the flow needs."""
    layout = _lay_out(flow)
    figure = new_figure(layout.judged.below + (len(flow.findings) + 2) * _LINE + 0.25)
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


def _lay_out(flow: Flow) -> _Layout:
    table = None
    if flow.in_table is not None:
        box = _Box(_MARGIN, _TOP, _MAIN, ("Label table",), (counted(flow.in_table, "image"),))
        table = _Step(box, _side(box, [f"{count(images)} {reason}" for reason, images in flow.left_out]))
    patients = "" if flow.patients is None else f" of {counted(flow.patients, 'patient')}"
    size = _wrapped(f"{counted(flow.images, 'image')}{patients}", _MAIN)
    box = _Box(_MARGIN, _TOP if table is None else table.below, _MAIN, ("Cohort",), size)
    unreadable = [] if flow.unreadable is None else [f"{count(flow.unreadable)} could not be read"]
    cohort = _Step(box, _side(box, unreadable))
    parts = _parts(flow, cohort.below + _RAIL)
    lowest = max((one.bottom for one, _ in parts), default=box.bottom)
    models = "every model" if flow.models > 1 else "the model"
    size = _wrapped(
        f"{counted(flow.evaluated, 'image')} of {counted(flow.evaluated_patients, 'patient')}", _MAIN
    )
    box = _Box(_MARGIN, lowest + _GAP + _RAIL, _MAIN, ("Evaluated",), (f"scored by {models}", *size))
    lost = [f"{count(images)} without a score of {name}" for name, images in flow.not_scored]
    return _Layout(table, cohort, parts, _Step(box, _side(box, lost)))


def _parts(flow: Flow, top: float) -> tuple[tuple[_Box, Part], ...]:
    number = max(len(flow.parts), 1)
    width = (WIDTH - 2 * _MARGIN - (number - 1) * _BETWEEN) / number
    return tuple(
        (
            _Box(
                _MARGIN + place * (width + _BETWEEN),
                top,
                width,
                _wrapped(part.name, width, _BOLD_PER_INCH),
                (
                    *_wrapped(counted(part.images, "image"), width),
                    *_wrapped(counted(part.patients, "patient"), width),
                ),
            ),
            part,
        )
        for place, part in enumerate(flow.parts)
    )


def _side(main: _Box, texts: list[str]) -> _Box | None:
    """Return the box of what is left behind at a step; None where nothing is told of it."""
    if not texts:
        return None
    width = WIDTH - _MARGIN - _SIDE_FROM
    lines = tuple(line for text in texts for line in _wrapped(text, width))
    return _Box(_SIDE_FROM, main.top, width, (), lines)


def _wrapped(text: str, width: float, per_inch: float = _PER_INCH) -> tuple[str, ...]:
    room = int((width - 2 * _PAD) * per_inch)
    return tuple(textwrap.wrap(text, room, break_long_words=True))


def _canvas(figure: Figure) -> Axes:
    across, down = figure.get_size_inches()
    axes = axes_at(figure, left=0, top=0, width=across, height=down)
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)
    axes.set_axis_off()
    return axes


def _draw_step(axes: Axes, step: _Step) -> None:
    _draw(axes, step.box)
    if step.beside is None:
        return
    _draw(axes, step.beside)
    level = step.box.top + min(step.box.height, step.beside.height) / 2
    _arrow(axes, (step.box.left + step.box.width, level), (step.beside.left, level))


def _draw(axes: Axes, box: _Box) -> None:
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
            box.middle if main else box.left + _PAD,
            box.top + _PAD + (place + 0.5) * _LINE,
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


def _fan_out(axes: Axes, source: _Box, targets: list[_Box]) -> None:
    if not targets:
        return
    level = targets[0].top - 0.17
    _line(axes, (source.middle, source.bottom), (source.middle, level))
    _line(axes, *((x, level) for x in sorted([source.middle, *(box.middle for box in targets)])))
    for box in targets:
        _arrow(axes, (box.middle, level), (box.middle, box.top))


def _fan_in(axes: Axes, sources: list[_Box], target: _Box) -> None:
    if not sources:
        return
    level = target.top - 0.17
    for box in sources:
        _line(axes, (box.middle, box.bottom), (box.middle, level))
    _line(axes, *((x, level) for x in sorted([target.middle, *(box.middle for box in sources)])))
    _arrow(axes, (target.middle, level), (target.middle, target.top))


def _findings(axes: Axes, flow: Flow, top: float) -> None:
    unknown = any(finding.unknown for finding in flow.findings)
    heads = ("With", "Patients", "Without", "Not known")
    shown = heads if unknown else heads[:3]
    columns = _COLUMNS if unknown else (2.9, 3.85, WIDTH - _MARGIN)
    _cells(axes, top, "Evaluated images by finding", shown, columns, bold=True)
    _rule(axes, top + 0.6 * _LINE)
    for place, finding in enumerate(flow.findings, start=1):
        numbers = (finding.positives, finding.patients, finding.negatives, finding.unknown)
        cells = tuple(count(number) for number in numbers[: len(shown)])
        _cells(axes, top + (place + 0.2) * _LINE, shortened(finding.name, _NAME_LENGTH), cells, columns)
    _rule(axes, top + (len(flow.findings) + 0.9) * _LINE)


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
    axes.text(_MARGIN, level, head, ha="left", va="center", fontsize=_SIZE, fontweight=weight)
    for text, right in zip(cells, columns, strict=True):
        axes.text(right, level, text, ha="right", va="center", fontsize=_SIZE, fontweight=weight)


def _rule(axes: Axes, level: float) -> None:
    axes.plot([_MARGIN, WIDTH - _MARGIN], [level, level], color=RULE.light, linewidth=0.8)
