"""Made-up cohorts and scores of any size, and the common ground of the models on them."""

import numpy as np
import pandas as pd

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.common_ground import find_common_ground


def made_up_cohort(labels, patients, **columns):
    """A cohort of test images: labels by finding, 1, 0 or None, and any other columns."""
    frame = pd.DataFrame(
        {
            "image": [f"{row:08}_000.png" for row in range(len(patients))],
            "patient": [str(patient) for patient in patients],
            "view": "PA",
            "sex": "F",
            "age": 50,
            "followup": 0,
            "split": "test",
        }
    ).assign(**columns)
    for finding, values in labels.items():
        frame[finding] = pd.array([None if v is None else int(v) for v in values], dtype="Int8")
    return CohortTable(frame)


def made_up_scores(cohort, seed, weight=0.3):
    """Scores in [0, 1], float32, with ties, that know the more of the truth the larger the weight."""
    truth = np.nan_to_num(cohort.labels)
    noise = np.random.default_rng(seed).random(truth.shape)
    return ((1 - weight) * noise + weight * truth).round(2).astype(np.float32)


def ground_of(cohort, scores, *, replicates=150, seed=0):
    """The common ground of all of the cohort's images."""
    rows = np.arange(len(cohort))
    return find_common_ground(cohort, scores, rows, split="test", replicates=replicates, seed=seed)


def repeated(ground, replicate):
    """The rows of one replicate, each as often as its patient was drawn."""
    return np.repeat(np.arange(len(ground.rows)), ground.resamples.times[ground.resamples.codes, replicate])
