"""The gravest errors, and what the parts of a cohort are like, recomputed with pandas."""

import numpy as np
import pandas as pd
import pytest

from cxrtune.evaluation.evaluate import evaluate


@pytest.fixture
def results(cohort, predictions):
    return evaluate(cohort, {"a": predictions}).results


def test_examples_are_the_highest_negatives_and_the_lowest_positives(cohort, predictions, results):
    scores = pd.DataFrame(predictions.scores, index=predictions.images, columns=cohort.findings)
    test = cohort.frame.query("split == 'test'").set_index("image")
    for finding in ("Effusion", "Mass"):
        for kind, label, ascending in (("false positive", 0, False), ("false negative", 1, True)):
            images = test.index[test[finding] == label]
            ranked = scores.loc[images, finding].sort_values(ascending=ascending)
            by_patient = ~test.loc[ranked.index, "patient"].duplicated()
            shown = [e for e in results.examples if (e.finding, e.kind) == (finding, kind)]
            assert [e.image for e in shown] == list(ranked.index[by_patient.to_numpy()][:2])
            assert [e.score for e in shown] == pytest.approx(list(ranked[by_patient.to_numpy()][:2]))
            for example in shown:
                others = [f for f in cohort.findings if f != finding and test.loc[example.image, f] == 1]
                assert example.others == others


def test_shares_of_each_part(cohort, results):
    described = {part.split: part for part in results.shift}
    assert list(described) == ["train", "validation", "test"]
    frame = cohort.frame.query("split == 'train'")
    assert described["train"].prevalence["Effusion"] == pytest.approx(frame["Effusion"].mean())
    assert described["train"].views == {"PA": 1.0}
    assert described["train"].sexes == {"F": 1.0}
    assert described["train"].median_age == 50
    assert np.isfinite(described["test"].prevalence["Mass"])
