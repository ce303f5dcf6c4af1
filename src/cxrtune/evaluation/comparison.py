"""Compare every pair of models on the same images: AUROC differences, tests and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.settings import MACRO, Plan
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.swaps import Paired, mean_of_pairs, paired_areas
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS, TOO_FEW, UNDEFINED, Question, verdicts

_POWER = float(norm.ppf(0.975) + norm.ppf(0.8))
Mask = NDArray[np.bool_]
_MEAN = ""  # no finding has this name
_PRIMARY = "primary"


@dataclass(frozen=True)
class Difference:
    """The difference for one finding, or for the mean over findings.

    Attributes:
        result: The result before any test.
        pair: Contributions of the patients; None if the difference is not defined.
    """

    result: PairedResult
    pair: Paired | None

    @property
    def is_tested(self) -> bool:
        """Whether there are enough patients for a test."""
        return self.pair is not None and self.result.verdict != TOO_FEW


def compare_all(ground: CommonGround, plan: Plan = Plan()) -> list[Comparison]:  # noqa: B008  frozen
    """Compare every pair of models in the given order; all tests are corrected together.

    Args:
        ground: The shared test set.
        plan: The prespecified plan.
    """
    pairs = list(combinations(ground.scores, 2))
    found: list[dict[str, Difference]] = []
    for first, second in pairs:
        differences = _differences(ground, first, second, None)
        mean = _mean_difference(ground, list(differences.values()), None)
        found.append(differences | {_MEAN: mean})
    flat = [difference for differences in found for difference in differences.values()]
    # The primary endpoint is a single test, that of the first pair.
    named = _MEAN if plan.primary == MACRO else plan.primary
    primary = list(found[0]).index(named) if found and named in found[0] else None
    results = iter(_tested(flat, primary, plan, ground.seed))
    comparisons = []
    for (first, second), differences in zip(pairs, found, strict=True):
        judged = {name: next(results) for name in differences}
        macro = judged.pop(_MEAN)
        comparisons.append(Comparison(first=first, second=second, findings=judged, macro=macro))
    return comparisons


def compare_means(
    ground: CommonGround, models: Sequence[str], other: str, within: Mask
) -> dict[str, PairedResult]:
    """Compare each of several models with another one, for the mean over findings only.

    Args:
        ground: The shared test set.
        models: Names of the models to compare; the results are returned by these names.
        other: The model to compare them with.
        within: bool (n,), restricts the images.
    """
    means = [
        _mean_difference(ground, list(_differences(ground, model, other, within).values()), within)
        for model in models
    ]
    return dict(zip(models, _tested(means, None, Plan(), ground.seed), strict=True))


def _differences(ground: CommonGround, first: str, second: str, within: Mask | None) -> dict[str, Difference]:
    return {
        finding: _finding_difference(ground, first, second, column, within)
        for column, finding in enumerate(ground.findings)
        if ground.has(first, column) and ground.has(second, column)
    }


def _tested(
    differences: Sequence[Difference], primary: int | None, plan: Plan, seed: int
) -> list[PairedResult]:
    """Test all differences together; the primary endpoint is a family of its own."""
    questions = [
        Question(one.pair, one.is_tested, _PRIMARY if place == primary else "")
        for place, one in enumerate(differences)
    ]
    return [
        one.result.model_copy(update={"primary": place == primary, "margin": plan.margin} | known)
        for place, (one, known) in enumerate(
            zip(differences, verdicts(questions, seed, plan.margin), strict=True)
        )
    ]


def _finding_difference(
    ground: CommonGround, first: str, second: str, column: int, within: Mask | None
) -> Difference:
    """Return the difference for one finding.

    Args:
        ground: The shared test set.
        first: Name of the first model.
        second: Name of the second model.
        column: Column index of the finding; both models must have scores for it.
        within: bool (n,), restricts the images.
    """
    both = [ground.sample(model, column, within) for model in (first, second)]
    truth, patients = both[0].truth, both[0].patients
    with_it, without_it = len(np.unique(patients[truth])), len(np.unique(patients[~truth]))
    result = _untested(
        images=len(truth),
        patients=len(np.unique(patients)),
        positives=int(truth.sum()),
        positive_patients=with_it,
        negative_patients=without_it,
    )
    scores = np.stack([one.scores for one in both], axis=1)
    test = delong(truth, scores)
    if test is None:
        return Difference(result, None)
    pair = paired_areas(truth, scores, patients, ground.resamples.patients)
    return Difference(_estimated(result, pair, test.p_value(0, 1)), pair)


def _mean_difference(ground: CommonGround, findings: Sequence[Difference], within: Mask | None) -> Difference:
    """Return the mean difference over the findings; a patient counts once, with all available findings.

    Args:
        ground: The shared test set.
        findings: The difference for each finding that both models have.
        within: bool (n,), restricts the images.
    """
    defined = [one for one in findings if one.pair is not None]
    inside = np.ones(len(ground.rows), dtype=bool) if within is None else within
    codes = ground.resamples.codes[inside]
    any_of_them = (ground.truth & ground.usable)[inside].any(axis=1)
    with_it = len(np.unique(codes[any_of_them]))
    pair = mean_of_pairs([one.pair for one in defined if one.pair is not None]) if defined else None
    # The finding with the fewest patients without it limits the mean.
    without_it = min((one.result.negative_patients for one in defined), default=0)
    result = _untested(
        images=int(inside.sum()),
        patients=len(np.unique(codes)),
        positives=sum(one.result.positives for one in defined),
        positive_patients=with_it,
        negative_patients=without_it,
    )
    return Difference(result if pair is None else _estimated(result, pair, None), pair)


def _untested(
    *, images: int, patients: int, positives: int, positive_patients: int, negative_patients: int
) -> PairedResult:
    return PairedResult(
        difference=None,
        interval=None,
        interval_holm=None,
        p_delong=None,
        p_patients=None,
        p_error=None,
        p_holm=None,
        detectable=None,
        verdict=UNDEFINED,
        images=images,
        patients=patients,
        positives=positives,
        positive_patients=positive_patients,
        negative_patients=negative_patients,
    )


def _estimated(result: PairedResult, pair: Paired, p_delong: float | None) -> PairedResult:
    fewest = min(result.positive_patients, result.negative_patients)
    verdict = TOO_FEW if fewest < FEWEST_PATIENTS else UNDEFINED
    update = {
        "difference": pair.difference,
        "p_delong": p_delong,
        "verdict": verdict,
        "detectable": _POWER * pair.error or None,
    }
    return result.model_copy(update=update)
