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
_PER_INCH = 13.2
"""Characters of this size that fit an inch, wide ones included."""

_MARGIN = 0.08
_MAIN = 2.35
_SIDE_FROM = 2.75
_BETWEEN = 0.12
_COLUMNS = (2.62, 3.42, 4.05, WIDTH - _MARGIN)
_NAME_LENGTH = 25


@dataclass(frozen=True)
class _Box:
    """A box of text: its place in inches from the upper left corner, its lines; the first may be bold."""

    left: float
    top: float
    width: float
    lines: tuple[str, ...]
    title: bool = True

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 2 * _PAD

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def draw_flow(flow: Flow, folder: Path) -> list[Path]:
    """Draw the flow and write it as SVG and PNG."""
    with report_style():
        return save_figure(make_figure(flow), folder, STEM)


def make_figure(flow: Flow) -> Figure:
    """Return the drawing; its height is what the flow needs."""
    boxes: list[tuple[_Box, _Box | None]] = []
    top = _TOP
    if flow.in_table is not None:
        table = _Box(_MARGIN, top, _MAIN, ("Label table", counted(flow.in_table, "image")))
        side = _side(table, [f"{count(images)} {reason}" for reason, images in flow.left_out])
        boxes.append((table, side))
        top = _below(table, side)
    patients = "" if flow.patients is None else f" of {counted(flow.patients, 'patient')}"
    cohort = _Box(
        _MARGIN, top, _MAIN, ("Cohort", *_wrapped(f"{counted(flow.images, 'image')}{patients}", _MAIN))
    )
    unreadable = [] if flow.unreadable is None else [f"{count(flow.unreadable)} could not be read"]
    side = _side(cohort, unreadable)
    boxes.append((cohort, side))
    parts = _parts(flow, _below(cohort, side) + 0.1)
    lowest = max((box.bottom for box, _ in parts), default=cohort.bottom)
    judged = _judged(flow, lowest + _GAP + 0.1)
    lost = _side(judged, [f"{count(images)} without a score of {name}" for name, images in flow.not_scored])
    boxes.append((judged, lost))
    below = _below(judged, lost)
    figure = new_figure(below + (len(flow.findings) + 2) * _LINE + 0.25)
    write_heading(
        figure, "Flow of images", f"{'Synthetic images' if flow.synthetic else 'Images'} and patients"
    )
    axes = _canvas(figure)
    for box, beside in boxes:
        _draw(axes, box)
        if beside is not None:
            _draw(axes, beside)
            _arrow(
                axes,
                (box.left + box.width, beside.top + beside.height / 2),
                (beside.left, beside.top + beside.height / 2),
            )
    for box, _ in parts:
        _draw(axes, box)
    if flow.in_table is not None:
        _arrow(axes, (boxes[0][0].middle, boxes[0][0].bottom), (cohort.middle, cohort.top))
    _fan_out(axes, cohort, [box for box, _ in parts])
    _fan_in(axes, [box for box, part in parts if part.evaluated], judged)
    _findings(axes, flow, below)
    return figure


def _judged(flow: Flow, top: float) -> _Box:
    models = "every model" if flow.models > 1 else "the model"
    size = f"{counted(flow.evaluated, 'image')} of {counted(flow.evaluated_patients, 'patient')}"
    return _Box(_MARGIN, top, _MAIN, (f"Evaluated: scored by {models}", *_wrapped(size, _MAIN)))


def _parts(flow: Flow, top: float) -> list[tuple[_Box, Part]]:
    number = max(len(flow.parts), 1)
    width = (WIDTH - 2 * _MARGIN - (number - 1) * _BETWEEN) / number
    return [
        (
            _Box(
                _MARGIN + place * (width + _BETWEEN),
                top,
                width,
                (
                    part.name,
                    *_wrapped(counted(part.images, "image"), width),
                    *_wrapped(counted(part.patients, "patient"), width),
                ),
            ),
            part,
        )
        for place, part in enumerate(flow.parts)
    ]


def _side(main: _Box, texts: list[str]) -> _Box | None:
    """Return the box of what is left behind at a step; None where nothing is told of it."""
    if not texts:
        return None
    width = WIDTH - _MARGIN - _SIDE_FROM
    lines = tuple(line for text in texts for line in _wrapped(text, width))
    return _Box(_SIDE_FROM, main.top, width, lines, title=False)


def _below(box: _Box, side: _Box | None) -> float:
    return max(box.bottom, box.bottom if side is None else side.bottom) + _GAP


def _wrapped(text: str, width: float) -> list[str]:
    room = int((width - 2 * _PAD) * _PER_INCH)
    return [shortened(line, room) for line in textwrap.wrap(text, room, break_long_words=True)]


def _canvas(figure: Figure) -> Axes:
    across, down = figure.get_size_inches()
    axes = axes_at(figure, left=0, top=0, width=across, height=down)
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)
    axes.set_axis_off()
    return axes


def _draw(axes: Axes, box: _Box) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.04",
            facecolor="none",
            edgecolor=INK.light if box.title else MUTED.light,
            linewidth=0.9,
        )
    )
    for place, line in enumerate(box.lines):
        bold = box.title and place == 0
        axes.text(
            box.middle if box.title else box.left + _PAD,
            box.top + _PAD + (place + 0.5) * _LINE,
            line,
            ha="center" if box.title else "left",
            va="center",
            fontsize=_SIZE,
            fontweight="bold" if bold else "normal",
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
