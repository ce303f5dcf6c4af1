"""The network at the start of training: initial weights, and calibrated batch-norm of a random backbone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.models.densenet import ChestNet, build_network
from cxrtune.models.weights import WeightsOrigin, load_first_weights
from cxrtune.packs.pack import Pack
from cxrtune.recipe import Recipe

_CALIBRATION_IMAGES = 256


def learnable_findings(cohort: CohortTable, pack: Pack) -> tuple[str, ...]:
    """Return the findings that have a positive and a negative among the readable training images.

    Raises:
        DataError: There is no such finding, or no readable training or validation image.
    """
    for split in ("train", "validation"):
        if not pack.readable[cohort.rows(split)].any():
            raise DataError(f"the cohort has no readable {split} images")
    rows = cohort.rows("train")
    labels = cohort.labels[rows[pack.readable[rows]]]
    learnable = (labels == 1).any(axis=0) & (labels == 0).any(axis=0)
    if not learnable.any():
        raise DataError("no finding has both positives and negatives among the training images")
    return tuple(np.array(cohort.findings)[learnable].tolist())


def start_network(
    cohort: CohortTable, pack: Pack, recipe: Recipe, findings: tuple[str, ...], say: Callable[[str], None]
) -> tuple[ChestNet, WeightsOrigin]:
    """Build the network of a recipe and load its initial weights.

    Args:
        cohort: Determines which images are for training.
        pack: The images.
        recipe: Weights, head, preprocessing and seed.
        findings: The findings that the network predicts.
        say: Called with a message when a file is downloaded.

    Raises:
        WeightsError: The weights are missing, damaged or for another network.
        ModelFileError: The weights file is a damaged model of cxrtune.
    """
    network = build_network(len(findings), recipe.head, recipe.preprocess, recipe.seed)
    origin = load_first_weights(network, recipe.weights, findings, say=say)
    if origin.kind == "random":
        rows = cohort.rows("train")
        readable = rows[pack.readable[rows]]
        chosen = np.random.default_rng(recipe.seed).permutation(readable)[:_CALIBRATION_IMAGES]
        calibrate_trunk(network, torch.from_numpy(pack.pixels[np.sort(chosen)]))
    return network, origin


@torch.no_grad()
def calibrate_trunk(network: ChestNet, pixels: Tensor, batch_size: int = 32) -> None:
    """Set the running statistics of the backbone's batch-norm layers to those of some training images.

    With the initial statistics of 0 and 1, the activations of a random backbone drift over its 120 layers
    and carry no information. Each batch is normalised by its own statistics, and their plain average is kept.

    Args:
        network: The network; the running statistics of its backbone are replaced.
        pixels: Grey values in [0, 255], uint8 or float (N, S, S), of training images only.
        batch_size: Images per batch.
    """
    norms = [module for module in network.trunk.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for start in range(0, len(pixels), batch_size):
        network.features(pixels[start : start + batch_size])
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
