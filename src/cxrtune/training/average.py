"""An exponential moving average of the weights, which is what is validated and kept."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def averaged_model(learner: nn.Module, decay: float) -> AveragedModel:
    """Return a copy of a learner that follows it, a step at a time, by `update_parameters`.

    After n steps the decay is at most (1 + n) / (10 + n), so that the first, poor weights are soon
    forgotten (Abadi et al., "TensorFlow", 2016: ExponentialMovingAverage with num_updates).

    Args:
        learner: What is trained.
        decay: Share of the old average that a step keeps, in [0, 1).
    """

    def average(kept: Tensor, current: Tensor, count: Any) -> Tensor:
        if not kept.is_floating_point():  # batch-norm counts its batches
            return current
        steps = float(count)
        return torch.lerp(kept, current, 1 - min(decay, (1 + steps) / (10 + steps)))

    return AveragedModel(learner, avg_fn=average, use_buffers=True)
