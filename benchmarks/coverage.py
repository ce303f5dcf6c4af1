"""How often a 95 % interval of AUROC holds the true one, with several images a patient.

    python benchmarks/coverage.py [--simulations 1000] [--patients 200] [--replicates 1000]

A patient has 1 to 10 images. A third of the patients have the finding on 9 images of 10, the others on 1 of
20. A score is normal: 1.2 for the finding, a share of the patient (standard deviation 1), a share of the
image (standard deviation 1); so the AUROC of two images of different patients is Phi(1.2 / 2) = 0.726. Beside
the bootstrap of patients: that of images, and DeLong's interval, which both take images as independent.
"""

import argparse

import numpy as np
from scipy.stats import norm

from cxrtune.evaluation.statistics.areas import area_replicates
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.interval import percentile_interval
from cxrtune.evaluation.statistics.patients import draw_patients

SHIFT = 1.2
TRUE = float(norm.cdf(SHIFT / 2))


def simulate(random: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return truth, scores and patients of the images."""
    owner = np.repeat(np.arange(patients), random.integers(1, 11, size=patients))
    ill = random.random(patients) < 1 / 3
    truth = random.random(len(owner)) < np.where(ill[owner], 0.9, 0.05)
    scores = SHIFT * truth + random.normal(size=patients)[owner] + random.normal(size=len(owner))
    return truth, scores, owner.astype(str).astype(object)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=1000)
    options = parser.parse_args()
    covered = dict.fromkeys(("patients drawn", "images drawn", "DeLong"), 0)
    width = dict.fromkeys(covered, 0.0)
    random = np.random.default_rng(0)
    for number in range(options.simulations):
        truth, scores, patients = simulate(random, options.patients)
        rows = np.arange(len(truth))
        intervals = {"DeLong": delong(truth, scores[:, np.newaxis]).interval(0)}
        for name, units in (("patients drawn", patients), ("images drawn", rows.astype(object))):
            resamples = draw_patients(units, replicates=options.replicates, seed=number)
            intervals[name] = percentile_interval(area_replicates(truth, scores, rows, resamples).auroc)
        for name, (low, high) in intervals.items():
            covered[name] += low <= TRUE <= high
            width[name] += (high - low) / options.simulations
    print(
        f"{options.simulations:,} simulations of {options.patients} patients,"
        f" {options.replicates:,} replicates\n"
    )
    print("| interval | holds the true AUROC | mean width |\n|---|---:|---:|")
    for name, times in covered.items():
        print(f"| {name} | {100 * times / options.simulations:.1f} % | {width[name]:.3f} |")


if __name__ == "__main__":
    main()
