"""How often tests and 95 % intervals err where few patients have the finding.

    python benchmarks/coverage.py [--simulations 1000]

Patients have a geometric number of images (mean 3.6, at most 30, as NIH's) or one each; an ill patient shows
the finding on 80 % of the images. A score is a shift for the finding, an effect of the patient that both
models share, one of the patient that each model has, and one of the image. Beside the methods in use stand
others: Student's t and the normal tail on the bootstrap's spread, percentile intervals, DeLong.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from cxrtune.evaluation.calls import call_replicates
from cxrtune.evaluation.precision_recall import average_precision
from cxrtune.evaluation.statistics.auroc_interval import auroc_estimate, auroc_interval
from cxrtune.evaluation.statistics.bootstrap import (
    Resamples,
    draw_patients,
    percentile_interval,
    spread_interval,
)
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.holm import holm
from cxrtune.evaluation.statistics.mover import combined
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.evaluation.statistics.replicates import bins_of, fill, precision_replicates
from cxrtune.evaluation.statistics.swaps import mean_of_pairs, paired_areas, swap
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS

Table = Callable[[np.random.Generator, int], Iterator[str]]

ILL = (3, 5, 10, 20, 40)
REPLICATES = 300
SHARED, OWN, IMAGE = 0.7, 0.4, 0.6


@dataclass(frozen=True)
class Sample:
    """Images of some patients: `truth` (n,), `scores` (n, 2), `owner` (n,), the patient from 0."""

    truth: np.ndarray
    scores: np.ndarray
    owner: np.ndarray

    @property
    def patients(self) -> int:
        return int(self.owner.max()) + 1


def images_of(random: np.random.Generator, patients: int, one_each: bool) -> np.ndarray:
    if one_each:
        return np.ones(patients, dtype=int)
    return np.minimum(random.geometric(1 / 3.6, patients), 30)


def draw(
    random: np.random.Generator,
    ill: int,
    patients: int,
    area: float,
    *,
    better: float = 0.0,
    one_each: bool = False,
) -> Sample:
    """Draw a sample in which the first model's true area is that of a shift `better` higher."""
    owner = np.repeat(np.arange(patients), images_of(random, patients, one_each))
    truth = (owner < ill) & ((random.random(len(owner)) < 0.8) | one_each)
    truth[np.searchsorted(owner, np.arange(ill))] = True
    spread = np.sqrt(SHARED**2 + OWN**2 + IMAGE**2)
    shared = random.normal(size=patients)[owner] * SHARED
    scores = [
        truth * (norm.ppf(area) * np.sqrt(2) + more) * spread
        + shared
        + random.normal(size=patients)[owner] * OWN
        + random.normal(size=len(owner)) * IMAGE
        for more in (better, 0.0)
    ]
    return Sample(truth, np.stack(scores, axis=1), owner)


def auroc_replicates(
    truth: np.ndarray, scores: np.ndarray, rows: np.ndarray, resamples: Resamples
) -> np.ndarray:
    """AUROC of every replicate, which no evaluation needs; NaN without a positive or without a negative."""
    found = np.full(resamples.replicates, np.nan)
    if truth.all() or not truth.any():
        return found
    bins = bins_of(truth, scores, rows, resamples)
    for where, times in resamples.chunks():
        steps, tied = fill(bins, times), (bins.absent @ times)[1::2]
        pairs = steps.all_present * steps.all_absent
        lost = np.einsum("gb,gb->b", steps.present, steps.false_calls - tied / 2)
        found[where] = np.divide(pairs - lost, pairs, out=np.full_like(pairs, np.nan), where=pairs > 0)
    return found


def p_values(sample: Sample, seed: int) -> dict[str, float]:
    """Swaps; Student's t and the normal on the bootstrap's spread; DeLong."""
    pair = paired_areas(sample.truth, sample.scores, sample.owner, sample.patients)
    resamples = draw_patients(sample.owner.astype(str).astype(object), replicates=REPLICATES, seed=seed)
    # Patients are coded in the order of their names there.
    rows = np.arange(len(sample.truth))
    drawn = [auroc_replicates(sample.truth, sample.scores[:, m], rows, resamples) for m in (0, 1)]
    spread = np.nanstd(drawn[0] - drawn[1], ddof=1)
    over, ill = abs(pair.difference) / spread if spread else 0.0, len(np.unique(sample.owner[sample.truth]))
    return {
        "swaps": swap([pair], seed, lambda _: True)[0].p_value(),
        "t": float(2 * t.sf(over, ill - 1)),
        "normal": float(2 * norm.sf(over)),
        "DeLong": delong(sample.truth, sample.scores).p_value(0, 1) or 0.0,
    }


