"""The paired test that holds with few patients: two models change places within patients.

If two models are equally good, it does not matter which of them gave a patient's scores. So the models' ranks
are swapped in random patients, all images of a patient together, again and again (the permutation test of
Venkatraman and Begg, "A distribution-free procedure for comparing receiver operating characteristic curves
from a paired experiment", Biometrika 1996; here for the area, and by patient). The difference of the areas is
then a sum over the patients of a weight that is added or subtracted, so a swap costs no ranking.
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
_MOST_SIGNS = 3_000_000_000  # of all draws and patients: some ten seconds
_AT_ONCE = 2**23  # signs
_SINGLE = 1e-6  # of sums in single precision, which are some thousand terms


@dataclass(frozen=True)
class Paired:
    """What one comparison comes to, patient by patient.

    Attributes:
        weights: float64 (P,); they add up to the difference, and a swap changes the sign of one.
        shares: float64 (P,), in [0, 1], of the images; they add up to 1.
    """

    weights: Values
    shares: Values

    @property
    def difference(self) -> float:
        """First less second."""
        return float(self.weights.sum())

    @property
    def error(self) -> float:
        """The standard error of the difference: patients differ in what they add to it."""
        return float(np.sqrt(((self.weights - self.difference * self.shares) ** 2).sum()))


def paired_areas(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], patients: NDArray[np.intp], number: int
) -> Paired:
    """Return the difference of two AUROCs, patient by patient.

    Args:
        truth: bool (n,), present; some are, and some are not.
        scores: (n, 2), of both models, known.
        patients: intp (n,), the patient of each image, from 0.
        number: P, of patients.
    """
    # Scores of two models have two scales; ranks have one.
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
    """Return a mean difference, patient by patient; `differences` is float64 (n,), one per image."""
    weights = np.bincount(patients, weights=differences, minlength=number) / len(differences)
    return Paired(weights, np.bincount(patients, minlength=number) / len(differences))


def mean_of_pairs(pairs: Sequence[Paired]) -> Paired:
    """Return the mean of several comparisons of the same patients."""
    weights = np.mean([pair.weights for pair in pairs], axis=0)
    return Paired(weights, np.mean([pair.shares for pair in pairs], axis=0))


@dataclass(frozen=True)
class Swapped:
    """One comparison under the same draws of swaps as others.

    Attributes:
        difference: As it is.
        drawn: float64 (B,), after each draw of swaps.
        moved: float64 (B,), in [-1, 1], by how much a true difference of 1 changes each.
        rounding: What two sums that are equal may differ by.
    """

    difference: float
    drawn: Values
    moved: Values
    rounding: float

    def p_value(self, true: float = 0.0) -> float:
        """Return the two-sided p-value of a true difference; never 0, as the data are a draw themselves."""
        beyond = np.abs(self.drawn - true * self.moved) >= abs(self.difference - true) - self.rounding
        return float((1 + np.count_nonzero(beyond)) / (1 + len(self.drawn)))

    def error_of(self, p_value: float) -> float:
        """Return the Monte-Carlo standard error of a p-value."""
        return float(np.sqrt(p_value * (1 - p_value) / len(self.drawn)))

    def interval(self, level: float = 0.05) -> tuple[float, float] | None:
        """Return the true differences that the test does not reject; None where no swap changes anything."""
        if not self.drawn.any():
            return None
        return -self._upper(-1.0, level), self._upper(1.0, level)

    def _upper(self, side: float, level: float) -> float:
        """Return the largest true difference that is not rejected; with a side of -1, of the models changed.

        A draw counts against a true difference that is larger than the observed one up to a value of its own:
        |d - t m| >= t - D holds for t <= (D + d) / (1 + m) and for t <= (D - d) / (1 - m). So the end is one
        of these values in their order, and interval and p-value never contradict each other.
        """
        observed, drawn = side * self.difference + self.rounding, side * self.drawn
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.fmax((observed + drawn) / (1 + self.moved), (observed - drawn) / (1 - self.moved))
        # Not rejected while 1 + count > level (1 + draws): that many draws count, at least.
        count = int(np.floor(level * (1 + len(ends)) - 1)) + 1
        if count <= 0:
            return 1.0
        place = len(ends) - count
        return float(min(1.0, max(-1.0, np.partition(ends, place)[place])))


def swap(
    pairs: Sequence[Paired], seed: int, is_decided: Callable[[Sequence[Swapped]], bool]
) -> list[Swapped]:
    """Swap within patients, in all comparisons together, until what they are asked for is decided.

    Args:
        pairs: Comparisons of the same patients.
        seed: Decides which are swapped.
        is_decided: Whether more draws would change nothing; after the most of them it is not asked again.
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
    """Return how many of an ascending pool lie below each value, ties counting one half."""
    both = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(both / 2, dtype=np.float64)
