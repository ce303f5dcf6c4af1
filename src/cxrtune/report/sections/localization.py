"""Whether the models look where the boxes are, and whether that is more than looking nowhere gives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from cxrtune.evaluation.results import (
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
)
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed, p_value
from cxrtune.report.table import Cell, Column, Group, Row, Table

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
    """One model: what its maps say in sentences, and its table."""

    heading: str
    sentences: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class LocalizationView:
    """All models with heatmaps, the figure, and how it was done."""

    models: tuple[Looked, ...]
    figure: Markup | None
    method: tuple[tuple[str, str], ...]


def localization_view(material: Material) -> LocalizationView | None:
    """Show the localizations; None where there are none."""
    found = material.results.localizations
    if not found:
        return None
    return LocalizationView(
        models=tuple(_looked(one, index) for index, one in enumerate(found)),
        figure=material.figures.localization,
        method=_method(found),
    )


def _looked(one: Localization, index: int) -> Looked:
    return Looked(one.model, _sentences(one), _table(one, index))


def _sentences(one: Localization) -> tuple[str, ...]:
    """Say whether the model looks where the boxes are, and whether it does so more than the controls."""
    reached = [f"{one.model} points into the finding's box in {_percent(one.macro.values)} of the images"]
    reached += [f"{_NAMES[name]} in {_percent(values)}" for name, values in _controls(one.macro)]
    basis = f"mean of {counted(one.macro_over, 'finding')}, {counted(one.images, 'image')} of "
    said = [f"{', '.join(reached)} ({basis}{counted(one.patients, 'patient')})."]
    said += [
        _verdict(_NAMES[name], one.macro.differences[name]["pointing"]) for name, _ in _controls(one.macro)
    ]
    if one.not_scored:
        said.append(f"{counted(one.not_scored, 'boxed image')} had no map and could not be judged.")
    if one.without:
        said.append(f"Boxes without maps: {listed([spoken(finding) for finding in one.without])}.")
    return tuple(said)


def _controls(found: LocalizationFinding) -> list[tuple[str, LocalizationValues]]:
    return [(name, found.controls[name]) for name in _NAMES if name in found.controls]


def _verdict(control: str, found: LocalizationDifference) -> str:
    if found.difference is None or found.interval is None or found.p_value is None:
        return f"For a test against {control} there are too few images."
    written = p_value(found.p_value)
    sign = "" if written.startswith("<") else "= "
    p_text = f"p {sign}{written.replace('<', '< ')}".replace(" ", "\N{NO-BREAK SPACE}")
    span = f"{_points(found.interval.low)} to {_points(found.interval.high)}"
    numbers = f"{_points(found.difference)} percentage points (95 % interval {span}; {p_text})"
    if found.p_value >= _LEVEL:
        return f"It is not separable from {control} with these images, {numbers}."
    return f"It is {'better' if found.difference > 0 else 'worse'} than {control} by {numbers}."


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def _table(one: Localization, index: int) -> Table:
    rows = tuple(_row(spoken(finding), found) for finding, found in one.findings.items())
    return Table(
        anchor=f"table-localization-{index + 1}",
        caption=f"Where {one.model} looks, against the boxes: per cent of the images.",
        corner="Finding",
        groups=(Group("", 1), *(Group(title, len(_COLUMNS)) for _, title in _MEASURES)),
        columns=(
            Column("Images"),
            *(Column(name, starts_group=name == _COLUMNS[0]) for _ in _MEASURES for name in _COLUMNS),
        ),
        bodies=(rows, (_row("Macro average", one.macro),)),
        remarks=(
            "Bold: the model is separable from both controls at 5 %, corrected for the number of findings.",
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
        cells += [_cell(values, measure) for _, values in _controls(found)]
    return Row(head, tuple(cells))


def _cell(values: LocalizationValues, measure: str) -> Cell:
    value = values.measures[measure]
    return Cell(DASH if value is None else f"{100 * value:.0f}")


def _beats(found: LocalizationFinding, measure: str) -> bool:
    return all(
        (difference := found.differences[control][measure]).p_holm is not None
        and difference.p_holm < _LEVEL
        and (difference.difference or 0) > 0
        for control, _ in _controls(found)
    )


def _percent(values: LocalizationValues) -> str:
    return DASH if values.pointing is None else f"{100 * values.pointing:.0f}\N{NO-BREAK SPACE}%"


def _method(found: list[Localization]) -> tuple[tuple[str, str], ...]:
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
        ("Boxes", f"{first.file}, SHA-256 {first.sha256}."),
        ("Limits", _LIMITS),
    )


_MEANING = (
    "Pointing: the share of images whose highest point lies in a box of the finding (Zhang et al., IJCV "
    "2018; tolerance 0). IoU ≥ T: the share whose one predicted box and a box of the finding share at least "
    "T of the area that both cover (Wang et al., CVPR 2017). Both compare shares of the image's sides."
)
_LIMITS = (
    "A box mostly holds more than the finding, and NIH's were drawn by a radiologist. A finding that is "
    "always in the same place, such as an enlarged heart, is found by any map that is always high there: "
    "that the controls are beaten in it does not show that the image was looked at. A coarse map cannot "
    "agree with small boxes."
)
