"""All that is chosen on validation and then left alone: thresholds by every rule, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator, read_calibrator
from cxrtune.evaluation.calibration.fit import fit_calibrators
from cxrtune.evaluation.roc import Labels, Scores
from cxrtune.evaluation.thresholds import RULES, YOUDEN_ON_VALIDATION, OperatingPoint, operating_points
from cxrtune.predictions import ModelCard

_NOTHING = "none: the model scored no validation images"


@dataclass(frozen=True)
class GivenThresholds:
    """Thresholds of a model that the user of an evaluation gives, such as those of its maker.

    Attributes:
        values: Probability in [0, 1] by finding.
        source: Where they stand, in a few words.
    """

    values: Mapping[str, float]
    source: str

    @property
    def rule(self) -> str:
        """How they came about, in words."""
        return f"given by the user ({self.source})"


@dataclass(frozen=True)
class Chosen:
    """What the calls and the calibration of one model rest on.

    Attributes:
        thresholds: By finding; these make the calls.
        threshold_rule: How they came about.
        points: By rule and finding.
        calibrators: By finding.
    """

    thresholds: dict[str, float]
    threshold_rule: str
    points: dict[str, dict[str, OperatingPoint]]
    calibrators: dict[str, Calibrator]

    def stored(self) -> dict[str, Any]:
        """Return the fields as a model file and a table of predictions keep them."""
        return {
            "thresholds": self.thresholds,
            "threshold_rule": self.threshold_rule,
            "operating_points": {
                rule: {finding: asdict(point) for finding, point in points.items()}
                for rule, points in self.points.items()
            },
            "calibration": {finding: asdict(calibrator) for finding, calibrator in self.calibrators.items()},
        }


def choose(findings: Sequence[str], labels: Labels, scores: Scores, patients: NDArray[np.object_]) -> Chosen:
    """Choose everything on validation images; Youden's J makes the calls.

    Args:
        findings: The F findings.
        labels: (N, F), 1, 0, or NaN where not known.
        scores: (N, F), probability in [0, 1], NaN where not known.
        patients: object (N,).
    """
    points: dict[str, dict[str, OperatingPoint]] = {
        rule: operating_points(findings, labels, scores, rule) for rule in RULES
    }
    thresholds = {finding: point.threshold for finding, point in points["youden"].items()}
    calibrators = fit_calibrators(findings, labels, scores, patients)
    return Chosen(thresholds, YOUDEN_ON_VALIDATION if thresholds else _NOTHING, points, calibrators)


def stored_or_chosen(
    card: ModelCard,
    findings: Sequence[str],
    labels: Labels,
    scores: Scores,
    patients: NDArray[np.object_],
    given: GivenThresholds | None = None,
) -> Chosen:
    """Take what the model itself says; what it does not say is chosen on the validation images it scored.

    Where the user gives thresholds, they make the calls, and nothing is chosen. Of findings that are not
    judged, as the cohort lacks them, nothing is taken.
    """
    if given is None:
        own = choose(findings, labels, scores, patients)
        thresholds, rule = _of(findings, card.thresholds), card.threshold_rule
    else:
        own = Chosen({}, given.rule, {}, {})
        thresholds, rule = _of(findings, given.values), given.rule
    points = {rule: _of(findings, points) for rule, points in card.operating_points.items()}
    return Chosen(
        thresholds=thresholds or own.thresholds,
        threshold_rule=rule if thresholds else own.threshold_rule,
        points={
            rule: {finding: OperatingPoint(**point) for finding, point in at.items()}
            for rule, at in points.items()
        }
        or own.points,
        calibrators={
            finding: read_calibrator(stored) for finding, stored in _of(findings, card.calibration).items()
        }
        or own.calibrators,
    )


def _of(findings: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {finding: value for finding, value in values.items() if finding in findings}
