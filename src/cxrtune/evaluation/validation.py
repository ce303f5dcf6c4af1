"""Thresholds and calibration that are chosen once on validation images, and the images they rest on."""

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
    """Thresholds supplied by the user of an evaluation, such as those recommended by a model's maker.

    Attributes:
        values: Thresholds of scores, in [0, 1], by finding.
        source: Where the thresholds come from, in a few words.
    """

    values: Mapping[str, float]
    source: str

    @property
    def rule(self) -> str:
        """Description of how the thresholds were chosen."""
        return f"given by the user ({self.source})"


@dataclass(frozen=True)
class Chosen:
    """The basis of one model's decisions and calibration.

    Attributes:
        thresholds: Thresholds of the decisions, by finding.
        threshold_rule: How the thresholds were chosen.
        points: Operating points by rule and finding.
        calibrators: Calibrators by finding.
    """

    thresholds: dict[str, float]
    threshold_rule: str
    points: dict[str, dict[str, OperatingPoint]]
    calibrators: dict[str, Calibrator]

    def stored(self) -> dict[str, Any]:
        """Return the fields in the form stored in a model file and a table of predictions."""
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
    """Choose thresholds and calibration on validation images; decisions use Youden's J.

    Args:
        findings: Names of the F findings.
        labels: (N, F), 1, 0, or NaN if not known.
        scores: (N, F), in [0, 1], NaN if not known.
        patients: object (N,), the patient of each image.
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
    """Return what the model itself stores; what is missing is chosen on the validation images it scored.

    If the user supplies thresholds, they are used for the decisions, and nothing is chosen. Values for
    findings that are not evaluated, because the cohort lacks them, are ignored.
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
    """Describe the images on which a model's thresholds and calibration were chosen.

    Args:
        card: What the model provided.
        chosen: The thresholds and calibration in use.
        cohort: The cohort with the reference standard.
        scores: (N, F), in the order of the cohort, in [0, 1], NaN if not known.
        rows: intp, the evaluated rows.
        given: Thresholds supplied by the user.
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
    """Return how a model's thresholds were chosen, or why it has none and how to obtain them."""
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
