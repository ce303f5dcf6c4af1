"""What the page may say of what was judged, of where models come from, and of what chose thresholds."""

from __future__ import annotations

from cxrtune.evaluation.results import ModelResult, Results, SplitCount
from cxrtune.provenance import Record
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted

PREDICTIONS_OF = "predictions of "
"""What the record of an evaluation calls a model's table, before the model's name."""

_PROBE = "linear-probe"
_PARTS = {"all": "all parts"}


def part_named(split: str) -> str:
    """Name what was evaluated: `the test part`, `all parts`."""
    return _PARTS.get(split, f"the {split} part")


def judged_images(results: Results) -> int:
    """Return how many images every number rests on."""
    return results.images if results.shared_images is None else results.shared_images


def judged_patients(results: Results) -> int:
    """Return how many patients they are of."""
    return results.patients if results.shared_patients is None else results.shared_patients


def size_of(part: SplitCount) -> str:
    """Write a part's size: `8,265 images of 2,312 patients`."""
    return f"{counted(part.images, 'image')} of {counted(part.patients, 'patient')}"


def judged_size(results: Results) -> str:
    """Write the size of what was judged."""
    images, patients = judged_images(results), judged_patients(results)
    drawn = "synthetic " if results.synthetic else ""
    return f"{count(images)} {drawn}{'image' if images == 1 else 'images'} of {counted(patients, 'patient')}"


def judged_counts(results: Results, finding: str) -> tuple[int, int]:
    """Return the positives and negatives that the models with scores of a finding were judged on."""
    rested = [model.findings[finding] for model in results.models if finding in model.findings]
    return max((one.support for one in rested), default=0), max((one.negatives for one in rested), default=0)


def trained_here(material: Material) -> frozenset[str]:
    """Return the models that were trained on this cohort, as the records prove by their hashes.

    A run folder beside tables of other models does not make those the run's: each table must have been
    written by the run's model, or by the linear probe, from the cohort that is evaluated.
    """
    evaluation = next((record for record in material.records if record.stage == "evaluate"), None)
    if evaluation is None:
        return frozenset()
    cohort = _input(evaluation, "cohort")
    models = {
        output.sha256
        for record in material.records
        if record.stage == "train" and _input(record, "cohort") == cohort
        for output in record.outputs
    }
    tables = {
        output.sha256
        for record in material.records
        if (record.stage == "predict" and _input(record, "model") in models)
        or (record.stage == _PROBE and _input(record, "cohort") == cohort)
        for output in record.outputs
    }
    return frozenset(
        source.name.removeprefix(PREDICTIONS_OF)
        for source in evaluation.inputs
        if source.name.startswith(PREDICTIONS_OF) and source.sha256 in tables
    )


def _input(record: Record, name: str) -> str | None:
    return next((source.sha256 for source in record.inputs if source.name == name), None)


def chosen_sentence(material: Material, model: ModelResult, source: str) -> str:
    """Say on which images a model's thresholds, or its calibration, were chosen, and which are judged too.

    Args:
        material: The report's.
        model: The model.
        source: `model`, `validation` or `none`, as `ChosenOn` has it.
    """
    basis = model.chosen
    if basis is None:
        return "On which images is not recorded."
    chose = f"{counted(basis.validation_images, 'image')} of the cohort's validation part"
    if source == "validation":
        said = f"Chosen here on {chose}"
    elif source == "model" and model.name in trained_here(material):
        said = f"Stored in the model, which chose on {chose}"
    elif source == "model":
        return "Brought by the model; on which images they were chosen is not known to this report."
    else:
        return f"{model.threshold_rule[:1].upper()}{model.threshold_rule[1:]}."
    if basis.judged:
        return (
            f"{said}; {count(basis.judged)} of these are judged here too, where what they give is too good."
        )
    return f"{said}; none of these is judged here.{_shared_patients(material.results)}"


def _shared_patients(results: Results) -> str:
    if not results.patients_in_two_parts:
        return ""
    return f" But {patients_in_two_parts(results)}, so these images are not independent of them."


def patients_in_two_parts(results: Results) -> str:
    """Say how many patients are in more than one part."""
    number = results.patients_in_two_parts or 0
    return (
        f"{counted(number, 'patient')} {'is' if number == 1 else 'are'} in more than one part of the cohort"
    )
