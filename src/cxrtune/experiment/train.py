"""Stage 3: train a model from a cohort, its pack and a recipe, and write it to a run folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from cxrtune.engines.torch_engine import TorchEngine, first_outputs, on_best_device, to_scores
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.evaluation.validation import choose
from cxrtune.models.checkpoint import save_model
from cxrtune.models.description import MODEL, ModelInfo
from cxrtune.models.scoring import ScoringNet
from cxrtune.models.weights import weights_file
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter, SilentReporter
from cxrtune.provenance import Source
from cxrtune.recipe import Recipe
from cxrtune.stage import Draft, sole_writer, stage
from cxrtune.training.bank.keeper import BANK
from cxrtune.training.fine_tuning import Circumstances, FineTuned, FineTuning
from cxrtune.training.gate import make_gate
from cxrtune.training.metrics import METRICS
from cxrtune.training.state import discard_state
from cxrtune.training.team import Team, assemble, is_helper, naming_lost_members


def train_model(
    open_dataset: Callable[[], Dataset],
    recipe: Recipe,
    out: Path,
    reporter: Reporter,
    circumstances: Circumstances = Circumstances(),  # noqa: B008  frozen
) -> Path:
    """Fine-tune the network and write the model.

    Args:
        open_dataset: Returns the cohort and its pack; called once all processes are connected, because the
            first one may have had to make them.
        recipe: The recipe of the training.
        out: The run folder.
        reporter: Receives the progress.
        circumstances: Where and how the training runs.

    Returns:
        The path of the model.

    Raises:
        UsageError: Another process is using the run folder.
        CxrtuneError: The inputs do not match, weights are missing, training failed, or the output cannot be
            written.
    """
    # The first process locks the run folder for all of them before it starts the others.
    with nullcontext() if is_helper() else sole_writer(out):
        team = assemble(circumstances.machines, recipe.training.arithmetic)
        if not team.is_first:
            reporter = SilentReporter()
        elif team.size > 1:
            reporter.say(f"train: {team.size} processes share every batch")
        with naming_lost_members():
            return _train(open_dataset(), recipe, out, team, reporter, circumstances)


def weights_source(recipe: Recipe) -> list[Source]:
    """Return the file of initial weights as an input, if there is one."""
    file = weights_file(recipe.weights)
    return [Source.of_file("weights", file)] if file is not None and file.is_file() else []


def _train(
    dataset: Dataset,
    recipe: Recipe,
    out: Path,
    team: Team,
    reporter: Reporter,
    circumstances: Circumstances,
) -> Path:
    inputs = [*dataset.sources, *weights_source(recipe)]
    settings = recipe.of_training()
    model = out / MODEL
    training = FineTuning(dataset, recipe, out, inputs, team, circumstances, reporter)
    if not team.is_first:
        if not team.gathered(None)[0]:
            training.run([])
        return model
    with stage("train", model, inputs, settings, [MODEL, METRICS], reporter) as draft:
        if team.gathered(draft.current)[0]:
            return model
        reporter.say(f"train: training on {training.seen}{dataset.left_out}")
        tuned = training.run(draft.notes)
        _save(model, dataset, recipe, training, tuned, draft, reporter)
    discard_state(out)
    return model


def _save(
    model: Path,
    dataset: Dataset,
    recipe: Recipe,
    training: FineTuning,
    tuned: FineTuned,
    draft: Draft,
    reporter: Reporter,
) -> None:
    """Choose thresholds and calibration, fit the OOD check, write the model, and report its performance."""
    plan, fitted = training.plan, tuned.fitted
    rows = plan.rows[plan.span("validation")]
    network = on_best_device(ScoringNet(tuned.network, None, flip=recipe.prediction.flip))
    scores = to_scores(first_outputs(TorchEngine(network), dataset.pack.pixels, rows))
    # Chosen on the scores of the whole network, which are identical to those of `predict`.
    chosen = choose(training.findings, training.labels[rows], scores, dataset.cohort.patients[rows])
    gate, of_gate = make_gate(tuned.network, dataset.pack, plan, recipe, model.parent / BANK, reporter)
    info = ModelInfo(training.findings, recipe, tuned.origin, **chosen.stored(), gate=of_gate)
    save_model(model, tuned.network.cpu(), info, gate)
    reporter.say(
        f"train: {fitted.epochs} epochs, best is {fitted.best_epoch} "
        f"({recipe.training.monitor.replace('_', ' ')} {fitted.best:.3f})"
    )
    draft.counts = asdict(fitted) | {f"{split}_images": size for split, size in plan.sizes.items()}
    auroc, _ = macro_auroc(training.labels[rows], scores)
    if recipe.bank.precision != "float32" and auroc is not None:
        # The trainable layers of the float32 network, which predicts, were trained on less precise features.
        note = (
            f"validation AUROC {fitted.val_auroc:.3f} on the {recipe.bank.precision} bank's features,"
            f" {auroc:.3f} by the float32 network that predicts"
        )
        draft.notes.append(note)
        reporter.say(f"train: {note}")
