"""cxrtune: fine-tune a DenseNet-121 on chest radiographs, compare it honestly, and run it.

Research software, no medical device: it never diagnoses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxrtune.scoring.predictor import Predictor

__all__ = ["Predictor"]


def __getattr__(name: str) -> Any:
    # Late, so that the command's help does not wait for torch.
    if name == "Predictor":
        from cxrtune.scoring.predictor import Predictor

        return Predictor
    raise AttributeError(f"module 'cxrtune' has no attribute '{name}'")
