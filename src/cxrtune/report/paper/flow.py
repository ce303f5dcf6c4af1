"""Flow of images and patients from the label table to the evaluation, and the layout of its boxes.

Positions are in inches; the height of a box depends on its text.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from cxrtune.findings import spoken
from cxrtune.report.figures.style import WIDTH
from cxrtune.report.judged import judged_images, judged_patients
from cxrtune.report.notation import count, counted
from cxrtune.report.paper.facts import Facts

LINE = 0.165
PAD = 0.09
MARGIN = 0.08

_TOP = 0.66
_GAP = 0.24
_RAIL = 0.1
_PER_INCH, _BOLD_PER_INCH = 14.3, 11.5
"""Characters of 8.4 points per inch, including wide ones."""

_MAIN = 2.35
_SIDE_FROM = 2.75
_BETWEEN = 0.12
_NAMES = {"train": "Training", "validation": "Tuning (validation)", "test": "Test"}
_TESTS = {"internal": "Internal test", "external": "External test"}


@dataclass(frozen=True)
class FlowPart:
    """One part of the cohort, and the number of its images that were evaluated."""

    name: str
    images: int
    patients: int
    evaluated: int


@dataclass(frozen=True)
class FlowFinding:
    """Evaluated images with a finding, without it, and with unknown label; patients with the finding."""

    name: str
    positives: int
    negatives: int
    unknown: int
    patients: int


@dataclass(frozen=True)
class FlowCounts:
    """Counts in the flow of images.

    Attributes:
        in_table: Images in the label table; None if there is no record.
        left_out: Reasons for excluding images of the table from the cohort, with numbers of images.
        images: Images in the cohort.
        patients: Patients in the cohort; None if a patient may be in two parts.
        unreadable: Images of the cohort that could not be read; None if there is no record.
        parts: Parts of the cohort.
        not_scored: By model, images of the evaluated split without a score.
        evaluated: Images that were evaluated.
        evaluated_patients: Patients with evaluated images.
        findings: Evaluated images by finding.
        models: Number of evaluated models.
        synthetic: Whether the images are synthetic.
    """

    in_table: int | None
    left_out: tuple[tuple[str, int], ...]
    images: int
    patients: int | None
    unreadable: int | None
    parts: tuple[FlowPart, ...]
    not_scored: tuple[tuple[str, int], ...]
    evaluated: int
    evaluated_patients: int
    findings: tuple[FlowFinding, ...]
    models: int
    synthetic: bool


def flow_of(facts: Facts) -> FlowCounts:
    """Count the images and patients of a report."""
    results, record, pack = facts.results, facts.lineage.cohort, facts.lineage.pack
    counts = {} if record is None or "in_table" not in record.counts else record.counts
    by = "the map" if facts.map is not None else "the protocol"
    left_out = ((f"excluded by {by}", "excluded_by_protocol"), ("not on disk", "not_on_disk"))
    evaluated = judged_images(results)
    judged = {finding: facts.judged(finding) for finding in results.findings}
    return FlowCounts(
        in_table=counts.get("in_table"),
        left_out=tuple((reason, counts[key]) for reason, key in left_out if counts),
        images=sum(part.images for part in results.cohort),
        patients=sum(part.patients for part in results.cohort)
        if results.patients_in_two_parts == 0
        else None,
        unreadable=None if pack is None else pack.counts.get("unreadable"),
        parts=tuple(
            FlowPart(_name(facts, part.split), part.images, part.patients, results.judged.get(part.split, 0))
            for part in results.cohort
            if part.images
        ),
        not_scored=tuple((model.name, model.not_scored) for model in results.models if model.not_scored),
        evaluated=evaluated,
        evaluated_patients=judged_patients(results),
        findings=tuple(
            FlowFinding(spoken(finding), positives, negatives, evaluated - positives - negatives, patients)
            for finding, (positives, negatives, patients) in judged.items()
        ),
        models=len(results.models),
        synthetic=facts.synthetic,
    )


def _name(facts: Facts, split: str) -> str:
    kinds = {testing.kind for testing in facts.testing}
    if split == "test" and len(kinds) == 1:
        return _TESTS.get(kinds.pop(), _NAMES[split])
    return _NAMES.get(split, split)


@dataclass(frozen=True)
class Box:
    """A box of text: its position in inches from the top left corner, its bold lines and other lines."""

    left: float
    top: float
    width: float
    heads: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Height of the box, in inches."""
        return (len(self.heads) + len(self.lines)) * LINE + 2 * PAD

    @property
    def bottom(self) -> float:
        """Position of the lower edge, in inches from the top."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Horizontal centre, in inches from the left."""
        return self.left + self.width / 2


@dataclass(frozen=True)
class Step:
    """A box, and next to it what is excluded at this step."""

    box: Box
    beside: Box | None

    @property
    def below(self) -> float:
        """Position of the next step."""
        return max(self.box.bottom, self.box.bottom if self.beside is None else self.beside.bottom) + _GAP


@dataclass(frozen=True)
class Layout:
    """The layout of all boxes; without a label table there is no first step."""

    table: Step | None
    cohort: Step
    parts: tuple[tuple[Box, FlowPart], ...]
    judged: Step

    @property
    def steps(self) -> tuple[Step, ...]:
        """The boxes in the central column."""
        return (*(() if self.table is None else (self.table,)), self.cohort, self.judged)


def lay_out(flow: FlowCounts) -> Layout:
    """Compute the layout of the boxes."""
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
    """Return the box of what is excluded at a step; None if there is nothing to report."""
    if not texts:
        return None
    width = WIDTH - MARGIN - _SIDE_FROM
    lines = tuple(line for text in texts for line in _wrapped(text, width))
    return Box(_SIDE_FROM, main.top, width, (), lines)


def _wrapped(text: str, width: float, per_inch: float = _PER_INCH) -> tuple[str, ...]:
    room = int((width - 2 * PAD) * per_inch)
    return tuple(textwrap.wrap(text, room, break_long_words=True))
