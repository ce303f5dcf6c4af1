"""Whether the models look at the boxes, compared with controls that ignore the image."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from cxrtune.evaluation.results import (
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
    Origin,
)
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed
from cxrtune.report.notation import p_text as p_text_of
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table

_MEASURES = (
    ("pointing", "Pointing"),
    ("iou_0.1", "IoU ≥ 0.1"),
    ("iou_0.3", "IoU ≥ 0.3"),
    ("iou_0.5", "IoU ≥ 0.5"),
)
_NAMES = {"lung": "the centre of a lung", "random": "a random map"}
_COLUMNS = ("Model", "Lung", "Random")
_LEVEL = 0.05


@dataclass(frozen=True)
class Looked:
    """One model: a description, comparisons with each control, and its table."""

    heading: str
    sentences: tuple[str, ...]
    verdicts: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class LocalizationView:
    """All models with class activation maps, the figure, and the method."""

    models: tuple[Looked, ...]
    figure: Markup | None
    method: tuple[tuple[str, str], ...]


def localization_view(material: Material) -> LocalizationView | None:
    """Return the localization results; None without any."""
    found = material.results.localizations
    if not found:
        return None
    return LocalizationView(
        models=tuple(_looked(one, index) for index, one in enumerate(found)),
        figure=material.figures.localization,
        method=_method(found, material.results.origin),
    )


def _looked(one: Localization, index: int) -> Looked:
    verdicts = tuple(
        " ".join([*_verdicts(control, one.macro), _by_finding(control, one)])
        for control, _ in _controls(one.macro)
    )
    return Looked(one.model, _sentences(one), verdicts, _table(one, index))


def _sentences(one: Localization) -> tuple[str, ...]:
    """Describe how often the model and the controls look at the boxes, and what was not evaluated."""
    reached = [f"{one.model} points into the finding's box in {_percent(one.macro.values)} of the images"]
    reached += [f"{_NAMES[name]} in {_percent(values)}" for name, values in _controls(one.macro)]
    basis = f"mean of {counted(one.macro_over, 'finding')}, {counted(one.images, 'image')} of "
    said = [f"{', '.join(reached)} ({basis}{counted(one.patients, 'patient')})."]
    if one.not_scored:
        said.append(f"{counted(one.not_scored, 'boxed image')} had no map and could not be judged.")
    if one.without:
        said.append(f"Boxes without maps: {listed([spoken(finding) for finding in one.without])}.")
    return tuple(said)


def _controls(found: LocalizationFinding) -> list[tuple[str, LocalizationValues]]:
    return [(name, found.controls[name]) for name in _NAMES if name in found.controls]


def _verdicts(control: str, macro: LocalizationFinding) -> list[str]:
    """State for every measure, on average, whether the model is better or worse than a control."""
    return [
        _verdict(_NAMES[control], title, macro.differences[control][measure]) for measure, title in _MEASURES
    ]


def _verdict(control: str, title: str, found: LocalizationDifference) -> str:
    if found.difference is None or found.interval is None or found.p_value is None:
        return f"{title}: for a test against {control} there are too few images."
    p_text = p_text_of(found.p_value).replace(" ", "\N{NO-BREAK SPACE}")
    span = f"{_points(found.interval.low)} to {_points(found.interval.high)}"
    numbers = f"{_points(found.difference)} percentage points (95 % interval {span}; {p_text})"
    if found.p_value >= _LEVEL:
        return f"{title}: not separable from {control} with these images, {numbers}."
    return f"{title}: {'better' if found.difference > 0 else 'worse'} than {control} by {numbers}."


def _by_finding(control: str, one: Localization) -> str:
    """Return the findings and measures for which the model is better, and those for which it is worse."""
    said = []
    for word, sign in (("better", 1), ("worse", -1)):
        named = []
        for finding, found in one.findings.items():
            titles = [t for measure, t in _MEASURES if _separable(found, control, measure) == sign]
            named += [f"{spoken(finding)} ({', '.join(titles)})"] if titles else []
        said.append(f"{word} in {listed(named) or 'none'}")
    return f"By finding, corrected for their number: {'; '.join(said)}."


def _separable(found: LocalizationFinding, control: str, measure: str) -> int:
    """Return 1 if the model is better than a control after correction, -1 if worse, otherwise 0."""
    difference = found.differences[control][measure]
    if difference.p_holm is None or difference.p_holm >= _LEVEL or not difference.difference:
        return 0
    return 1 if difference.difference > 0 else -1


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def _table(one: Localization, index: int) -> Table:
    rows = tuple(_row(spoken(finding), found) for finding, found in one.findings.items())
    return Table(
        anchor=f"table-localization-{index + 1}",
        caption=f"Where {one.model} looks, against the boxes: per cent of the images.",
        corner="Finding",
        groups=(ColumnGroup("", 1), *(ColumnGroup(title, len(_COLUMNS)) for _, title in _MEASURES)),
        columns=(
            Column("Images"),
            *(Column(name, starts_group=name == _COLUMNS[0]) for _ in _MEASURES for name in _COLUMNS),
        ),
        bodies=(rows, (_row("Macro average", one.macro),)),
        remarks=(
            "Bold, of the model: better than both controls. Bold, of a control: the model is worse than it. "
            "Both at 5 %, corrected for the number of findings.",
            "With 95 % intervals, none with fewer than ten patients who have a boxed image; those of "
            "the controls are in results.json. The boxes decide which images count, not the labels.",
        ),
    )


def _row(head: str, found: LocalizationFinding) -> Row:
    cells = [Cell(count(found.images))]
    for measure, _ in _MEASURES:
        interval = found.values.intervals.get(measure)
        aside = None if interval is None else f"{100 * interval.low:.0f} to {100 * interval.high:.0f}"
        cells.append(replace(_cell(found.values, measure), best=_beats(found, measure), aside=aside))
        cells += [
            replace(_cell(values, measure), best=_separable(found, control, measure) == -1)
            for control, values in _controls(found)
        ]
    return Row(head, tuple(cells))


def _cell(values: LocalizationValues, measure: str) -> Cell:
    value = values.measures[measure]
    return Cell(DASH if value is None else f"{100 * value:.0f}")


def _beats(found: LocalizationFinding, measure: str) -> bool:
    return all(_separable(found, control, measure) == 1 for control, _ in _controls(found))


def _percent(values: LocalizationValues) -> str:
    return DASH if values.pointing is None else f"{100 * values.pointing:.0f}\N{NO-BREAK SPACE}%"


def _method(found: list[Localization], origin: Origin) -> tuple[tuple[str, str], ...]:
    first = found[0]
    maps = dict.fromkeys(
        f"{one.method.rstrip('.')} ({one.cells[0]} x {one.cells[1]} cells)." for one in found
    )
    return (
        ("Maps", " ".join(maps)),
        ("Box rule", f"{first.rule} Nothing in it was tuned."),
        ("Centre of a lung", first.controls["lung"]),
        ("Random map", first.controls["random"]),
        ("Measures", _MEANING),
        ("Tests", _TESTS),
        ("Boxes", f"{first.file}, SHA-256 {first.sha256}. {_DRAWN_BY[origin.boxes]}"),
        ("Limits", _LIMITS),
    )


_MEANING = (
    "Pointing: the share of images whose highest point lies in a box of the finding (Zhang et al., IJCV "
    "2018; tolerance 0). IoU ≥ T: the share whose one predicted box and a box of the finding share at least "
    "T of the area that both cover (Wang et al., CVPR 2017). Both compare shares of the image's sides."
)
_TESTS = (
    "On average each measure and control is one test, and these are not corrected for their number. By "
    "finding, each measure and control is corrected for the number of findings."
)
_DRAWN_BY = {
    "nih": "NIH's: drawn by a radiologist.",
    "synthetic": "Drawn by the program that drew the images.",
    "unknown": "Who drew them is not recorded.",
}
_LIMITS = (
    "A box mostly holds more than the finding. A finding that is "
    "always in the same place, such as an enlarged heart, is found by any map that is always high there: "
    "that the controls are beaten in it does not show that the image was looked at. A coarse map cannot "
    "agree with small boxes."
)
