"""Scores that float32 cannot tell apart: scikit-learn, which keeps float64, is the oracle."""

import json

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_cohort
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.predictions import read_predictions

KINDS = {
    "near one": lambda logits: 1 - 10.0 ** (-11 - logits / 2),
    "near zero": lambda logits: 10.0 ** (logits / 2 - 45),
    "sharp": lambda logits: expit(12 * logits),
    "plain": expit,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_areas_and_thresholds_are_those_of_float64(tmp_path, kind, suffix):
    random = np.random.default_rng(0)
    truth = random.random(400) < 0.4
    cohort = made_up_cohort({"Mass": truth}, np.arange(400) // 2)
    cohort.frame.loc[:199, "split"] = "validation"
    scores = KINDS[kind](random.normal(size=400) + 2 * truth)
    # These would be ties in float32.
    ties = len(np.unique(scores)) - len(np.unique(scores.astype(np.float32)))
    assert (ties > 50) == (kind != "plain")
    frame, path = pd.DataFrame({"image": cohort.images, "Mass": scores}), tmp_path / f"theirs{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        rows = [{"image": row.image, "Mass": row.Mass} for row in frame.itertuples()]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = read_predictions(path, ("Mass",))
    results = evaluate(cohort, {"m": table}, EvaluationSettings(replicates=100)).results
    found = results.models[0].findings["Mass"]
    test = slice(200, None)
    assert found.auroc == pytest.approx(roc_auc_score(truth[test], scores[test]), abs=1e-12)
    assert found.average_precision == pytest.approx(
        average_precision_score(truth[test], scores[test]), abs=1e-12
    )