def rejections(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Type I error of the paired test, and its power."""
    yield "| patients with it | AUROC | images | first is better by | " + " | ".join(TESTS) + " |"
    yield "|---:|---:|---|---:|" + "---:|" * len(TESTS)
    for one_each in (False, True):
        for area in (0.71, 0.92):
            for ill in ILL:
                for better in (0.0, 0.8) if ill >= 20 else (0.0,):
                    found = [
                        p_values(draw(random, ill, 200, area, better=better, one_each=one_each), number)
                        for number in range(simulations)
                    ]
                    shares = [np.mean([one[name] <= 0.05 for one in found]) for name in TESTS]
                    images = "one each" if one_each else "several"
                    cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
                    yield f"| {ill} | {area} | {images} | {better:g} | {cells} |"


TESTS = ("swaps", "t", "normal", "DeLong")


def families(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Chance of any false verdict among 14 findings, and of one on their mean."""
    yield "| patients | with the finding | any false verdict | mean of the findings |"
    yield "|---:|---|---:|---:|"
    for patients, least, most in ((150, 2, 30), (400, 3, 80), (400, 20, 80)):
        numbers = np.round(np.geomspace(least, most, 14)).astype(int)
        wrong = np.zeros(2)
        for number in range(simulations):
            owner = np.repeat(np.arange(patients), images_of(random, patients, one_each=False))
            pairs = []
            for ill in numbers:
                order = random.permutation(patients)
                truth = (order[owner] < ill) & (random.random(len(owner)) < 0.8)
                shared = random.normal(size=patients)[owner] * SHARED + truth * 1.1
                noise = random.normal(size=(2, patients))[:, owner] * OWN
                scores = shared + noise + random.normal(size=(2, len(owner))) * IMAGE
                with_it = len(np.unique(owner[truth]))
                if with_it:
                    pairs.append((with_it, paired_areas(truth, scores.T, owner, patients)))
            mean = mean_of_pairs([pair for _, pair in pairs])
            drawn = swap([*(pair for _, pair in pairs), mean], number, lambda _: True)
            tested = [
                one.p_value() if with_it >= FEWEST_PATIENTS else None
                for one, (with_it, _) in zip(drawn, pairs, strict=False)
            ]
            wrong[0] += any(p is not None and p <= 0.05 for p in holm(tested))
            wrong[1] += drawn[-1].p_value() <= 0.05
        cells = " | ".join(f"{100 * share / simulations:.1f} %" for share in wrong)
        yield f"| {patients} | {least} to {most} | {cells} |"


def areas(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage and mean width of intervals of one AUROC."""
    yield "| patients with it | AUROC | images | in use | percentile | DeLong |"
    yield "|---:|---:|---|---:|---:|---:|"
    for one_each in (False, True):
        for area in (0.71, 0.92, 0.986, 0.999):
            for ill in ILL:
                held, width = np.zeros(3), np.zeros(3)
                for number in range(simulations):
                    sample = draw(random, ill, 200, area, one_each=one_each)
                    scores, rows = sample.scores[:, 0], np.arange(len(sample.truth))
                    names = sample.owner.astype(str).astype(object)
                    resamples = draw_patients(names, replicates=REPLICATES, seed=number)
                    replicates = auroc_replicates(sample.truth, scores, rows, resamples)
                    found = (
                        auroc_interval(sample.truth, scores, sample.owner),
                        percentile_interval(replicates),
                        delong(sample.truth, scores[:, np.newaxis]).interval(0),
                    )
                    for place, interval in enumerate(found):
                        low, high = interval or (2.0, 2.0)
                        held[place] += low <= area <= high
                        width[place] += high - low
                cells = " | ".join(
                    f"{100 * h / simulations:.1f} % ({w / simulations:.2f})"
                    for h, w in zip(held, width, strict=True)
                )
                yield f"| {ill} | {area} | {'one each' if one_each else 'several'} | {cells} |"


def shares(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of the interval of a sensitivity."""
    yield "| patients with it | true | one image each | several images | several, patients alike |"
    yield "|---:|---:|---:|---:|---:|"
    for ill in (5, 10, 20, 50):
        for true in (0.70, 0.90, 0.95, 0.98):
            cells = []
            for one_each, alike in ((True, 0.0), (False, 0.7), (False, 1.5)):
                held = 0
                for _ in range(simulations):
                    images = images_of(random, ill, one_each)
                    owner = np.repeat(np.arange(ill), images)
                    scores = random.normal(size=ill)[owner] * alike + random.normal(size=len(owner))
                    hits = scores < norm.ppf(true) * np.sqrt(1 + alike**2)
                    low, high = proportion_interval(np.bincount(owner, weights=hits, minlength=ill), images)
                    held += low <= true <= high
                cells.append(f"{100 * held / simulations:.1f} %")
            yield f"| {ill} | {true:.2f} | {' | '.join(cells)} |"


def others(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of intervals of average precision, F1, a mean of AUROCs, and a gap between two groups."""
    names = ("average precision", "F1", "mean of 8 AUROCs", "gap between groups")
    yield "| patients with it | AUROC |" + "".join(f" {name}, in use | percentile |" for name in names)
    yield "|---:|---:|" + "---:|" * (2 * len(names))
    for area in (0.71, 0.92):
        for ill in ILL[1:]:
            large = draw(random, 300 * ill, 300 * 200, area)
            true = (*_precision_and_f1(large, area), area, 0.0)
            held = np.zeros((len(names), 2))
            for number in range(simulations):
                samples = [draw(random, ill, 200, area) for _ in range(8)]
                for place, pair in enumerate(_intervals(samples, number, area)):
                    for way, interval in enumerate(pair):
                        low, high = interval or (2.0, 2.0)
                        held[place, way] += low <= true[place] <= high
            cells = " | ".join(f"{100 * share / simulations:.1f} %" for share in held.ravel())
            yield f"| {ill} | {area} | {cells} |"


def _precision_and_f1(sample: Sample, area: float) -> tuple[float, float]:
    truth, scores = sample.truth, sample.scores[:, 0]
    calls = scores >= _threshold(area)
    hits = float((calls & truth).sum())
    return average_precision(truth.astype(np.float32), scores) or 0.0, 2 * hits / float(
        calls.sum() + truth.sum()
    )


def _threshold(area: float) -> float:
    return float(norm.ppf(area) * np.sqrt(2) * np.sqrt(SHARED**2 + OWN**2 + IMAGE**2) / 2)


def _intervals(samples: list[Sample], seed: int, area: float) -> Iterator[tuple[object, object]]:
    replicates = [_replicates(sample, seed, area) for sample in samples]
    first, ill = samples[0], len(np.unique(samples[0].owner[samples[0].truth]))
    for value, drawn in zip(_precision_and_f1(first, area), replicates[0][1:], strict=True):
        yield spread_interval(value, drawn, ill), percentile_interval(drawn)
    estimates = [auroc_estimate(s.truth, s.scores[:, 0], s.owner, s.patients) for s in samples]
    means = np.mean([drawn[0] for drawn in replicates], axis=0)
    yield combined([(1 / 8, one) for one in estimates]).interval(), percentile_interval(means)
    groups = [first.owner % 2 == side for side in (0, 1)]
    own, there = (
        auroc_estimate(first.truth[g], first.scores[g, 0], first.owner[g], first.patients) for g in groups
    )
    drawn = [_replicates(first, seed, area, group)[0] for group in groups]
    if own is None or there is None:
        yield None, None
    else:
        yield combined([(1.0, own), (-1.0, there)]).interval(), percentile_interval(drawn[0] - drawn[1])


def _replicates(sample: Sample, seed: int, area: float, within: np.ndarray | None = None) -> list[np.ndarray]:
    """AUROC, average precision and F1 of each replicate."""
    resamples = draw_patients(sample.owner.astype(str).astype(object), replicates=REPLICATES, seed=seed)
    keep = np.arange(len(sample.truth)) if within is None else np.flatnonzero(within)
    scores = sample.scores[keep, 0]
    of_kept = sample.truth[keep], scores, keep, resamples
    calls = (
        (sample.scores[:, :1] >= _threshold(area))
        if within is None
        else np.zeros((len(sample.truth), 1), bool)
    )
    drawn = call_replicates(calls, sample.truth[:, np.newaxis], np.ones_like(calls), resamples)
    return [auroc_replicates(*of_kept), precision_replicates(*of_kept), drawn["f1"][0]]


TABLES = {
    "Paired tests at 5 %": rejections,
    "Verdicts over 14 findings": families,
    "AUROC: coverage (and mean width)": areas,
    "Sensitivity: coverage": shares,
    "Other values: coverage": others,
}


def run(description: str | None, tables: Mapping[str, Table]) -> None:
    """Print tables of simulations, all of them or the one that the command line names."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--only", choices=[table.__name__ for table in tables.values()])
    options = parser.parse_args()
    for title, table in tables.items():
        if options.only in (None, table.__name__):
            print(f"\n{title}, {options.simulations:,} simulations a row\n", flush=True)
            for line in table(np.random.default_rng(0), options.simulations):
                print(line, flush=True)


if __name__ == "__main__":
    run(__doc__, TABLES)
