"""What the first model is, in the form of a model card (Mitchell et al., FAccT 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import ModelResult, Results
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import counted, listed, score, span


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
    """Write the first model's card; None without a model."""
    results = material.results
    if not results.models:
        return None
    model = results.models[0]
    return ModelCardView(
        (
            Entry("Model", f"{model.name}: {model.title}. {model.origin}."),
            Entry(
                "Intended use",
                "Research on chest radiographs: comparing methods, studying data. It is no medical device "
                "and must not be used to diagnose, to triage, or to leave a patient unseen.",
            ),
            Entry("Input", "One frontal chest radiograph (PA or AP), grey, resized as its recipe says."),
            Entry("Output", f"A score in [0, 1] for {listed([spoken(f) for f in _given(model)])}."),
            Entry("Training data", _training_data(material)),
            Entry("Evaluation data", _evaluation_data(results)),
            Entry("Performance", _performance(model)),
            Entry("Thresholds", f"{model.threshold_rule}."),
            Entry("Calibration", _calibration(model)),
            Entry(
                "Not for",
                "Children unless the groups above show enough of them, lateral views, other "
                "modalities, other parts of the body, or findings that are not in the list.",
            ),
        )
    )


def _given(model: ModelResult) -> list[str]:
    return [f for f, result in model.findings.items() if result.auroc is not None or result.threshold]


def _training_data(material: Material) -> str:
    train, validation = material.part("train"), material.part("validation")
    if train is None or material.history is None:
        return "Not known to this report: it was given predictions only."
    sizes = [
        f"{counted(part.images, 'image')} of {counted(part.patients, 'patient')} for {purpose}"
        for part, purpose in ((train, "training"), (validation, "validation"))
        if part is not None
    ]
    return f"{listed(sizes)}; no patient is in two parts."


def _evaluation_data(results: Results) -> str:
    images = counted(results.shared_images or results.images, "image")
    patients = counted(results.shared_patients or results.patients, "patient")
    return f"{images} of {patients}, the {results.split} part."


def _performance(model: ModelResult) -> str:
    if model.macro_auroc is None:
        return "No AUROC is defined here."
    interval = model.intervals.get("macro_auroc")
    within = f" (95 % interval {span(interval)})" if interval else ""
    over = counted(model.macro_auroc_over, "finding")
    return f"Macro AUROC {score(model.macro_auroc)}{within} over {over}; by finding and group above."


def _calibration(model: ModelResult) -> str:
    if not model.calibration:
        return "None: its scores are no probabilities."
    methods = [f"{spoken(finding)}: {found.method}" for finding, found in model.calibration.items()]
    return f"Fitted on validation, stored in the model. {'; '.join(methods)}."
