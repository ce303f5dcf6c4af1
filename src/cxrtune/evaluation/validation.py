"""All that is chosen on validation and then left alone, and on which images: thresholds, calibration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.calibration.calibrator import Calibrator, read_calibrator
from cxrtune.evaluation.calibration.fit import fit_calibrators
from cxrtune.evaluation.results import ChosenOn
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


def chosen_on(
    card: ModelCard,
    chosen: Chosen,
    cohort: CohortTable,
    scores: NDArray[np.floating],
    rows: NDArray[np.intp],
    given: GivenThresholds | None = None,
) -> ChosenOn:
    """Say what a model's thresholds and calibration were chosen on.

    Args:
        card: What the model brought.
        chosen: What was used.
        cohort: The reference standard.
        scores: (N, F), in the cohort's order, probability in [0, 1], NaN where not known.
        rows: intp, the judged rows.
        given: Thresholds that the user gave.
    """
    validation = cohort.rows("validation")
    known = ~np.isnan(scores[validation]) & ~np.isnan(cohort.labels[validation])
    used = validation[known.any(axis=1)]
    stored_points = [finding for points in card.operating_points.values() for finding in points]
    return ChosenOn(
        thresholds=_source(card.thresholds, chosen.thresholds, cohort) if given is None else "user",
        operating_points=_source(stored_points, [p for at in chosen.points.values() for p in at], cohort),
        calibration=_source(card.calibration, chosen.calibrators, cohort),
        validation_images=len(used),
        validation_part=len(validation),
        judged=len(np.intersect1d(used, rows)),
    )


def threshold_rule(name: str, chosen: Chosen, basis: ChosenOn) -> str:
    """Return how a model's thresholds came about, or why it has none and what gives it some."""
    if basis.thresholds != "none":
        return chosen.threshold_rule
    return f"{_why_no_thresholds(basis)}. Thresholds are given with `thresholds` {name}=FILE"


def _why_no_thresholds(basis: ChosenOn) -> str:
    if basis.validation_part == 0:
        return "none: the model brought none, and the cohort has no validation part to choose them on"
    if basis.validation_images == 0:
        part = f"{basis.validation_part:,} validation images"
        return f"none: the model brought none, and scored none of the {part}"
    return (
        "none: the model brought none, and no finding has positives and negatives among the "
        f"{basis.validation_images:,} validation images that it scored"
    )


def _source(
    stored: Collection[str], used: Collection[str], cohort: CohortTable
) -> Literal["model", "validation", "none"]:
    if any(finding in cohort.findings for finding in stored):
        return "model"
    return "validation" if used else "none"
