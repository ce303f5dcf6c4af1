"""How fast the patient bootstrap is, beside scikit-learn's average_precision_score in a loop.

    python benchmarks/evaluation.py [--replicates 2000] [--loop-replicates 2]

NIH's own official test part (25,596 images, 14 findings, 2,797 patients; the table comes with
torchxrayvision) and the made-up scores of two models. The loop is measured over a few replicates of every
finding and model and multiplied; the same replicates must give the same numbers both ways, or this stops.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from cxrtune.cohort.nih import read_table
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.cohort.split_lists import test_rows
from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.common_ground import find_common_ground
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.text_file import untold

MODELS = ("one", "other")


def cohort_of_nih() -> CohortTable:
    table = read_table(shipped_table(NIH_TABLE))
    in_test = test_rows(table["image"], table["patient"], Path("nowhere"), untold)
    table.insert(6, "split", np.where(in_test, "test", "train"))
    return CohortTable(table[in_test].reset_index(drop=True))


def made_up_scores(cohort: CohortTable, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    logits = 1.2 * cohort.labels + random.normal(size=cohort.labels.shape)
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--loop-replicates", type=int, default=2)
    options = parser.parse_args()
    cohort = cohort_of_nih()
    scores = {name: made_up_scores(cohort, seed) for seed, name in enumerate(MODELS)}
    rows = np.arange(len(cohort))

    started = time.perf_counter()
    ground = find_common_ground(cohort, scores, rows, split="test", replicates=options.replicates, seed=0)
    precisions = ground.precisions()
    ours = time.perf_counter() - started

    loop = 0.0
    for replicate in range(options.loop_replicates):
        drawn = np.repeat(rows, ground.resamples.times[ground.resamples.codes, replicate])
        for (model, column), found in precisions.items():
            truth, values = ground.truth[drawn, column], scores[model][drawn, column]
            started = time.perf_counter()
            expected = average_precision_score(truth, values)
            loop += time.perf_counter() - started
            assert abs(expected - found[replicate]) < 1e-12, (model, column, replicate)
    loop *= options.replicates / options.loop_replicates

    tables = {
        name: Predictions(
            cohort.images, cohort.patients, cohort.findings, scores[name], ModelCard(name, "made up")
        )
        for name in MODELS
    }
    started = time.perf_counter()
    evaluate(cohort, tables, EvaluationSettings(replicates=options.replicates))
    whole = time.perf_counter() - started

    print(
        f"{len(cohort):,} images of {ground.resamples.patients:,} patients, {len(cohort.findings)} findings,"
    )
    print(f"{len(MODELS)} models, {options.replicates:,} replicates of patients, paired\n")
    print("| what | seconds | ratio |\n|---|---:|---:|")
    print(f"| scikit-learn in a loop ({options.loop_replicates} replicates measured) | {loop:.0f} | 1 |")
    print(f"| all replicates | {ours:.1f} | {loop / ours:.0f} |")
    print(f"| the whole evaluation: tests, subgroups, calibration | {whole:.1f} | |")


if __name__ == "__main__":
    main()
