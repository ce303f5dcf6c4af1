"""Stage 3: cohort + pack + recipe -> a run folder with a model in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import Cohort
from cxrtune.engines.torch_engine import TorchEngine, first_outputs, on_best_device, probabilities
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.evaluation.validation import choose
from cxrtune.experiment.bank import BANK, BankKeeper
from cxrtune.experiment.gate import make_gate
from cxrtune.models.checkpoint import MODEL, save_model
from cxrtune.models.densenet import ChestNet, build_network
from cxrtune.models.description import ModelInfo
from cxrtune.models.scoring import ScoringNet
from cxrtune.models.weights import weights_file
from cxrtune.packs.dataset import Dataset
from cxrtune.packs.pack import Pack
from cxrtune.progress import Reporter, SilentReporter
from cxrtune.provenance import Source, key_of
from cxrtune.recipe import Recipe
from cxrtune.stage import Draft, sole_writer, stage
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.batches import BankBatches, Batches, PixelBatches, Share
from cxrtune.training.fit import FitResult, Watchers, fit
from cxrtune.training.metrics import METRICS
from cxrtune.training.stage import Stage, tail_stage, unfrozen_stage
from cxrtune.training.start import learnable_findings, start_network
from cxrtune.training.state import TrainingState, discard_state, load_state
from cxrtune.training.team import Machines, Team, assemble, is_helper, naming_lost_members
from cxrtune.training.trackers import TrackerName

Labels = NDArray[np.float32]


@dataclass(frozen=True)
class Circumstances:
    """What a training does not depend on.

    Attributes:
        machines: Where it runs.
        trackers: Other tools that are told of every epoch.
        resume: Go on where an earlier start was killed.
    """

    machines: Machines = field(default_factory=Machines)
    trackers: Sequence[TrackerName] = ()
    resume: bool = True


def train_model(
    open_dataset: Callable[[], Dataset],
    recipe: Recipe,
    out: Path,
    reporter: Reporter,
    circumstances: Circumstances = Circumstances(),
) -> Path:
    """Fine-tune the network and write the model.

    Args:
        open_dataset: Gives the cohort and its pack; called when all processes are here, as the first may have
            had to make them.
        recipe: Every choice.
        out: The run folder.
        reporter: Told of the progress.
        circumstances: Where and how it runs.

    Returns:
        The model's path.

    Raises:
        UsageError: Another process works on the run folder.
        CxrtuneError: Inputs do not fit, weights are missing, training failed, or nothing can be written.
    """
    # The first process holds the run folder for all of them, and says so before it starts any.
    with nullcontext() if is_helper() else sole_writer(out):
        team = assemble(circumstances.machines, recipe.training.arithmetic)
        if not team.is_first:
            reporter = SilentReporter()
        elif team.size > 1:
            reporter.say(f"train: {team.size} processes share every batch")
        with naming_lost_members():
            return _train(open_dataset(), recipe, out, team, reporter, circumstances)


def weights_source(recipe: Recipe) -> list[Source]:
    """Return the file of first weights as an input, if there is one."""
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
    training = _Training(dataset.cohort, dataset.pack, recipe, out, inputs, team, circumstances, reporter)
    if not team.is_first:
        if not team.gathered(None)[0]:
            training.run([])
        return model
    with stage("train", model, inputs, settings, [MODEL, METRICS], reporter) as draft:
        if team.gathered(draft.current)[0]:
            return model
        reporter.say(f"train: training on {training.seen()}{dataset.left_out}")
        fitted = training.run(draft.notes)
        training.save(model, fitted, draft)
    discard_state(out)
    return model


class _Training:
    """One process's part in a training."""

    def __init__(
        self,
        cohort: Cohort,
        pack: Pack,
        recipe: Recipe,
        out: Path,
        inputs: list[Source],
        team: Team,
        circumstances: Circumstances,
        reporter: Reporter,
    ) -> None:
        self._pack = pack
        self._recipe = recipe
        self._out = out
        self._inputs = inputs
        self._team = team
        self._circumstances = circumstances
        self._reporter = reporter
        self._cohort = cohort
        self._findings = learnable_findings(cohort, pack)
        self._labels = cohort.labels[:, [cohort.findings.index(finding) for finding in self._findings]]
        self._plan = plan_bank(cohort, pack, recipe)

    def seen(self) -> str:
        """Return how many images are trained and validated on, in words."""
        return f"{self._plan.sizes['train']:,} images, validation on {self._plan.sizes['validation']:,}"

    def run(self, notes: list[str]) -> FitResult:
        """Train; afterwards the network holds the weights of the best epoch."""
        self._warn_of_unlearnable(notes)
        self._network = self._start()
        key = key_of(self._inputs, self._recipe.of_training())
        state = self._state(key)
        labels = self._labels[self._plan.rows]
        train, validation = (labels[self._plan.span(split)] for split in ("train", "validation"))
        fitted = fit(
            self._network,
            self._stages(state),
            {"train": train, "validation": validation},
            self._recipe,
            self._team,
            self._out,
            state=state,
            key=key,
            watchers=Watchers(self._reporter, self._circumstances.trackers),
        )
        self._team.part()
        return fitted

    def save(self, model: Path, fitted: FitResult, draft: Draft) -> None:
        """Choose thresholds, write the model, and say what it is worth."""
        rows = self._plan.rows[self._plan.span("validation")]
        network = on_best_device(ScoringNet(self._network, None, flip=self._recipe.prediction.flip))
        scores = probabilities(first_outputs(TorchEngine(network), self._pack.pixels, rows))
        # On the whole network's probabilities, the very ones that `predict` gives.
        chosen = choose(self._findings, self._labels[rows], scores, self._cohort.patients[rows])
        gate, of_gate = make_gate(
            self._network, self._pack, self._plan, self._recipe, self._out / BANK, self._reporter
        )
        info = ModelInfo(self._findings, self._recipe, self._origin, **chosen.stored(), gate=of_gate)
        save_model(model, self._network.cpu(), info, gate)
        self._reporter.say(
            f"train: {fitted.epochs} epochs, best is {fitted.best_epoch} "
            f"({self._recipe.training.monitor.replace('_', ' ')} {fitted.best:.3f})"
        )
        draft.counts = asdict(fitted) | {f"{split}_images": size for split, size in self._plan.sizes.items()}
        if self._recipe.bank.precision != "float32":
            self._tell_cost_of_precision(fitted, scores, rows, draft)

    def _start(self) -> ChestNet:
        """Build the network; the first process's weights are everybody's."""
        if self._team.is_first:
            network, origin = start_network(
                self._cohort, self._pack, self._recipe, self._findings, self._reporter.say
            )
            self._origin = origin.sentence
            self._reporter.say(f"train: {origin.sentence}; head: {self._recipe.head.pooling} pooling")
        else:
            recipe = self._recipe
            network = build_network(len(self._findings), recipe.head, recipe.preprocess, recipe.seed)
        network = network.to(self._team.device)
        self._team.share(network)
        return network

    def _state(self, key: str) -> TrainingState:
        if not self._circumstances.resume and self._team.is_first:
            discard_state(self._out)
        self._team.wait()
        return load_state(self._out, key) or TrainingState()

    def _stages(self, state: TrainingState) -> list[Stage]:
        pixels = PixelBatches(
            self._pack,
            self._plan.rows,
            self._labels[self._plan.rows],
            self._recipe.augmentation,
            self._share(),
        )
        from_pixels = self._recipe.bank.store == "none"
        batches: Batches = pixels
        if not from_pixels and state.stage == 0:
            batches = self._bank_batches(state.epoch)
        stages = [tail_stage(self._network, self._recipe, batches, from_pixels=from_pixels)]
        if self._recipe.unfreeze.part != "none":
            stages.append(unfrozen_stage(self._network, self._recipe, pixels))
        return stages

    def _bank_batches(self, epoch: int) -> BankBatches:
        keeper = BankKeeper(
            self._network, self._plan, self._pack, self._recipe, self._out / BANK, self._inputs, self._team,
            self._reporter,
        )  # fmt: skip
        keeper.make(epoch)
        return BankBatches(keeper.at, keeper.plain(), self._labels[self._plan.rows], self._share())

    def _share(self) -> Share:
        sizes, recipe = self._plan.sizes, self._recipe
        return Share(
            sizes["train"],
            sizes["validation"],
            recipe.training.batch_size,
            recipe.seed,
            self._team.rank,
            self._team.size,
        )

    def _warn_of_unlearnable(self, notes: list[str]) -> None:
        for finding in self._cohort.findings:
            if finding not in self._findings:
                note = (
                    f"{finding} has no positives (or no negatives) among the training images"
                    " and is not learned"
                )
                notes.append(note)
                self._reporter.warn(f"train: {note}")

    def _tell_cost_of_precision(
        self, fitted: FitResult, scores: Labels, rows: NDArray[np.intp], draft: Draft
    ) -> None:
        """Say what the float32 network, which predicts, makes of a tail trained on coarser features."""
        precision = self._recipe.bank.precision
        auroc, _ = macro_auroc(self._labels[rows], scores)
        if auroc is None:
            return
        note = (
            f"validation AUROC {fitted.val_auroc:.3f} on the {precision} bank's features,"
            f" {auroc:.3f} by the float32 network that predicts"
        )
        draft.notes.append(note)
        self._reporter.say(f"train: {note}")
