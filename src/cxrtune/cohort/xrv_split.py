"""Which NIH images TorchXRayVision's NIH models were trained on, as far as that can be known.

Its training script parts patients with scikit-learn's GroupShuffleSplit, 80 to 20, random_state 0, groups =
patient ids as text, over its own NIH table with both views. Its author says that the exact split of the
released weights is lost, so this rule is the best estimate there is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

RULE = (
    "scikit-learn's GroupShuffleSplit, 80 to 20, random_state 0, by patient, over NIH's whole table; the "
    "exact split of the released weights is lost, this is the best estimate"
)
SOURCE = "https://github.com/mlmed/torchxrayvision, scripts/train_model.py"
_TRAINED_ON_NIH = ("-nih", "-all")


def was_trained_on_nih(name: str) -> bool:
    """Tell whether a baseline of this name is one of TorchXRayVision's that saw NIH's images in training."""
    return name.startswith("xrv:") and name.endswith(_TRAINED_ON_NIH)


def training_part(table: Path) -> pd.Series[bool]:
    """Return, by image name, whether it is in the training part.

    Args:
        table: NIH's whole table, v2020, as torchxrayvision ships it.
    """
    # The patients' numbers as text, and so in the order of text, decide the split.
    columns = pd.read_csv(table, usecols=["Image Index", "Patient ID"], dtype=str)
    split = GroupShuffleSplit(n_splits=1, train_size=0.8, test_size=0.2, random_state=0)
    groups = columns["Patient ID"].to_numpy(dtype=object)
    train, _ = next(split.split(np.zeros(len(groups)), groups=groups))
    inside = np.zeros(len(groups), dtype=bool)
    inside[train] = True
    return pd.Series(inside, index=columns["Image Index"], dtype=bool)
