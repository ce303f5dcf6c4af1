"""Stage 3: cohort + pack + recipe -> a run folder with a model in it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from cxrtune.cohort.table import Cohort, read_cohort
from cxrtune.errors import StaleInputError
from cxrtune.evaluation.thresholds import YOUDEN_ON_VALIDATION, youden_thresholds
from cxrtune.inference.engine import TorchEngine, probabilities
from cxrtune.models.checkpoint import MODEL, ModelInfo, save_model
from cxrtune.models.densenet import ChestNet
from cxrtune.models.weights import weights_file
from cxrtune.packs.pack import Pack, open_pack
from cxrtune.pipeline.bank import make_bank
from cxrtune.pipeline.stage import left_out, skip_if_current
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, record_path, recording
from cxrtune.recipe import Recipe
from cxrtune.training.fit import METRICS, fit
from cxrtune.training.start import learnable_findings, start_network

BANK = "bank"


def train_model(cohort_file: Path, pack_folder: Path, recipe: Recipe, out: Path, reporter: Reporter) -> Path:
    """Fine-tune the tail and write the model.

    Args:
        cohort_file: The cohort.
        pack_folder: Its pack.
        recipe: Every choice.
        out: The run folder.
        reporter: Told of the progress.

    Returns:
        The model's path.

    Raises:
        CxrtuneError: Inputs do not fit, weights are missing, training failed, or nothing can be written.
    """
    cohort = read_cohort(cohort_file)
    pack = open_pack(pack_folder, cohort.images)
    if pack.spec != recipe.preprocess:
        raise StaleInputError(
            "this pack was made with another preprocessing than the recipe's",
            path=pack_folder,
            remedy="Pack again with the recipe: cxrtune pack --recipe FILE",
        )
    inputs = [Source.of_file("cohort", cohort_file), Source.of_file("pack", record_path(pack_folder))]
    file = weights_file(recipe.weights)
    if file is not None and file.is_file():
        inputs.append(Source.of_file("weights", file))
    settings = recipe.model_dump(mode="json")
    model = out / MODEL
    if skip_if_current("train", model, inputs, settings, reporter):
        return model
    findings = learnable_findings(cohort, pack)
    with recording("train", model, inputs, settings, [MODEL, METRICS]) as draft:
        _warn_of_unlearnable(cohort, findings, draft.notes, reporter)
        network, origin = start_network(cohort, pack, recipe, findings, reporter.say)
        reporter.say(f"train: {origin.sentence}; head: {recipe.head.pooling} pooling")
        bank = make_bank(network, cohort, pack, recipe, out / BANK, inputs=inputs, reporter=reporter)
        seen = f"{bank.sizes['train']:,} images, validation on {bank.sizes['validation']:,}"
        reporter.say(f"train: training on {seen}{left_out(cohort_file)}")
        labels = _labels(cohort, findings)
        fitted = fit(network.tail, bank, labels, recipe.training, recipe.seed, out, reporter)
        reporter.say(
            f"train: {fitted.epochs} epochs, best is {fitted.best_epoch} "
            f"({recipe.training.monitor.replace('_', ' ')} {fitted.best:.3f})"
        )
        thresholds = _thresholds(network, cohort, pack, findings)
        save_model(
            model, network, ModelInfo(findings, recipe, origin.sentence, YOUDEN_ON_VALIDATION, thresholds)
        )
        draft.counts = asdict(fitted) | {f"{split}_images": size for split, size in bank.sizes.items()}
    return model


def _labels(cohort: Cohort, findings: tuple[str, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return cohort.labels[:, [cohort.findings.index(finding) for finding in findings]]


def _warn_of_unlearnable(
    cohort: Cohort, findings: tuple[str, ...], notes: list[str], reporter: Reporter
) -> None:
    for finding in cohort.findings:
        if finding not in findings:
            note = (
                f"{finding} has no positives (or no negatives) among the training images and is not learned"
            )
            notes.append(note)
            reporter.warn(f"train: {note}")


def _thresholds(network: ChestNet, cohort: Cohort, pack: Pack, findings: tuple[str, ...]) -> dict[str, float]:
    """Choose thresholds on probabilities of the whole network, the very ones that `predict` gives."""
    rows = cohort.rows("validation")
    rows = rows[pack.readable[rows]]
    scores = probabilities(TorchEngine(network).logits_of_rows(pack.pixels, rows))
    return youden_thresholds(findings, _labels(cohort, findings)[rows], scores)
