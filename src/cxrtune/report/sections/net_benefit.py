"""Net benefit: thresholds at which a model is better than treating every image, or none, as positive."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from cxrtune.evaluation.results import ModelResult, NetBenefitPoint, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.judged import part_named
from cxrtune.report.material import Material
from cxrtune.report.notation import count, listed
from cxrtune.report.table import Cell, Column, Row, Table

_EXPLAINED = (
    "Whoever calls at a threshold of 0.10 accepts nine false calls for one that is right. Net benefit counts "
    "the positives that are called, less the false calls at that price, per image. It is compared with "
    "calling every image, and with calling none, which is worth 0. The threshold is of calibrated "
    "probability, and follows from what a missed and a false call cost: the reader chooses it, and not these "
    "numbers."
)
_NOT_COUNTED = (
    "It assumes that a call leads to the same action for every patient, and counts nothing else: no harm of "
    "the radiograph itself, no cost, no second finding. It holds for the prevalence of the images judged "
    "here."
)
_NONE = "Not made: net benefit needs calibrated probabilities, and no model has any calibrated finding."


@dataclass(frozen=True)
class NetBenefitView:
    """Explanation, figure, where a default is better, what is missing, and one table per model."""

    sentences: tuple[str, ...]
    figure: Markup | None
    caption: str
    tables: tuple[Table, ...]


def net_benefit_view(material: Material) -> NetBenefitView:
    """Return the decision curves, or why there are none."""
    results = material.results
    models = [model for model in results.models if model.net_benefit]
    if not models:
        return NetBenefitView((_NONE,), None, "", ())
    return NetBenefitView(
        sentences=(
            _EXPLAINED,
            _NOT_COUNTED,
            *_worse(models),
            *_missing(results),
        ),
        figure=material.figures.net_benefit,
        caption=(
            "Net benefit by threshold of calibrated probability, with pointwise 95 % bands by patients. "
            "Dashed: every image is called. Line at 0: none is."
        ),
        tables=tuple(_table(results, model, index) for index, model in enumerate(models, start=1)),
    )


def _worse(models: list[ModelResult]) -> tuple[str, ...]:
    """Return where a model is worse than the better default, with an interval that excludes 0."""
    told = []
    for model in models:
        named = []
        for finding, points in model.net_benefit.items():
            at = [
                f"{p.threshold:.2f}"
                for p in points
                if p.gain_interval is not None and p.gain_interval.high < 0
            ]
            named += [f"{spoken(finding)} at {listed(at)}"] if at else []
        if named:
            told.append(
                f"Calls of {model.name} are worth less than the better default, with an interval that "
                f"leaves out 0: {'; '.join(named)}."
            )
    return tuple(told)


def _missing(results: StoredResults) -> tuple[str, ...]:
    told = []
    for model in results.models:
        lacking = [spoken(finding) for finding in results.findings if finding not in model.net_benefit]
        if len(lacking) == len(results.findings):
            told.append(f"Not made for {model.name}: it has no calibrated probabilities.")
        elif lacking:
            told.append(
                f"Not made for {model.name}: {listed(lacking)}, not calibrated or without positives or "
                "negatives here."
            )
    return tuple(told)


def _table(results: StoredResults, model: ModelResult, index: int) -> Table:
    first = next(iter(model.net_benefit.values()))
    return Table(
        anchor=f"table-net-benefit-{index}",
        caption=(
            f"Net benefit of {model.name} less that of the better default, per 100 images, by threshold, "
            f"{part_named(results.split)}."
        ),
        corner="Finding",
        columns=(
            Column("Positives"),
            Column("Patients with it"),
            *(Column(f"{point.threshold:.2f}", starts_group=point is first[0]) for point in first),
        ),
        bodies=(
            tuple(
                Row(spoken(finding), (*_counts(model, finding), *(_cell(point) for point in points)))
                for finding, points in model.net_benefit.items()
            ),
        ),
        remarks=(
            "With 95 % intervals, but for findings of one patient; pointwise and not corrected for their "
            "number; bold: the interval lies above 0. +1.00: as if one more in 100 images were found, and "
            "no other called.",
            "net_benefit.csv holds the curves at 60 thresholds.",
        ),
    )


def _counts(model: ModelResult, finding: str) -> tuple[Cell, Cell]:
    judged = model.findings[finding]
    return Cell(count(judged.support)), Cell(count(judged.positive_patients))


def _cell(point: NetBenefitPoint) -> Cell:
    cell = Cell(_hundred(point.gain))
    interval = point.gain_interval
    if interval is None:
        return cell
    span = f"{_hundred(interval.low)} to {_hundred(interval.high)}"
    return replace(cell, aside=span, best=interval.low > 0)


def _hundred(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "\N{MINUS SIGN}")
