"""Images worth looking at: a model's gravest errors."""

from __future__ import annotations

import numpy as np

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import Example

_EACH = 2


def find_examples(ground: CommonGround, model: str) -> list[Example]:
    """Return, a finding, the negatives with the highest and the positives with the lowest scores.

    No patient is shown twice for the same finding and error.
    """
    examples = []
    for column, finding in enumerate(ground.findings):
        if not ground.has(model, column):
            continue
        scores = ground.scores[model][:, column]
        for kind, present, order in (
            ("false positive", False, np.argsort(-scores, kind="stable")),
            ("false negative", True, np.argsort(scores, kind="stable")),
        ):
            wanted = order[(ground.usable & (ground.truth == present))[order, column]]
            _, first = np.unique(ground.patients[wanted].astype(str), return_index=True)
            examples += [
                Example(
                    model=model,
                    finding=finding,
                    kind=kind,
                    image=str(ground.cohort.images[ground.rows[row]]),
                    probability=float(scores[row]),
                    others=[f for i, f in enumerate(ground.findings) if ground.truth[row, i] and i != column],
                )
                for row in wanted[np.sort(first)[:_EACH]]
            ]
    return examples
