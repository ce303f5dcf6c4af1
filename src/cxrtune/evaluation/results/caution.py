"""What a reader must know before any number: oddities of the judged images, patients and scores."""

from __future__ import annotations

from typing import Literal

from cxrtune.evaluation.results.record import Stored


class Caution(Stored):
    """One oddity, in counts; the words are the report's.

    Attributes:
        kind: `one-patient`: all judged images are of one patient.
            `large-patient`: `count` of the `of` judged images are of one patient.
            `one-positive-patient`: all positives of the finding are of one patient.
            `binary-scores`: every score of the model is 0 or 1.
            `same-scores`: `count` of `of` images have exactly the scores of another patient's image.
            `below-chance`: the whole interval of the model's AUROC lies below 0.5.
            `unknown-labels`: `count` of the `of` judged images have no label of the finding.
            `worst-case`: the model did not score `count` of `of` images, a fifth of them at most; `value` is
            its macro AUROC if it had ranked all of these wrongly.
        count: See there.
        of: See there.
        model: The model's name.
        finding: The finding.
        value: See there.
    """

    kind: Literal[
        "one-patient",
        "large-patient",
        "one-positive-patient",
        "binary-scores",
        "same-scores",
        "below-chance",
        "unknown-labels",
        "worst-case",
    ]
    count: int
    of: int
    model: str | None = None
    finding: str | None = None
    value: float | None = None
