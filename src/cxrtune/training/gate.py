"""Inside stage 3: the quality gate, fitted to the training images as the trained network sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cxrtune.engines.torch_engine import TorchEngine, first_outputs, on_best_device
from cxrtune.models.densenet import ChestNet
from cxrtune.models.description import GateInfo
from cxrtune.models.gate.fit import FIT_IMAGES, GateImages, fit_gate, step_count
from cxrtune.models.gate.gate import Gate
from cxrtune.packs.pack import Pack
from cxrtune.progress import Reporter
from cxrtune.recipe import Recipe
from cxrtune.training.bank.plan import BankPlan
from cxrtune.training.bank.read import open_bank

_AT_ONCE = 256


def make_gate(
    network: ChestNet, pack: Pack, plan: BankPlan, recipe: Recipe, bank: Path, reporter: Reporter
) -> tuple[Gate, GateInfo]:
    """Fit a gate for a trained network.

    The trunk's output is taken from the bank where that is what the network itself would give.

    Args:
        network: As it will predict.
        pack: The pictures.
        plan: Which rows are for training and for validation.
        recipe: Every choice.
        bank: The bank's folder.
        reporter: Told of the progress.
    """
    gate = Gate(recipe.preprocess.size)
    train = np.arange(plan.sizes["train"])
    if len(train) > FIT_IMAGES:
        train = np.sort(np.random.default_rng(recipe.seed).permutation(train)[:FIT_IMAGES])
    validation = np.arange(plan.sizes["train"], len(plan.rows))
    with reporter.task("Quality gate", step_count(len(train))) as task:
        images = [
            GateImages(
                _thumbnails(gate, pack, plan.rows[part]), _pooled(network, pack, plan, recipe, bank, part)
            )
            for part in (train, validation)
        ]
        info = fit_gate(gate, images[0], images[1], seed=recipe.seed, progress=task.advance)
    return gate, info


def _thumbnails(gate: Gate, pack: Pack, rows: NDArray[np.intp]) -> torch.Tensor:
    chunks = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
    return torch.cat([gate.thumbnails(torch.from_numpy(pack.pixels[chunk])) for chunk in chunks])


def _pooled(
    network: ChestNet, pack: Pack, plan: BankPlan, recipe: Recipe, bank: Path, rows: NDArray[np.intp]
) -> torch.Tensor:
    """Return float32 (n, 512), the mean of the trunk's output, of some bank rows."""
    is_trunks = recipe.unfreeze.part == "none" and recipe.bank.precision == "float32"
    if recipe.bank.store == "disk" and is_trunks:
        features = open_bank(bank, plan, [0])
        return torch.from_numpy(features.pooled(slice(0, len(plan.rows)))[rows])
    engine = TorchEngine(on_best_device(_PooledFeatures(network)))
    return torch.from_numpy(first_outputs(engine, pack.pixels, plan.rows[rows]))


class _PooledFeatures(nn.Module):
    """The mean of the trunk's output over its map."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        self._network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Map grey in [0, 255], uint8 or float16 (N, S, S), to float32 (N, 512)."""
        return self._network.features(pixels).mean(dim=(2, 3))
