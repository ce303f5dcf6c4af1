"""Where the boxes of the flow figure stand, in inches, as high as their text needs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from cxrtune.report.figures.style import WIDTH
from cxrtune.report.notation import count, counted
from cxrtune.report.paper.flow import FlowCounts, FlowPart

LINE = 0.165
PAD = 0.09
MARGIN = 0.08

_TOP = 0.66
_GAP = 0.24
_RAIL = 0.1
_PER_INCH, _BOLD_PER_INCH = 14.3, 11.5
"""Characters of 8.4 points that fit an inch, wide ones included."""

_MAIN = 2.35
_SIDE_FROM = 2.75
_BETWEEN = 0.12


@dataclass(frozen=True)
class Box:
    """A box of text: its place in inches from the upper left corner, its bold lines and the others."""

    left: float
    top: float
    width: float
    heads: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Of the box, in inches."""
        return (len(self.heads) + len(self.lines)) * LINE + 2 * PAD

    @property
    def bottom(self) -> float:
        """Its lower edge, in inches from above."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The middle of its width, in inches from the left."""
        return self.left + self.width / 2


@dataclass(frozen=True)
class Step:
    """A box, and beside it what is left behind there."""

    box: Box
    beside: Box | None

    @property
    def below(self) -> float:
        """Where the next step begins."""
        return max(self.box.bottom, self.box.bottom if self.beside is None else self.beside.bottom) + _GAP


@dataclass(frozen=True)
class Layout:
    """Where everything stands; without a label table there is no first step."""

    table: Step | None
    cohort: Step
    parts: tuple[tuple[Box, FlowPart], ...]
    judged: Step

    @property
    def steps(self) -> tuple[Step, ...]:
        """The boxes down the middle."""
        return (*(() if self.table is None else (self.table,)), self.cohort, self.judged)


def lay_out(flow: FlowCounts) -> Layout:
    """Place the boxes of a flow."""
    table = None
    if flow.in_table is not None:
        box = Box(MARGIN, _TOP, _MAIN, ("Label table",), (counted(flow.in_table, "image"),))
        table = Step(box, _side(box, [f"{count(images)} {reason}" for reason, images in flow.left_out]))
    patients = "" if flow.patients is None else f" of {counted(flow.patients, 'patient')}"
    size = _wrapped(f"{counted(flow.images, 'image')}{patients}", _MAIN)
    box = Box(MARGIN, _TOP if table is None else table.below, _MAIN, ("Cohort",), size)
    unreadable = [] if flow.unreadable is None else [f"{count(flow.unreadable)} could not be read"]
    cohort = Step(box, _side(box, unreadable))
    parts = _parts(flow, cohort.below + _RAIL)
    lowest = max((one.bottom for one, _ in parts), default=box.bottom)
    models = "every model" if flow.models > 1 else "the model"
    size = _wrapped(
        f"{counted(flow.evaluated, 'image')} of {counted(flow.evaluated_patients, 'patient')}", _MAIN
    )
    box = Box(MARGIN, lowest + _GAP + _RAIL, _MAIN, ("Evaluated",), (f"scored by {models}", *size))
    lost = [f"{count(images)} without a score of {name}" for name, images in flow.not_scored]
    return Layout(table, cohort, parts, Step(box, _side(box, lost)))


def _parts(flow: FlowCounts, top: float) -> tuple[tuple[Box, FlowPart], ...]:
    number = max(len(flow.parts), 1)
    width = (WIDTH - 2 * MARGIN - (number - 1) * _BETWEEN) / number
    return tuple(
        (
            Box(
                MARGIN + place * (width + _BETWEEN),
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


def _side(main: Box, texts: list[str]) -> Box | None:
    """Return the box of what is left behind at a step; None where nothing is told of it."""
    if not texts:
        return None
    width = WIDTH - MARGIN - _SIDE_FROM
    lines = tuple(line for text in texts for line in _wrapped(text, width))
    return Box(_SIDE_FROM, main.top, width, (), lines)


def _wrapped(text: str, width: float, per_inch: float = _PER_INCH) -> tuple[str, ...]:
    room = int((width - 2 * PAD) * per_inch)
    return tuple(textwrap.wrap(text, room, break_long_words=True))
