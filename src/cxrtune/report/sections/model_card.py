"""The first model's model card (Mitchell et al., FAccT 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import ModelResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.judged import judged_size, part_named, patients_in_two_parts, size_of
from cxrtune.report.lineage import chosen_sentence, how_tested, trained_here
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, listed, score, span


@dataclass(frozen=True)
class Entry:
    """One line of the card."""

    name: str
    text: str


@dataclass(frozen=True)
class ModelCardView:
    """The card."""

    entries: tuple[Entry, ...]


def model_card_view(material: Material) -> ModelCardView | None:
    """Return the first model's card; None without a model."""
    results = material.results
    if not results.models:
        return None
    model = results.models[0]
    trained = model.name in trained_here(material)
    return ModelCardView(
        (
            Entry("Model", _named(model)),
            *(_OF_OURS if trained else (_NOT_KNOWN,)),
            Entry("Output", f"A score in [0, 1] for {listed([spoken(f) for f in _given(model)])}."),
            *_training_data(material, model, trained=trained),
            Entry("Evaluation data", _evaluation_data(material, model)),
            Entry("Performance", _performance(results, model)),
            Entry("Thresholds", _thresholds(material, model)),
            Entry("Calibration", _calibration(material, model)),
            *((_NOT_FOR,) if trained else ()),
        )
    )


_OF_OURS = (
    Entry(
        "Intended use",
        "Research on chest radiographs: comparing methods, studying data. It is no medical device "
        "and must not be used to diagnose, to triage, or to leave a patient unseen.",
    ),
    Entry("Input", "One frontal chest radiograph (PA or AP), grey, resized as its recipe says."),
)
_NOT_KNOWN = Entry(
    "Not known here",
    "Its intended use, its input and its architecture: this report knows its predictions, and what the "
    "table of them says.",
)
_NOT_FOR = Entry(
    "Not for",
    "Children unless the groups above show enough of them, lateral views, other "
    "modalities, other parts of the body, or findings that are not in the list.",
)


def _named(model: ModelResult) -> str:
    origin = model.origin.rstrip(".")
    return f"{model.name}: {model.title}. {origin[:1].upper()}{origin[1:]}."


def _given(model: ModelResult) -> list[str]:
    return [
        f for f, result in model.findings.items() if result.auroc is not None or result.threshold is not None
    ]


def _training_data(material: Material, model: ModelResult, *, trained: bool) -> list[Entry]:
    """Describe the training data: the cohort's parts, or its overlap with the test images, or nothing."""
    name = "Training data"
    if trained:
        parts = ((material.part("train"), "training"), (material.part("validation"), "tuning (validation)"))
        sizes = [f"{size_of(part)} for {purpose}" for part, purpose in parts if part is not None]
        return [Entry(name, f"{listed(sizes)}{_disjoint(material.results)}.")]
    known = model.contamination
    if known is None:
        return [Entry(name, "Not known to this report: it was given predictions only.")]
    whole = counted(known.inside + known.outside + known.unknown, "image")
    return [Entry(name, f"{count(known.inside)} of the {whole} judged were in it; by {known.rule}.")]


def _disjoint(results: StoredResults) -> str:
    if results.patients_in_two_parts is None:
        return ""
    if results.patients_in_two_parts:
        return f"; {patients_in_two_parts(results)}"
    return "; no patient is in two parts"


def _evaluation_data(material: Material, model: ModelResult) -> str:
    results = material.results
    return f"{judged_size(results)}, of {part_named(results.split)}. {how_tested(material, model).sentence}"


def _performance(results: StoredResults, model: ModelResult) -> str:
    if model.macro_auroc is None:
        return "No AUROC is defined here."
    interval = model.intervals.get("macro_auroc")
    within = f" (95 % interval {span(interval)})" if interval else ""
    groups = " and group" if results.attributes else ""
    over = counted(model.macro_auroc_over, "finding")
    return f"Macro AUROC {score(model.macro_auroc)}{within} over {over}; by finding{groups} above."


def _thresholds(material: Material, model: ModelResult) -> str:
    rule = f"{model.threshold_rule[:1].upper()}{model.threshold_rule[1:]}."
    if model.chosen is None or model.chosen.thresholds == "none":
        return rule
    return f"{rule} {chosen_sentence(material, model, model.chosen.thresholds)}"


def _calibration(material: Material, model: ModelResult) -> str:
    if not model.calibration:
        return "None: its scores are judged as they came."
    methods = "; ".join(f"{spoken(finding)}: {found.method}" for finding, found in model.calibration.items())
    source = "none" if model.chosen is None else model.chosen.calibration
    return f"{methods}. {chosen_sentence(material, model, source)}"
