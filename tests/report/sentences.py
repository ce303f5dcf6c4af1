"""Evaluations of small made-up cohorts, and the pages that are written of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.evaluate import Evaluation, Supplements, evaluate
from cxrtune.evaluation.folder import write_evaluation
from cxrtune.evaluation.results import StoredResults
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.files import write_text
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.provenance import Record
from cxrtune.report import write_report

FINDINGS = ("Effusion", "Mass")
SOMEONES = ModelCard("Their model", "bought")


def cohort_of(parts: Mapping[str, int], *, images: int = 2, share: float = 0.4, seed: int = 0) -> CohortTable:
    """A cohort of so many patients a part, each with so many images, women and men in turn."""
    splits = [split for split, patients in parts.items() for _ in range(patients) for _ in range(images)]
    rows = len(splits)
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "image": [f"{row:05}.png" for row in range(rows)],
            "patient": [f"p{row // images}" for row in range(rows)],
            "view": "PA",
            "sex": ["F" if row // images % 2 else "M" for row in range(rows)],
            "age": 50,
            "followup": 0,
            "split": splits,
        }
    )
    for finding in FINDINGS:
        frame[finding] = pd.array((random.random(rows) < share).astype(int), dtype="Int8")
    return CohortTable(frame)


def scores_of(
    cohort: CohortTable, *splits: str, card: ModelCard = SOMEONES, keep: int | None = None, seed: int = 1
) -> Predictions:
    """Scores that know something of the labels, of the images of these parts, or of the first few."""
    rows = cohort.rows(*splits)[:keep]
    noise = np.random.default_rng(seed).random((len(rows), len(FINDINGS)))
    scores = (0.6 * noise + 0.3 * cohort.labels[rows]).astype(np.float32)
    return Predictions(cohort.images[rows], cohort.patients[rows], FINDINGS, scores, card)


def results_of(cohort: CohortTable, *tables: Predictions, **options: Any) -> StoredResults:
    """The results of the models `a`, `b` and so on."""
    named = {"abc"[place]: table for place, table in enumerate(tables)}
    return _evaluated(cohort, named, options).results


def _evaluated(cohort: CohortTable, named: dict[str, Predictions], options: dict[str, Any]) -> Evaluation:
    """Evaluate with settings, and with what else is known, by their names."""
    known = {field.name for field in fields(EvaluationSettings)}
    settings = {name: value for name, value in options.items() if name in known}
    beside = {name: value for name, value in options.items() if name not in known}
    return evaluate(cohort, named, EvaluationSettings(**{"replicates": 60} | settings), Supplements(**beside))


def page_of(
    folder: Path, cohort: CohortTable, *tables: Predictions, ours: bool = False, **options: Any
) -> str:
    """The text of the page of an evaluation; `ours` says that records prove the first model trained here."""
    named = {"abc"[place]: table for place, table in enumerate(tables)}
    evaluation = _evaluated(cohort, named, options)
    (folder / "evaluation").mkdir(parents=True)
    write_evaluation(evaluation, folder / "evaluation")
    return text_of(write_report(folder / "evaluation", folder / "out", provenances=_records(folder, ours)))


def page_of_results(folder: Path, cohort: CohortTable, results: StoredResults, *tables: Predictions) -> str:
    """The text of the page of these results, with the curves of an evaluation of the tables."""
    named = {"abc"[place]: table for place, table in enumerate(tables)}
    (folder / "evaluation").mkdir(parents=True)
    write_evaluation(evaluate(cohort, named, EvaluationSettings(replicates=60)), folder / "evaluation")
    (folder / "evaluation" / "results.json").write_text(results.model_dump_json(), encoding="utf-8")
    return text_of(write_report(folder / "evaluation", folder / "out"))


def text_of(page: Path) -> str:
    """What a reader of the page sees, drawings apart."""
    html = re.sub(r"<(style|svg|title).*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    return re.sub(r" (?=[.,;:)])", "", " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split()))


def _records(folder: Path, ours: bool) -> list[Path]:
    model = "m" if ours else "another"
    chain = {
        "train": ({"cohort": "c"}, "m"),
        "predict": ({"cohort": "c", "model": model}, "t"),
        "evaluate": ({"cohort": "c", "predictions of a": "t"}, "e"),
    }
    paths = []
    for stage, (read, made) in chain.items():
        inputs = [{"name": name, "path": name, "sha256": sha, "bytes": 1} for name, sha in read.items()]
        outputs = [{"name": stage, "sha256": made, "bytes": 1}]
        record = Record(stage, "2025-03-03T10:15:30+00:00", "k", [], {}, {}, [], {}, 1.0, [])
        paths.append(folder / f"{stage}.json")
        write_text(paths[-1], json.dumps(asdict(record) | {"inputs": inputs, "outputs": outputs}))
    return paths
