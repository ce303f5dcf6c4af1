"""Fit the OOD check to the training images as the trained network sees them (part of stage 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from cxrtune.engines.torch_engine import TorchEngine, first_outputs, on_best_device
from cxrtune.models.densenet import ChestNet
from cxrtune.models.description import POSES, GateInfo
from cxrtune.models.gate import Gate, posed
from cxrtune.packs.pack import Pack
from cxrtune.progress import Reporter
from cxrtune.recipe import Recipe
from cxrtune.training.bank.plan import BankPlan
from cxrtune.training.bank.view_file import open_bank

FALSE_ALARMS = 0.01
"""The proportion of validation images that the OOD check flags."""

FIT_IMAGES = 2000
"""The largest number of training images that the OOD check is fitted to."""

_FEWEST_STEPS, _MOST_STEPS = 100, 1200
_BATCH = 64
_LEARNING_RATE = 3e-3
# Patients' positions vary by this much between radiographs; such a rotation is not another pose.
_LARGEST_TURN = 0.17  # radians
_LARGEST_SHIFT = 0.1  # of half the side
_LARGEST_SCALE = 0.1
_AT_ONCE = 256  # images


@dataclass(frozen=True)
class GateImages:
    """Images in the form that the OOD check is fitted to.

    Attributes:
        thumbnails: float32 (N, 1, s, s), from `Gate.thumbnails`.
        pooled: float32 (N, 512), from `Gate.pooled`.
    """

    thumbnails: Tensor
    pooled: Tensor

    def __len__(self) -> int:
        return len(self.thumbnails)


def make_gate(
    network: ChestNet, pack: Pack, plan: BankPlan, recipe: Recipe, bank: Path, reporter: Reporter
) -> tuple[Gate, GateInfo]:
    """Fit the OOD check of a trained network.

    The backbone's output is read from the feature bank if it equals what the network itself would give.

    Args:
        network: The network that will predict.
        pack: The images.
        plan: The rows for training and for validation.
        recipe: The recipe of the training.
        bank: The folder of the feature bank.
        reporter: Receives the progress.
    """
    gate = Gate(recipe.preprocess.size)
    train = np.arange(plan.sizes["train"])
    if len(train) > FIT_IMAGES:
        train = np.sort(np.random.default_rng(recipe.seed).permutation(train)[:FIT_IMAGES])
    validation = np.arange(plan.sizes["train"], len(plan.rows))
    with reporter.task("OOD check", step_count(len(train))) as task:
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
    """Return the spatial mean of the backbone's output, float32 (n, 512), for rows of the feature bank."""
    is_trunks = recipe.unfreeze.part == "none" and recipe.bank.precision == "float32"
    if recipe.bank.store == "disk" and is_trunks:
        features = open_bank(bank, plan, [0])
        return torch.from_numpy(features.pooled(slice(0, len(plan.rows)))[rows])
    engine = TorchEngine(on_best_device(_PooledFeatures(network)))
    return torch.from_numpy(first_outputs(engine, pack.pixels, plan.rows[rows]))


class _PooledFeatures(nn.Module):
    """The spatial mean of the backbone's output."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        self._network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Map grey values in [0, 255], uint8 or float16 (N, S, S), to float32 (N, 512)."""
        return Gate.pooled(self._network.features(pixels))


def fit_gate(
    gate: Gate,
    train: GateImages,
    validation: GateImages,
    *,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
) -> GateInfo:
    """Fit an OOD check; the same seed and images give the same result.

    Args:
        gate: The OOD check; its state is replaced.
        train: Training images.
        validation: Validation images; 1 % of them are above the threshold.
        seed: Determines the pose network's initial weights and the order of its examples.
        progress: Called with the number of steps done since the last call, out of `step_count`.
    """
    gate.features.fit(train.pooled, scale=True)
    gate.image.fit(gate.coarse(train.thumbnails), scale=False)
    _train_pose(gate, train.thumbnails, seed, progress)
    with torch.inference_mode():
        distances, _ = gate.raw(validation.thumbnails, validation.pooled)
    middle = distances.median(dim=0).values
    high = distances.quantile(1 - FALSE_ALARMS, dim=0)
    gate.centre.copy_(middle)
    gate.reach.copy_((high - middle).clamp_min(1e-3))
    largest = ((distances - gate.centre) / gate.reach).amax(dim=1)
    return GateInfo(float(largest.quantile(1 - FALSE_ALARMS)), len(train), len(validation))


def step_count(images: int) -> int:
    """Return the number of training steps of the pose network: one per training image, within bounds."""
    return min(_MOST_STEPS, max(_FEWEST_STEPS, images))


def _train_pose(gate: Gate, thumbnails: Tensor, seed: int, progress: Callable[[int], None]) -> None:
    steps = step_count(len(thumbnails))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in gate.pose:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.reset_parameters()
        gate.pose.requires_grad_(True).train()
        adam = torch.optim.AdamW(gate.pose.parameters(), lr=_LEARNING_RATE, weight_decay=1e-2)
        cycle = torch.optim.lr_scheduler.OneCycleLR(adam, _LEARNING_RATE, total_steps=steps)
        for _ in range(steps):
            chosen = thumbnails[torch.randint(len(thumbnails), (_BATCH,))]
            poses = torch.randint(len(POSES), (_BATCH,))
            loss = F.cross_entropy(gate.pose(posed(_moved(chosen), poses)), poses)
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            cycle.step()
            progress(1)
    gate.pose.requires_grad_(False).eval()


def _moved(thumbnails: Tensor) -> Tensor:
    """Rotate, shift and scale each thumbnail slightly."""
    count = len(thumbnails)
    turn = (torch.rand(count) * 2 - 1) * _LARGEST_TURN
    scale = 1 + (torch.rand(count) * 2 - 1) * _LARGEST_SCALE
    shift = (torch.rand(count, 2) * 2 - 1) * _LARGEST_SHIFT
    cosine, sine = scale * turn.cos(), scale * turn.sin()
    matrices = torch.stack([cosine, -sine, shift[:, 0], sine, cosine, shift[:, 1]], dim=1).view(count, 2, 3)
    grid = F.affine_grid(matrices, list(thumbnails.shape), align_corners=False)
    return F.grid_sample(thumbnails, grid, padding_mode="border", align_corners=False)
