"""Sentences about the data: source, exclusions, preprocessing and labels."""

from __future__ import annotations

from pathlib import Path

from cxrtune.findings import PROTOCOLS, spoken
from cxrtune.recipe import PreprocessSpec
from cxrtune.report.judged import judged_size, part_named
from cxrtune.report.lineage import label_tables
from cxrtune.report.notation import count, counted, listed
from cxrtune.report.paper.facts import Facts

_RESIZED = {
    "stretch": "stretched to",
    "pad": "padded with black to a square and resized to",
    "crop": "cropped to the central square and resized to",
}
_UNCERTAIN = {"positive": "present", "negative": "absent", "unknown": "unknown, and left out"}
_SHORT_HASH = 12


def source(facts: Facts) -> str | None:
    """State the source of the images."""
    origin = facts.results.origin
    if facts.synthetic:
        return "All images were synthetic: a program drew them and their labels, and no patient was involved."
    if origin.images == "nih":
        return (
            "Images were frontal chest radiographs of NIH ChestX-ray14 [@wang2017], a public data set of the "
            "National Institutes of Health Clinical Center from 1992 to 2015."
        )
    return None


def table(facts: Facts) -> str | None:
    """State the label tables of the cohort, with their hashes."""
    if facts.lineage.cohort is None:
        return None
    files = [
        f"{Path(one.path).name} (SHA-256 {one.sha256[:_SHORT_HASH]}…)"
        for one in label_tables(facts.lineage.cohort)
    ]
    if not files:
        return None
    return f"The label {'table was' if len(files) == 1 else 'tables were'} {listed(files)}."


def exclusions(facts: Facts) -> str | None:
    """State how many images of the label table are in the cohort, and why the others are not."""
    record = facts.lineage.cohort
    if record is None or "in_table" not in record.counts:
        return None
    counts = record.counts
    said = (
        f"Of {counted(counts['in_table'], 'image')} in the label table, "
        f"{count(counts['excluded_by_protocol'])} were excluded by the {'map' if facts.map else 'protocol'} "
        f"and {count(counts['not_on_disk'])} were not on disk; {count(counts['kept'])} formed the cohort."
    )
    return f"{said} {unreadable(facts) or ''}".strip()


def unreadable(facts: Facts) -> str | None:
    """State how many images of the cohort could not be read."""
    record = facts.lineage.pack
    if record is None or "unreadable" not in record.counts:
        return None
    return f"Of the cohort's images {count(record.counts['unreadable'])} could not be read and had no score."


def criteria(facts: Facts) -> str | None:
    """State the rule for excluding images; None if it is not that of a protocol."""
    settings = facts.cohort_settings
    protocol = PROTOCOLS.get(settings.get("protocol", ""))
    if protocol is None:
        return None
    presence = "" if settings.get("metadata_only") else " that were on disk"
    if not protocol.excluded:
        return f"All images of the label table{presence} were included (protocol {protocol.name})."
    rare = listed(sorted(spoken(finding) for finding in protocol.excluded))
    return (
        f"All images of the label table{presence} were included, except those labelled with a finding that "
        f"has fewer than 2,000 training images in NIH's whole table: {rare} (protocol {protocol.name})."
    )


def selection(facts: Facts) -> str:
    """State which images were evaluated, and how many could not be."""
    results = facts.results
    part = part_named(results.split)
    if results.shared_images is None or results.shared_images == results.images:
        return f"All {judged_size(results)} of {part} were evaluated."
    lost = [
        f"{count(model.not_scored)} without a score of {model.name}"
        for model in results.models
        if model.not_scored
    ]
    reasons = f" ({listed(lost)})" if lost else ""
    return (
        f"Of the {counted(results.images, 'image')} of {part}, the {judged_size(results)} that every model "
        f"had scored were evaluated{reasons}."
    )


def missing(facts: Facts) -> str:
    """State how unknown labels and scores were handled."""
    unknown = [
        f"{spoken(finding)} ({count(lost)})"
        for finding in facts.results.findings
        if (lost := sum(part.images - part.findings[finding].known for part in facts.results.cohort))
    ]
    labels = f" Labels were unknown for: {', '.join(unknown)}." if unknown else " All labels were known."
    return (
        "Nothing was imputed: an image without a label of a finding, or without a score, was left out of "
        f"that finding for all models.{labels}"
    )


def preprocessing(facts: Facts) -> str | None:
    """Describe how radiographs were converted to inputs of the networks."""
    specs = {facts.recipes[model.name].preprocess for model in facts.networks}
    if not specs:
        return None
    how = "; ".join(sorted(_how(spec) for spec in specs))
    return f"Radiographs were read as grey images, {how}."


def _how(spec: PreprocessSpec) -> str:
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (spec.mean, spec.std))
    return (
        f"{_RESIZED[spec.resize]} {square(spec)}, scaled to 0 to 1, repeated to three channels and "
        f"normalised (mean {mean}; standard deviation {std})"
    )


def square(spec: PreprocessSpec) -> str:
    """Format the size of a network's input: `224 by 224 pixels`."""
    return f"{spec.size} by {spec.size} pixels"


def labels_defined(facts: Facts) -> str | None:
    """Describe how the reference standard was made; None if it is not recorded."""
    match facts.results.origin.labels:
        case "synthetic":
            return "The reference standard is what the program drew; it is exact."
        case "nih":
            return (
                "The reference standard is NIH ChestX-ray14's labels, which a program mined from the "
                "radiology reports [@wang2017]; some are wrong."
            )
        case _:
            return None


def labels_described(facts: Facts) -> str | None:
    """Describe the labels as stated by a map; None without a map."""
    origin = facts.results.origin
    if origin.labels != "map":
        return None
    source = f" of {origin.labels_named}" if origin.labels_named else ""
    return (
        f"The reference standard is the labels{source}, as the label table gives them; uncertain ones count "
        f"as {_UNCERTAIN[origin.uncertain or 'unknown']}."
    )


def labels_joined(facts: Facts) -> str | None:
    """Describe how several readings of an image were combined; None if the record has no such readings."""
    if facts.map is None or facts.lineage.cohort is None:
        return None
    notes = [note for note in facts.lineage.cohort.notes if "majority of the readers" in note]
    return f"{notes[0].rstrip('.')}." if notes else None
