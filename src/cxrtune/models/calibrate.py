"""Batch-norm statistics for a trunk whose weights were drawn at random."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cxrtune.models.densenet import ChestNet


@torch.no_grad()
def calibrate_trunk(network: ChestNet, pixels: Tensor, batch_size: int = 32) -> None:
    """Set the running statistics of the trunk's batch-norms to those of some training images.

    With statistics 0 and 1 as initialised, activations of a random trunk drift over its 120 layers
    and carry nothing. Each batch is normalised by its own statistics, and their plain average is kept.

    Args:
        network: Its trunk's running statistics are replaced.
        pixels: grey in [0, 255], uint8 or float (N, S, S), training images only.
        batch_size: Images a batch.
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
