"""How often the 95 % intervals of calibration, likelihood ratios, points of curves and net benefit are right.

    python benchmarks/measures.py [--simulations 1000]

Patients as in coverage.py. Of calibration and net benefit the labels are drawn from the probabilities
themselves, so that the true intercept is 0, the slope 1, and the true net benefit an integral; both go
together within patients (correlation 0.5 on the normal scale). "Usual" takes images as independent, and
estimates as normal.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from coverage import IMAGE, OWN, SHARED, draw, images_of, run
from scipy.stats import binomtest, norm

from cxrtune.evaluation.calibration.calibrator import logistic
from cxrtune.evaluation.calibration.slope import Agreement, agreement
from cxrtune.evaluation.calls import call_intervals
from cxrtune.evaluation.curve_values import curve_values
from cxrtune.evaluation.likelihood_ratios import likelihood_ratios
from cxrtune.evaluation.net_benefit import THRESHOLDS, net_benefit
from cxrtune.evaluation.statistics.swaps import paired_means, swap

ILL = (5, 10, 20, 40)
COHORTS = ((60, -2.5), (100, -2.5), (200, -3.0), (400, -3.0), (1000, -3.0))
SPREAD = 1.5
Held = defaultdict[str, list[bool]]


def calibrated(
    random: np.random.Generator, patients: int, mean: float, one_each: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw truth, logits and owners; the truth has the chance that the logit says, whatever the patient."""
    owner = np.repeat(np.arange(patients), images_of(random, patients, one_each))

    def together() -> np.ndarray:
        shared, own = random.normal(size=patients)[owner], random.normal(size=len(owner))
        return np.asarray((shared + own) / np.sqrt(2))

    logits = mean + SPREAD * together()
    return norm.cdf(together()) < logistic(logits), logits, owner


def share(held: Held, name: str) -> str:
    return f"{100 * np.mean(held[name]):.1f} %" if held[name] else "none"


