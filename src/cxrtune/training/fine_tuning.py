"""The work of one process in a training: from a data set and a recipe to a network with its best weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxrtune.models.densenet import ChestNet, build_network
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, key_of
from cxrtune.recipe import Recipe
from cxrtune.training.bank.keeper import BANK, BankKeeper
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.batches import BankBatches, Batches, PixelBatches, Share
from cxrtune.training.fit import FitResult, Watchers, fit
from cxrtune.training.metrics import TrackerName
from cxrtune.training.stage import Stage, tail_stage, unfrozen_stage
from cxrtune.training.start import learnable_findings, start_network
from cxrtune.training.state import TrainingState, discard_state, load_state
from cxrtune.training.team import Machines, Team


@dataclass(frozen=True)
class Circumstances:
    """Settings that do not affect the result of a training.

    Attributes:
        machines: The devices and machines to train on.
        trackers: Tracking tools that receive the metrics of every epoch.
        resume: Whether to resume a run that was killed.
    """

    machines: Machines = field(default_factory=Machines)
    trackers: Sequence[TrackerName] = ()
    resume: bool = True


@dataclass(frozen=True)
class FineTuned:
    """A trained network.

    Attributes:
        network: The network with the weights of the best epoch.
        origin: The origin of its initial weights, as a sentence.
        fitted: The result of the training.
    """

    network: ChestNet
    origin: str
    fitted: FitResult


class FineTuning:
    """A training that is ready to run.

    Attributes:
        findings: The findings that can be learned.
        labels: float32 (N, F), 1, 0 or NaN, of all images of the cohort.
        plan: The rows for training and for validation.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        out: Path,
        inputs: list[Source],
        team: Team,
        circumstances: Circumstances,
        reporter: Reporter,
    ) -> None:
        """Determine which findings can be learned, and from which images.

        Args:
            dataset: The cohort and its pack.
            recipe: The recipe of the training.
            out: The run folder.
            inputs: What the training depends on, in addition to the recipe.
            team: The processes that train together.
            circumstances: Where and how the training runs.
            reporter: Receives the progress.
        """
        self._dataset = dataset
        self._recipe = recipe
        self._out = out
        self._inputs = inputs
        self._team = team
        self._circumstances = circumstances
        self._reporter = reporter
        cohort = dataset.cohort
        self.findings = learnable_findings(cohort, dataset.pack)
        self.labels = cohort.labels[:, [cohort.findings.index(finding) for finding in self.findings]]
        self.plan = plan_bank(cohort, dataset.pack, recipe)

    @property
    def seen(self) -> str:
        """The number of training and validation images, in words."""
        return f"{self.plan.sizes['train']:,} images, validation on {self.plan.sizes['validation']:,}"

    def run(self, notes: list[str]) -> FineTuned:
        """Train; add the findings that are not learned to the notes.

        Raises:
            CxrtuneError: The training failed, or its results cannot be written.
        """
        self._warn_of_unlearnable(notes)
        network, origin = self._start()
        key = key_of(self._inputs, self._recipe.of_training())
        state = self._state(key)
        labels = self.labels[self.plan.rows]
        train, validation = (labels[self.plan.span(split)] for split in ("train", "validation"))
        fitted = fit(
            network,
            self._stages(network, state),
            {"train": train, "validation": validation},
            self._recipe,
            self._team,
            self._out,
            state=state,
            key=key,
            watchers=Watchers(self._reporter, self._circumstances.trackers),
        )
        self._team.part()
        return FineTuned(network, origin, fitted)

    def _start(self) -> tuple[ChestNet, str]:
        """Build the network; all processes get the weights of the first one."""
        recipe, origin = self._recipe, ""
        if self._team.is_first:
            network, weights = start_network(
                self._dataset.cohort, self._dataset.pack, recipe, self.findings, self._reporter.say
            )
            origin = weights.sentence
            self._reporter.say(f"train: {origin}; head: {recipe.head.pooling} pooling")
        else:
            network = build_network(len(self.findings), recipe.head, recipe.preprocess, recipe.seed)
        network = network.to(self._team.device)
        self._team.share(network)
        return network, origin

    def _state(self, key: str) -> TrainingState:
        if not self._circumstances.resume and self._team.is_first:
            discard_state(self._out)
        self._team.wait()
        return load_state(self._out, key) or TrainingState()

    def _stages(self, network: ChestNet, state: TrainingState) -> list[Stage]:
        pixels = PixelBatches(
            self._dataset.pack,
            self.plan.rows,
            self.labels[self.plan.rows],
            self._recipe.augmentation,
            self._share(),
        )
        from_pixels = self._recipe.bank.store == "none"
        batches: Batches = pixels
        if not from_pixels and state.stage == 0:
            batches = self._bank_batches(network, state.epoch)
        stages = [tail_stage(network, self._recipe, batches, from_pixels=from_pixels)]
        if self._recipe.unfreeze.part != "none":
            stages.append(unfrozen_stage(network, self._recipe, pixels))
        return stages

    def _bank_batches(self, network: ChestNet, epoch: int) -> BankBatches:
        keeper = BankKeeper(
            network, self.plan, self._dataset.pack, self._recipe, self._out / BANK, self._inputs, self._team,
            self._reporter,
        )  # fmt: skip
        keeper.make(epoch)
        return BankBatches(keeper.at, keeper.plain(), self.labels[self.plan.rows], self._share())

    def _share(self) -> Share:
        sizes, recipe = self.plan.sizes, self._recipe
        return Share(
            sizes["train"],
            sizes["validation"],
            recipe.training.batch_size,
            recipe.seed,
            self._team.rank,
            self._team.size,
        )

    def _warn_of_unlearnable(self, notes: list[str]) -> None:
        for finding in self._dataset.cohort.findings:
            if finding not in self.findings:
                note = (
                    f"{finding} has no positives (or no negatives) among the training images"
                    " and is not learned"
                )
                notes.append(note)
                self._reporter.warn(f"train: {note}")
