"""The tail as Lightning's loop sees it."""

from __future__ import annotations

import math
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from cxrtune.evaluation.roc import macro_auroc
from cxrtune.models.densenet import Tail
from cxrtune.recipe import TrainingSpec
from cxrtune.training.batches import Batch
from cxrtune.training.loss import masked_bce, positive_weights


class TailModule(lightning.LightningModule):
    """Trains the tail on the trunk's output; the trunk is not even here."""

    pos_weight: Tensor

    def __init__(self, tail: Tail, spec: TrainingSpec, training_labels: NDArray[np.float32]) -> None:
        super().__init__()
        self.tail = tail
        self.spec = spec
        balanced = spec.class_weights == "balanced"
        weights = (
            positive_weights(training_labels) if balanced else np.ones(training_labels.shape[1], np.float32)
        )
        self.register_buffer("pos_weight", torch.from_numpy(weights), persistent=False)
        self._validation: list[tuple[Tensor, Tensor]] = []

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the loss of one batch."""
        features, labels = batch
        loss = masked_bce(self.tail(features), labels, self.pos_weight)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Keep one batch's logits."""
        features, labels = batch
        self._validation.append((self.tail(features), labels))

    def on_validation_epoch_end(self) -> None:
        """Log loss and macro AUROC over the whole validation part."""
        logits, labels = (torch.cat(parts) for parts in zip(*self._validation, strict=True))
        self._validation.clear()
        self.log("val_loss", masked_bce(logits, labels, self.pos_weight))
        auroc, _ = macro_auroc(labels.cpu().numpy(), logits.cpu().numpy())
        self.log("val_auroc", math.nan if auroc is None else auroc)

    def configure_optimizers(self) -> Any:
        """Return Adam and the recipe's schedule in Lightning's form."""
        optimizer = Adam(self.parameters(), lr=self.spec.learning_rate, weight_decay=self.spec.weight_decay)
        match self.spec.schedule.name:
            case "plateau":
                return {"optimizer": optimizer, "lr_scheduler": self._plateau(optimizer)}
            case "cosine":
                steps = int(self.trainer.estimated_stepping_batches)
                cosine = LambdaLR(
                    optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))
                )
                return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "step"}}
            case "constant":
                return optimizer

    def _plateau(self, optimizer: Optimizer) -> dict[str, Any]:
        schedule = self.spec.schedule
        plateau = ReduceLROnPlateau(optimizer, mode="min", patience=schedule.patience, factor=schedule.factor)
        return {"scheduler": plateau, "monitor": "val_loss"}
