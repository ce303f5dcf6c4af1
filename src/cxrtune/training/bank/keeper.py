"""The feature bank on disk: build missing views and delete those that are no longer needed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from cxrtune.engines.choice import chosen_engine, make_engine
from cxrtune.engines.engine import Engine
from cxrtune.errors import OutputError
from cxrtune.files import naming_output_errors, write_text
from cxrtune.models.densenet import ChestNet
from cxrtune.packs.pack import Pack
from cxrtune.progress import Reporter, SilentTask, Task
from cxrtune.provenance import Source, key_of
from cxrtune.recipe import Recipe
from cxrtune.stage import stage
from cxrtune.training.bank.build import TrunkOutput, build_views
from cxrtune.training.bank.plan import BankPlan
from cxrtune.training.bank.view_file import FeatureBank, ViewFile, bytes_in, open_bank, view_numbers
from cxrtune.training.team import Team

BANK = "bank"
_IDENTITY = "bank.json"
_CALIBRATION_IMAGES = 256


def bank_key(inputs: Sequence[Source], recipe: Recipe) -> str:
    """Return the SHA-256 of everything that a view depends on; the number of views is not included."""
    content = recipe.model_dump(mode="json", include={"augmentation", "preprocess", "seed", "weights"})
    return key_of(inputs, content | {"precision": recipe.bank.precision})


def is_bank_of(folder: Path, key: str) -> bool:
    """Return whether the views in a folder were made with this key."""
    try:
        return bool(json.loads((folder / _IDENTITY).read_text(encoding="utf-8"))["key"] == key)
    except (OSError, ValueError, KeyError, TypeError):
        return False


class BankKeeper:
    """Builds the missing views of a feature bank and deletes those that are no longer needed."""

    def __init__(
        self,
        network: ChestNet,
        plan: BankPlan,
        pack: Pack,
        recipe: Recipe,
        folder: Path,
        inputs: list[Source],
        team: Team,
        reporter: Reporter,
    ) -> None:
        self._network = network
        self._plan = plan
        self._pack = pack
        self._recipe = recipe
        self._folder = folder
        self._inputs = inputs
        self._team = team
        self._reporter = reporter

    def make(self, epoch: int) -> None:
        """Build the feature bank for a training that starts or resumes at an epoch, counted from 0.

        Raises:
            OutputError: The feature bank does not fit on the disk or cannot be written.
        """
        views = self._plan.files_at(epoch)
        content = self._recipe.model_dump(
            mode="json", include={"bank", "augmentation", "preprocess", "seed", "weights"}
        )
        if not self._team.is_first:
            if not self._team.gathered(None)[0]:
                self._build(views, SilentTask())
            return
        names = [ViewFile(self._folder, view, self._plan.shape(view)).path.name for view in views]
        with stage("bank", self._folder, self._inputs, content, names, self._reporter) as draft:
            if self._team.gathered(draft.current)[0]:
                return
            self._tidy(views)
            draft.counts = {
                "views": self._plan.images(views),
                **self._plan.sizes,
                "engine": self._engine_name,
            }
            self._announce(views)
            with self._reporter.task("Feature bank", self._plan.images(views)) as task:
                self._build(views, task)

    def at(self, epoch: int) -> FeatureBank:
        """Return the feature bank with the views of an epoch, after drawing new augmented views if due."""
        views = self._plan.views_at(epoch)
        needed = self._plan.files_at(epoch)
        missing = [view for view in needed if not self._file(view).path.is_file()]
        self._team.wait()
        if missing:
            if self._team.is_first:
                self._reporter.say(
                    f"bank: views {missing[0]} to {missing[-1]} are drawn for epoch {epoch + 1}"
                )
                self._tidy(needed)
            self._build(needed, SilentTask())
        return open_bank(self._folder, self._plan, views)

    def plain(self) -> FeatureBank:
        """Return the feature bank with the plain images only."""
        return open_bank(self._folder, self._plan, [0])

    @property
    def _engine_name(self) -> Literal["torch", "openvino"]:
        spec = self._recipe.bank
        images = self._plan.images(self._plan.files_at(0))
        on_cpu = self._team.device.type == "cpu"
        return chosen_engine(spec.engine, spec.precision, images=images, on_cpu=on_cpu)

    def _build(self, views: Sequence[int], task: Task) -> None:
        self._team.wait()  # until the first process has deleted the old views
        build_views(
            self._folder, self._plan, views, lambda: self._engine, self._pack, self._recipe, self._team,
            progress=task.advance,
        )  # fmt: skip

    @cached_property
    def _engine(self) -> Engine:
        # Kept for the views that are drawn later: converting the network takes seconds.
        train = self._plan.rows[self._plan.span("train")]
        chosen = np.random.default_rng(self._recipe.seed).permutation(train)[:_CALIBRATION_IMAGES]
        return make_engine(
            self._engine_name,
            TrunkOutput(self._network),
            size=self._recipe.preprocess.size,
            precision=self._recipe.bank.precision,
            calibration=(self._pack.pixels[row] for row in np.sort(chosen)),
        )

    def _tidy(self, wanted: Sequence[int]) -> None:
        """Remove every view that is stale or not needed, and write the key of the folder's new content."""
        key = bank_key(self._inputs, self._recipe)
        with naming_output_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            mine = is_bank_of(self._folder, key)
            there = view_numbers(self._folder)
            if there and not mine:
                self._reporter.say("bank: the one that is there was made from something else and is replaced")
            for view in there:
                if not mine or view not in wanted:
                    self._file(view).discard()
        if not mine:
            write_text(self._folder / _IDENTITY, json.dumps({"key": key}) + "\n")

    def _announce(self, views: Sequence[int]) -> None:
        """Report how much disk space the feature bank needs, and fail before any work if it is not available.

        Raises:
            OutputError: There is not enough free disk space.
        """
        need, spec = self._plan.bytes(views), self._recipe.bank
        free, there = shutil.disk_usage(self._folder).free, bytes_in(self._folder)
        self._reporter.say(
            f"bank: {self._plan.images(views):,} views ({spec.views} of each training image),"
            f" {_size(need)} on disk, {_size(free)} free;"
            f" trunk by {self._engine_name}, {spec.precision}"
        )
        if there:
            self._reporter.say(f"bank: {_size(min(there, need))} of it are there already")
        if need - there > free:
            raise OutputError(
                f"the bank needs {_size(need - there)} more, and {_size(free)} are free",
                path=self._folder,
                remedy=f"{self._smaller(free + there)}do without a bank (`bank.store=none`),"
                " or choose another disk with `out`.",
            )

    def _smaller(self, room: int) -> str:
        for views in range(self._recipe.bank.views - 1, 0, -1):
            if self._plan.bytes(range(views)) <= room:
                return f"Take fewer views (`bank.views={views}` fits), "
        return "Free some space, "

    def _file(self, view: int) -> ViewFile:
        return ViewFile(self._folder, view, self._plan.shape(view))


def _size(amount: int) -> str:
    return f"{amount / 1e9:.2f} GB" if amount >= 1e8 else f"{amount / 1e6:.1f} MB"