def slopes(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of the intervals of calibration intercept and slope."""
    heads = ("intercept", "slope", "usual intercept", "usual slope", "no slope")
    yield "| patients | with the finding | images | " + " | ".join(heads) + " |"
    yield "|---:|---:|---|---:|---:|---:|---:|---:|"
    for one_each in (True, False):
        for patients, mean in COHORTS:
            held, ill = Held(list), []
            for _ in range(simulations):
                truth, logits, owner = calibrated(random, patients, mean, one_each)
                if truth.all() or not truth.any():
                    continue
                ill.append(len(np.unique(owner[truth])))
                found = agreement(truth, logistic(logits), owner)
                held["none"].append("slope" not in found.limits)
                for name, true in (("intercept", 0.0), ("slope", 1.0)):
                    if name in found.limits:
                        low, high = found.limits[name]
                        held[name].append(low <= true <= high)
                        half = 1.96 * usual_error(logits, found, name)
                        held[f"usual {name}"].append(abs(getattr(found, name) - true) <= half)
            cells = " | ".join(
                share(held, name) for name in ("intercept", "slope", "usual intercept", "usual slope", "none")
            )
            images = "one each" if one_each else "several"
            yield f"| {patients} | {np.mean(ill):.0f} | {images} | {cells} |"


def usual_error(logits: np.ndarray, found: Agreement, name: str) -> float:
    """Return the standard error of independent images."""
    if name == "intercept":
        fitted = logistic(logits + (found.intercept or 0.0))
        return float(1 / np.sqrt((fitted * (1 - fitted)).sum()))
    fitted = logistic((found.slope_intercept or 0.0) + (found.slope or 0.0) * logits)
    design = np.stack([np.ones_like(logits), logits])
    return float(np.sqrt(np.linalg.inv((design * (fitted * (1 - fitted))) @ design.T)[1, 1]))


def ratios(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of the intervals of both likelihood ratios; undefined usual ones hold nothing."""
    yield "| patients with it | sensitivity | specificity | images | LR+ | LR- | usual LR+ | usual LR- |"
    yield "|---:|---:|---:|---|---:|---:|---:|---:|"
    spread = np.sqrt(SHARED**2 + OWN**2 + IMAGE**2)
    for one_each in (True, False):
        for area, at in ((0.71, 1.0), (0.92, 1.0), (0.92, 2.0)):
            shift = norm.ppf(area) * np.sqrt(2)
            sensitivity, false = norm.cdf(shift - at), norm.cdf(-at)
            for ill in ILL:
                held = Held(list)
                for _ in range(simulations):
                    sample = draw(random, ill, 200, area, one_each=one_each)
                    calls, truth = sample.scores[:, 0] >= at * spread, sample.truth
                    intervals = call_intervals(calls, truth, sample.owner)
                    found = likelihood_ratios(calls, truth, sample.owner, intervals)
                    for name, limits, called, true in (
                        ("LR+", found.positive_limits, calls, sensitivity / false),
                        ("LR-", found.negative_limits, ~calls, (1 - sensitivity) / (1 - false)),
                    ):
                        held[name].append(limits[0] <= true <= limits[1])
                        hits, others = called[truth], called[~truth]
                        if not hits.any() or not others.any():
                            held[f"usual {name}"].append(False)
                            continue
                        error = np.sqrt(1 / hits.sum() - 1 / len(hits) + 1 / others.sum() - 1 / len(others))
                        off = abs(np.log(hits.mean() / others.mean() / true))
                        held[f"usual {name}"].append(off <= 1.96 * error)
                cells = " | ".join(share(held, name) for name in ("LR+", "LR-", "usual LR+", "usual LR-"))
                images = "one each" if one_each else "several"
                yield f"| {ill} | {sensitivity:.2f} | {1 - false:.2f} | {images} | {cells} |"


def points(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of the intervals of what is read off a ROC curve."""
    names = ("sensitivity_at_0.80", "sensitivity_at_0.90", "sensitivity_at_0.95", "specificity_at_0.90")
    names += ("partial_specificity", "partial_sensitivity")
    yield (
        "| patients with it | AUROC | images | " + " | ".join(name.replace("_", " ") for name in names) + " |"
    )
    yield "|---:|---:|---|" + "---:|" * len(names)
    grid = (np.arange(20_000) + 0.5) / 20_000 * 0.1
    for one_each in (True, False):
        for area in (0.71, 0.92, 0.986):
            shift = norm.ppf(area) * np.sqrt(2)
            mean = float(norm.cdf(shift + norm.ppf(grid)).mean())
            # Equal spreads of both kinds: the curve is the same from either side.
            true = {name: float(norm.cdf(shift - norm.ppf(float(name[-4:])))) for name in names[:4]}
            true |= dict.fromkeys(names[4:], (1 + (mean - 0.05) / 0.95) / 2)
            for ill in (*ILL, 120):
                held = Held(list)
                for _ in range(simulations):
                    sample = draw(random, ill, max(200, 2 * ill), area, one_each=one_each)
                    found = curve_values(sample.truth, sample.scores[:, 0], sample.owner)
                    for name in found.intervals.keys() & set(names):
                        interval = found.intervals[name]
                        held[name].append(interval.low <= true[name] <= interval.high)
                cells = " | ".join(share(held, name) for name in names)
                yield f"| {ill} | {area} | {'one each' if one_each else 'several'} | {cells} |"


def benefits(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Coverage of the bands of net benefit, and of its gain over the better default."""
    at = (0.05, 0.10, 0.20, 0.30)
    places = [int(np.argmin(np.abs(THRESHOLDS - one))) for one in at]
    heads = [f"{what} at {one:.2f}" for what in ("net benefit", "gain") for one in at]
    yield "| patients | with the finding | images | " + " | ".join(heads) + " |"
    yield "|---:|---:|---|" + "---:|" * len(heads)
    quantiles = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    for one_each in (True, False):
        for patients, mean in COHORTS:
            true = logistic(mean + SPREAD * quantiles)
            held, ill = Held(list), []
            for _ in range(simulations):
                truth, logits, owner = calibrated(random, patients, mean, one_each)
                found = net_benefit(truth, logistic(logits), owner)
                if found is None or np.isnan(found.model.low[0]):
                    continue
                ill.append(len(np.unique(owner[truth])))
                for one, place in zip(at, places, strict=True):
                    worth = true - one / (1 - one) * (1 - true)
                    own, everybody = float(np.mean((true >= one) * worth)), float(worth.mean())
                    gain = own - max(everybody, 0.0)
                    for what, band, value in (("net benefit", found.model, own), ("gain", found.gain, gain)):
                        held[f"{what} at {one:.2f}"].append(band.low[place] <= value <= band.high[place])
            cells = " | ".join(share(held, head) for head in heads)
            yield f"| {patients} | {np.mean(ill):.0f} | {'one each' if one_each else 'several'} | {cells} |"


def calls(random: np.random.Generator, simulations: int) -> Iterator[str]:
    """Type I error of the paired test of two models' calls, beside McNemar's exact test of images."""
    yield "| patients | images | swaps within patients | McNemar's test of images |"
    yield "|---:|---|---:|---:|"
    for one_each in (True, False):
        for patients in (10, 20, 50):
            held = Held(list)
            for number in range(simulations):
                owner = np.repeat(np.arange(patients), images_of(random, patients, one_each))
                shared = 0.8 * random.normal(size=patients)[owner]
                right = [
                    shared + 0.6 * random.normal(size=patients)[owner] + 0.8 * random.normal(size=len(owner))
                    < 1
                    for _ in range(2)
                ]
                differences = right[0].astype(np.float64) - right[1]
                pair = paired_means(differences, owner, patients)
                held["swaps"].append(swap([pair], number, lambda _: True)[0].p_value() <= 0.05)
                first, second = int((differences > 0).sum()), int((differences < 0).sum())
                only_one = first + second
                held["images"].append(only_one > 0 and binomtest(first, only_one).pvalue <= 0.05)
            cells = f"{share(held, 'swaps')} | {share(held, 'images')}"
            yield f"| {patients} | {'one each' if one_each else 'several'} | {cells} |"


TABLES = {
    "Calibration intercept and slope: coverage": slopes,
    "Likelihood ratios: coverage": ratios,
    "Points of the ROC curve and partial areas: coverage": points,
    "Net benefit: coverage": benefits,
    "Paired tests of calls at 5 %": calls,
}

if __name__ == "__main__":
    run(__doc__, TABLES)
