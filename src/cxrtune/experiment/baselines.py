"""Make the predictions of the baselines, or give the reason why one is missing (part of stage 4)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.folder import require_images
from cxrtune.cohort.table import CohortTable
from cxrtune.engines.choice import chosen_engine, make_engine
from cxrtune.errors import UsageError, WeightsError
from cxrtune.evaluation.results import MissingModel
from cxrtune.experiment.predict import predictions_of, scored_rows
from cxrtune.experiment.train import weights_source
from cxrtune.models.baselines import XRV_PREFIX
from cxrtune.models.baselines.probe import NAME, STRENGTHS, fit_probe
from cxrtune.models.densenet import TRUNK_CHANNELS
from cxrtune.packs.dataset import Dataset
from cxrtune.packs.pack import Pack
from cxrtune.predictions import ModelCard
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.recipe import Recipe
from cxrtune.stage import stage
from cxrtune.training.bank.build import TrunkOutput
from cxrtune.training.bank.keeper import bank_key, is_bank_of
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.bank.view_file import open_bank
from cxrtune.training.start import learnable_findings, start_network


def check_baselines(names: tuple[str, ...]) -> None:
    """Check the names of baselines before any work.

    Raises:
        UsageError: There is no baseline of that name.
    """
    for name in names:
        if name.startswith(XRV_PREFIX):
            from cxrtune.models.baselines.xrv import xrv_weights

            xrv_weights(name.removeprefix(XRV_PREFIX))
        elif name != NAME:
            raise UsageError(
                f"there is no baseline '{name}'",
                remedy=f"Choose {NAME}, or {XRV_PREFIX}NAME; see: `cxrtune.models.inventory`",
            )


def predict_probe(dataset: Dataset, bank: Path, recipe: Recipe, out: Path, reporter: Reporter) -> Path:
    """Fit the linear probe on the backbone's pooled output and score validation and test.

    Args:
        dataset: The cohort and its pack.
        bank: The folder of a feature bank; the backbone is run on images that are not in it.
        recipe: The recipe, which defines the backbone.
        out: The table of predictions.
        reporter: Receives the progress.

    Raises:
        CxrtuneError: The inputs do not match, or the table cannot be written.
    """
    inputs = [*dataset.sources, *weights_source(recipe)]
    settings = {"strengths": list(STRENGTHS)} | recipe.model_dump(
        mode="json", include={"preprocess", "seed", "weights", "bank"}
    )
    cohort, pack = dataset.cohort, dataset.pack
    plan = plan_bank(cohort, pack, recipe)
    with stage(NAME, out, inputs, settings, [out.name], reporter) as draft:
        if draft.current:
            return out
        test = cohort.rows("test")
        rows = np.concatenate([plan.rows, test[pack.readable[test]]])
        if is_bank_of(bank, bank_key(inputs, recipe)):
            banked = open_bank(bank, plan, [0]).pooled(slice(0, len(plan.rows)))
            anew = _pooled_anew(cohort, pack, recipe, rows[len(banked) :], reporter)
            features = np.concatenate([banked, anew])
        else:
            features = _pooled_anew(cohort, pack, recipe, rows, reporter)
        labels = cohort.labels[plan.rows]
        train, validation = plan.span("train"), plan.span("validation")
        probe = fit_probe((features[train], labels[train]), (features[validation], labels[validation]))
        rows, values = rows[validation.start :], probe.scores(features[validation.start :])
        card = ModelCard(
            title="Linear probe on the frozen trunk",
            origin=f"Logistic regression, C = {probe.strength:g} chosen on validation, same trunk",
        )
        predictions_of(cohort, rows, cohort.findings, values, card).write(out)
        draft.counts = {"images": len(rows), "C": probe.strength}
    scored = f"{len(rows):,} images scored{dataset.left_out}"
    reporter.say(f"{NAME}: fitted with C = {probe.strength:g}, {scored}")
    return out


def _pooled_anew(
    cohort: CohortTable, pack: Pack, recipe: Recipe, rows: NDArray[np.intp], reporter: Reporter
) -> NDArray[np.float32]:
    """Return the spatial mean of the backbone's output with initial weights, float32 (n, 512)."""
    network, _ = start_network(cohort, pack, recipe, learnable_findings(cohort, pack), reporter.say)
    engine = make_engine(
        chosen_engine(recipe.bank.engine, "float32", images=len(rows), on_cpu=True),
        TrunkOutput(network),
        size=recipe.preprocess.size,
    )
    with reporter.task("Linear probe", len(rows)) as task:
        pooled = []
        for (output,) in engine.stream(pack.pixels[row] for row in rows):
            pooled.append(output.mean(axis=(0, 1), dtype=np.float32))
            task.advance()
    return np.stack(pooled) if pooled else np.empty((0, TRUNK_CHANNELS), np.float32)


def predict_xrv(
    name: str, dataset: Dataset, data: Path, out: Path, workers: int, reporter: Reporter
) -> MissingModel | None:
    """Score validation and test with one of TorchXRayVision's models, from the original files.

    Two tables are written: its published scores, and its raw logits (`.logits.parquet`).

    Returns:
        None or, if its weights are not available, the reason why the comparison is missing.

    Raises:
        CxrtuneError: The inputs do not match, or a table cannot be written.
    """
    from cxrtune.models.baselines.xrv import PUBLISHED_THRESHOLD, score_with_xrv, xrv_weights

    weights = xrv_weights(name.removeprefix(XRV_PREFIX))
    cohort = dataset.cohort
    parts, _ = scored_rows(cohort, dataset.pack.readable)
    rows = np.concatenate(parts)
    files = require_images(data, cohort.images[rows])
    logits_file = out.with_suffix(".logits.parquet")
    inputs = [dataset.sources[0], Source.of_listing("images", data, files)]
    if weights.path.is_file():
        inputs.append(Source.of_file("weights", weights.path))
    try:
        made = [out.name, logits_file.name]
        with stage(name, out, inputs, {}, made, reporter, anew=not weights.path.is_file()) as draft:
            if draft.current:
                return None
            with reporter.task(f"TorchXRayVision {weights.name}", len(rows)) as task:
                scores = score_with_xrv(
                    weights.name, list(files.values()), workers=workers, progress=task.advance
                )
            card = ModelCard(
                title=f"TorchXRayVision {weights.name}",
                origin=f"{weights.path.name}, SHA-256 {scores.sha256}, its own reader and resize",
                threshold_rule="published operating point (0.5 after its scaling)",
                thresholds={f: PUBLISHED_THRESHOLD for f in scores.findings if f in cohort.findings},
            )
            predictions_of(cohort, rows, scores.findings, scores.published, card).write(out)
            predictions_of(cohort, rows, scores.findings, scores.logits, card).write(logits_file)
            draft.counts = {"images": len(rows) - len(scores.refused), "refused": len(scores.refused)}
            draft.notes += [
                f"{cohort.images[rows[i]]} was refused: {why}" for i, why in scores.refused.items()
            ]
    except WeightsError as error:
        reporter.warn(f"{name}: this comparison will be missing: {error.message}")
        reason = f"{error.message[0].upper()}{error.message[1:]}."
        return MissingModel(name=name, reason=reason, remedy=str(error.remedy))
    reporter.say(
        f"{name}: {len(rows) - len(scores.refused):,} images scored, weights SHA-256 {scores.sha256[:12]}"
    )
    if scores.refused:
        reporter.warn(f"{name}: its reader refused {len(scores.refused):,} images; they are not scored")
    return None
