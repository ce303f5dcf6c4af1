"""A small cohort and two models' scores on it."""

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import CohortTable
from cxrtune.predictions import ModelCard, Predictions

FINDINGS = ("Effusion", "Mass", "Hernia")


@pytest.fixture
def cohort():
    """Ninety images of 45 patients, a third in each split; nobody of the test part has a hernia."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "image": [f"{row:08}_000.png" for row in range(90)],
            "patient": [str(row // 2) for row in range(90)],
            "view": "PA",
            "sex": "F",
            "age": 50,
            "followup": 0,
            "split": np.repeat(["train", "validation", "test"], 30),
        }
    )
    for finding, share in zip(FINDINGS, (0.4, 0.3, 0.2), strict=True):
        frame[finding] = pd.array((random.random(90) < share).astype(int), dtype="Int8")
    frame.loc[frame["split"] == "test", "Hernia"] = 0
    frame.loc[[61, 65], "Mass"] = pd.NA
    return CohortTable(frame)


@pytest.fixture
def predictions(cohort):
    """Scores that know something of the truth, for validation and test, in a shuffled order."""
    random = np.random.default_rng(1)
    rows = random.permutation(cohort.rows("validation", "test"))
    truth = np.nan_to_num(cohort.labels[rows])
    scores = (0.6 * random.random(truth.shape) + 0.3 * truth).astype(np.float32)
    card = ModelCard(title="a model", origin="made up")
    return Predictions(cohort.images[rows], cohort.patients[rows], FINDINGS, scores, card)
