"""cxrtune: fine-tune a DenseNet-121 on chest radiographs, compare it honestly, and run it.

The names below are the public ones; everything else may change without notice. They are imported when they
are first used, so that `import cxrtune` takes no time.

Research software, no medical device: it never diagnoses.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxrtune import errors
    from cxrtune.api.cohort import Cohort
    from cxrtune.api.comparison import AurocComparison, compare
    from cxrtune.api.evaluation import evaluate
    from cxrtune.api.prediction_table import PredictionTable
    from cxrtune.api.results import Results, load_results
    from cxrtune.api.run import Run, train
    from cxrtune.scoring.explanation import Explanation
    from cxrtune.scoring.prediction import Prediction
    from cxrtune.scoring.predictor import Predictor

    __version__: str

_PLACES = {
    "AurocComparison": "cxrtune.api.comparison",
    "Cohort": "cxrtune.api.cohort",
    "Explanation": "cxrtune.scoring.explanation",
    "Prediction": "cxrtune.scoring.prediction",
    "PredictionTable": "cxrtune.api.prediction_table",
    "Predictor": "cxrtune.scoring.predictor",
    "Results": "cxrtune.api.results",
    "Run": "cxrtune.api.run",
    "compare": "cxrtune.api.comparison",
    "evaluate": "cxrtune.api.evaluation",
    "load_results": "cxrtune.api.results",
    "train": "cxrtune.api.run",
}

__all__ = [
    "AurocComparison",
    "Cohort",
    "Explanation",
    "Prediction",
    "PredictionTable",
    "Predictor",
    "Results",
    "Run",
    "__version__",
    "compare",
    "errors",
    "evaluate",
    "load_results",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        found = getattr(importlib.import_module(_PLACES[name]), name)
    elif name == "errors":
        found = importlib.import_module("cxrtune.errors")
    elif name == "__version__":
        from importlib.metadata import version

        found = version("cxrtune")
    else:
        raise AttributeError(f"module 'cxrtune' has no attribute '{name}'")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
