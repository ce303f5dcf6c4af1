"""Permutation test that is valid with few patients: two models are swapped within patients.

If two models are equally good, it does not matter which of them produced a patient's scores. So the models'
ranks are repeatedly swapped in random patients, for all images of a patient together (the permutation test of
Venkatraman and Begg, "A distribution-free procedure for comparing receiver operating characteristic curves
from a paired experiment", Biometrika 1996; here for the area, and by patient). The difference of the areas
is a sum over patients of a weight that is added or subtracted, so a swap needs no ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Values = NDArray[np.float64]

_FIRST_DRAWS = 20_000
_MOST_DRAWS = 640_000
_MOST_SIGNS = 3_000_000_000  # draws times patients: some ten seconds
_AT_ONCE = 2**23  # signs per batch
_SINGLE = 1e-6  # of sums in single precision with some thousand terms


@dataclass(frozen=True)
class Paired:
    """A paired comparison, with the contribution of each patient.

    Attributes:
        weights: float64 (P,); they add up to the difference, and a swap changes the sign of one.
        shares: float64 (P,), in [0, 1], fractions of the images; they add up to 1.
    """

    weights: Values
    shares: Values

    @property
    def difference(self) -> float:
        """First minus second."""
        return float(self.weights.sum())

    @property
    def error(self) -> float:
        """Standard error of the difference, estimated from the patients' contributions."""
        return float(np.sqrt(((self.weights - self.difference * self.shares) ** 2).sum()))


def paired_areas(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], patients: NDArray[np.intp], number: int
) -> Paired:
    """Return the difference of two AUROCs, with the contribution of each patient.

    Args:
        truth: bool (n,), True for positives; both classes must occur.
        scores: (n, 2), scores of both models, all known.
        patients: intp (n,), the patient index of each image, from 0.
        number: Number of patients, P.
    """
    # Scores of two models have different scales; ranks have the same.
    ranks = rankdata(scores, axis=0)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    above = count_below(np.sort(ranks[~truth], axis=None), ranks[truth]) / 2
    under = positives - count_below(np.sort(ranks[truth], axis=None), ranks[~truth]) / 2
    weights = np.zeros(number)
    np.add.at(weights, patients[truth], (above[:, 0] - above[:, 1]) / (positives * negatives))
    np.add.at(weights, patients[~truth], (under[:, 0] - under[:, 1]) / (positives * negatives))
    shares = np.bincount(patients[truth], minlength=number) / (2 * positives)
    shares += np.bincount(patients[~truth], minlength=number) / (2 * negatives)
    return Paired(weights, shares)


def paired_means(differences: Values, patients: NDArray[np.intp], number: int) -> Paired:
    """Return a mean difference with the contribution of each patient; `differences` is float64 (n,)."""
    weights = np.bincount(patients, weights=differences, minlength=number) / len(differences)
    return Paired(weights, np.bincount(patients, minlength=number) / len(differences))


def mean_of_pairs(pairs: Sequence[Paired]) -> Paired:
    """Return the mean of several comparisons of the same patients."""
    weights = np.mean([pair.weights for pair in pairs], axis=0)
    return Paired(weights, np.mean([pair.shares for pair in pairs], axis=0))


@dataclass(frozen=True)
class Swapped:
    """One comparison under random swaps that are shared with other comparisons.

    Attributes:
        difference: The observed difference.
        drawn: float64 (B,), the difference after each random swap.
        moved: float64 (B,), in [-1, 1], the change of each caused by a true difference of 1.
        rounding: By how much two equal sums may differ.
    """

    difference: float
    drawn: Values
    moved: Values
    rounding: float

    def p_value(self, true: float = 0.0) -> float:
        """Return the two-sided p-value of a true difference; never 0, as the data count as one draw."""
        beyond = np.abs(self.drawn - true * self.moved) >= abs(self.difference - true) - self.rounding
        return float((1 + np.count_nonzero(beyond)) / (1 + len(self.drawn)))

    def error_of(self, p_value: float) -> float:
        """Return the Monte-Carlo standard error of a p-value."""
        return float(np.sqrt(p_value * (1 - p_value) / len(self.drawn)))

    def interval(self, level: float = 0.05) -> tuple[float, float] | None:
        """Return the true differences that are not rejected; None if no swap has an effect."""
        if not self.drawn.any():
            return None
        return -self._upper(-1.0, level), self._upper(1.0, level)

    def _upper(self, side: float, level: float) -> float:
        """Return the largest true difference that is not rejected; a side of -1 exchanges the models.

        A draw counts against a true difference above the observed one, up to a value specific to the draw:
        |d - t m| >= t - D holds for t <= (D + d) / (1 + m) and for t <= (D - d) / (1 - m). So the limit is
        one of these sorted values, and interval and p-value never contradict each other.
        """
        observed, drawn = side * self.difference + self.rounding, side * self.drawn
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.fmax((observed + drawn) / (1 + self.moved), (observed - drawn) / (1 - self.moved))
        # Not rejected while 1 + count > level (1 + draws): at least that many draws must count.
        count = int(np.floor(level * (1 + len(ends)) - 1)) + 1
        if count <= 0:
            return 1.0
        place = len(ends) - count
        return float(min(1.0, max(-1.0, np.partition(ends, place)[place])))


def swap(
    pairs: Sequence[Paired], seed: int, is_decided: Callable[[Sequence[Swapped]], bool]
) -> list[Swapped]:
    """Swap within patients, for all comparisons together, until the results are decided.

    Args:
        pairs: Comparisons of the same patients.
        seed: Random seed of the swaps.
        is_decided: Whether more draws would change nothing; not called after the maximum number of draws.
    """
    if not pairs:
        return []
    patients = len(pairs[0].weights)
    factors = np.stack([*(p.weights for p in pairs), *(p.shares for p in pairs)], axis=1).astype(np.float32)
    most = max(_FIRST_DRAWS, min(_MOST_DRAWS, _MOST_SIGNS // patients))
    random, parts, draws = np.random.default_rng(seed), list[NDArray[np.float32]](), 0
    while True:
        more = max(_FIRST_DRAWS, draws)
        parts += [signs @ factors for signs in _signs(random, more, patients)]
        draws += more
        sums = np.concatenate(parts).astype(np.float64)
        swapped = [
            Swapped(
                difference=pair.difference,
                drawn=sums[:, place],
                moved=sums[:, len(pairs) + place],
                rounding=_SINGLE * float(np.abs(pair.weights).sum()),
            )
            for place, pair in enumerate(pairs)
        ]
        if 2 * draws > most or is_decided(swapped):
            return swapped


def _signs(random: np.random.Generator, draws: int, patients: int) -> Iterator[NDArray[np.float32]]:
    at_once = max(1, _AT_ONCE // patients)
    for start in range(0, draws, at_once):
        rows = min(at_once, draws - start)
        bits = np.unpackbits(random.integers(256, size=(rows, -(-patients // 8)), dtype=np.uint8), axis=1)
        yield bits[:, :patients].astype(np.float32) * 2 - 1


def count_below(ordered: Values, values: Values) -> Values:
    """Return how many values of an ascending pool are below each value, with ties counted as one half."""
    both = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(both / 2, dtype=np.float64)
