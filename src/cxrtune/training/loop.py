"""The training loop of one stage: an epoch over the batches, then validation; and the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.swa_utils import AveragedModel

from cxrtune.errors import CxrtuneError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.recipe import TrainingSpec
from cxrtune.training.schedule import Plateau, rate_factor
from cxrtune.training.stage import Stage
from cxrtune.training.state import Weights, copied_weights
from cxrtune.training.team import Team

_CHECK_EVERY = 16


class Loop:
    """The loop of one stage: learner, optimizer and, if the recipe asks for it, an average of the weights."""

    def __init__(self, stage: Stage, spec: TrainingSpec, pos_weight: Tensor, team: Team) -> None:
        self._stage = stage
        self._team = team
        self._steps = stage.batches.steps()
        self._pos_weight = pos_weight.to(team.device)
        self._bare = stage.prepare().to(team.device)
        groups = stage.groups()
        self._optimizer = Adam(
            [{**group, "lr": group["rate"]} for group in groups], weight_decay=spec.weight_decay, fused=True
        )
        self._average = averaged_model(self._bare, spec.ema) if spec.ema else None
        self._learner, self._wrapped = team.fabric.setup(self._bare, self._optimizer)

    @property
    def steps(self) -> int:
        """The number of steps per epoch."""
        return self._steps

    def train(self, epoch: int, plateau: Plateau, advance: Callable[[], None]) -> tuple[float, float]:
        """Run an epoch, counted from 0.

        Returns:
            The mean training loss, and the learning rate of the first step.

        Raises:
            CxrtuneError: The loss became infinite or NaN.
        """
        self._learner.train()
        figures: list[Tensor] = []
        first_rate = self._set_rates(epoch * self._steps, plateau)
        for number, (inputs, labels) in enumerate(self._stage.batches.training(epoch)):
            rate = self._set_rates(epoch * self._steps + number, plateau)
            figures.append(self._step(inputs, labels))
            advance()
            if number % _CHECK_EVERY == 0 or number == self._steps - 1:
                _require_finite(figures, epoch, rate)
        # Each row has loss, known labels and images; batches are weighted by their number of images.
        table = torch.stack(figures).double().cpu()
        losses = table[:, 0] / table[:, 1].clamp(min=1)
        return float((losses * table[:, 2]).sum() / table[:, 2].sum()), first_rate

    def validate(self) -> tuple[float, float]:
        """Return loss and macro AUROC on the validation part; AUROC is NaN if it is not defined."""
        model = self._bare if self._average is None else self._average.module
        model.eval()
        logits, labels = [], []
        for inputs, truth in self._stage.batches.validation():
            with torch.no_grad(), self._team.fabric.autocast():
                output: Tensor = model(*(part.to(self._team.device) for part in inputs))
            logits.append(output.float().cpu().numpy())
            labels.append(truth.numpy())
        parts = self._team.gathered((logits, labels))
        scores, truths = (_in_turn([part[which] for part in parts]) for which in (0, 1))
        loss = masked_bce(torch.from_numpy(scores), torch.from_numpy(truths), self._pos_weight.cpu())
        auroc, _ = macro_auroc(truths, scores)
        return float(loss), math.nan if auroc is None else auroc

    def learned(self) -> Weights:
        """Return copies of the weights that are validated and kept, by the network's own names."""
        model = self._bare if self._average is None else self._average.module
        return {name.removeprefix("network."): tensor for name, tensor in copied_weights(model).items()}

    def state(self) -> dict[str, Any]:
        """Return everything that changes during the stage, for the training state."""
        return {
            "learner": self._bare.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "precision": self._team.fabric.strategy.precision.state_dict(),
            "average": {} if self._average is None else self._average.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self._bare.load_state_dict(state["learner"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._team.fabric.strategy.precision.load_state_dict(state["precision"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])

    def _step(self, inputs: tuple[Tensor, ...], labels: Tensor) -> Tensor:
        """Train on one batch; return its loss, known labels and images, summed over the team."""
        labels = labels.to(self._team.device)
        logits: Tensor = self._learner(*(part.to(self._team.device) for part in inputs))
        total, known = summed_bce(logits, labels, self._pos_weight)
        figures = self._team.total(torch.stack([total.detach(), known, known.new_tensor(len(labels))]))
        # Gradients are averaged over the processes; times their number, this is the mean over the batch.
        self._team.fabric.backward(total / figures[1].clamp(min=1) * self._team.size)
        self._wrapped.step()
        self._optimizer.zero_grad()
        if self._average is not None:
            self._average.update_parameters(self._bare)
        return figures

    def _set_rates(self, step: int, plateau: Plateau) -> float:
        factor = rate_factor(self._stage.schedule, step, self._stage.epochs * self._steps, plateau)
        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * factor
        return float(self._optimizer.param_groups[0]["lr"])


def _require_finite(figures: list[Tensor], epoch: int, rate: float) -> None:
    losses = torch.stack(figures)[:, 0]
    wrong = (~torch.isfinite(losses)).nonzero()
    if len(wrong):
        batch = int(wrong[0])
        raise CxrtuneError(
            f"the training loss became {float(losses[batch])} in epoch {epoch + 1}, batch {batch + 1}"
            f" of the stage, at learning rate {rate:g}",
            remedy="Try a smaller one: `training.learning_rate=1e-4`",
        )


def _in_turn(shares: list[list[NDArray[np.float32]]]) -> NDArray[np.float32]:
    """Put the batches of all processes, which were distributed in turn, back in order."""
    order = range(max(len(share) for share in shares))
    return np.concatenate([share[place] for place in order for share in shares if place < len(share)])


def averaged_model(learner: nn.Module, decay: float) -> AveragedModel:
    """Return a moving average of a learner's weights, updated at each step by `update_parameters`.

    After n steps the decay is at most (1 + n) / (10 + n), so that the poor weights of the first steps are
    soon forgotten (Abadi et al., "TensorFlow", 2016: ExponentialMovingAverage with num_updates).

    Args:
        learner: The module that is trained.
        decay: Proportion of the old average that a step keeps, in [0, 1).
    """

    def average(kept: Tensor, current: Tensor, count: Any) -> Tensor:
        if not kept.is_floating_point():  # batch-norm counts its batches
            return current
        steps = float(count)
        return torch.lerp(kept, current, 1 - min(decay, (1 + steps) / (10 + steps)))

    return AveragedModel(learner, avg_fn=average, use_buffers=True)


def positive_weights(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return negatives / positives per finding, which gives both classes the same weight in the loss.

    Args:
        labels: float32 (N, F) of the training part, 1, 0, or NaN where unknown; each finding has at least
            one positive.

    Returns:
        float32 (F,).
    """
    positives, negatives = np.sum(labels == 1, axis=0), np.sum(labels == 0, axis=0)
    return np.asarray(negatives / positives, dtype=np.float32)


def summed_bce(logits: Tensor, labels: Tensor, pos_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum of the binary cross-entropy over the known labels, and the number of known labels.

    Args:
        logits: float32 (N, F).
        labels: float32 (N, F), 1, 0, or NaN where unknown.
        pos_weight: float32 (F,), the factor of the terms of positive labels.

    Returns:
        Two scalars, float32; their ratio is the mean loss.
    """
    known = ~torch.isnan(labels)
    terms = F.binary_cross_entropy_with_logits(
        logits.float(), torch.where(known, labels, 0.0), pos_weight=pos_weight, reduction="none"
    )
    return (terms * known).sum(), known.sum().float()


def masked_bce(logits: Tensor, labels: Tensor, pos_weight: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the known labels, a scalar; 0 if no label is known.

    The arguments are those of `summed_bce`.
    """
    total, known = summed_bce(logits, labels, pos_weight)
    return total / known.clamp(min=1)
