"""The first screen: results in words, what is missing, one table and one figure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from cxrtune.evaluation.results import ChosenOn, FindingResult, MissingModel, ModelResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.judged import (
    NOT_GIVEN,
    defined,
    judged_counts,
    judged_size,
    mean,
    part_named,
    patients_in_two_parts,
    positive_patients,
    rests_on_nothing,
    shared,
    size_of,
    why_no_auroc,
)
from cxrtune.report.lineage import trained_here
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed, score
from cxrtune.report.notes import caution_sentences, tally, verdict
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, mark_best, number

_NO_INTERVALS = "These are point estimates without intervals or tests: a small difference may be chance."
_DIFFERENT_FINDINGS = (
    "The macro averages rest on different findings; compare the models on the findings they share."
)
_DIFFERENT_IMAGES = "The models did not score the same images, so their numbers are not strictly comparable."
_NONE_DEFINED = "undefined: 0 findings with an AUROC"
_EMPTY = (Cell(""), Cell(""), Cell(""))


@dataclass(frozen=True)
class SummaryView:
    """The contents of the first screen."""

    sentences: tuple[str, ...]
    missing: tuple[MissingModel, ...]
    table: Table
    figure: Markup
    models: tuple[ModelResult, ...]


def summary_view(material: Material) -> SummaryView:
    """Summarize the evaluation in words and one table."""
    results = material.results
    return SummaryView(
        sentences=(
            *caution_sentences(results),
            *_verdicts(results),
            _training(material),
            *_verdict(results),
            *_cautions(material),
        ),
        missing=tuple(results.missing),
        table=_table(results),
        figure=material.figures.auroc,
        models=tuple(results.models),
    )


def _training(material: Material) -> str:
    results, train, validation = material.results, material.part("train"), material.part("validation")
    tested = f"Scores are judged on the {_judged(results)}."
    if train is None or not trained_here(material):
        return tested
    held_out = "" if validation is None else f", with {size_of(validation)} for validation"
    return f"Training used {size_of(train)}{held_out}. {tested}"


def _judged(results: StoredResults) -> str:
    whole, part = counted(results.images, "image"), part_named(results.split)
    if results.shared_images is None or results.shared_images == results.images:
        return f"{judged_size(results)} in {part}"
    models = "every model" if len(results.models) > 1 else "the model"
    return f"{judged_size(results)} that {models} scored, out of the {whole} in {part}"


def _verdicts(results: StoredResults) -> list[str]:
    """State for the first model and each other one which is better, and with what certainty."""
    sentences = []
    for pair in results.comparisons:
        if pair.first != results.models[0].name or pair.macro.difference is None:
            continue
        sentences.append(
            f"{verdict(pair, 'On average over the findings', pair.macro)} By finding: {tally(pair)}."
        )
    return sentences


def _verdict(results: StoredResults) -> list[str]:
    known = [(model.macro_auroc, model) for model in results.models if model.macro_auroc is not None]
    if not known:
        return ["No AUROC is defined: no finding has both positives and negatives here."]
    reached = [
        f"{score(macro)} for {model.name} (over {counted(model.macro_auroc_over, 'finding')})"
        for macro, model in sorted(known, key=lambda pair: -pair[0])
    ]
    alone = [f"The macro AUROC is {listed(reached)}."]
    without = results.bootstrap is None and len(known) > 1
    return [*alone, _NO_INTERVALS] if without else alone


def _cautions(material: Material) -> list[str]:
    results = material.results
    cautions = [*_optimism(material)]
    if len({tuple(defined(model, results)) for model in results.models}) > 1:
        cautions.append(_DIFFERENT_FINDINGS)
    if len({model.images for model in results.models}) > 1:
        cautions.append(_DIFFERENT_IMAGES)
    cautions += [
        f"{model.name} was probably trained on {count(model.contamination.inside)} of these images; "
        "on the others it is judged under “Seen in training”."
        for model in results.models
        if model.contamination is not None and model.contamination.inside
    ]
    return cautions


def _optimism(material: Material) -> list[str]:
    """State whether test images were used for training or choices, and whether parts share patients."""
    results, trained = material.results, trained_here(material)
    said = []
    learned = [model.name for model in results.models if model.name in trained]
    if learned and results.judged.get("train"):
        images = counted(results.judged["train"], "image")
        said.append(f"{images} of those judged here trained {listed(learned)}: its numbers are too good.")
    also = [
        f"{model.name} ({count(model.chosen.judged)})"
        for model in results.models
        if model.chosen is not None
        and model.chosen.judged
        and _chose_here(model.chosen, model.name in trained)
    ]
    if also:
        said.append(
            f"Images that are judged here also chose thresholds or calibration of {listed(also)}: what rests "
            "on these is too good."
        )
    if results.patients_in_two_parts:
        said.append(
            f"{patients_in_two_parts(results)}: what was chosen or learned on one part has seen them."
        )
    return said


def _chose_here(basis: ChosenOn, trained: bool) -> bool:
    sources = {basis.thresholds, basis.operating_points, basis.calibration}
    return "validation" in sources or (trained and "model" in sources)


def _table(results: StoredResults) -> Table:
    columns = [Column(model.name, starts_group=index == 0) for index, model in enumerate(results.models)]
    return Table(
        anchor="table-auroc",
        caption=f"AUROC of each model by finding, {part_named(results.split)}.",
        corner="Finding",
        groups=_column_groups(results),
        columns=(*columns, Column("Positive", starts_group=True), Column("Patients"), Column("Negative")),
        bodies=(tuple(_finding_row(results, finding) for finding in results.findings), _macro_rows(results)),
        remarks=(*_interval_remark(results), *([_bold_remark(results)] if len(results.models) > 1 else [])),
    )


def _column_groups(results: StoredResults) -> tuple[ColumnGroup, ...]:
    models = len(results.models)
    return (ColumnGroup("AUROC", models), ColumnGroup("Judged", 3)) if models else ()


def _interval_remark(results: StoredResults) -> list[str]:
    if results.bootstrap is None:
        return []
    return [
        "With 95 % intervals that take images of a patient as alike as they are: Newcombe's for an AUROC, "
        "and for the average one that is made of these. Patients: those with a positive image."
    ]


def _bold_remark(results: StoredResults) -> str:
    models = counted(len(results.models), "model")
    return f"Bold: the highest of the {models} as printed; that does not mean a significant difference."


def _finding_row(results: StoredResults, finding: str) -> Row:
    support = judged_counts(results, finding)
    areas = mark_best(tuple(_area_cell(model, finding, support) for model in results.models))
    positive, negative = support
    counts = (positive, positive_patients(results, finding), negative)
    return Row(spoken(finding), (*areas, *(Cell(count(number)) for number in counts)))


def _area_cell(model: ModelResult, finding: str, support: tuple[int, int]) -> Cell:
    result = model.findings.get(finding)
    if result is None or (rests_on_nothing(result) and any(support)):
        return Cell(DASH, NOT_GIVEN)
    if result.auroc is not None and (result.support, result.negatives) != support:
        rests = f"rests on {counted(result.support, 'positive')} and {counted(result.negatives, 'negative')}"
        return replace(_with_interval(result), note=rests)
    return _with_interval(result)


def _with_interval(result: FindingResult) -> Cell:
    return estimate(result.auroc, result.intervals.get("auroc"), score, why_no_auroc(result))


def _macro_rows(results: StoredResults) -> tuple[Row, ...]:
    macro = mark_best(
        tuple(
            estimate(model.macro_auroc, model.intervals.get("macro_auroc"), score, _NONE_DEFINED)
            for model in results.models
        )
    )
    over = tuple(Cell(count(model.macro_auroc_over)) for model in results.models)
    rows = [Row("Macro average", (*macro, *_EMPTY)), Row("Findings averaged", (*over, *_EMPTY))]
    common = shared(results)
    if common and any(len(common) != model.macro_auroc_over for model in results.models):
        means = tuple(number(mean(model, common), score, _NONE_DEFINED) for model in results.models)
        rows.append(Row(f"Macro, {counted(len(common), 'shared finding')}", (*mark_best(means), *_EMPTY)))
    return tuple(rows)
