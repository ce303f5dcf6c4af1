"""A made-up evaluation, run and provenance with the properties of real ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest

from cxrtune.evaluation.results import (
    AverageResult,
    FindingCount,
    FindingResult,
    MissingModel,
    ModelResult,
    SplitCount,
    StoredResults,
)
from cxrtune.findings import NIH_FINDINGS
from cxrtune.provenance import Record

EIGHT = (
    "Pneumothorax",
    "Mass",
    "Atelectasis",
    "Nodule",
    "Consolidation",
    "Pleural_Thickening",
    "Effusion",
    "Infiltration",
)
TEST_IMAGES, TEST_PATIENTS = 1612, 418
CurveRows = list[tuple[str, str, float, float, float]]


@dataclass(frozen=True)
class Example:
    """Where an example's files lie."""

    evaluation: Path
    run: Path
    provenances: tuple[Path, ...]
    results: StoredResults


@pytest.fixture
def make_example(tmp_path: Path) -> Callable[..., Example]:
    """Return a function that writes an example; its arguments are those of `write_example`."""

    def make(name: str = "example", **changes: object) -> Example:
        return write_example(tmp_path / name, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example most tests read: two models, one missing, the last finding without positives."""
    return write_example(tmp_path_factory.mktemp("shared"))


def write_example(
    folder: Path,
    findings: tuple[str, ...] = EIGHT,
    models: tuple[str, ...] = ("fine-tuned", "linear-probe"),
    missing: tuple[str, ...] = ("xrv:densenet121-res224-nih",),
) -> Example:
    """Write an evaluation folder, a run folder and provenance records."""
    evaluation, run = folder / "evaluation", folder / "run"
    evaluation.mkdir(parents=True)
    run.mkdir()
    random = np.random.default_rng(20)
    positives = {name: int(TEST_IMAGES * share) for name, share in _shares(findings).items()}
    rows: CurveRows = []
    scored = [_model(random, name, 1.15 - 0.35 * rank, positives, rows) for rank, name in enumerate(models)]
    results = StoredResults(
        split="test",
        images=TEST_IMAGES,
        patients=TEST_PATIENTS,
        findings=list(findings),
        cohort=_cohort(findings, positives),
        models=scored,
        missing=[_missing(name) for name in missing],
    )
    (evaluation / "results.json").write_text(results.model_dump_json(), encoding="utf-8")
    _write_curves(evaluation / "roc_curves.csv", rows)
    for table in ("auroc", "classification", "cohort"):
        (evaluation / f"{table}.csv").write_text(f"finding,{table}\n", encoding="utf-8")
        (evaluation / f"{table}.md").write_text(f"| finding | {table} |\n", encoding="utf-8")
    write_run(run)
    return Example(evaluation, run, _write_provenances(folder), results)


def write_run(run: Path, epochs: int = 12, best: int = 9) -> None:
    """Write a run's metrics and provenance."""
    lines = ["epoch,train_loss,val_loss,val_auroc,learning_rate,seconds"]
    for epoch in range(1, epochs + 1):
        fallen = np.exp(-epoch / 4)
        rate = 1e-3 if epoch < 8 else 1e-4
        overfit = 0.01 * max(0, epoch - best)
        lines.append(
            f"{epoch},{0.3 + fallen},{0.42 + fallen + overfit},{0.82 - 0.2 * fallen - overfit / 4},{rate},6.1"
        )
    (run / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    record = Record(
        "train", "2025-03-03T10:15:30+00:00", "d3" * 32, [], {}, {"best_epoch": best}, [], {}, 60.0, []
    )
    (run / "model.provenance.json").write_text(json.dumps(asdict(record)), encoding="utf-8")


def _shares(findings: tuple[str, ...]) -> dict[str, float]:
    shares = dict(zip(findings, np.geomspace(0.2, 0.004, len(findings)), strict=True))
    return {**shares, findings[-1]: 0.0}


def _model(
    random: np.random.Generator, name: str, separation: float, positives: dict[str, int], rows: CurveRows
) -> ModelResult:
    found = {
        finding: _finding(random, name, finding, count, separation * (0.7 + 0.1 * (index % 5)), rows)
        for index, (finding, count) in enumerate(positives.items())
    }
    areas = [result.auroc for result in found.values() if result.auroc is not None]
    over = {"micro": len(found), "macro": len(areas), "weighted": len(areas), "samples": 1100}
    return ModelResult(
        name=name,
        title={"fine-tuned": "DenseNet-121, last block fine-tuned"}.get(name, name),
        origin="Trunk from ImageNet, dense block 4 and the head trained here.",
        threshold_rule="Youden's J on validation",
        images=TEST_IMAGES,
        not_scored=0,
        macro_auroc=sum(areas) / len(areas),
        macro_auroc_over=len(areas),
        findings=found,
        averages={
            average: AverageResult(precision=0.21, recall=0.68, f1=0.314, support=1001, over=count)
            for average, count in over.items()
        },
    )


def _finding(
    random: np.random.Generator, model: str, finding: str, positives: int, separation: float, rows: CurveRows
) -> FindingResult:
    negatives = TEST_IMAGES - positives
    if positives == 0:
        return FindingResult(
            auroc=None, threshold=0.5, precision=0.0, recall=None, specificity=0.93, f1=0.0,
            support=0, negatives=negatives, positive_patients=0, negative_patients=negatives, called=113,
        )  # fmt: skip
    scores = np.concatenate([random.normal(separation, 1, positives), random.normal(0, 1, negatives)])
    truth = np.arange(TEST_IMAGES) < positives
    order = np.argsort(-scores)
    hit = np.concatenate([[0], np.cumsum(truth[order])])
    false = np.concatenate([[0], np.cumsum(~truth[order])])
    for true_calls, false_calls in zip(hit, false, strict=True):
        rows.append((model, finding, false_calls / negatives, true_calls / positives, 0.5))
    best = int(np.argmax(hit / positives - false / negatives))
    precision, recall = float(hit[best] / best), float(hit[best] / positives)
    return FindingResult(
        auroc=float(np.trapezoid(hit / positives, false / negatives)),
        threshold=float(1 / (1 + np.exp(-scores[order[best - 1]]))),
        precision=precision,
        recall=recall,
        specificity=float(1 - false[best] / negatives),
        f1=2 * precision * recall / (precision + recall),
        support=positives,
        negatives=negatives,
        positive_patients=positives,
        negative_patients=negatives,
        called=best,
    )


def _cohort(findings: tuple[str, ...], positives: dict[str, int]) -> list[SplitCount]:
    sizes = (("train", 8265, 2312), ("validation", 2071, 578), ("test", TEST_IMAGES, TEST_PATIENTS))
    return [
        SplitCount(
            split=split,
            images=images,
            patients=patients,
            findings={
                name: FindingCount(positives=positives[name] * images // TEST_IMAGES, known=images)
                for name in findings
            },
        )
        for split, images, patients in sizes
    ]


def _missing(name: str) -> MissingModel:
    return MissingModel(
        name=name,
        reason="Its weights are not on this machine and there is no network to fetch them.",
        remedy="Put nih-densenet121.pt into the weights folder that `cxrtune weights` names, then run again.",
    )


def _write_curves(path: Path, rows: CurveRows) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["model", "finding", "false_positive_rate", "sensitivity", "threshold"])
        table.writerows(rows)


def _write_provenances(folder: Path) -> tuple[Path, ...]:
    paths = []
    flow = {"in_table": 12_000, "excluded_by_protocol": 40, "not_on_disk": 12, "kept": 11_948}
    chain = {
        "cohort": ({}, "c0"),
        "pack": ({"cohort": "c0"}, "c1"),
        "train": ({"cohort": "c0"}, "c2"),
        "predict": ({"model": "c2", "cohort": "c0"}, "c3"),
        "evaluate": ({"cohort": "c0", "predictions of fine-tuned": "c3"}, "c4"),
    }
    for hour, (stage, (read, made)) in enumerate(chain.items()):
        record = {
            "stage": stage,
            "created": f"2025-03-0{hour + 1}T10:15:30+00:00",
            "key": "d3" * 32,
            "inputs": [
                {
                    "name": "cohort.parquet",
                    "path": "runs/a/cohort.parquet",
                    "sha256": "0a" * 32,
                    "bytes": 812_345,
                },
                {"name": "images", "path": "data/images", "sha256": "ee" * 32, "bytes": 42_000_000_000},
                *({"name": name, "path": "a", "sha256": 32 * sha, "bytes": 1} for name, sha in read.items()),
            ],
            "settings": {
                "seed": 20250,
                "training": {"epochs": 20, "learning_rate": 0.001, "rotate": [-5, 5]},
            },
            "counts": {"images": 11_948, "unreadable": 3, "best_epoch": 9, "share": 0.125, **flow},
            "notes": ["3 images could not be read and were left out."] if stage == "pack" else [],
            "versions": {"cxrtune": "0.1.0", "torch": "2.9.0"},
            "seconds": 64.2 * (hour + 1),
            "outputs": [{"name": f"{stage}.out", "sha256": made * 32, "bytes": 54_321_000}],
        }
        path = folder / f"{stage}.json"
        path.write_text(json.dumps(record), encoding="utf-8")
        paths.append(path)
    return tuple(paths)


FOURTEEN = NIH_FINDINGS
