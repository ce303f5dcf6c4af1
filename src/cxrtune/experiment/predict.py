"""Stage 4: make predictions with a model and the pack of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import CohortTable
from cxrtune.engines.torch_engine import TorchEngine, first_outputs, on_best_device, to_scores
from cxrtune.models.checkpoint import load_model
from cxrtune.models.description import model_file
from cxrtune.models.scoring import ScoringNet
from cxrtune.packs.dataset import Dataset
from cxrtune.predictions import ModelCard, Predictions, require_suffix
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.scoring.loading import TITLE
from cxrtune.scoring.rows import model_card
from cxrtune.stage import stage

SCORED_SPLITS = ("validation", "test")


def predict_cohort(model: Path, dataset: Dataset, out: Path, reporter: Reporter) -> Path:
    """Score the validation and test images of a cohort with a trained model.

    Args:
        model: A run folder or a model file.
        dataset: The cohort and its pack.
        out: The table of predictions.
        reporter: Receives the progress.

    Raises:
        CxrtuneError: The inputs do not match, the model is damaged, or the table cannot be written.
    """
    require_suffix(out)
    file = model_file(model)
    network, info = load_model(file)
    dataset.require_preprocessing_of(info.recipe, "model")
    cohort, pack = dataset.cohort, dataset.pack
    inputs = [Source.of_file("model", file), *dataset.sources]
    with stage("predict", out, inputs, {}, [out.name], reporter) as draft:
        if draft.current:
            return out
        parts, skipped = scored_rows(cohort, pack.readable)
        rows = np.concatenate(parts)
        scoring = ScoringNet(network, None, flip=info.recipe.prediction.flip)
        engine = TorchEngine(on_best_device(scoring))
        with reporter.task("Predicting", len(rows)) as task:
            # One split at a time: the batches of the last validation of training, so equal to the bit.
            logits = np.concatenate(
                [first_outputs(engine, pack.pixels, part, task.advance) for part in parts]
            )
        predictions_of(cohort, rows, info.findings, to_scores(logits), model_card(info)).write(out)
        draft.counts = {"images": len(rows), "not_scored": skipped}
    reporter.say(f"predict: {len(rows):,} images scored by {TITLE}{dataset.left_out}")
    return out


def scored_rows(cohort: CohortTable, readable: NDArray[np.bool_]) -> tuple[list[NDArray[np.intp]], int]:
    """Return the readable rows of validation and of test, and the number of unreadable ones."""
    rows = [cohort.rows(split) for split in SCORED_SPLITS]
    kept = [part[readable[part]] for part in rows]
    return kept, sum(len(part) for part in rows) - sum(len(part) for part in kept)


def predictions_of(
    cohort: CohortTable,
    rows: NDArray[np.intp],
    findings: Sequence[str],
    values: NDArray[np.float32],
    card: ModelCard,
) -> Predictions:
    """Arrange the values of a model by the findings of the cohort.

    Args:
        cohort: The cohort with the names of images, patients and findings.
        rows: intp (n,), the cohort row of each row of values.
        findings: The G findings of the model.
        values: float32 (n, G), probabilities, NaN where unknown.
        card: The description of the model.

    Returns:
        Predictions with one column per finding of the cohort, NaN if the model does not predict it.
    """
    columns = np.full((len(rows), len(cohort.findings)), np.nan, dtype=np.float32)
    for column, finding in enumerate(cohort.findings):
        if finding in findings:
            columns[:, column] = values[:, list(findings).index(finding)]
    return Predictions(cohort.images[rows], cohort.patients[rows], cohort.findings, columns, card)
