"""Materials of small made-up runs: what each is, and with what left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from sentences import SOMEONES, cohort_of, results_of, scores_of

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import Origin, StoredResults
from cxrtune.predictions import ModelCard
from cxrtune.provenance import Output, Record, Source
from cxrtune.recipe import Recipe
from cxrtune.report.material import Figures, Material

THREE = {"train": 30, "validation": 40, "test": 40}
NIH = Origin(images="nih", labels="nih", boxes="nih")
DRAWN = Origin(images="synthetic", labels="synthetic", boxes="synthetic")
THEIRS = Origin(labels="map", labels_named="Our hospital", uncertain="negative")
OURS = ModelCard(
    "DenseNet-121, last block fine-tuned by cxrtune",
    "Recipe reference; ImageNet weights of torchvision",
    "Youden's J on validation",
    {"Effusion": 0.5, "Mass": 0.5},
)
VERSIONS = {
    "python": "3.12.1",
    "machine": "x86_64",
    "cxrtune": "0.1.0",
    "numpy": "2.4.6",
    "openvino": "not installed",
}
_FIGURES = Figures(Markup(""), {}, None, None, None, None, None)


def material_of(results: StoredResults, *records: Record, title: str = "A study") -> Material:
    """A report's material without figures and images."""
    return Material(title, results, None, records, _FIGURES, {})


def results_named(
    origin: Origin, *, ours: bool = False, cohort: CohortTable | None = None, **options: Any
) -> StoredResults:
    """The results of one model, `a`, on a cohort's test part."""
    cohort = cohort_of(THREE) if cohort is None else cohort
    table = scores_of(cohort, "validation", "test", card=OURS if ours else SOMEONES)
    return results_of(cohort, table, origin=origin, **{"replicates": 100} | options)


def record(
    stage: str,
    made: Mapping[str, str],
    read: Mapping[str, str] = {},
    settings: Mapping[str, Any] = {},
    counts: Mapping[str, Any] = {},
    notes: tuple[str, ...] = (),
) -> Record:
    """A stage's record: files that it read and made, each name with a hash."""
    return Record(
        stage,
        "2025-03-03T10:15:30+00:00",
        "key",
        [Source(name, f"data/{name}", sha256, 1) for name, sha256 in read.items()],
        dict(settings),
        dict(counts),
        list(notes),
        VERSIONS,
        1.0,
        [Output(name, sha256, 1) for name, sha256 in made.items()],
    )


COUNTS = {"in_table": 240, "excluded_by_protocol": 15, "not_on_disk": 5, "not_in_table": 0, "kept": 220}


def cohort_record(sha256: str = "c", **changes: Any) -> Record:
    """The record of a cohort of NIH's."""
    given: dict[str, Any] = {
        "read": {"Data_Entry_2017.csv": "table of " + sha256, "images": "images of " + sha256},
        "settings": {"protocol": "nih8", "seed": 7, "metadata_only": False},
        "counts": COUNTS,
    }
    return record("cohort", {"cohort.parquet": sha256}, **given | changes)


def train_record(cohort: str = "c", recipe: Recipe | None = None) -> Record:
    """The record of a training on a cohort."""
    settings = (Recipe() if recipe is None else recipe).model_dump(mode="json")
    counts = {"epochs": 12, "best_epoch": 9, "train_images": 60}
    return record(
        "train", {"model.safetensors": "m", "metrics.csv": "x"}, {"cohort": cohort}, settings, counts
    )


PACK = record(
    "pack", {"pixels.npy": "p"}, {"cohort": "c"}, {"preprocess": {}}, {"images": 220, "unreadable": 3}
)
PREDICT = record("predict", {"a.parquet": "t"}, {"model": "m", "cohort": "c"})
EVALUATE = record("evaluate", {"results.json": "r"}, {"cohort": "c", "predictions of a": "t"})


def chain(*, recipe: Recipe | None = None) -> tuple[Record, ...]:
    """All records of a run."""
    return (cohort_record(), PACK, train_record(recipe=recipe), PREDICT, EVALUATE)
